"""Heartbeats: what workers write, when silence is punished, and what the pipe stands."""
import re
import signal
import subprocess
import time

import pytest

from harness import processes, stays_so, wait_until
from harness.deploying import begin_request, end_request
from harness.pipes import heartbeat_pipe, write_pipe

# Exact in binary, so that sums of them are.
INTERVAL, TIMEOUT = 0.25, 2
QUICK = {"heartbeat_interval": INTERVAL, "heartbeat_timeout": TIMEOUT, "graceful_timeout": 1}
# Where nobody is to be stopped for silence, however busy the machine.
PATIENT = QUICK | {"heartbeat_timeout": 20}


def await_pending(server, pid, name):
    """Waits until this signal waits for a stopped process; returns when it was first seen."""
    number = getattr(signal, "SIG" + name)
    wait_until(lambda: number in processes.pending_signals(pid), f"{name} for {pid}", seen=server.describe)
    return time.monotonic()


@pytest.mark.promise("HBT-1")
def test_the_pipe_carries_lines_with_the_workers_number(start):
    server = start(workers=3, **PATIENT)
    server.await_beats(server.workers(), 4)
    assert re.fullmatch(r"(\d+\n)+", server.trace.piped())
    assert set(map(int, server.trace.piped().split())) == set(server.workers())


@pytest.mark.promise("HBT-1", "CLI-6")
def test_the_first_heartbeat_comes_before_the_server_is_announced(start):
    server = start("hello", workers=3, heartbeat_interval=60)
    announced = server.trace.one(action="announce")["t"]
    beats = [server.trace.beats(pid) for pid in server.workers()]
    assert all(len(times) == 1 and times[0] <= announced for times in beats), "and the next one a minute later"


@pytest.mark.promise("HBT-1")
def test_what_a_worker_writes_is_its_number_every_interval(start, tmp_path):
    """What, seen from the worker's side; how often, from when it was started."""
    server = start(workers=1, **PATIENT)
    worker, = server.workers()
    log = tmp_path / "strace"
    tracer = subprocess.Popen(["strace", "-q", "-e", "trace=write", "-o", str(log), "-p", str(worker)])
    try:
        wait_until(lambda: log.exists() and log.read_text().count("write(") >= 5, "five writes", seen=server.describe)
    finally:
        tracer.terminate()
        tracer.wait(10)
    found = re.findall(r'^write\(\d+, "(.*?)", \d+\) += +\d+$', log.read_text(), re.MULTILINE)
    assert set(found) == {f"{worker}\\n"}
    server.await_beats([worker], 1)
    spawned = server.trace.one(action="spawn")["t"]
    # A timer that was held up may catch up, but never overtakes the clock.
    for number, heard in enumerate(server.trace.beats(worker)):
        assert heard - spawned >= INTERVAL * number, server.describe()


@pytest.mark.promise("HBT-1")
def test_a_leaving_worker_says_so_in_its_line(start):
    server = start(workers=1, **PATIENT)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        connection.ask("/slow?s=0.25")
        server.signal("QUIT", worker)
        assert connection.read_answer().text == "slow"
    # Everything that it has said is read before its end is recorded.
    server.await_trace(event="exited", pid=worker)
    assert f"{worker}:1\n" in server.trace.piped()


@pytest.mark.promise("HBT-2", "MGR-4", "OBS-3")
def test_a_silent_worker_is_stopped_after_interval_and_timeout_and_not_before(start):
    """The test itself writes the last heartbeat of a frozen worker, so it knows that it came after `before`."""
    timeout = 3
    silence = INTERVAL + timeout
    server = start(workers=2, **QUICK | {"heartbeat_timeout": timeout})
    worker = server.workers()[0]
    with open(heartbeat_pipe(server), "wb", buffering=0) as pipe:
        server.freeze(worker)
        before = time.monotonic()
        pipe.write(b"%d\n" % worker)
    quit_at = await_pending(server, worker, "QUIT")
    assert quit_at - before >= silence
    gone_at = server.await_gone(worker)
    # graceful_timeout, and a second from TERM to KILL
    assert gone_at - before >= silence + 1.0 + 1.0
    last = server.trace.beats(worker)[-1]
    steps = {line["signal"]: line for line in server.trace.find(action="signal", pid=worker)}
    assert list(steps) == ["QUIT", "TERM", "KILL"]
    assert steps["QUIT"]["t"] - last >= silence and steps["QUIT"]["promise"] == "HBT-2"
    assert steps["TERM"]["t"] - steps["QUIT"]["t"] >= 1.0
    assert steps["KILL"]["t"] - steps["TERM"]["t"] >= 1.0
    wait_until(lambda: len(server.ready_workers()) == 2, "a replacement", seen=server.describe)
    assert f"Worker {worker} sent no heartbeat in time" in server.stderr


@pytest.mark.promise("HBT-2")
def test_a_worker_that_comes_back_in_time_is_not_stopped(start):
    server = start(workers=1, heartbeat_interval=0.25, heartbeat_timeout=20)
    worker, = server.workers()
    server.freeze(worker)
    # Many intervals, and far from the timeout.
    stays_so(lambda: not processes.pending_signals(worker), 1.5, "the patience")
    server.signal("CONT", worker)
    server.await_beats([worker], 1)
    assert server.get("/pid").number == worker and not server.trace.find(action="signal")


