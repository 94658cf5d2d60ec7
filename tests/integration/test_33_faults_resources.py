"""Faults of resources: what cannot be had, and what is limited (rows R). The table of all rows stands in
test_31_faults_processes.py."""
import re
import resource
import signal
import time

import pytest

from harness import processes, wait_until
from harness.client import ConnectionEnded
from harness.sanitizer import is_sanitized
from harness_faults.preload import Memory
from harness_faults.strace import Injection


# ---- R1, R2: accepting fails ----

@pytest.mark.promise("WRK-11", "CON-7", "OBS-3")
@pytest.mark.parametrize("reason", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_r1_what_is_missing_is_missed_slowly(start, tmp_path, reason):
    """No accept succeeds for a while: the worker asks again now and then, and serves whom it has."""
    server = start("probe", workers=1, heartbeat_interval=60)
    worker, = server.workers()
    with server.connect() as old, server.connect() as new:
        assert old.get("/pid").number == worker
        assert new.get("/pid").number == worker
        began = time.monotonic()
        with Injection(worker, tmp_path / "strace", f"accept4:error={reason}") as injection, server.connect() as waiting:
            waiting.ask("/pid")
            wait_until(lambda: injection.count() >= 2, "a second attempt", seen=server.describe)
            before = processes.cpu_seconds(worker)
            assert old.get("/pid").number == worker and new.get("/pid").number == worker
            # Several attempts would be due meanwhile if they followed each other at once.
            assert waiting.is_silent_for(1.2)
            assert injection.count() <= 2 * (time.monotonic() - began) + 3
            assert processes.cpu_seconds(worker) - before < 0.5
            injection.end()
            assert waiting.read_answer().number == worker
    server.await_log("No connection can be accepted for now")
    assert server.workers() == [worker]


@pytest.mark.promise("WRK-11", "CON-7")
def test_r1_without_descriptors_a_worker_waits_and_goes_on(start):
    """The limit of a live worker is lowered to what it has open, and raised again."""
    server = start("probe", workers=1)
    worker, = server.workers()
    old = [server.connect() for _ in range(5)]
    assert {connection.get("/pid").number for connection in old} == {worker}
    most = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (max(processes.descriptors_of(worker)) + 1, most[1]))
    with server.connect() as waiting:
        waiting.ask("/pid")
        server.await_log("No connection can be accepted for now: Too many open files")
        assert {connection.get("/pid").number for connection in old} == {worker}
        # One that closes leaves its descriptor to the one that waits.
        old.pop().close()
        assert waiting.read_answer().number == worker
    resource.prlimit(worker, resource.RLIMIT_NOFILE, most)
    assert server.get("/pid").number == worker
    for connection in old:
        connection.close()


@pytest.mark.promise("WRK-4", "CON-7")
@pytest.mark.parametrize("reason", ["ECONNABORTED", "EINTR", "EPROTO", "EPERM", "ENETDOWN", "ETIMEDOUT"])
def test_r2_an_accept_that_fails_is_tried_again(start, tmp_path, reason):
    server = start("probe", workers=1, heartbeat_interval=60)
    worker, = server.workers()
    with Injection(worker, tmp_path / "strace", f"accept4:error={reason}:when=1+2") as injection:
        assert [server.get("/pid").number for _ in range(5)] == [worker] * 5
        assert injection.count() >= 5


# ---- R3: no memory ----

@pytest.mark.promise("MGR-1", "CON-7")
@pytest.mark.parametrize("count", [1, 1000000], ids=["once", "from_then_on"])
def test_r3_memory_that_fails_ends_a_request_or_a_worker_in_order(prepare, count):
    """Each allocation of a connection's first request in turn: an answer, or an end, but no crash."""
    server = prepare("probe", workers=1, heartbeat_interval=60)
    memory = Memory(server)
    server.start()
    worker, = server.workers()
    memory.watch(worker)
    assert ask_something(server) == 200
    most = memory.asked
    outcomes = []
    for number in range(1, most + 1):
        memory.withhold(worker, number, count)
        outcomes.append(ask_something(server))
        memory.watch(worker)
        assert server.workers() == [worker], f"allocation {number} of {most}: {server.describe()}"
        assert ask_something(server) == 200, f"allocation {number} of {most} left something behind"
    print(outcomes)
    assert not server.trace.worker_ends() and most > 0


def ask_something(server):
    """The status of the answer; 0 if there is none but the end of the connection."""
    try:
        with server.connect() as connection:
            connection.ask("/len", "POST", ["Connection: close"], b"x" * 100000)
            return connection.read_answer().status
    except (ConnectionEnded, ConnectionResetError, BrokenPipeError):
        return 0


