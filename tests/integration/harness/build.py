"""build - where the programs and the applications under test are."""
import os
import pathlib
import subprocess
import time
from collections import namedtuple

from harness import processes

ROOT = pathlib.Path(__file__).resolve().parents[3]

Result = namedtuple("Result", "status stdout stderr seconds")


class Build:
    def __init__(self):
        self.path = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release")).resolve()
        self.hypnotoad = self.path / "hypnotoad"
        self.sim = self.path / "hypnotoad-sim"

    def missing(self):
        wanted = [self.hypnotoad, self.sim, *(self.path / f"apps/{name}.so" for name in ("hello", "demo", "probe", "static"))]
        return [str(path) for path in wanted if not path.exists()]

    def app(self, name):
        """hello, demo, probe and static are shipped; the others are fixtures that misbehave on purpose."""
        shipped = self.path / "apps" / f"{name}.so"
        return shipped if shipped.exists() else self.path / "tests/apps" / f"{name}.so"

    def replay(self, trace):
        """Lets the simulator decide again what the server decided and name the promises that it broke; an empty text if none."""
        done = subprocess.run([self.sim, "--check", trace], capture_output=True, text=True, timeout=60)
        return "" if done.returncode == 0 else f"exit {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def run_marked(arguments, environment, directory, mark, limit=60):
    """Runs a command to its end; its output goes to files, so that a daemon that keeps them open holds nobody up."""
    began = time.monotonic()
    out, err = directory / f".{mark}.out", directory / f".{mark}.err"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        child = subprocess.Popen(list(map(str, arguments)), env=environment | {processes.MARK: mark}, cwd=directory,
                                 stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise AssertionError(f"{arguments} did not end in {limit} s: {out.read_text()}{err.read_text()}") from None
    result = Result(status, out.read_text(), err.read_text(), time.monotonic() - began)
    out.unlink()
    err.unlink()
    return result
