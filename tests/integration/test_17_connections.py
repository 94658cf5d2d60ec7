"""Connections: how long they live, how many requests they carry, and that every answer comes, in order."""
import email.utils
import re
import socket
import time

import pytest

from harness import Connection, processes, wait_until
from harness.client import ConnectionEnded


def request(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: test", *fields, "", ""]).encode()


@pytest.mark.promise("CON-1")
@pytest.mark.parametrize("most", [1, 2, 3, 25])
def test_the_last_answer_says_close(start, most):
    with start("hello", keep_alive_requests=most).connect() as connection:
        answers = [connection.get("/") for _ in range(most)]
        assert [answer.closes for answer in answers] == [False] * (most - 1) + [True]
        assert {answer.text for answer in answers} == {"Hello World"}
        connection.wait_closed()


@pytest.mark.promise("CON-1")
def test_pipelined_requests_behind_the_last_one_are_not_answered(start):
    with start("hello", keep_alive_requests=3).connect() as connection:
        connection.send(request("/") * 5)
        assert [connection.read_answer().closes for _ in range(3)] == [False, False, True]
        connection.wait_closed()


@pytest.mark.promise("CON-1", "CON-4")
def test_a_client_that_wants_to_close_is_closed(start):
    with start("hello").connect() as connection:
        assert connection.get("/", "Connection: close").closes
        connection.wait_closed()


@pytest.mark.promise("CON-2")
@pytest.mark.parametrize("timeout", [0.25, 1])
def test_a_silent_connection_is_closed_after_its_timeout_and_not_before(start, timeout):
    server = start("hello", workers=1, keep_alive_timeout=timeout)
    worker, = server.workers()
    # However long this test is held up, the connection is never silent before its last request.
    server.freeze(worker)
    with server.connect() as connection:
        connection.send(request("/") * 3)
        silent_since = server.signal("CONT", worker)
        assert [connection.read_answer().status for _ in range(3)] == [200] * 3
        assert connection.wait_closed() - silent_since >= timeout


@pytest.mark.promise("CON-2")
def test_a_connection_that_never_said_anything_is_closed(start):
    with start("hello", keep_alive_timeout=0.5).connect() as connection:
        assert connection.wait_closed() - connection.began >= 0.5


@pytest.mark.promise("CON-2")
def test_each_request_begins_the_timeout_anew(start):
    server = start("hello", keep_alive_timeout=2)
    with server.connect() as connection:
        began = time.monotonic()
        for _ in range(4):
            assert connection.get("/").status == 200
            # Well below the timeout each time, well above it in all.
            assert connection.is_silent_for(0.7)
        assert time.monotonic() - began > 2
        assert connection.get("/").status == 200


@pytest.mark.promise("CON-2")
def test_a_connection_is_not_closed_while_the_application_works(start):
    with start(keep_alive_timeout=1).connect() as connection:
        for _ in range(2):
            answer = connection.get("/slow?s=1.5")
            assert (answer.status, answer.text) == (200, "slow") and answer.seconds >= 1.5
        assert connection.wait_closed() - connection.sent_at >= 2.5


@pytest.mark.promise("CON-2")
def test_a_promised_timeout_is_kept(start):
    """`Keep-Alive: timeout=N` promises N seconds; a client that asks again within them is served."""
    with start("hello", keep_alive_timeout=3).connect() as connection:
        promised = int(re.fullmatch(r".*timeout=(\d+).*", connection.get("/").field("Keep-Alive") or "timeout=0")[1])
        assert promised < 3
        assert connection.is_silent_for(max(promised - 0.5, 0.5))
        assert connection.get("/").status == 200


@pytest.mark.promise("CON-2", "CON-3")
@pytest.mark.parametrize("first", [b"", request("/")[:10], request("/")[:-1]])
def test_what_came_while_the_worker_was_held_up_came_in_time(start, first):
    server = start("hello", workers=1, keep_alive_timeout=1.5, header_timeout=1.5)
    worker, = server.workers()
    with server.connect() as connection:
        assert connection.get("/").status == 200
        connection.send(first)
        server.freeze(worker)
        # From here on every timeout has begun.
        end = time.monotonic() + 2
        connection.send(request("/")[len(first):])
        while time.monotonic() < end:
            time.sleep(0.1)
        server.signal("CONT", worker)
        assert connection.read_answer().status == 200


@pytest.mark.promise("CON-3")
def test_a_head_that_does_not_end_is_refused(start):
    with start("hello", header_timeout=0.5).connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\n")
        began = connection.sent_at
        answer = connection.read_answer()
        assert answer.status == 408 and answer.closes
        assert time.monotonic() - began >= 0.5


@pytest.mark.promise("CON-4")
def test_a_connection_carries_many_requests(start):
    with start(keep_alive_requests=0).connect() as connection:
        assert len({connection.get("/pid").number for _ in range(200)}) == 1


@pytest.mark.promise("CON-4")
def test_pipelined_requests_are_answered_in_order(start):
    with start(keep_alive_requests=0).connect() as connection:
        sizes = [7, 0, 100000, 1, 65536, 26, 3, 250000]
        connection.send(b"".join(request(f"/large?bytes={size}") for size in sizes))
        assert [len(connection.read_answer().body) for _ in sizes] == sizes


@pytest.mark.promise("CON-4")
def test_a_fast_answer_does_not_overtake_a_slow_one(start):
    with start(keep_alive_requests=0).connect() as connection:
        connection.send(request("/slow?s=0.5") + request("/") + request("/slow?s=0.25") + request("/mode"))
        assert [connection.read_answer().text for _ in range(4)] == ["slow", "Hello World", "slow", "production"]
        assert time.monotonic() - connection.sent_at >= 0.75


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_requests_are_understood_in_pieces_of_any_size(start, size):
    data = request("/large?bytes=3") + request("/") + b"POST /len HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n12345"
    with start(keep_alive_requests=0).connect() as connection:
        for index in range(0, len(data), size):
            connection.send(data[index:index + size])
        assert [connection.read_answer().text for _ in range(3)] == ["abc", "Hello World", "5"]


@pytest.mark.promise("CON-4")
def test_a_thousand_pipelined_requests_are_all_answered(start):
    with start("hello", keep_alive_requests=0).connect() as connection:
        connection.send(request("/") * 1000)
        assert {connection.read_answer().text for _ in range(1000)} == {"Hello World"}
        assert connection.get("/").status == 200


@pytest.mark.promise("CON-4", "CON-7")
def test_a_client_that_reads_late_gets_everything(start):
    server = start(workers=1, keep_alive_requests=0)
    with server.connect() as lazy:
        lazy.send(request("/large?bytes=1000000") * 20)
        assert {server.get("/").status for _ in range(20)} == {200}, "it hinders no other"
        assert [len(lazy.read_answer().body) for _ in range(20)] == [1000000] * 20


@pytest.mark.promise("CON-4")
def test_a_client_that_closes_its_half_is_still_answered(start):
    with start().connect() as connection:
        connection.ask("/slow?s=0.5")
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.read_answer().text == "slow"


@pytest.mark.promise("CON-4", "WRK-11")
def test_a_thousand_connections_at_once(start):
    server = start(workers=4, keep_alive_timeout=60, backlog=1024)
    connections = [Connection(server.address) for _ in range(1000)]
    try:
        for number in range(2):
            for connection in connections:
                connection.ask("/pid")
            pids = [connection.read_answer().number for connection in connections]
            assert set(pids) <= set(server.workers()), f"round {number}"
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.promise("CON-4", "MGR-1")
def test_clients_that_vanish_leave_nothing(start):
    server = start(workers=1, accepts=0)
    worker, = server.workers()
    count = len(open_sockets(worker))
    for _ in range(100):
        connection = server.connect()
        connection.ask("/slow?s=0.5")
        connection.close()
    assert server.get("/pid").number == worker
    wait_until(lambda: len(open_sockets(worker)) == count, "all connections to be forgotten", seen=lambda: open_sockets(worker))


def open_sockets(pid):
    return [link for link in processes.descriptors_of(pid).values() if link.startswith("socket:")]


@pytest.mark.promise("CON-5")
def test_garbage_is_refused_and_the_connection_closed(start):
    server = start("hello")
    for data in (b"garbage\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET / HTTP/1.1\nHost: test\n\n",
                 b"GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"):
        with server.connect() as connection:
            connection.send(data)
            answer = connection.read_answer()
            assert answer.status == 400 and answer.closes, (data, answer)
            with pytest.raises((ConnectionEnded, ConnectionResetError)):
                connection.read_some()
    assert server.get("/").text == "Hello World"


@pytest.mark.promise("CON-2", "CON-4")
@pytest.mark.parametrize("timeout, promised", [(5, "timeout=4"), (2.5, "timeout=1"), (1, None), (0, None)])
def test_a_second_less_is_promised_than_kept(start, timeout, promised):
    """So that no client asks just when the server closes; nothing is promised where nothing would be left, or no end is."""
    server = start("hello", keep_alive_timeout=timeout)
    with server.connect() as connection:
        assert connection.get("/").field("Keep-Alive") == promised
        assert connection.get("/", "Connection: close").field("Keep-Alive") is None


def ask_in_1_0(connection, *fields):
    connection.send("\r\n".join(["GET / HTTP/1.0", *fields, "", ""]).encode())
    return connection.read_answer()


@pytest.mark.promise("CON-4")
def test_an_http_1_0_connection_is_kept_for_who_asks_for_it(start):
    with start("hello", keep_alive_requests=4).connect() as connection:
        for _ in range(3):
            answer = ask_in_1_0(connection, "Connection: keep-alive")
            assert (answer.version, answer.text, answer.field("Connection")) == ("HTTP/1.1", "Hello World", "keep-alive")
            assert answer.field("Keep-Alive") == "timeout=4"
        assert ask_in_1_0(connection, "Connection: keep-alive").closes
        connection.wait_closed()


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("fields", [(), ("Host: test",), ("Connection: close",), ("Connection: close, keep-alive",)])
def test_an_http_1_0_connection_is_closed_otherwise(start, fields):
    with start("hello").connect() as connection:
        answer = ask_in_1_0(connection, *fields)
        assert answer.closes and answer.text == "Hello World"
        connection.wait_closed()


def date_of(answer):
    return email.utils.parsedate_to_datetime(answer.field("Date")).timestamp()


@pytest.mark.promise("CON-4")
def test_the_date_is_that_of_the_answer_to_the_second(start):
    """On one connection and on new ones, while three seconds go by; refusals and slow answers have one, too."""
    server = start(keep_alive_requests=0, accepts=0)
    seen = set()
    with server.connect() as connection:
        while len(seen) < 4:
            before = int(time.time())
            dates = [date_of(connection.get("/")), date_of(server.get("/")), date_of(server.get("/missing"))]
            assert all(before <= date <= time.time() for date in dates), (before, dates)
            seen.update(dates)
            time.sleep(0.01)
        for seconds, data in ((1.1, request("/slow?s=1.1")), (0, b"garbage\r\n\r\n")):
            before = int(time.time() + seconds)
            connection.send(data)
            assert before <= date_of(connection.read_answer()) <= time.time()
