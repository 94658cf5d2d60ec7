"""What waiting costs, as shares of the time that passes: for the accept mutex, after crashes, and when there is nothing to do."""
import fcntl
import time
from collections import Counter

import pytest

from harness import processes, stays_so

IDLE_SHARE_MAX = 0.03
MANAGER_SHARE_MAX = 0.01


class Costs:
    """In a with statement: CPU time of the processes, and how long it took."""

    def __init__(self, pids):
        self.pids = pids

    def __enter__(self):
        self.began, self.before = time.monotonic(), {pid: processes.cpu_seconds(pid) for pid in self.pids}
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.share = {pid: (processes.cpu_seconds(pid) - self.before[pid]) / self.seconds for pid in self.pids}

    def report(self, what):
        print(f"{what}, {self.seconds:.2f} s: " + ", ".join(f"{pid} {share:.2%}" for pid, share in self.share.items()))


@pytest.mark.promise("LCK-1", "LCK-3")
@pytest.mark.parametrize("waiting", [0, 1, 50], ids=lambda count: f"{count}_waiting")
def test_an_outside_lock_holds_all_workers_off_and_costs_nothing(prepare, waiting):
    """With nobody, one or many in the queue: no worker accepts, and none of them spins."""
    server = prepare(lock_file="LOCK", workers=4)
    path = server.directory / "toad.lock"
    server.config_file.write_text(server.config_file.read_text().replace("LOCK", str(path)))
    server.expected_files.add(path.name)
    server.start()
    connections = []
    with open(path, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connections += [server.connect() for _ in range(waiting)]
        for connection in connections:
            connection.ask("/pid")
        with Costs([*server.workers(), server.manager]) as costs:
            if connections:
                assert connections[0].is_silent_for(2)
            else:
                time.sleep(2)
        assert all(connection.is_silent_for(0.001) for connection in connections)
        fcntl.flock(lock, fcntl.LOCK_UN)
    for connection in connections:
        assert connection.read_answer().number in server.workers()
        connection.close()
    costs.report(f"CPU time while the lock is held from outside and {waiting} wait")
    assert sum(costs.share.values()) < IDLE_SHARE_MAX, costs.share


@pytest.mark.promise("LCK-1", "LCK-3")
def test_nobody_spins_when_there_is_nothing_to_do(start):
    server = start(workers=4, heartbeat_interval=0.25, heartbeat_timeout=10)
    with server.connect() as idle, Costs([*server.workers(), server.manager]) as costs:
        idle.get("/")
        time.sleep(2)
    costs.report("CPU time of an idle server that beats four times a second")
    assert sum(costs.share.values()) < IDLE_SHARE_MAX, costs.share


@pytest.mark.promise("LCK-1", "WRK-4")
@pytest.mark.parametrize("at_once", [True, False], ids=["at_once", "one_after_the_other"])
def test_the_spread_of_connections_over_workers_is_reported(start, at_once):
    """Whoever is free takes what comes: a report, and no more than sense."""
    server = start(workers=4, accepts=0, backlog=1024, keep_alive_timeout=60)
    connections, answers = [], []
    for _ in range(400):
        connections.append(server.connect())
        if not at_once:
            answers.append(connections[-1].get("/pid").number)
    if at_once:
        for connection in connections:
            connection.ask("/pid")
        answers = [connection.read_answer().number for connection in connections]
    for connection in connections:
        connection.close()
    spread = Counter(answers)
    print(f"400 connections {'at once' if at_once else 'one after the other'}: {sorted(spread.values(), reverse=True)}")
    assert set(spread) <= set(server.workers()) and sum(spread.values()) == 400


# ---- Crash loops ----

WINDOW, SPAWNS_MAX = 10, 5


def attempts(server, since):
    return [float(line["t"]) for line in server.trace.find(action="spawn") if line["t"] >= since]


def most_in_a_window(times):
    return max(sum(first <= moment < first + WINDOW for moment in times) for first in times)


@pytest.mark.promise("MGR-9", "OBS-3")
@pytest.mark.parametrize("workers", [1, 4])
def test_a_crash_loop_is_slow_and_costs_nothing(prepare, workers):
    """Every worker that starts dies at once, for ten seconds."""
    server = prepare("crashing_later", workers=workers)
    file = server.directory / "crash"
    server.environment["CRASH_WHEN_EXISTS"] = str(file)
    server.expected_files.add(file.name)
    server.excuse("deaths", "the application crashes on purpose")
    server.start()
    file.touch()
    with Costs([server.manager]) as costs:
        for pid in server.workers():
            server.signal("KILL", pid)
        died = server.await_trace(event="exited")["t"]
        stays_so(lambda: processes.lives(server.manager), WINDOW, "the manager")
    times = attempts(server, died)
    costs.report(f"CPU time of the manager of {workers} workers that die at once, attempts after {[round(t - times[0], 2) for t in times]} s")
    assert costs.share[server.manager] < MANAGER_SHARE_MAX
    # One attempt for each that was lost is free; after those they come as for one.
    assert 3 <= most_in_a_window(times) <= SPAWNS_MAX + workers - 1, times
    assert "die young" in server.stderr
    file.unlink()
    server.signal("TERM")
    assert server.await_end() == 0
