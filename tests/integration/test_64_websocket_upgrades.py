"""The measurement of tests/load/websocket_upgrades.py, in short: two hundred clients, three deployments, no connection without a
clean close."""
import re
import subprocess
import sys

import pytest

from harness.build import ROOT

CLIENTS, UPGRADES = 200, 3


@pytest.mark.promise("UPG-3", "WRK-5", "CON-8")
@pytest.mark.parametrize("options", [[], ["--tls"]], ids=["ws", "wss"])
def test_deployments_under_websocket_clients_close_every_connection_well(build, options):
    command = [sys.executable, ROOT / "tests/load/websocket_upgrades.py", "--build", build.path, "--clients", CLIENTS,
               "--upgrades", UPGRADES, "--graceful", 3, "--pause", 0.3, *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {kind: list(map(int, numbers.split())) for kind, numbers in re.findall(r"^(stays|leaves)((?: +\d+){3})$", done.stdout,
                                                                               re.MULTILINE)}
    assert set(rows) == {"stays", "leaves"} and all(other == 0 for _, _, other in rows.values())
    assert sum(map(sum, rows.values())) >= CLIENTS * (UPGRADES + 1)
