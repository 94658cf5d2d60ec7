"""Workers that die young and forks that fail: growing pauses, no end, no spinning."""
import subprocess
import time

import pytest

from harness import processes, wait_until

# The first attempt costs nothing, and a worker that proves itself meanwhile gives another one for nothing.
PAUSES = [1, 2, 4]
FREE = 3


@pytest.fixture
def crashing(prepare):
    """Two healthy workers; from server.crash() on every new one dies before it serves, until server.heal()."""
    server = prepare("crashing_later", workers=2)
    file = server.directory / "crash"
    server.environment["CRASH_WHEN_EXISTS"] = str(file)
    server.excuse("deaths", "the application crashes on purpose")
    server.crash, server.heal = file.touch, lambda: file.unlink(missing_ok=True)
    server.start()
    yield server
    server.heal()


def pauses_after(server, victim):
    """The times between the end of each worker that died and the next attempt."""
    lines = server.trace.lines()
    first = next(index for index, line in enumerate(lines) if line.get("event") == "exited" and line["pid"] == victim)
    gaps, died = [], None
    for line in lines[first:]:
        if line.get("event") in ("exited", "spawn_failed"):
            died = line["t"]
        elif line.get("action") == "spawn" and died is not None:
            gaps.append(line["t"] - died)
    return gaps


def assert_growing(gaps):
    """Few attempts at once, then each one after a longer pause; never shorter than it says."""
    paused = [gap for gap in gaps if gap > 0.5]
    assert len(gaps) - len(paused) <= FREE, gaps
    assert len(paused) >= 2 and all(gap >= pause for gap, pause in zip(paused, PAUSES)), gaps


@pytest.fixture
def proven(crashing):
    """Both workers have served for a second, so that neither interferes by proving itself later."""
    time.sleep(1)
    return crashing


@pytest.mark.promise("MGR-9", "OBS-3")
def test_workers_that_die_young_are_replaced_with_a_growing_pause(proven):
    server = proven
    victim, other = server.workers()
    server.crash()
    server.signal("KILL", victim)
    wait_until(lambda: len(server.trace.worker_ends()) >= 6, "six deaths", seen=server.describe)
    assert other in server.workers() and server.get("/").number == other, "the one that is left serves"
    server.heal()
    server.await_workers(2)
    assert_growing(pauses_after(server, victim))
    assert "die young" in server.stderr


@pytest.mark.promise("MGR-9")
def test_the_manager_does_not_spin_while_it_waits(crashing):
    server = crashing
    server.crash()
    server.signal("KILL", server.workers()[0])
    wait_until(lambda: len(server.trace.worker_ends()) >= 4, "four deaths", seen=server.describe)
    before, lines = processes.cpu_seconds(server.manager), len(server.trace.lines())
    died = len(server.trace.worker_ends())
    # The next pause has begun and takes 4 s in all; whatever costs CPU time now is done for nothing.
    wait_until(lambda: len(server.trace.worker_ends()) > died, "the next death", seen=server.describe)
    assert processes.cpu_seconds(server.manager) - before < 0.5
    assert len(server.trace.lines()) - lines < 60


@pytest.mark.promise("MGR-9")
def test_a_healthy_worker_resets_the_pause(crashing):
    server = crashing
    server.crash()
    first = server.workers()[0]
    server.signal("KILL", first)
    wait_until(lambda: len(server.trace.worker_ends()) >= 3, "three deaths", seen=server.describe)
    server.heal()
    newest = server.await_workers(2)[-1]
    ready = server.trace.beats(newest)[0]
    # A second of service makes a worker healthy; the next event after that is far behind it.
    wait_until(lambda: any(line.get("event") == "tick" and line["t"] >= ready + 1 for line in server.trace.lines()),
               "the worker to prove itself", seen=server.describe)
    server.signal("KILL", newest)
    died = server.await_trace(event="exited", pid=newest)
    spawned = wait_until(lambda: [line for line in server.trace.find(action="spawn") if line["t"] >= died["t"]], "a replacement")
    assert spawned[0]["t"] == died["t"], "replaced at once"
    server.await_workers(2)


