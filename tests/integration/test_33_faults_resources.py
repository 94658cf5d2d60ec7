"""Faults of resources, files and time (rows R). The table of all rows stands in test_31_faults_processes.py."""
import email.utils
import os
import re
import resource
import signal
import time

import pytest

from harness import LIMIT, processes, wait_until
from harness.client import ConnectionEnded
from harness.namespaces import unshared
from harness.sanitizer import is_sanitized
from harness_faults import sweep
from harness_faults.preload import Clocks, Memory
from harness_faults.strace import Injection, start_under
from harness_faults.tracer import Tracee

QUICK = {"heartbeat_interval": 0.25, "heartbeat_timeout": 0.5, "graceful_timeout": 1}


# ---- R1, R2: accepting fails ----

@pytest.mark.promise("WRK-11", "CON-7", "OBS-3")
@pytest.mark.parametrize("reason", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_r1_what_is_missing_is_missed_slowly(start, tmp_path, reason):
    """No accept succeeds for a while: the worker asks again now and then, and serves whom it has."""
    server = start("probe", workers=1)
    worker, = server.workers()
    with server.connect() as old, server.connect() as new:
        assert old.get("/pid").number == worker
        assert new.get("/pid").number == worker
        with Injection(worker, tmp_path / "strace", f"accept4:error={reason}") as injection, server.connect() as waiting:
            waiting.ask("/pid")
            wait_until(lambda: injection.count() >= 2, "a second attempt", seen=server.describe)
            before = processes.cpu_seconds(worker)
            assert old.get("/pid").number == worker and new.get("/pid").number == worker
            # Several attempts would be due meanwhile if they followed each other at once.
            assert waiting.is_silent_for(1.2)
            assert injection.count() <= 8
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
    server = start("probe", workers=1)
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


# ---- R4, R5: no space ----

@pytest.mark.promise("PID-5", "CLI-5")
@pytest.mark.parametrize("injection", ["write:error=ENOSPC", "write:error=EDQUOT", "write:error=EIO", "fsync:error=EIO", "write:retval=1"])
def test_r4_a_pid_file_that_cannot_be_written_fails_the_start(prepare, injection):
    """The first thing that a server writes, and makes sure of, is its PID file."""
    server = prepare("hello")
    server.excuse("log", "the last line is the error")
    log = start_under(server, f"{injection}:when=1")
    server.launch()
    assert server.process.wait(60) == 1
    assert re.search(r'^(write\(\d+, "\d+\\n"|fsync\().*INJECTED', log.read_text(), re.MULTILINE), log.read_text()
    assert str(server.pid_file) in server.stderr and server.stdout == ""


@pytest.mark.promise("PID-3", "PID-5")
def test_r4_a_pid_file_that_cannot_be_written_again_ends_nobody(start, tmp_path):
    """As soon as there is room again the file is there again."""
    server = start("hello")
    with Injection(server.manager, tmp_path / "strace", "fsync:error=ENOSPC"):
        server.pid_file.unlink()
        server.await_log("cannot write PID file")
        assert server.get("/").status == 200 and not server.pid_file.exists()
        assert [path.name for path in server.directory.iterdir() if ".pid" in path.name] == []
    wait_until(server.pid_file.exists, "the PID file", seen=server.describe)
    assert server.pid_text() == f"{server.manager}\n"


FULL_DISK = 'mount -t tmpfs -o size=8k tmpfs "$0" && { head -c 65536 /dev/zero >"$0/taken"; } 2>/dev/null; : >"$0/toad.log"; exec "$@"'


@pytest.mark.promise("OBS-3", "MGR-1")
def test_r5_a_log_on_a_full_disk_stops_nothing(prepare):
    """Not one line of the log can be written from the start to the end."""
    own_mounts = unshared("mount")
    server = prepare("hello", workers=2, log_file="LOG")
    full = server.directory / "full"
    full.mkdir()
    server.config_file.write_text(server.config_file.read_text().replace("LOG", str(full / "toad.log")))
    server.before = [*own_mounts, "sh", "-c", FULL_DISK, str(full)]
    server.excuse("deaths", "the test kills a worker")
    server.start()
    go_through_life(server)
    assert server.stderr == ""


def go_through_life(server):
    """Everything that is worth a line."""
    server.signal("KILL", server.workers()[0])
    server.await_workers(2)
    server.signal("USR1")
    server.signal("TTIN")
    server.await_workers(3)
    for _ in range(5):
        assert server.get("/").status == 200
    assert server.stop("QUIT") == 0


@pytest.mark.promise("OBS-3", "HBT-5", "MGR-1")
def test_r5_a_log_that_nobody_reads_stops_nothing(prepare):
    """Standard error is a pipe that is full already: whoever waits to write into it waits for ever."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        while True:
            try:
                os.write(writer, b"x" * 65536)
            except BlockingIOError:
                break
        os.set_blocking(writer, True)
        server = prepare("hello", workers=2, before=["sh", "-c", f'exec "$@" 2>/proc/{os.getpid()}/fd/{writer}', "sh"])
        server.excuse("deaths", "the test kills a worker")
        server.start()
        go_through_life(server)
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.promise("OBS-3", "MGR-1")
def test_r5_a_log_whose_reader_is_gone_stops_nothing(prepare):
    """Both streams end nowhere once the server is announced."""
    server = prepare("hello", workers=2)
    fifo = server.directory / "fifo"
    os.mkfifo(fifo)
    server.before = ["sh", "-c", 'exec "$@" 2>"$0"', str(fifo)]
    server.excuse("deaths", "the test kills a worker")
    server.launch()
    with open(fifo, "rb") as reader:
        assert reader.readline()
    server.await_ready()
    go_through_life(server)


# ---- R6, R7: whose PID file ----

@pytest.mark.promise("PID-4")
@pytest.mark.parametrize("content", ["{test}\n", "{test}", "\n", "9" * (1 << 20), "\0" * 4096, "1 2\n"],
                         ids=["a_foreign_process", "no_line_end", "an_empty_line", "a_mebibyte", "zeros", "two_numbers"])
def test_r6_a_stale_file_of_any_content_is_replaced(prepare, content):
    server = prepare("hello")
    server.pid_file.write_text(content.replace("{test}", str(os.getpid())))
    server.launch()
    server.expected_files.discard("hypnotoad.pid")
    server.await_ready()
    assert server.pid_text() == f"{server.manager}\n"


def make_fifo(path):
    os.mkfifo(path)


def make_directory(path):
    path.mkdir()


def make_link(path):
    target = path.with_name("target")
    target.write_text("somebody else's\n")
    path.symlink_to(target)


@pytest.mark.promise("PID-4", "PID-5", "CLI-5")
@pytest.mark.parametrize("make", [make_fifo, make_directory, make_link])
def test_r6_what_is_no_file_of_ours_is_left_alone(command, build, make):
    """Refused, named and untouched; nothing is followed, and nobody waits at the other end."""
    make(command.pid_file)
    result = command(*command.configure(), "--foreground", build.app("hello"))
    assert (result.status, result.stdout) == (1, "") and str(command.pid_file) in result.stderr
    assert not command.pid_file.is_symlink() or command.pid_file.read_text() == "somebody else's\n"


@pytest.mark.promise("PID-1", "PID-4", "CLI-5", "CLI-8")
def test_r7_of_many_starts_at_once_one_wins(prepare):
    """Each has an address of its own; what they fight for is the PID file. Who comes late asks the winner for a deployment."""
    first = prepare("hello", workers=1)
    servers = [first] + [prepare("hello", workers=1) for _ in range(19)]
    for server in servers:
        server.config_file.write_text(first.config_file.read_text())
        server.excuse("log", "those that lose end with a line of their own")
        server.excuse("generations", "deployments that are asked for at once are one")
        server.pid_file = first.pid_file
    for server in servers:
        server.launch()
    winner, = wait_until(lambda: one_that_serves(servers), "all but one to give up",
                         seen=lambda: "\n".join(server.describe() for server in servers if processes.marked(server.mark)))
    losers = [server for server in servers if server is not winner]
    winner.manager = winner.process.pid
    winner.follow_last()
    assert {server.process.wait(LIMIT) for server in losers} <= {0, 1}
    assert all("Server available" not in server.stdout for server in losers)
    assert all(str(first.pid_file) in server.stderr or "hot deployment" in server.stderr
               for server in losers if server.process.returncode == 1)
    assert winner.get("/").status == 200
    assert winner.stop("QUIT") == 0
    assert not first.pid_file.exists()


def one_that_serves(servers):
    """The only server that has processes left, as a list, if they are one generation and that one serves."""
    alive = [server for server in servers if processes.marked(server.mark)]
    if len(alive) != 1 or "Server available" not in alive[0].stdout:
        return None
    everybody = processes.marked(alive[0].mark)
    return alive if len(everybody) == 2 and alive[0].pid_text() in {f"{pid}\n" for pid in everybody} else None


# ---- R10, R11: the lock ----

@pytest.mark.promise("LCK-1", "HBT-6")
@pytest.mark.parametrize("reason", ["EINTR", "ENOLCK"])
def test_r10_a_lock_that_cannot_be_had_does_not_make_the_server_deaf(start, tmp_path, reason):
    """EINTR each other time; ENOLCK always: nobody holds the mutex, so nobody is in the way."""
    server = start("probe", workers=1)
    worker, = server.workers()
    when = ":when=1+2" if reason == "EINTR" else ""
    with Injection(worker, tmp_path / "strace", f"flock:error={reason}{when}") as injection:
        assert [server.get("/pid").number for _ in range(5)] == [worker] * 5
        assert injection.count() >= 5


@pytest.mark.promise("HBT-6", "LCK-1", "LCK-3")
@pytest.mark.parametrize("name", ["STOP", "KILL"])
def test_r11_a_worker_that_stops_with_the_lock_in_hand_makes_nobody_deaf(start, name):
    """It is led to the call behind the one that took the mutex; flock() gives it back at its death, but not when it is stopped."""
    server = start("probe", workers=3, heartbeat_timeout=60)
    server.excuse("deaths", "the test kills a worker")
    holder, *others = server.workers()
    # Until it has the mutex, nobody else takes what there is to accept.
    for other in others:
        server.freeze(other)
    with Tracee(holder) as tracee:
        with server.connect() as caught:
            caught.ask("/pid")
            asked = [server.connect() for _ in range(20)]
            sweep.follow(tracee, lambda call, count: call.name == "flock")
            assert tracee.result() == 0, "it holds the mutex"
            server.signal(name, holder)
    for other in others:
        server.signal("CONT", other)
    for connection in asked:
        connection.close()
    began = time.monotonic()
    for _ in range(100):
        assert server.get("/pid").number != holder
    took = time.monotonic() - began
    assert took < 10, "each of them would wait for ever, or the first one for a second"
    if name == "STOP":
        server.signal("CONT", holder)
    server.await_workers(3)


# ---- R12, R13: clocks ----

HOUR, YEAR = 3600, 365 * 86400


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
    years = {line[:4] for line in server.stderr.splitlines()}
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
    for ahead in (60, 86400, 86400 + 3):
        clocks.move_monotonic(ahead)
        beats_go_on(server)
        assert server.get("/").status == 200
        assert server.workers() == workers and not server.trace.find(action="signal")
    assert server.trace.find(event="held_up") or "held up" in server.stderr
    assert server.stop("QUIT") == 0


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
