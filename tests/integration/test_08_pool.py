"""The pool: as many workers as wanted, whatever happens to them."""
import pytest

from harness import processes, stays_so, wait_until
from harness.deploying import begin_request, end_request


def await_replaced(server, old, count):
    """Waits until there are `count` ready workers and `old` is none of them."""
    wait_until(lambda: old not in server.workers() and len(server.ready_workers()) == count == len(server.workers()),
               f"worker {old} to be replaced", seen=server.describe)


@pytest.mark.promise("MGR-1")
@pytest.mark.parametrize("count", [1, 2, 7])
def test_there_are_as_many_workers_as_wanted(start, count):
    server = start("hello", workers=count)
    assert len(server.workers()) == count
    stays_so(lambda: len(server.workers()) == count, 0.5, f"the pool of {count}")


@pytest.mark.promise("MGR-1", "OBS-3")
@pytest.mark.parametrize("name, number", [("KILL", 9), ("SEGV", 11), ("ABRT", 6), ("BUS", 7)])
def test_a_worker_that_dies_is_replaced_at_once(start, name, number):
    server = start(workers=3)
    server.excuse("deaths", "the test kills a worker")
    victim, *others = server.workers()
    server.signal(name, victim)
    await_replaced(server, victim, 3)
    assert set(others) < set(server.workers()), "the others are untouched"
    assert f"Worker {victim} died (signal {number})" in server.stderr
    died = server.trace.one(event="exited", pid=victim)
    assert died["signal"] == number
    assert [line for line in server.trace.find(action="spawn") if line["t"] == died["t"]], "decided in the same step"


@pytest.mark.promise("MGR-1")
@pytest.mark.parametrize("how", ["segv", "abort", "exit"])
def test_a_worker_whose_application_crashes_is_replaced(start, how):
    server = start(workers=2)
    server.excuse("deaths", "the test crashes a worker")
    with server.connect() as connection:
        victim = connection.get("/pid").number
        connection.ask(f"/crash?how={how}")
        assert connection.read_rest_or_reset() == b"", "no answer was begun"
    await_replaced(server, victim, 2)
    assert server.get("/").status == 200


@pytest.mark.promise("MGR-1")
def test_the_others_serve_while_one_dies(start):
    server = start(workers=3)
    server.excuse("deaths", "the test kills a worker")
    with server.connect() as connection:
        mine = connection.get("/pid").number
        victim = next(pid for pid in server.workers() if pid != mine)
        connection.ask("/slow?s=0.5")
        server.signal("KILL", victim)
        assert connection.read_answer().text == "slow"
        await_replaced(server, victim, 3)
        assert connection.get("/pid").number == mine


@pytest.mark.promise("MGR-1")
def test_all_workers_killed_at_once_are_all_replaced(start):
    server = start(workers=4)
    server.excuse("deaths", "the test kills the workers")
    old = server.workers()
    for pid in old:
        server.signal("KILL", pid)
    wait_until(lambda: len(server.ready_workers()) == 4 and not set(old) & set(server.workers()), "four new workers",
               seen=server.describe)
    assert server.get("/").status == 200


@pytest.mark.promise("MGR-6")
def test_ttin_adds_a_worker_and_ttou_takes_one(start):
    server = start(workers=2)
    server.signal("TTIN")
    assert len(server.await_workers(3)) == 3
    server.signal("TTIN")
    server.await_workers(4)
    server.signal("TTOU")
    server.await_workers(3)
    leaver = server.trace.one(action="signal")
    assert (leaver["signal"], leaver["promise"]) == ("QUIT", "MGR-6")
    wait_until(lambda: server.trace.find(event="exited", pid=leaver["pid"], status=0), "a graceful end", seen=server.describe)


@pytest.mark.promise("MGR-6")
def test_a_hundred_paced_changes_leave_the_pool_right(start):
    server = start(workers=2, spare=4)
    first = server.workers()
    for number in range(1, 51):
        server.signal("TTIN")
        server.await_workers(3)
        server.signal("TTOU")
        server.await_signals("TTOU", number)
        server.await_workers(2)
    wait_until(lambda: len(server.trace.worker_ends()) >= 50, "all who left to be gone", seen=server.describe)
    assert len(server.trace.find(event="signal")) == 100
    assert len(server.trace.find(action="signal", signal="QUIT")) == 50 == len(server.trace.worker_ends())
    assert set(server.workers()) != set(first), "which worker leaves is up to chance"


