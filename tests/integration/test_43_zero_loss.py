"""The measurement of tests/load/zero_loss.py, in short: all kinds of clients, ten deployments, nothing lost."""
import re
import subprocess
import sys

import pytest

from harness.build import ROOT


@pytest.mark.promise("UPG-3", "UPG-8", "WRK-3", "WRK-4")
def test_ten_deployments_under_load_lose_no_request(build):
    command = [sys.executable, ROOT / "tests/load/zero_loss.py", "--build", build.path, "--upgrades", "10", "--requests", "30000",
               "--beside", "", "--processes", "1"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hypnotoad: 10 deployments" in done.stderr and "lost 0 requests" in done.stdout
    rows = dict(re.findall(r"^hypnotoad +(\S+) +(\d+)", done.stdout, re.MULTILINE))
    assert int(rows["all"]) >= 30000
    assert all(int(number) > 0 for number in rows.values()) and len(rows) == 7, "every kind of client was there"
