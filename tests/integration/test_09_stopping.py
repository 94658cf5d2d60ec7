"""Stopping: at once or gracefully, the manager or one worker, with force when it must be - and never before."""
import re
import subprocess
import time

import pytest

from harness import processes, wait_until
from harness.client import ConnectionEnded
from harness.deploying import begin_request, end_request


def busy(server, path):
    """A connection whose request is under way, and the worker that has it."""
    connection = server.connect()
    worker = connection.get("/pid").number
    connection.ask(path)
    connection.await_taken()
    return connection, worker


@pytest.mark.promise("MGR-2", "PID-1")
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_int_and_term_stop_at_once(start, name):
    server = start(workers=3)
    workers = server.workers()
    assert server.stop(name) == 0
    assert not server.pid_file.exists()
    assert {line["pid"] for line in server.trace.find(action="signal", signal="TERM")} == set(workers)
    assert {end.get("signal") for end in server.trace.worker_ends()} == {15}
    assert all(seconds >= 1.0 for seconds in server.trace.patience().values())


@pytest.mark.promise("MGR-2")
def test_term_waits_for_no_request(start):
    server = start(workers=1)
    connection, _ = busy(server, "/slow?s=60")
    with connection:
        assert server.stop("TERM", limit=30) == 0
        assert connection.read_rest_or_reset() == b""


@pytest.mark.promise("MGR-2")
def test_term_ends_a_worker_that_is_stuck_in_the_application(start):
    server = start(workers=1)
    with server.connect() as connection:
        connection.ask("/spin")
        worker, = server.workers()
        # The endless loop shows in the CPU time that it takes.
        wait_until(lambda: processes.cpu_seconds(worker) > 0.5, "the worker to spin", seen=server.describe)
        assert server.stop("TERM") == 0


@pytest.mark.promise("MGR-2")
def test_a_worker_that_does_not_stop_is_killed_after_a_second(start):
    server = start(workers=2)
    frozen, other = server.workers()
    server.freeze(frozen)
    began = server.signal("TERM")
    assert server.await_end() == 0
    assert time.monotonic() - began >= 1.0
    assert {end["pid"]: end.get("signal") for end in server.trace.worker_ends()} == {frozen: 9, other: 15}
    patience = server.trace.patience()
    assert frozen in patience and all(seconds >= 1.0 for seconds in patience.values())


@pytest.mark.promise("MGR-1", "MGR-2", "MGR-13")
def test_a_worker_that_dies_while_the_manager_is_busy_is_noticed_at_once(prepare, tmp_path):
    """Every kill() of the manager takes a moment, in which the worker dies: the news must not wait for another event."""
    server = prepare(workers=2)
    server.will_end_traced()
    server.start()
    log = tmp_path / "strace"
    slow_kill = ["-e", "trace=/^(kill|p?poll|wait4)$", "-e", "inject=kill:delay_exit=50000"]
    tracer = subprocess.Popen(["strace", "-q", "-o", str(log), *slow_kill, "-p", str(server.manager)])
    try:
        wait_until(lambda: b"TracerPid:\t0\n" not in processes.read(server.manager, "status"), "strace to attach")
        assert server.stop("TERM") == 0
    finally:
        tracer.terminate()
        tracer.wait(10)
    calls = re.search(r"^kill\(.*?^wait4\(", log.read_text(), re.DOTALL | re.MULTILINE)[0]
    # The wait behind which the first one is buried was ended by the news and not by its time.
    waits = re.findall(r"^p?poll\(.*POLLIN.*$", calls, re.MULTILINE)
    assert waits and "Timeout" not in waits[-1], calls


@pytest.mark.promise("MGR-3", "PID-1")
def test_quit_sends_each_worker_quit_once_and_ends_with_status_0(start):
    server = start(workers=3)
    workers = server.workers()
    assert server.stop("QUIT") == 0
    assert not server.pid_file.exists()
    sent = [(line["pid"], line["signal"]) for line in server.trace.find(action="signal")]
    assert sorted(sent) == [(pid, "QUIT") for pid in sorted(workers)]
    assert [line.get("status") for line in server.trace.worker_ends()] == [0, 0, 0]


@pytest.mark.promise("MGR-3", "WRK-2")
def test_quit_waits_for_the_requests_under_way(start):
    server = start(workers=2)
    with server.connect() as connection:
        connection.ask("/slow?s=1")
        connection.await_taken()
        server.signal("QUIT")
        answer = connection.read_answer()
        assert (answer.status, answer.text) == (200, "slow")
    assert server.await_end() == 0


@pytest.mark.promise("MGR-3")
def test_quit_twice_is_quit_once(start):
    server = start(workers=1)
    connection, worker = busy(server, "/slow?s=1")
    with connection:
        server.signal("QUIT")
        server.await_trace(action="signal", signal="QUIT")
        server.signal("QUIT")
        assert connection.read_answer().text == "slow"
    assert server.await_end() == 0
    assert [line["pid"] for line in server.trace.find(action="signal")] == [worker]


