"""Daemonizing: the launcher waits, the manager lets go of the terminal."""
import os
import subprocess

import pytest

from harness import processes, wait_until


@pytest.fixture
def daemon(prepare):
    """A daemonized server whose launcher has just returned; nothing has been waited for since."""
    server = prepare("probe", options=(), workers=3).launch()
    assert server.process.wait(60) == 0, server.describe()
    return server


@pytest.mark.promise("CLI-6")
def test_the_launcher_returns_when_all_workers_are_ready(daemon):
    manager = int(daemon.pid_text())
    assert len(daemon.trace.find(action="announce")) == 1, "it had announced itself"
    daemon.await_ready()
    assert daemon.manager == manager
    assert len(daemon.ready_workers()) == 3, "nothing was waited for"
    assert daemon.get("/").text == "Hello World"


@pytest.mark.promise("CLI-6", "LSN-8")
def test_the_launcher_says_where_the_server_is(daemon):
    assert daemon.stdout.count("Server available at http://127.0.0.1:") == 1
    daemon.await_ready()
    assert daemon.get("/").status == 200


@pytest.mark.promise("CLI-7")
def test_the_daemon_has_a_session_of_its_own(daemon):
    daemon.await_ready()
    launcher = daemon.process.pid
    for pid in [daemon.manager, *daemon.workers()]:
        stat = processes.stat_of(pid)
        assert stat.session != launcher, "it left the launcher's session"
        assert stat.terminal == 0, "it has no controlling terminal"
    assert len({processes.stat_of(pid).session for pid in [daemon.manager, *daemon.workers()]}) == 1


@pytest.mark.promise("CLI-7")
def test_the_standard_streams_of_the_daemon_are_the_null_device(daemon):
    daemon.await_ready()
    for pid in [daemon.manager, *daemon.workers()]:
        found = processes.descriptors_of(pid)
        assert [found.get(fd) for fd in (0, 1, 2)] == ["/dev/null"] * 3


@pytest.mark.promise("CLI-7")
def test_the_daemon_holds_nothing_of_the_launcher(prepare):
    """A pipe whose reader waits for its end: a daemon that keeps it would hold up `server=$(hypnotoad ...)` for ever."""
    server = prepare("hello", options=())
    server.stdout_file.touch()
    server.stderr_file.touch()
    command = [server.build.hypnotoad, "--config", server.config_file, server.app]
    done = subprocess.run(command, env=server.environment, cwd=server.directory, capture_output=True, text=True, timeout=60)
    server.stdout_file.write_text(done.stdout)
    server.process = subprocess.Popen(["true"])
    assert done.returncode == 0, done.stderr
    server.await_ready()


@pytest.mark.promise("CLI-6", "MGR-3")
def test_a_daemon_stops_with_status_0(daemon):
    daemon.await_ready()
    assert daemon.stop("QUIT") == 0
    assert not daemon.pid_file.exists()


@pytest.mark.promise("CLI-7", "OBS-1")
def test_debugging_keeps_the_manager_in_the_foreground(prepare):
    server = prepare("hello", options=(), environment={"HYPNOTOAD_DEBUG": "1"})
    server.excuse("log", "diagnostics are no log lines")
    server.start()
    assert server.manager == server.process.pid


@pytest.mark.promise("CLI-7")
def test_the_foreground_keeps_its_session(prepare):
    server = prepare("hello").start()
    assert processes.stat_of(server.manager).session == server.process.pid
    assert server.manager == server.process.pid


@pytest.mark.promise("CLI-6")
@pytest.mark.parametrize("name, status", [("TERM", 15), ("INT", 2)])
def test_a_launcher_that_is_interrupted_leaves_no_server(prepare, name, status):
    """The application never becomes ready; whoever gives up waiting must not leave half a server behind."""
    server = prepare("hanging_worker_start", options=(), heartbeat_interval=1, heartbeat_timeout=1, graceful_timeout=1)
    server.launch()
    wait_until(lambda: server.trace.find(event="spawned"), "the first worker", seen=server.describe)
    processes.send(server.process.pid, name)
    assert server.process.wait(30) != 0
    wait_until(lambda: not processes.marked(server.mark), "the server to give up", seen=server.describe)
    assert not server.pid_file.exists()
    for child in processes.children_of(os.getpid()):
        if child.state == "Z" and child.name == "hypnotoad":
            processes.reap(child.pid)
