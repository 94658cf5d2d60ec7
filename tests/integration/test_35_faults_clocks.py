"""Faults of clocks (rows R). The table of all rows stands in test_31_faults_processes.py."""
import email.utils
import time

import pytest

from harness import wait_until
from harness_faults.preload import Clocks

HOUR, YEAR = 3600, 365 * 86400
QUICK = {"heartbeat_interval": 0.25, "heartbeat_timeout": 10, "graceful_timeout": 1}


def beats_go_on(server, most=3):
    before = {pid: len(server.trace.beats(pid)) for pid in server.workers()}
    wait_until(lambda: all(len(server.trace.beats(pid)) > count + most for pid, count in before.items()), "fresh heartbeats",
               seen=server.describe)


@pytest.mark.promise("MGR-12", "CON-4")
def test_r12_a_jump_of_the_wall_clock_changes_nothing(prepare):
    """Hours and years, back and forth, the beginning of time, and beyond what 32 bits hold: only Date and the log know."""
    server = prepare("hello", workers=2, keep_alive_timeout=60, **QUICK)
    clocks = Clocks(server)
    server.start()
    workers = server.workers()
    now = time.time()
    with server.connect() as connection:
        for offset in (HOUR, -HOUR, 10 * YEAR, -10 * YEAR, 86400 - now, 2 ** 31 + 86400 - now, 0):
            clocks.move_wall(offset)
            beats_go_on(server)
            answer = connection.get("/")
            date = email.utils.parsedate_to_datetime(answer.field("Date")).timestamp()
            assert answer.status == 200 and abs(date - (time.time() + offset)) < 30
    assert server.workers() == workers and not server.trace.find(action="signal")
    # A busy machine may hold the manager up while its clock is in another year, and the log says so.
    years = {line[:4] for line in server.stderr.splitlines() if "held up" not in line}
    server.signal("TTIN")
    server.await_workers(3)
    assert years == {time.strftime("%Y", time.gmtime(now))}


@pytest.mark.promise("MGR-12", "HBT-2")
def test_r13_a_jump_of_the_monotonic_clock_punishes_nobody(prepare):
    """The machine slept for a minute, and for a day: the same workers serve on."""
    server = prepare("hello", workers=3, **QUICK)
    clocks = Clocks(server)
    server.start()
    workers = server.workers()
    for ahead in (60, 86400, 86400 + 12):
        clocks.move_monotonic(ahead)
        beats_go_on(server)
        assert server.get("/").status == 200
        assert server.workers() == workers and not server.trace.find(action="signal")
    assert server.trace.find(event="held_up") or "held up" in server.stderr
    assert server.stop("QUIT") == 0