@pytest.mark.promise("MGR-4")
def test_a_graceful_stop_that_takes_too_long_is_forced(start):
    server = start(workers=1, graceful_timeout=1)
    connection, worker = busy(server, "/slow?s=60")
    with connection:
        began = server.signal("QUIT")
        assert server.await_end() == 0
        assert time.monotonic() - began >= 1.0
    quit_at = server.trace.one(action="signal", signal="QUIT", pid=worker)["t"]
    term = server.trace.one(action="signal", signal="TERM", pid=worker)
    assert term["t"] - quit_at >= 1.0 and term["promise"] == "MGR-4"


@pytest.mark.promise("MGR-4")
def test_a_frozen_worker_is_killed_a_second_after_force_began(start):
    server = start(workers=1, graceful_timeout=0.5)
    worker, = server.workers()
    server.freeze(worker)
    began = server.signal("QUIT")
    assert server.await_end() == 0
    assert time.monotonic() - began >= 1.5
    times = [server.trace.one(action="signal", signal=name)["t"] for name in ("QUIT", "TERM", "KILL")]
    assert times[1] - times[0] >= 0.5 and times[2] - times[1] >= 1.0


@pytest.mark.promise("MGR-4")
def test_a_worker_that_leaves_by_itself_is_forced_after_the_same_time(start):
    server = start(workers=2, graceful_timeout=1)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        connection.ask("/slow?s=60")
        began = server.signal("QUIT", worker)
        server.await_gone(worker)
        assert time.monotonic() - began >= 1.0
    farewell = server.trace.beats(worker, leaving=True)[0]
    assert server.trace.one(action="signal", signal="TERM", pid=worker)["t"] - farewell >= 1.0
    server.await_workers(2)


@pytest.mark.promise("MGR-5")
def test_term_after_quit_makes_the_stop_immediate(start):
    server = start(workers=1)
    connection, _ = busy(server, "/slow?s=60")
    with connection:
        server.signal("QUIT")
        server.await_trace(action="signal", signal="QUIT")
        assert server.stop("TERM") == 0


@pytest.mark.promise("WRK-1", "MGR-1")
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_a_worker_stops_at_once_on_int_and_term(start, name):
    server = start(workers=2)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        connection.ask("/slow?s=60")
        server.signal(name, worker)
        server.await_gone(worker)
        assert connection.read_rest_or_reset() == b""
    wait_until(lambda: len(server.ready_workers()) == 2 and worker not in server.workers(), "a replacement", seen=server.describe)


@pytest.mark.promise("WRK-1")
def test_a_worker_that_is_stuck_stops_on_term(start):
    server = start(workers=2)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        connection.ask("/block?s=60")
        server.signal("TERM", worker)
        server.await_gone(worker)


@pytest.mark.promise("WRK-2")
def test_an_idle_worker_ends_with_status_0_on_quit(start):
    server = start(workers=2)
    worker = server.workers()[0]
    server.signal("QUIT", worker)
    server.await_gone(worker)
    assert server.await_trace(event="exited", pid=worker)["status"] == 0
    assert server.trace.beats(worker, leaving=True), "it said so"


@pytest.mark.promise("WRK-2", "WRK-4")
def test_a_leaving_worker_serves_what_it_has_and_accepts_nothing(start):
    server = start(workers=1, spare=0)
    worker, = server.workers()
    with server.connect() as connection:
        begin_request(connection)
        server.signal("QUIT", worker)
        wait_until(lambda: server.trace.beats(worker, leaving=True), "the farewell", seen=server.describe)
        with server.connect() as later:
            later.ask("/pid")
            assert end_request(connection).closes
            assert later.read_answer().number != worker
    assert server.await_trace(event="exited", pid=worker)["status"] == 0


@pytest.mark.promise("WRK-2", "WRK-3")
def test_an_idle_connection_ends_by_its_timeout_while_the_worker_leaves(start):
    server = start(workers=1, keep_alive_timeout=1)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        silent_since = connection.sent_at
        server.signal("QUIT", worker)
        assert connection.wait_closed() - silent_since >= 1.0
    server.await_gone(worker)
    assert server.await_trace(event="exited", pid=worker)["status"] == 0


@pytest.mark.promise("WRK-3")
def test_a_request_that_reaches_a_leaving_worker_is_answered_and_the_connection_closed(start):
    server = start(workers=1, keep_alive_timeout=20)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        server.signal("QUIT", worker)
        wait_until(lambda: server.trace.beats(worker, leaving=True), "the farewell", seen=server.describe)
        answer = connection.get("/pid")
        assert (answer.number, answer.closes) == (worker, True)
        with pytest.raises(ConnectionEnded):
            connection.read_some()
    server.await_gone(worker)
