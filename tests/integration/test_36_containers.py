"""The server as the first process of a container: number 1 of a space of processes of its own, as docs/deployment.md has it."""
import pytest

from harness import processes, wait_until
from harness.namespaces import unshared
from harness.server import AVAILABLE


def contained(server, *first):
    """Starts it as process 1, with what `first` does before in the same process; from outside it has another number."""
    server.before = [*unshared("pid", "fork", "mount-proc", "kill-child"), *first]
    server.launch()
    wait_until(lambda: server.process.poll() is not None or AVAILABLE.search(server.stdout), "the server", seen=server.describe)
    assert server.process.poll() is None, server.describe()
    server.manager, = [stat.pid for stat in processes.children_of(server.process.pid)]
    return server


def children(server):
    return [stat.pid for stat in processes.children_of(server.manager)]


@pytest.mark.promise("MGR-2", "MGR-3", "PID-1")
@pytest.mark.parametrize("name", ["QUIT", "TERM", "INT"])
def test_the_first_process_ends_in_good_order(prepare, name):
    """The kernel keeps signals from process 1 that it does not handle."""
    server = contained(prepare(workers=2))
    assert server.pid_text() == "1\n"
    assert server.get("/").status == 200
    assert server.stop(name) == 0
    assert server.pid_text() == ""


@pytest.mark.promise("MGR-1", "MGR-6", "MGR-8", "MGR-14")
def test_the_first_process_keeps_its_workers(prepare):
    server = contained(prepare(workers=2))
    server.excuse("deaths", "the test kills a worker")
    first, second = children(server)
    server.signal("KILL", first)
    wait_until(lambda: len(children(server)) == 2 and first not in children(server), "a replacement", seen=server.describe)
    assert second in children(server)
    server.signal("TTIN")
    wait_until(lambda: len(children(server)) == 3, "a third worker", seen=server.describe)
    server.signal("USR1")
    server.await_signals("USR1", 1)
    assert server.get("/").status == 200
    assert server.stop("QUIT") == 0


@pytest.mark.promise("MGR-14")
def test_the_first_process_reaps_what_others_leave_to_it(prepare):
    server = contained(prepare(workers=1), "sh", "-c", '(sleep 1000 & sleep 1000 &) & wait; exec "$@"', "sh")

    def sleepers():
        return [pid for pid in children(server) if processes.name_of(pid) == "sleep"]
    wait_until(lambda: len(sleepers()) == 2, "two orphans", seen=server.describe)
    orphans = sleepers()
    for orphan in orphans:
        server.signal("KILL", orphan)
    wait_until(lambda: not set(orphans) & set(children(server)), "both to be reaped", seen=server.describe)
    assert server.get("/").status == 200
