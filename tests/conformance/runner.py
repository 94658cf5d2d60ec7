"""runner - what ci/conform does: selects checks, lets pytest carry them out against each target, and judges the whole.

A run is green only if every check that was selected has a verdict, none of them is FAIL, XPASS or ERROR, the target was
reached, and something was selected at all."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from conformance import HERE, ROOT, adapters, descriptions, lint, publish, registry, report, verdicts
from conformance.evidence import Evidence
from conformance.session import VARIABLE
from conformance.subject import Subject
from harness import processes

GREEN, RED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130
CHECK_SECONDS_MAX = {"virtual": 60, "scaled": 120, "default": 300}


def options(arguments):
    parser = argparse.ArgumentParser(prog="ci/conform", description="Puts a Hypnotoad on trial: every promise, one verdict each.")
    parser.add_argument("--target", action="append", metavar="NAME|FILE", help="c, perl or a description file; may come again (default: c)")
    parser.add_argument("--only", action="append", metavar="GLOB", help="ids, globs of ids or areas, such as 'HBT-*'; may come again")
    parser.add_argument("--tier", action="append", choices=registry.TIERS, help="may come again (default: virtual and scaled)")
    parser.add_argument("--report", metavar="DIR", help="write report.json, junit.xml and index.html there")
    parser.add_argument("--merge", action="append", metavar="FILE", default=[], help="a report.json of before for the same page")
    parser.add_argument("--publish", metavar="FILE", help="write the comparison of c and perl there, as docs/conformance.md has it")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="carry each check out so often")
    parser.add_argument("--jobs", type=int, default=3 * (os.cpu_count() or 1), metavar="N", help="how many at the same time")
    parser.add_argument("--list", action="store_true", help="show what is selected and run nothing")
    parser.add_argument("--package", default="conformance.checks", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.repeat < 1 or asked.jobs < 1:
        parser.error("--repeat and --jobs take a number from 1 on")
    asked.tier = asked.tier or [registry.VIRTUAL, registry.SCALED]
    asked.target = asked.target or ["c"]
    asked.only = asked.only or ["*"]
    return asked


def complain(text):
    print(f"ci/conform: {text}", file=sys.stderr)


def main(arguments=None):
    asked = options(arguments)
    processes.heed_signals()
    checks = registry.load(asked.package)
    if asked.package == "conformance.checks" and (complaints := list(lint.complaints(checks))):
        for complaint in complaints:
            complain(complaint)
        return BAD_USAGE
    if unknown := checks.unknown(asked.only):
        complain(f"no check fits {', '.join(map(repr, unknown))}")
        return BAD_USAGE
    selected = checks.select(asked.only, asked.tier)
    if not selected:
        complain(f"nothing is selected: no check that fits has the tier {' or '.join(asked.tier)}")
        return BAD_USAGE
    if asked.list:
        return show(selected)
    try:
        targets = [descriptions.load(name, adapters.KINDS) for name in asked.target]
        others = [report.read(path) for path in asked.merge]
    except (descriptions.BadDescription, OSError, ValueError, report.Unfit) as bad:
        complain(bad)
        return BAD_USAGE
    if complaints := [complaint for target in targets for complaint in lint.target_complaints(target, checks)]:
        for complaint in complaints:
            complain(complaint)
        return BAD_USAGE
    trials = [try_target(name, target, selected, asked) for name, target in zip(asked.target, targets)]
    return conclude(trials, others, asked, checks)


def show(selected):
    for check, tier in selected:
        also = f" (also {', '.join(check.also)})" if check.also else ""
        print(f"{check.id:<44} {tier:<8} {check.title}{also}")
    print(f"{len(selected)} checks")
    return GREEN


# ---- One target ----

def reach(adapter):
    """Why the target cannot be tried at all, or "": it is started once as it is."""
    if not adapter.COMMAND:
        return ""
    processes.become_subreaper()
    with tempfile.TemporaryDirectory(prefix="conform-reach-") as name:
        subject = None
        try:
            subject = Subject(adapter, Evidence(), pathlib.Path(name), {}, ("--foreground",), {}, "probe", ())
            subject.start()
            return ""
        except (AssertionError, OSError) as error:
            return str(error)
        finally:
            if subject is not None:
                subject.finish()


def try_target(name, description, selected, asked):
    adapter = adapters.adapter_of(description)
    began = time.monotonic()
    print(f"== {description.title}: {len(selected)} checks", flush=True)
    trial = {"target": description, "version": "", "results": [], "selected": selected, "lost": ""}
    trial["lost"] = reach(adapter)
    if not trial["lost"]:
        trial["version"] = adapter.version()
        trial["results"] = carry_out(name, selected, asked)
    else:
        complain(f"{description.name} was never reached: {trial['lost']}")
    trial["results"] = complete(trial, asked)
    trial["seconds"] = round(time.monotonic() - began, 1)
    return trial


def carry_out(name, selected, asked):
    """Lets pytest run the checks; returns the results that they wrote."""
    with tempfile.TemporaryDirectory(prefix="conform-") as folder:
        results = pathlib.Path(folder) / "results"
        results.mkdir()
        # The long ones first: none of them is then waited for at the end by itself.
        order = sorted(selected, key=lambda item: item[1] == registry.VIRTUAL or item[0].clause.startswith(("HTTP", "WS")))
        plan = {"target": str(name), "package": asked.package, "results": str(results),
                "selected": [(check.id, tier, number) for number in range(asked.repeat) for check, tier in order]}
        plan_file = pathlib.Path(folder) / "plan.json"
        plan_file.write_text(json.dumps(plan))
        run_pytest(plan_file, folder, asked)
        return [json.loads(path.read_text()) for path in sorted(results.iterdir())]


def run_pytest(plan_file, folder, asked):
    limit = max(CHECK_SECONDS_MAX[tier] for tier in asked.tier)
    words = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", "-q", "--no-header", "--tb=no", "-rN", f"--timeout={limit}",
             f"--basetemp={folder}/tmp", f"--rootdir={HERE}", "--confcutdir", str(HERE)]
    if asked.jobs > 1:
        words += ["-n", str(asked.jobs)]
    environment = {**os.environ, VARIABLE: str(plan_file), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen([*words, str(HERE / "test_checks.py")], env=environment, cwd=ROOT) as pytest:
        try:
            pytest.wait()
        except KeyboardInterrupt:
            pytest.terminate()
            raise


def complete(trial, asked):
    """A result for each check that was selected: the worst of its repetitions; ERROR for what was never carried out."""
    found = {}
    for result in trial["results"]:
        found.setdefault((result["id"], result["tier"]), []).append(result)
    return [whole_result(check, tier, found.get((check.id, tier), []), trial, asked) for check, tier in trial["selected"]]


def whole_result(check, tier, results, trial, asked):
    missing = asked.repeat - len(results)
    if missing > 0:
        message = f"{missing} of {asked.repeat} runs never came to an end"
        if trial["lost"]:
            message = f"the target was never reached: {trial['lost']}"
        results = [*results, report.empty_result(check.id, tier, verdicts.ERROR, message)]
    worst = verdicts.worst([result["verdict"] for result in results])
    chosen = dict(next(result for result in results if result["verdict"] == worst))
    chosen["runs"] = [{"verdict": result["verdict"], "seconds": result["seconds"]} for result in results]
    return chosen


# ---- The whole ----

def conclude(trials, others, asked, checks):
    whole = report.build(trials, asked, checks)
    for other in others:
        whole = report.merge(other, whole)
    for trial in trials:
        say(trial)
    if asked.report:
        for path in report.write(whole, pathlib.Path(asked.report)):
            print(path)
    if asked.publish:
        perl = descriptions.load("perl", adapters.KINDS)
        pathlib.Path(asked.publish).write_text(publish.render(whole, perl))
    return GREEN if all(map(is_green, trials)) else RED


def is_green(trial):
    found = {result["verdict"] for result in trial["results"]}
    if found == {verdicts.UNSUPPORTED}:
        complain(f"nothing could be asked of {trial['target'].name}")
        return False
    return not found & set(verdicts.RED)


def say(trial):
    counts = {verdict: 0 for verdict in verdicts.VERDICTS}
    for result in trial["results"]:
        counts[result["verdict"]] += 1
        if result["verdict"] in verdicts.RED:
            where = f"{result['id']} ({result['tier']})"
            # Of a traceback the last line says most.
            message = result["message"].strip().splitlines()[-1:] if result["verdict"] == verdicts.ERROR else [result["message"]]
            print(f"{result['verdict']} {where}: {' '.join(message)}")
    named = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    print(f"{trial['target'].name}: {named} of {len(trial['results'])} checks in {trial['seconds']:g} s")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(INTERRUPTED)
