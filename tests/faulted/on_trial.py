"""on_trial - a faulted server as a target of ci/conform: of all its checks exactly those fail that are meant for the fault."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def unknown_checks(faults):
    """Checks that are named here and that ci/conform does not have any more."""
    shown = subprocess.run([ROOT / "ci/conform", "--list"], capture_output=True, text=True, check=True).stdout
    known = {line.split()[0] for line in shown.splitlines()}
    return sorted({check for fault in faults.values() for check in (*fault["checks"], *fault.get("perhaps", ()))} - known)


def describe(folder, name, fault):
    """Writes the description of the target; what must fail is expected to, so that a pass is as wrong as another failure, but for
    what depends on chance ("perhaps"). The simulator is that of the fault, if it is one of the policy."""
    simulator = folder / "sim/hypnotoad-sim"
    description = {
        "name": name, "title": fault["what"], "kind": "c",
        "expected_failures": [{"check": check, "observation": observation, "reason": fault["what"], "kind": "defect",
                               "sometimes": kind == "perhaps"}
                              for kind in ("checks", "perhaps") for check, observation in fault.get(kind, {}).items()],
        **({"simulator": str(simulator)} if simulator.exists() else {"lacks": ["simulator"]})}
    path = folder / "target.json"
    path.write_text(json.dumps(description, indent=1))
    return path


def try_fault(build, name, fault, options):
    """True if ci/conform says so; what it has found is left in the folder of the server."""
    folder = build / "tests/faulted" / name
    done = subprocess.run([ROOT / "ci/conform", "--target", describe(folder, name, fault), "--report", folder / "trial",
                           "--jobs", str(options.jobs)],
                          env={**os.environ, "HYPNOTOAD_BUILD": str(folder)}, capture_output=True, text=True, check=False)
    (folder / "trial.log").write_text(done.stdout + done.stderr)
    lines = done.stdout.splitlines()
    print(f"{'found' if done.returncode == 0 else 'wrong'}  {next((line for line in lines if line.startswith(name + ':')), name)}", flush=True)
    if done.returncode != 0:
        wrong = [line for line in lines if line.startswith(("FAIL ", "XPASS ", "ERROR "))] or done.stderr.splitlines()[-3:]
        print("\n".join(f"       {line}" for line in wrong), flush=True)
    return done.returncode == 0
