"""What the tests of the harness share."""
import json
import os
import pathlib
import subprocess
import sys
from collections import namedtuple

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parents[1]
sys.path.insert(0, str(TESTS))

Run = namedtuple("Run", "status stdout stderr report")


@pytest.fixture
def target(tmp_path):
    """target(...) writes a description of the fake server, with these members besides, and returns its path."""

    def write(name="fake", **members):
        described = {"name": name, "kind": "c", "command": f"/usr/bin/python3 {HERE}/fake_server.py {{options}} --config {{config}} {{app}}",
                     "lacks": ["trace", "simulator"]} | members
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(described))
        return path

    return write


@pytest.fixture
def conform(tmp_path):
    """conform(...) runs the runner over the scripted checks, as ci/conform does."""

    def run(*arguments, package="conformance.selftest.scripted"):
        folder = tmp_path / "report"
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "SCRIPTED_COUNTER": str(tmp_path / "counter"), "PYTHONDONTWRITEBYTECODE": "1"}
        words = ["/usr/bin/python3", "-P", "-m", "conformance.runner", "--package", package, "--jobs", "1", "--report", folder, *arguments]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=110, env=environment, check=False)
        report = folder / "report.json"
        return Run(done.returncode, done.stdout, done.stderr, json.loads(report.read_text()) if report.exists() else None)

    return run


@pytest.fixture
def verdicts_of():
    """verdicts_of(run) is {id: verdict} of its only target."""
    return lambda run: {result["id"]: result["verdict"] for result in run.report["targets"][0]["results"]}
