"""--stop: ends the server that serves this PID file, waits for it, and touches nobody else."""
import os
import subprocess
import threading
import time

import pytest

from harness import processes, wait_until

NOT_RUNNING = (0, "Hypnotoad server not running.\n", "")


def stop(server, command, *before):
    """`hypnotoad --stop` with the configuration of the server."""
    return command("--config", server.config_file, "--stop", server.app, before=before)


def said(result):
    return result.status, result.stdout, result.stderr


@pytest.mark.promise("CLI-9")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "daemon"])
def test_it_stops_the_server_gracefully_and_waits_until_it_is_gone(prepare, command, options):
    server = prepare(options=options, workers=2)
    server.start()
    with server.connect() as connection:
        connection.ask("/slow?s=1")
        connection.await_taken()
        result = stop(server, command)
        assert time.monotonic() - connection.sent_at >= 1.0, "it waited"
        assert not processes.lives(server.manager) and not server.pid_file.exists()
        assert connection.read_answer().text == "slow"
    assert said(result) == (0, f"Stopping Hypnotoad server {server.manager} gracefully.\n", "")
    assert server.trace.find(event="signal") == [server.trace.one(event="signal", signal="QUIT")]
    assert server.await_end() == 0


@pytest.mark.promise("CLI-9")
def test_the_message_comes_before_the_wait(start, build):
    server = start(workers=1)
    with server.connect() as connection:
        connection.ask("/slow?s=60")
        connection.await_taken()
        command = [build.hypnotoad, "--config", server.config_file, "--stop", server.app]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, cwd=server.directory) as process:
            assert process.stdout.readline() == b"Stopping Hypnotoad server %d gracefully.\n" % server.manager
            server.await_trace(event="signal", signal="QUIT")
            assert process.poll() is None and processes.lives(server.manager)
            server.signal("TERM")
            assert process.wait(30) == 0
    assert server.await_end() == 0


@pytest.mark.promise("CLI-9")
def test_many_who_stop_the_same_server_all_see_its_end(start, build):
    server = start("hello", workers=2)
    command = list(map(str, [build.hypnotoad, "--config", server.config_file, "--stop", server.app]))
    results = []
    threads = [threading.Thread(target=lambda: results.append(subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.await_end() == 0
    allowed = {f"Stopping Hypnotoad server {server.manager} gracefully.\n", NOT_RUNNING[1]}
    assert {result.returncode for result in results} == {0} and {result.stdout for result in results} <= allowed
    assert any("Stopping" in result.stdout for result in results)


@pytest.mark.promise("CLI-9", "CLI-10")
@pytest.mark.parametrize("content", [None, "", "99999999\n", "1\n", "{test}\n", "-1\n", "0\n", "abc\n", "{test}", "{test} \n", "\n"], ids=range(11))
def test_without_a_server_there_is_nothing_to_stop(command, build, content):
    """No file, or one that is stale, broken or names somebody who is no server: it is left as it is, and nobody is signalled."""
    arguments = command.configure()
    if content is not None:
        command.pid_file.write_text(content.format(test=os.getpid()))
    assert said(command(*arguments, "--stop", build.app("hello"))) == NOT_RUNNING


@pytest.mark.promise("CLI-9", "CLI-10")
@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo, lambda path: path.symlink_to("/nonexistent")], ids=["directory", "pipe", "link"])
def test_what_is_no_pid_file_stops_nobody(command, build, make):
    arguments = command.configure()
    make(command.pid_file)
    try:
        before = command.pid_file.lstat()
        result = subprocess.run(list(map(str, [build.hypnotoad, *arguments, "--stop", build.app("hello")])), capture_output=True, text=True,
                                timeout=60, cwd=command.directory)
        assert (result.returncode, result.stdout, result.stderr) == NOT_RUNNING
        assert command.pid_file.lstat() == before
    finally:
        os.rmdir(command.pid_file) if command.pid_file.is_dir() else command.pid_file.unlink()


@pytest.mark.promise("CLI-10")
def test_a_process_that_took_over_the_number_of_a_dead_server_is_left_alone(prepare, command):
    """The server was killed, and its file names whoever has that number now."""
    server = prepare("hello", workers=1).start()
    server.excuse("replay", "the manager was killed in the middle")
    worker, = server.workers()
    server.signal("KILL")
    server.process.wait(10)
    server.await_gone(worker)
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        try:
            server.pid_file.write_text(f"{stranger.pid}\n")
            assert said(stop(server, command)) == NOT_RUNNING
            assert stranger.poll() is None and processes.pending_signals(stranger.pid) == set()
        finally:
            stranger.kill()
    assert server.pid_file.exists(), "what is stale is the next start's business"
    server.pid_file.unlink()


@pytest.mark.promise("CLI-10")
def test_a_copy_of_the_file_stops_nobody(start, command, build):
    """The number is right, and yet the server does not serve this file."""
    server = start("hello")
    arguments = command.configure()
    command.pid_file.write_text(server.pid_text())
    assert said(command(*arguments, "--stop", build.app("hello"))) == NOT_RUNNING
    assert server.get("/").status == 200 and not server.trace.find(event="signal")


@pytest.mark.promise("CLI-10")
def test_who_only_reads_the_file_or_its_lock_is_not_taken_for_the_server(start, command):
    """The manager alone holds the file's lock; a worker, which has inherited the descriptor's file, does not count."""
    server = start("hello", workers=3)
    with open(server.pid_file, "rb"):
        result = stop(server, command)
    assert said(result) == (0, f"Stopping Hypnotoad server {server.manager} gracefully.\n", "")
    assert server.await_end() == 0
    assert {(line["pid"], line["signal"]) for line in server.trace.find(action="signal")} == \
        {(line["pid"], "QUIT") for line in server.trace.find(event="spawned")}


@pytest.mark.promise("CLI-9", "CLI-5")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_who_may_not_signal_the_server_is_told(start, command):
    server = start("hello")
    result = stop(server, command, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_override",
                  "--ambient-caps=+dac_override")
    assert result.status == 1 and result.stderr == f"hypnotoad: server {server.manager} cannot be stopped: Operation not permitted\n"
    assert server.get("/").status == 200 and not server.trace.find(event="signal")


@pytest.mark.promise("CLI-9", "MGR-5")
def test_a_server_that_is_told_to_stop_at_once_meanwhile_ends_the_wait(start, command):
    server = start(workers=1)
    with server.connect() as connection:
        connection.ask("/slow?s=60")
        connection.await_taken()
        results = []
        thread = threading.Thread(target=lambda: results.append(stop(server, command)))
        thread.start()
        server.await_trace(action="signal", signal="QUIT")
        server.signal("TERM")
        thread.join()
    assert results[0].status == 0 and server.await_end() == 0


@pytest.mark.promise("CLI-9", "PID-4")
def test_after_a_stop_the_same_server_starts_again(prepare, command):
    """As often as one likes, at the same address and with the same file."""
    server = prepare("hello", workers=1).start()
    for _ in range(3):
        assert stop(server, command).status == 0
        wait_until(lambda: server.process.poll() == 0, "the command to end", seen=server.describe)
        assert not server.pid_file.exists()
        server.start()
    assert server.get("/").status == 200
