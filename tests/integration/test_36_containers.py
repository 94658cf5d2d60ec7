"""The server as the first process of a container, number 1 of a space of processes of its own: it starts the manager, passes
signals on to whichever generation serves, and ends with the last one. docs/deployment.md says how containers are run."""
import socket

import pytest

from harness import processes, wait_until
from harness.namespaces import unshared
from harness.server import AVAILABLE


@pytest.fixture
def contain(prepare):
    """Starts a server as process 1, with what `before` does first in the same process. From outside it has another number:
    server.first."""
    def launch(*before, options=("--foreground",), **settings):
        server = prepare(options=options, **settings)
        server.before = [*unshared("pid", "fork", "mount-proc", "kill-child"), *before]
        server.launch()
        wait_until(lambda: server.process.poll() is not None or AVAILABLE.search(server.stdout), "it", seen=server.describe)
        assert server.process.poll() is None, server.describe()
        server.first, = children(server.process.pid)
        server.manager = manager(server)
        return server
    return launch


def children(pid):
    return [stat.pid for stat in processes.children_of(pid)]


def manager(server):
    """The only child of process 1 that has workers; None while there is none, or there are two."""
    found = [pid for pid in children(server.first) if children(pid)]
    return found[0] if len(found) == 1 else None


def end(server, name):
    """The status of the container after process 1 got this signal."""
    server.signal(name, server.first)
    return server.process.wait(30)


@pytest.mark.promise("MGR-2", "MGR-3", "PID-1")
@pytest.mark.parametrize("name", ["QUIT", "TERM", "INT"])
def test_the_first_process_ends_in_good_order(contain, name):
    """The kernel keeps signals from process 1 that it does not handle."""
    server = contain(workers=2)
    assert server.get("/").status == 200
    assert end(server, name) == 0
    assert server.pid_text() == ""


@pytest.mark.promise("MGR-1", "MGR-6", "MGR-8")
def test_its_signals_reach_the_manager(contain):
    server = contain(workers=2)
    server.excuse("deaths", "the test kills a worker")
    first, second = children(server.manager)
    server.signal("KILL", first)
    wait_until(lambda: len(children(server.manager)) == 2 and first not in children(server.manager), "a replacement",
               seen=server.describe)
    assert second in children(server.manager)
    server.signal("TTIN", server.first)
    wait_until(lambda: len(children(server.manager)) == 3, "a third worker", seen=server.describe)
    server.signal("TTOU", server.first)
    wait_until(lambda: len(children(server.manager)) == 2, "two workers", seen=server.describe)
    server.signal("USR1", server.first)
    server.await_signals("USR1", 1)
    assert end(server, "QUIT") == 0


@pytest.mark.promise("UPG-3", "UPG-7", "MGR-8")
@pytest.mark.parametrize("name", ["USR2", "HUP"])
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "daemon"])
def test_a_deployment_does_not_end_the_container(contain, name, options):
    """Three times, while a connection of the first generation is still served."""
    server = contain(options=options, workers=1, graceful_timeout=30)
    oldest = server.manager
    with server.connect() as connection:
        connection.ask("/slow?s=2")
        for _ in range(3):
            before = server.pid_text()
            server.signal(name, server.first)
            wait_until(lambda: server.pid_text() not in ("", before), "a new generation", seen=server.describe)
            assert server.get("/").status == 200
        assert connection.read_answer().text == "slow"
    wait_until(lambda: not processes.lives(oldest), "the first generation to leave", seen=server.describe)
    assert server.get("/").status == 200
    assert end(server, "QUIT") == 0
    assert server.pid_text() == ""


@pytest.mark.promise("MGR-14")
def test_it_reaps_what_others_leave_to_it(contain):
    server = contain("sh", "-c", '(sleep 1000 & sleep 1000 &) & wait; exec "$@"', "sh", workers=1)

    def sleepers():
        return [pid for pid in children(server.first) if processes.name_of(pid) == "sleep"]
    wait_until(lambda: len(sleepers()) == 2, "two orphans", seen=server.describe)
    orphans = sleepers()
    for orphan in orphans:
        server.signal("KILL", orphan)
    wait_until(lambda: not set(orphans) & set(children(server.first)), "both to be reaped", seen=server.describe)
    assert server.get("/").status == 200
    assert end(server, "TERM") == 0


@pytest.mark.promise("CLI-5")
def test_a_start_that_fails_ends_the_container(prepare):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = prepare(listen=["http://127.0.0.1:%d" % taken.getsockname()[1]])
        server.before = [*unshared("pid", "fork", "mount-proc", "kill-child")]
        server.excuse("log", "the last line is the error")
        server.launch()
        assert server.process.wait(30) == 1
        assert "in use" in server.stderr


@pytest.mark.promise("WRK-6")
def test_a_manager_that_is_killed_ends_the_container(contain):
    """Its runtime sees what has happened, and starts another one."""
    server = contain(workers=1)
    server.excuse("files", "nobody is left to remove the PID file")
    server.excuse("log", "nobody is left to say anything")
    server.signal("KILL", server.manager)
    assert server.process.wait(30) == 128 + 9
