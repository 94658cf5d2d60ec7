"""Faults of files: the PID file, the log and the lock (rows R). The table of all rows stands in test_31_faults_processes.py."""
import os
import re
import time

import pytest

from harness import LIMIT, processes, wait_until
from harness.namespaces import unshared
from harness_faults import sweep
from harness_faults.strace import Injection, start_under
from harness_faults.tracer import Tracee


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
    server = start("probe", workers=1, heartbeat_interval=60)
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
    assert took < 50, "each of them would wait for ever, or the first one for a second"
    if name == "STOP":
        server.signal("CONT", holder)
    server.await_workers(3)