@pytest.mark.promise("MGR-6")
def test_ttou_at_0_does_nothing(start):
    server = start(workers=1)
    server.signal("TTOU")
    server.await_workers(0)
    for number in range(2, 5):
        server.signal("TTOU")
        server.await_signals("TTOU", number)
    assert processes.lives(server.manager)
    with server.connect() as waiting:
        waiting.ask("/")
        # Nobody is there to answer; the connection waits in the backlog.
        assert waiting.is_silent_for(0.5)
        server.signal("TTIN")
        assert waiting.read_answer().text == "Hello World"
    server.await_workers(1)


@pytest.mark.promise("MGR-6", "WRK-2")
def test_the_worker_that_leaves_serves_what_it_has(start):
    server = start(workers=1)
    with server.connect() as connection:
        connection.ask("/slow?s=1")
        connection.await_taken()
        server.signal("TTOU")
        server.await_trace(action="signal", signal="QUIT")
        assert connection.read_answer().text == "slow"
    server.await_workers(0)


@pytest.mark.promise("MGR-6")
def test_ttou_picks_no_worker_that_is_leaving_already(start):
    server = start(workers=3, spare=0)
    with server.connect() as connection:
        leaver = connection.get("/pid").number
        begin_request(connection)
        server.signal("QUIT", leaver)
        wait_until(lambda: server.trace.beats(leaver, leaving=True), "the farewell", seen=server.describe)
        server.signal("TTOU")
        server.await_trace(event="signal", signal="TTOU")
        end_request(connection)
    server.await_workers(2)
    assert leaver not in [line["pid"] for line in server.trace.find(action="signal", promise="MGR-6")]


@pytest.mark.promise("MGR-11")
def test_a_worker_that_is_leaving_is_replaced_at_once(start):
    server = start(workers=2, spare=1)
    with server.connect() as connection:
        leaver = connection.get("/pid").number
        begin_request(connection)
        server.signal("QUIT", leaver)
        server.await_workers(3, "workers while one is leaving")
        assert leaver in server.workers()
        end_request(connection)
    await_replaced(server, leaver, 2)


@pytest.mark.promise("MGR-11")
def test_without_spare_workers_a_replacement_waits(start):
    server = start(workers=2, spare=0)
    with server.connect() as connection:
        leaver = connection.get("/pid").number
        connection.ask("/slow?s=1.5")
        server.signal("QUIT", leaver)
        wait_until(lambda: server.trace.beats(leaver, leaving=True), "the farewell", seen=server.describe)
        assert connection.read_answer().text == "slow"
    await_replaced(server, leaver, 2)
    late = [line["t"] for line in server.trace.find(action="spawn")][2]
    assert late == server.trace.one(event="exited", pid=leaver)["t"]


@pytest.mark.promise("MGR-11")
def test_there_are_never_more_spare_workers_than_allowed(start):
    server = start(workers=2, spare=1)
    connections = {}
    while len(connections) < 2:
        connection = server.connect()
        pid = connection.get("/pid").number
        connections.setdefault(pid, connection)
        if connections[pid] is not connection:
            connection.close()
    for connection in connections.values():
        begin_request(connection)
    for pid in connections:
        server.signal("QUIT", pid)
    wait_until(lambda: all(server.trace.beats(pid, leaving=True) for pid in connections), "both farewells", seen=server.describe)
    server.await_workers(3)
    assert len(server.trace.find(event="spawned")) == 3
    for connection in connections.values():
        end_request(connection)
        connection.close()
    wait_until(lambda: not set(connections) & set(server.workers()), "both to leave", seen=server.describe)
    server.await_workers(2)


@pytest.mark.promise("MGR-14")
def test_a_child_that_is_not_ours_is_reaped_and_otherwise_ignored(prepare):
    """The shell that becomes the manager has started another child before."""
    server = prepare(workers=2, before=["sh", "-c", 'sleep 1000 & exec "$@"', "sh"])
    server.start()
    workers = server.workers()
    stranger = next(stat.pid for stat in processes.children_of(server.manager) if stat.pid not in workers)
    server.signal("KILL", stranger)
    wait_until(lambda: processes.stat_of(stranger) is None, "the stranger to be reaped", seen=server.describe)
    # It is recorded when the system has forgotten it.
    server.await_trace(event="exited", pid=stranger)
    stays_so(lambda: server.workers() == workers, 0.5, "the same pool")
    assert len(server.trace.find(action="spawn")) == 2