@pytest.mark.promise("MGR-9")
def test_the_manager_never_gives_up(crashing):
    """No worker at all is left; the manager stays, tries on, and serves again once the cause is gone."""
    server = crashing
    server.crash()
    for pid in server.workers():
        server.signal("KILL", pid)
    wait_until(lambda: len(server.trace.worker_ends()) >= 5, "five deaths", seen=server.describe)
    assert processes.lives(server.manager)
    server.heal()
    assert server.get("/").number in server.await_workers(2)


@pytest.mark.promise("MGR-9", "MGR-2")
def test_the_manager_stops_at_once_in_the_middle_of_a_pause(crashing):
    server = crashing
    server.crash()
    for pid in server.workers():
        server.signal("KILL", pid)
    wait_until(lambda: len(server.trace.worker_ends()) >= 5, "five deaths", seen=server.describe)
    assert server.stop("TERM") == 0


@pytest.fixture
def no_fork():
    """no_fork(pid) lets every fork of the process fail until the strace that it returns has ended."""
    tracers = []

    def attach(pid, log):
        command = ["strace", "-q", "-o", str(log), "-e", "trace=clone,clone3,fork,vfork",
                   "-e", "inject=clone,clone3,fork,vfork:error=EAGAIN", "-p", str(pid)]
        tracers.append(subprocess.Popen(command))
        wait_until(lambda: b"TracerPid:\t0\n" not in processes.read(pid, "status"), "strace to attach")
        return tracers[-1]

    yield attach
    for tracer in tracers:
        tracer.terminate()
        tracer.wait(10)


@pytest.mark.promise("MGR-10", "OBS-3")
def test_a_fork_that_fails_is_tried_again_with_growing_pauses(start, no_fork, tmp_path):
    server = start("probe", workers=2)
    server.excuse("deaths", "the test kills a worker")
    victim, other = server.workers()
    # A worker that has served for a second has proven itself and cannot do so later.
    time.sleep(1)
    tracer = no_fork(server.manager, tmp_path / "strace")
    server.signal("KILL", victim)
    wait_until(lambda: len(server.trace.find(event="spawn_failed")) >= 5, "five failures", seen=server.describe)
    assert server.workers() == [other] and server.get("/pid").number == other, "it goes on serving with what it has"
    tracer.terminate()
    tracer.wait(10)
    server.await_workers(2)
    assert_growing(pauses_after(server, victim))
    assert "could not be forked" in server.stderr


@pytest.mark.promise("MGR-10", "MGR-6")
def test_a_fork_that_fails_costs_no_worker_that_is_there(start, no_fork, tmp_path):
    server = start("probe", workers=2)
    workers = server.workers()
    tracer = no_fork(server.manager, tmp_path / "strace")
    server.signal("TTIN")
    wait_until(lambda: len(server.trace.find(event="spawn_failed")) >= 2, "two failures", seen=server.describe)
    assert server.workers() == workers
    tracer.terminate()
    tracer.wait(10)
    assert set(workers) < set(server.await_workers(3))


@pytest.mark.promise("MGR-10", "CLI-6")
def test_a_start_without_any_fork_fails(prepare):
    """Injected from the first system call on, so that no worker ever starts."""
    server = prepare("hello")
    log = server.directory / "strace"
    server.before = ["strace", "-q", "-o", str(log), "-e", "trace=clone,clone3,fork,vfork", "-e",
                     "inject=clone,clone3,fork,vfork:error=EAGAIN"]
    server.expected_files.add("strace")
    server.will_end_traced()
    server.launch()
    assert server.process.wait(60) == 1
    assert "could not be forked" in server.stderr and server.stdout == ""