@pytest.mark.promise("MGR-1", "MGR-6", "PID-3")
def test_r3_a_manager_that_serves_needs_no_memory(prepare):
    """What it may need was there when the server was announced, so that no lack of memory can end the service."""
    server = prepare("hello", workers=2)
    server.excuse("deaths", "the test kills a worker")
    memory = Memory(server)
    server.start()
    memory.withhold(server.manager, 1, 1000000)
    server.signal("KILL", server.workers()[0])
    wait_until(lambda: len(server.trace.worker_ends()) == 1, "the death", seen=server.describe)
    server.signal("TTIN")
    server.signal("USR1")
    server.pid_file.unlink()
    server.await_workers(3)
    wait_until(server.pid_file.exists, "the PID file", seen=server.describe)
    server.signal("TTOU")
    server.await_workers(2)
    assert server.stop("QUIT") == 0
    assert memory.asked == 0


# ---- R14, R15: limits and numbers ----

def limited(*limits):
    return ["prlimit", *limits]


@pytest.mark.promise("OBS-3", "MGR-1")
def test_r14_a_log_at_its_largest_size_ends_nobody(prepare):
    """RLIMIT_FSIZE: a write beyond it is an error, and for who does not ignore it, a signal."""
    server = prepare("probe", workers=2, log_file="LOG")
    log = server.directory / "toad.log"
    server.config_file.write_text(server.config_file.read_text().replace("LOG", str(log)))
    log.write_bytes(b"x" * 99_999 + b"\n")
    server.before = limited("--fsize=100000:100000")
    server.excuse("replay", "the trace is as large as it may be")
    server.launch()
    wait_until(lambda: server.pid_text().endswith("\n"), "the PID file", seen=server.describe)
    server.manager = int(server.pid_text())
    wait_until(lambda: len(server.workers()) == 2, "two workers", seen=server.describe)
    workers = server.workers()
    server.signal("USR1")
    server.signal("TTIN")
    wait_until(lambda: len(server.workers()) == 3, "a third worker", seen=server.describe)
    server.signal("QUIT", workers[0])
    server.await_gone(workers[0])
    wait_until(lambda: len(server.workers()) == 3, "a replacement", seen=server.describe)
    assert server.get("/").status == 200 and log.stat().st_size == 100_000
    assert server.stop("QUIT") == 0


@pytest.mark.promise("CLI-5", "MGR-1")
@pytest.mark.parametrize("limit", ["--stack=262144", "--nofile=24:24", "--nofile=9:9", "--nofile=5:5", "--as=20000000", "--as=12000000", "--nproc=1", "--core=0",
                                   "--data=4000000"])
def test_r14_little_room_is_told_or_enough(prepare, limit):
    """A server that starts also serves; one that cannot says why. Nothing hangs and nothing is left."""
    server = prepare("hello", workers=2)
    server.excuse("log", "a start that fails ends with a line of its own")
    server.excuse("deaths", "a worker may lack what it needs")
    if (limit.startswith(("--as", "--data"))) and is_sanitized(server.build.hypnotoad):
        pytest.skip("the address sanitizer's shadow needs all of the address space")
    server.before = limited(limit)
    server.launch()
    if server.is_refused():
        server.excuse("replay", "the start may fail before the first event")
        assert server.process.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT), server.describe()
        assert server.stderr != ""
    else:
        server.await_ready()
        assert server.get("/").status == 200
        assert server.stop("QUIT") == 0


@pytest.mark.promise("CFG-4", "CFG-6")
@pytest.mark.parametrize("line", ["workers => 1e9", "workers => 'NaN'", "workers => -0.5", "workers => 4294967297", "spare => 1e9", "clients => 1e20",
                                  "heartbeat_interval => 'NaN'", "heartbeat_interval => 1e22", "heartbeat_timeout => 'inf'",
                                  "keep_alive_timeout => -1", "upgrade_timeout => 1e-9", "heartbeat_interval => 0.0000001",
                                  "inactivity_timeout => 9223372036854775808", "accepts => -1", "backlog => 1e12", "message_max => 'many'"])
def test_r15_numbers_beyond_reason_are_refused(command, build, line):
    name, _, value = line.partition(" => ")
    result = command(*command.configure(f"{{\n{line}\n}};\n"), "--test", build.app("hello"))
    assert (result.status, result.stdout) == (1, ""), result
    assert re.search(rf"{re.escape(str(command.config_file))}:2:\d+: .*{name}", result.stderr), result.stderr
