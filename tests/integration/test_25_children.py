"""Children of the application: what they find, and what becomes of those that lose their parent."""
import os
import sys

import pytest

from harness import processes, stays_so, wait_until


def inside(server):
    """(descriptors, environment) of a child of the application."""
    descriptors, _, environment = server.get("/inside").text.partition("--\n")
    return descriptors.splitlines(), dict(line.split("=", 1) for line in environment.splitlines() if "=" in line)


@pytest.mark.promise("WRK-9")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "daemon"])
def test_a_child_gets_no_descriptor_of_the_server(prepare, options, tmp_path):
    """Neither a listener nor a connection, a pipe of the manager, the lock, a log or the trace."""
    server = prepare("parent", workers=1, options=options, access_log=str(tmp_path / "access"), log_file=str(tmp_path / "log"))
    server.start()
    with server.connect() as open_connection:
        open_connection.get("/")
        descriptors, _ = inside(server)
    # Its standard streams, of which popen() makes the output a pipe, and the directory that it reads, which is closed by then.
    error = str(server.stderr_file) if options else str(tmp_path / "log")
    assert [link for link in descriptors if not link.startswith("pipe:") and link] == ["/dev/null", error], descriptors
    assert len([link for link in descriptors if link.startswith("pipe:")]) == 1, descriptors


@pytest.mark.promise("WRK-9")
def test_a_worker_is_marked_and_its_manager_is_not(prepare):
    server = prepare("parent", workers=1, environment={"HYPNOTOAD_WORKER": "inherited"}).start()
    _, environment = inside(server)
    assert environment["HYPNOTOAD_WORKER"] == "1"
    assert not [name for name in environment if name in ("HYPNOTOAD_PID", "HYPNOTOAD_REV", "HYPNOTOAD_UPGRADE", "LISTEN_FDS", "LISTEN_PID")]


SUBREAPER = [sys.executable, "-c", "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"]


@pytest.mark.promise("MGR-14", "MGR-13")
def test_orphans_that_the_manager_adopts_are_reaped_and_otherwise_ignored(prepare):
    """As process 1 of a container it becomes the parent of all who lose theirs."""
    server = prepare("parent", workers=2, before=SUBREAPER)
    server.start()
    workers = server.workers()
    for _ in range(3):
        assert server.get("/orphans").status == 200
    wait_until(lambda: len(server.trace.worker_ends()) >= 300, "three hundred orphans to end", seen=server.describe)
    wait_until(lambda: [stat.pid for stat in processes.children_of(server.manager)] == workers, "nobody but the workers to be left",
               seen=lambda: processes.children_of(server.manager))
    assert not {end["pid"] for end in server.trace.worker_ends()} & set(workers)
    stays_so(lambda: server.workers() == workers, 0.5, "the same pool")
    assert len(server.trace.find(action="spawn")) == 2 and not server.trace.find(action="signal")
    assert "die young" not in server.stderr


@pytest.mark.promise("MGR-14", "MGR-2", "MGR-3")
@pytest.mark.parametrize("name", ["TERM", "QUIT"])
def test_a_manager_does_not_wait_for_children_that_are_not_its_own(prepare, name):
    server = prepare(workers=1, before=["sh", "-c", 'sleep 1000 & exec "$@"', "sh"])
    server.start()
    stranger = next(stat.pid for stat in processes.children_of(server.manager) if stat.pid not in server.workers())
    assert server.stop(name) == 0
    assert processes.lives(stranger), "nor does it end them"
    os.kill(stranger, 9)
    wait_until(lambda: not processes.lives(stranger), "the stranger to end")
