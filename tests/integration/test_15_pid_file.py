"""The PID file: right, complete, and removed by whom it names."""
import os
import stat

import pytest

from harness import processes, stays_so, wait_until


@pytest.mark.promise("PID-1")
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_it_holds_the_managers_number_and_everybody_may_read_it(prepare, umask):
    server = prepare("hello", umask=umask).start()
    assert server.pid_file.read_bytes() == b"%d\n" % server.process.pid
    assert stat.S_IMODE(server.pid_file.stat().st_mode) == 0o644
    assert not server.pid_file.is_symlink()


@pytest.mark.promise("PID-1", "CLI-6")
def test_it_appears_once_the_server_is_ready(prepare):
    server = prepare("hello", workers=3).launch()
    wait_until(server.pid_file.exists, "the PID file", seen=server.describe)
    assert server.pid_text() == f"{server.process.pid}\n", "complete from the first moment on"
    # What is written stands in the trace before it is done.
    ready = {line["bytes"] for line in server.trace.find(event="pipe")}
    assert sum(text.count("\n") for text in ready) >= 3
    server.await_ready()


@pytest.mark.promise("PID-1", "CLI-6")
def test_without_ready_workers_there_is_none(prepare):
    server = prepare("hanging_worker_start", heartbeat_interval=1, heartbeat_timeout=4, graceful_timeout=0)
    server.excuse("log", "the last line is the error")
    server.launch()
    server.await_trace(event="spawned")
    stays_so(lambda: not server.pid_file.exists() and server.process.poll() is None, 1, "the wait for the workers")
    assert server.process.wait(30) == 1


@pytest.mark.promise("PID-1")
@pytest.mark.parametrize("name", ["TERM", "QUIT"])
def test_it_is_removed_at_the_end(start, name):
    server = start("hello")
    assert server.stop(name) == 0
    assert not server.pid_file.exists()


@pytest.mark.promise("PID-1")
def test_another_ones_file_is_not_removed(start):
    server = start("hello")
    others = server.directory / "others"
    others.write_text(f"{os.getpid()}\n")
    os.rename(others, server.pid_file)
    server.excuse("files", "the PID file belongs to the test now")
    assert server.stop() == 0
    assert server.pid_text() == f"{os.getpid()}\n"


@pytest.mark.promise("PID-1")
def test_nor_is_one_into_which_another_one_has_written_its_number(start):
    server = start("hello")
    server.pid_file.write_text(f"{os.getpid()}\n")
    server.excuse("files", "the PID file belongs to the test now")
    assert server.stop() == 0
    assert server.pid_text() == f"{os.getpid()}\n"


@pytest.mark.promise("PID-1")
def test_a_worker_that_ends_does_not_remove_it(start):
    server = start(workers=2)
    inode = server.pid_file.stat().st_ino
    for name in ("QUIT", "TERM"):
        worker = server.workers()[0]
        server.signal(name, worker)
        server.await_gone(worker)
        server.await_workers(2)
    assert server.pid_file.stat().st_ino == inode


@pytest.mark.promise("PID-3", "OBS-3")
def test_it_is_written_again_when_it_was_deleted(start):
    server = start("hello")
    for _ in range(3):
        server.pid_file.unlink()
        wait_until(server.pid_file.exists, "the PID file to come back", limit=10, seen=server.describe)
        assert server.pid_text() == f"{server.manager}\n"
        assert stat.S_IMODE(server.pid_file.stat().st_mode) == 0o644
    assert len(server.trace.find(action="write_pid_file", promise="PID-3")) == 3
    assert "PID file" in server.stderr
    assert server.stop() == 0
    assert not server.pid_file.exists()


@pytest.mark.promise("PID-3")
def test_a_directory_that_vanishes_does_not_end_the_server(prepare):
    server = prepare("hello")
    home = server.directory / "home"
    home.mkdir()
    server.config_file.write_text(server.config_file.read_text().replace("hypnotoad.pid", "home/hypnotoad.pid"))
    server.pid_file = home / "hypnotoad.pid"
    server.start()
    server.pid_file.unlink()
    home.rmdir()
    server.await_log(str(server.pid_file))
    assert server.get("/").status == 200 and processes.lives(server.manager)
    home.mkdir()
    wait_until(server.pid_file.exists, "the PID file to come back", seen=server.describe)
    assert server.pid_text() == f"{server.manager}\n"


@pytest.mark.promise("PID-4")
@pytest.mark.parametrize("content", ["99999999\n", "1\n", "0\n", "-1\n", "", "abc\n", "12 34", "9" * 5000], ids=range(8))
def test_a_stale_file_is_replaced(prepare, content):
    server = prepare("hello")
    server.pid_file.write_text(content)
    server.launch()
    server.expected_files.discard("hypnotoad.pid")
    server.await_ready()
    assert server.pid_text() == f"{server.manager}\n"


@pytest.mark.promise("PID-4", "CLI-5")
def test_a_file_that_a_running_server_holds_is_not_taken(start, command, build):
    server = start("hello")
    before = server.pid_file.stat()
    result = command(*command.configure(pid_file=str(server.pid_file)), "--foreground", build.app("probe"))
    assert result.status == 1 and f"serves another application, {server.app}" in result.stderr
    assert server.pid_file.stat() == before and server.get("/").status == 200
