"""One worker: what it ignores, how many connections it takes and has."""
import pytest

from harness import Connection
from harness.deploying import begin_request, end_request


@pytest.mark.promise("WRK-7")
@pytest.mark.parametrize("name", ["HUP", "USR1", "USR2", "TTIN", "TTOU", "PIPE"])
def test_every_other_signal_leaves_a_worker_running(start, name):
    server = start(workers=1)
    worker, = server.workers()
    with server.connect() as connection:
        connection.ask("/slow?s=0.5")
        for _ in range(3):
            server.signal(name, worker)
        assert connection.read_answer().text == "slow"
        assert connection.get("/pid").number == worker
    assert server.workers() == [worker] and not server.trace.worker_ends()


@pytest.mark.promise("WRK-7")
def test_a_client_that_resets_while_it_is_written_to_harms_no_worker(start):
    server = start(workers=1)
    worker, = server.workers()
    for _ in range(5):
        with server.connect() as connection:
            connection.ask("/large?bytes=20000000")
            connection.read_through(b"\r\n\r\n")
            connection.reset_on_close()
    assert server.get("/pid").number == worker


@pytest.mark.promise("WRK-10", "HBT-1", "OBS-3")
def test_after_so_many_connections_a_worker_leaves(start):
    server = start(workers=1, accepts=3)
    first, = server.workers()
    assert [server.get("/pid").number for _ in range(3)] == [first] * 3
    server.await_gone(first)
    assert server.await_trace(event="exited", pid=first)["status"] == 0
    second = server.get("/pid").number
    assert second != first and [second] == server.await_workers(1)
    assert f"Worker {first} is leaving" in server.stderr


@pytest.mark.promise("WRK-10", "MGR-11")
def test_the_manager_is_told_at_once_and_replaces_it_while_it_still_serves(start):
    server = start(workers=1, accepts=1, spare=1)
    first, = server.workers()
    with server.connect() as connection:
        begin_request(connection)
        second = server.await_workers(2)[1]
        assert server.trace.beats(first, leaving=True), "the last connection made it leave"
        assert end_request(connection).closes
    server.await_gone(first)
    assert second in server.workers()


@pytest.mark.promise("WRK-10", "WRK-4")
def test_no_connection_is_lost_while_workers_come_and_go(start):
    server = start(workers=2, accepts=5)
    pids = [server.get("/pid").number for _ in range(100)]
    assert len(set(pids)) >= 18, "each worker served five connections at most"
    assert max(pids.count(pid) for pid in pids) <= 5
    assert not [end for end in server.trace.worker_ends() if end.get("status") != 0]


@pytest.mark.promise("WRK-10")
def test_workers_that_leave_after_few_connections_do_not_die_young(start):
    """A worker that did what it was told is no failure: no pause, however fast they go."""
    server = start(workers=1, accepts=1)
    for _ in range(15):
        server.get("/")
    assert "die young" not in server.stderr


@pytest.mark.promise("WRK-11")
def test_a_full_worker_does_not_accept_until_a_connection_closes(start):
    server = start(workers=1, clients=2, keep_alive_timeout=60)
    with server.connect() as first, server.connect() as second, server.connect() as third:
        assert first.get("/").status == second.get("/").status == 200
        third.ask("/")
        # Exactly as long as both others stay; a server that accepted more would answer at once.
        assert third.is_silent_for(1)
        assert second.get("/").status == 200
        first.close()
        assert third.read_answer().status == 200


@pytest.mark.promise("WRK-11")
def test_what_a_full_worker_does_not_accept_another_one_does(start):
    server = start(workers=3, clients=1, keep_alive_timeout=60)
    connections = [server.connect() for _ in range(3)]
    try:
        assert {connection.get("/pid").number for connection in connections} == set(server.workers())
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.promise("WRK-11", "CON-2")
def test_a_place_is_free_again_when_an_idle_connection_times_out(start):
    server = start(workers=1, clients=1, keep_alive_timeout=2)
    with server.connect() as idle:
        assert idle.get("/").status == 200
        with server.connect() as waiting:
            answer = waiting.get("/")
            assert answer.status == 200
            assert waiting.sent_at + answer.seconds - idle.sent_at >= 2


@pytest.mark.promise("WRK-10", "WRK-11")
def test_each_connection_counts_even_one_that_sends_nothing(start):
    server = start(workers=1, accepts=2)
    first, = server.workers()
    for _ in range(2):
        Connection(server.address).close()
    server.await_gone(first)
    assert server.await_trace(event="exited", pid=first)["status"] == 0
