"""A manager that did not run for a while: the service goes on, and nobody is punished for its gap."""
import os
import time

import pytest

from harness import stays_so, wait_until
from harness.pipes import fill_pipe

QUICK = {"heartbeat_interval": 0.25, "heartbeat_timeout": 2, "graceful_timeout": 1}
# Longer than heartbeat_interval and heartbeat_timeout, and than any pass of the loop.
GAP = 3


@pytest.fixture
def server(start):
    """Its manager was stopped, and is continued at the latest at the end of the test."""
    found = start("probe", workers=3, **QUICK)
    found.freeze()
    yield found
    if found.pid_file.exists():
        found.signal("CONT")


def serves(server):
    return all(server.get("/").status == 200 for _ in range(5))


@pytest.mark.promise("MGR-12", "HBT-2")
def test_after_a_gap_no_worker_is_replaced(server):
    workers = server.workers()
    time.sleep(GAP)
    server.signal("CONT")
    server.await_beats(workers, 4)
    assert server.workers() == workers
    assert not server.trace.find(action="signal")


@pytest.mark.promise("HBT-5", "MGR-12")
def test_the_service_goes_on_while_the_manager_is_stopped(server):
    workers = server.workers()
    stays_so(lambda: serves(server), GAP, "the service")
    server.signal("CONT")
    assert serves(server) and server.workers() == workers


@pytest.mark.promise("HBT-5", "HBT-4", "MGR-12")
def test_a_full_pipe_costs_beats_and_nothing_else(server):
    workers = server.workers()
    assert fill_pipe(server) > 4096
    # Each worker finds the pipe full several times meanwhile.
    stays_so(lambda: serves(server), GAP, "the service")
    server.signal("CONT")
    server.await_beats(workers, 4)
    assert server.workers() == workers
    assert not server.trace.find(action="signal")


@pytest.mark.promise("MGR-12", "MGR-1")
def test_a_worker_that_died_in_the_gap_is_replaced_after_it(server):
    server.excuse("deaths", "the test kills a worker")
    victim, *others = server.workers()
    server.signal("KILL", victim)
    wait_until(lambda: victim not in server.workers(), "the worker to die")
    assert serves(server)
    server.signal("CONT")
    wait_until(lambda: len(server.ready_workers()) == 3, "a replacement", seen=server.describe)
    assert set(others) < set(server.workers())


@pytest.mark.promise("MGR-12", "MGR-3")
def test_signals_of_the_gap_are_not_lost(server):
    server.signal("TTIN")
    server.signal("QUIT")
    server.signal("CONT")
    assert server.await_end() == 0


@pytest.mark.promise("WRK-6")
def test_workers_leave_when_the_manager_dies(start):
    server = start("probe", workers=2)
    server.excuse("replay", "the manager was killed in the middle")
    server.excuse("files", "nobody is left to remove the PID file")
    with server.connect() as connection:
        connection.get("/")
        connection.ask("/slow?s=1")
        workers = server.workers()
        server.signal("KILL")
        assert connection.read_answer().text == "slow"
    for pid in workers:
        server.await_gone(pid)
    assert os.path.exists(server.pid_file)