@pytest.mark.promise("HBT-2", "HBT-6")
@pytest.mark.parametrize("path", ["/spin", "/block?s=60"])
def test_a_worker_that_is_stuck_in_the_application_is_replaced(start, path):
    server = start(workers=2, **QUICK)
    with server.connect() as connection:
        worker = connection.get("/pid").number
        connection.ask(path)
        connection.await_taken()
        while worker in server.workers():
            assert server.get("/pid").number != worker, "the others serve meanwhile"
    wait_until(lambda: len(server.ready_workers()) == 2, "a replacement", seen=server.describe)
    assert [line["signal"] for line in server.trace.find(action="signal", pid=worker)][:2] == ["QUIT", "TERM"]
    assert server.await_trace(event="exited", pid=worker)["signal"] == 15
    assert all(seconds >= 1.0 for seconds in server.trace.patience().values())


@pytest.mark.promise("HBT-3", "MGR-4")
def test_a_leaving_worker_is_not_stopped_for_want_of_heartbeats(start):
    server = start(workers=2, **QUICK | {"graceful_timeout": 20})
    with server.connect() as connection:
        worker = connection.get("/pid").number
        begin_request(connection)
        server.signal("QUIT", worker)
        # Much longer than any silence would be forgiven.
        assert connection.is_silent_for(5)
        end_request(connection)
    server.await_gone(worker)
    assert server.await_trace(event="exited", pid=worker)["status"] == 0
    assert not server.trace.find(action="signal", pid=worker)


@pytest.mark.promise("HBT-3", "MGR-6")
def test_nor_is_one_that_the_manager_sent_away_and_that_is_frozen(start):
    """Its graceful_timeout counts from when it began to leave, its silence not at all."""
    server = start(workers=1, **QUICK | {"graceful_timeout": 4})
    worker, = server.workers()
    server.freeze(worker)
    before = server.signal("TTOU")
    term_at = await_pending(server, worker, "TERM")
    assert term_at - before >= 4
    server.await_gone(worker)
    assert [line["promise"] for line in server.trace.find(action="signal", pid=worker)] == ["MGR-6", "MGR-4", "MGR-4"]


def keep_alive_by_hand(server, worker, write_beat, seconds):
    """A frozen worker lives on only if every beat that is written for it is understood."""
    server.freeze(worker)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        write_beat()
        assert not processes.pending_signals(worker), server.describe()
        # The next beat is due; the timeout is far off.
        time.sleep(INTERVAL)
    server.signal("CONT", worker)


@pytest.mark.promise("HBT-4")
@pytest.mark.parametrize("before", [
    b"", b"garbage\n", b"\n\n\n", b"\x00\xff\xfe\n", b"1" * 1000 + b"\n", b"1" * 4000 + b"\n", b"-1\n0\n1\n", b"99999999\n",
    b"99999999:1\n", b"4294967297\n", b" 12\n12 \n", b"12:2\n12:\n:1\n",
], ids=range(12))
def test_beats_are_understood_whatever_comes_between(start, before):
    server = start(workers=1, heartbeat_interval=INTERVAL, heartbeat_timeout=4)
    worker, = server.workers()
    beat = before + b"%d\n" % worker
    keep_alive_by_hand(server, worker, lambda: write_pipe(server, beat), 1)
    assert len(server.trace.beats(worker)) >= 3
    assert server.get("/pid").number == worker and not server.trace.find(action="signal")


@pytest.mark.promise("HBT-4", "HBT-2")
@pytest.mark.parametrize("tear", [1, 2, -1], ids=["behind_the_first_byte", "behind_the_second", "before_the_line_end"])
def test_beats_are_understood_however_they_are_torn(start, tear):
    """Much longer than a silent worker would be left alone, each beat comes in two reads."""
    server = start(workers=1, heartbeat_interval=INTERVAL, heartbeat_timeout=3)
    worker, = server.workers()
    line = b"%d\n" % worker

    def write_torn():
        count = len(server.trace.find(event="pipe"))
        write_pipe(server, line[:tear])
        wait_until(lambda: len(server.trace.find(event="pipe")) > count, "the first part to be read")
        write_pipe(server, line[tear:])

    keep_alive_by_hand(server, worker, write_torn, 7)
    assert server.get("/pid").number == worker and not server.trace.find(action="signal")


WRONG = (b"%dx\n", b"x%d\n", b"1%d\n", b"%d0\n", b" %d\n", b"%d \n", b"-%d\n", b"+%d\n", b"%d\r\n", b"0x%d\n", b"%d:\n",
         b"%d:2\n", b"%d:1x\n", b"%d\0\n")


@pytest.mark.promise("HBT-4", "HBT-2")
def test_beats_of_others_and_broken_ones_keep_nobody_alive(start):
    """What is almost the frozen worker's line must not count as its heartbeat."""
    server = start(workers=2, **QUICK)
    worker = server.workers()[0]
    wrong = b"".join(form % worker for form in WRONG)
    with open(heartbeat_pipe(server), "wb", buffering=0) as pipe:
        server.freeze(worker)
        before = time.monotonic()
        while not server.trace.find(action="signal", pid=worker, signal="QUIT"):
            pipe.write(wrong)
            assert time.monotonic() - before < 30, server.describe()
            time.sleep(0.05)
    server.await_gone(worker)
    wait_until(lambda: len(server.ready_workers()) == 2, "a replacement", seen=server.describe)


@pytest.mark.promise("HBT-4")
def test_thousands_of_lines_at_once_hide_none(start):
    server = start(workers=2, **PATIENT)
    workers = server.workers()
    for _ in range(50):
        write_pipe(server, b"77777777\n" * 400)
    server.await_beats(workers, 4)
    assert server.workers() == workers and not server.trace.find(action="signal")
