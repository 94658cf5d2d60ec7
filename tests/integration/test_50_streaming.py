"""Bodies in parts, both ways: their framing, their back-pressure, and how they end."""
import http.client
import itertools
import socket
import threading
import time
import zlib

import pytest

from harness import wait_until
from harness.client import ConnectionEnded
from harness.sanitizer import sanitizer_environment

MEBI = 1 << 20
HUGE = 200 * MEBI
ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
# What the worker may grow by, whatever moves through it.
GROWTH_MAX = 24 * MEBI


def letters(size):
    return bytes(itertools.islice(itertools.cycle(ALPHABET), size))


def memory_of(pid):
    """Bytes that the process holds itself; what it shares with the cache of a file is not its own."""
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no memory")


@pytest.fixture
def alone(prepare):
    """A server with one worker that takes large messages; alone(...).worker is its PID."""

    def make(**settings):
        server = prepare(workers=1, **({"message_max": HUGE + MEBI, "accepts": 0} | settings))
        server.environment |= sanitizer_environment(server.directory, quarantine_mb=1)
        server.start()
        server.worker, = server.workers()
        return server

    return make


def ask(connection, path, *fields, method="GET", version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", "Host: test", *fields]
    connection.send("\r\n".join(lines).encode() + b"\r\n\r\n")


def await_aborts(server, count):
    wait_until(lambda: server.get("/aborts").number >= count, f"abort {count}", seen=server.describe)
    assert server.get("/aborts").number == count


# ---- Answers ----


@pytest.mark.promise("CON-4", "APP-3")
def test_parts_of_an_unknown_size_are_chunks(start):
    with start().connect() as connection:
        for count, size in [(0, 5), (1, 1), (3, 10), (2, 70000)]:
            ask(connection, f"/stream?n={count}&size={size}")
            answer = connection.read_answer(has_body=False)
            assert (answer.status, answer.field("Transfer-Encoding")) == (200, "chunked")
            assert answer.field("Content-Length") is None and not answer.closes
            chunks, trailers = connection.read_chunks()
            assert b"".join(chunks) == letters(size) * count and not trailers
            assert size > 1000 or [len(chunk) for chunk in chunks] == [size] * count


@pytest.mark.promise("CON-4", "APP-3")
def test_parts_of_a_known_size_have_a_length(start):
    with start().connect() as connection:
        for count, size in [(0, 5), (3, 10), (2, 70000)]:
            answer = connection.get(f"/stream?n={count}&size={size}&length=1")
            assert answer.field("Content-Length") == str(count * size) and answer.body == letters(size) * count


@pytest.mark.promise("CON-4")
def test_parts_for_http_1_0_end_with_the_connection(start):
    server = start()
    for fields in [(), ("Connection: keep-alive",)]:
        with server.connect() as connection:
            ask(connection, "/stream?n=3&size=10", *fields, version="1.0")
            answer = connection.read_answer()
            assert answer.closes and answer.field("Transfer-Encoding") is None and answer.body == letters(10) * 3
    with server.connect() as connection:
        for _ in range(2):
            ask(connection, "/stream?n=3&size=10&length=1", "Connection: keep-alive", version="1.0")
            answer = connection.read_answer()
            assert answer.field("Connection") == "keep-alive" and answer.body == letters(10) * 3


@pytest.mark.promise("CON-4")
def test_head_gets_the_head_of_an_answer_in_parts(start):
    with start().connect() as connection:
        for path in ("/stream?n=3&size=10", "/stream?n=3&size=10&length=1", "/file?size=100"):
            ask(connection, path, method="HEAD")
            head = connection.read_answer(has_body=False)
            ask(connection, path)
            whole = connection.read_answer()
            assert [field for field in head.fields if field[0] != "Date"] == [field for field in whole.fields
                                                                             if field[0] != "Date"]
            assert whole.body


@pytest.mark.promise("CON-4")
def test_requests_behind_an_answer_in_parts_wait_for_it(start):
    with start().connect() as connection:
        paths = ["/drip?n=3&s=0.05", "/", "/stream?n=2&size=3", "/file?size=5", "/"]
        connection.send(b"".join(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode() for path in paths))
        bodies = [connection.read_answer().body for _ in paths]
        assert bodies == [ALPHABET * 3, b"Hello World", b"abcabc", b"abcde", b"Hello World"]


@pytest.mark.promise("APP-3")
def test_parts_come_when_they_are_written(start):
    with start().connect() as connection:
        began = time.monotonic()
        ask(connection, "/drip?n=3&s=0.4")
        connection.read_through(b"\r\n\r\n")
        moments = []
        for _ in range(3):
            connection.read_through(b"1a\r\n" + ALPHABET + b"\r\n")
            moments.append(time.monotonic() - began)
        assert moments[0] < moments[1] and moments[1] >= 0.4 and moments[2] >= 0.8
        assert connection.read_through(b"\r\n\r\n") == b"0\r\n\r\n"


@pytest.mark.promise("APP-3")
def test_an_answer_that_is_given_up_is_cut(start):
    server = start()
    with server.connect() as connection:
        ask(connection, "/fail?n=2")
        connection.read_through(b"\r\n\r\n")
        rest = connection.read_rest()
        assert rest == (b"1a\r\n" + ALPHABET + b"\r\n") * 2
    with server.connect() as connection:
        ask(connection, "/fail?n=2", version="1.0")
        with pytest.raises(ConnectionResetError):
            connection.read_answer()


@pytest.mark.promise("CON-7", "APP-3")
@pytest.mark.parametrize("path", ["/stream?n=3200&size=65536", "/stream?n=200&size=1048576&length=1", f"/file?size={HUGE}"])
def test_a_client_that_stops_reading_costs_bounded_memory(alone, path):
    server = alone()
    server.get("/")
    before = memory_of(server.worker)
    connections = [server.connect() for _ in range(4)]
    for connection in connections:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        ask(connection, path)
        connection.read_through(b"\r\n\r\n")
    for _ in range(20):
        assert server.get("/").text == "Hello World"
    assert memory_of(server.worker) - before < GROWTH_MAX
    for connection in connections:
        connection.reset_on_close()
        connection.close()
    assert server.get("/").text == "Hello World"


@pytest.mark.promise("CON-7")
@pytest.mark.parametrize("path", ["/stream?n=3200&size=65536", f"/file?size={HUGE}"])
def test_a_huge_answer_comes_whole_and_holds_nobody_up(alone, path):
    server = alone()
    server.get("/")
    before = memory_of(server.worker)
    got = []

    def download():
        client = http.client.HTTPConnection(*server.address, timeout=60)
        client.request("GET", path)
        answer = client.getresponse()
        while part := answer.read(MEBI):
            got.append(len(part))
        client.close()

    thread = threading.Thread(target=download)
    thread.start()
    try:
        slowest = 0
        while thread.is_alive():
            slowest = max(slowest, server.get("/").seconds)
            assert memory_of(server.worker) - before < GROWTH_MAX
    finally:
        thread.join()
    assert sum(got) == HUGE
    assert slowest < 5


# ---- Their end ----


@pytest.mark.promise("APP-3")
def test_a_client_that_goes_away_is_told_once(alone):
    server = alone()
    for count, path in enumerate(["/drip?n=1000&s=0.01", "/stream?n=3200&size=65536", "/stream?n=200&size=1048576&length=1"]):
        with server.connect() as connection:
            ask(connection, path)
            connection.read_through(b"\r\n\r\n")
            connection.reset_on_close()
        await_aborts(server, count + 1)
    with server.connect() as connection:
        connection.send(b"POST /sink HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nabc")
        connection.await_taken()
        connection.reset_on_close()
    await_aborts(server, 4)
    assert server.get("/stream?n=3&size=10").body == letters(10) * 3
    await_aborts(server, 4)


@pytest.mark.promise("CON-3", "APP-3")
def test_an_answer_in_parts_that_does_not_move_is_cut(alone):
    server = alone(inactivity_timeout=1)
    with server.connect() as silent, server.connect() as slow:
        ask(silent, "/drip?n=2&s=60")
        ask(slow, "/stream?n=3200&size=65536")
        silent.read_through(b"\r\n\r\n")
        assert silent.read_rest() == b"1a\r\n" + ALPHABET + b"\r\n"
        await_aborts(server, 2)


@pytest.mark.promise("CON-3")
def test_an_answer_that_moves_slowly_lasts(alone):
    server = alone(inactivity_timeout=1)
    with server.connect() as connection:
        assert connection.get("/drip?n=5&s=0.5").body == ALPHABET * 5


@pytest.mark.promise("APP-3")
def test_a_file_that_is_too_short_cuts_the_connection(alone):
    server = alone()
    end = 1 << 30
    with server.connect() as connection:
        ask(connection, f"/file?from={end - 10}&size=10")
        assert connection.read_answer().body == b"\0" * 10
        ask(connection, f"/file?from={end - 10}&size=11")
        with pytest.raises(ConnectionEnded):
            connection.read_answer()
    wait_until(lambda: "cannot be sent to its end: it is too short" in server.stderr, "a line in the log",
               seen=server.describe)


@pytest.mark.promise("APP-3", "CON-7")
def test_no_file_stays_open(alone):
    server = alone()
    server.get("/file?size=1")
    held = len(descriptors(server))
    for _ in range(20):
        assert server.get("/file?size=100000").status == 200
        with server.connect() as connection:
            ask(connection, f"/file?size={HUGE}")
            connection.read_through(b"\r\n\r\n")
            connection.reset_on_close()
    wait_until(lambda: len(descriptors(server)) <= held, "all files to be closed", seen=lambda: descriptors(server))


def descriptors(server):
    server.get("/")
    from harness import processes
    return [name for name in processes.descriptors_of(server.worker).values() if not name.startswith("socket:")]


# ---- Requests ----


@pytest.mark.promise("CON-4", "APP-3")
def test_an_echo_is_what_was_sent(start):
    server = start()
    client = http.client.HTTPConnection(*server.address, timeout=60)
    for size in (0, 1, 1000, 1000000):
        client.request("POST", "/echo", letters(size))
        answer = client.getresponse()
        assert answer.getheader("Content-Length") == str(size) and answer.read() == letters(size)
        client.request("POST", "/echo", iter([letters(size) or b"x", ALPHABET]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
        answer = client.getresponse()
        assert answer.getheader("Transfer-Encoding") == "chunked" and answer.read() == (letters(size) or b"x") + ALPHABET
    client.close()


@pytest.mark.promise("CON-7", "APP-3")
def test_an_upload_waits_for_the_application(alone):
    server = alone()
    server.get("/")
    before = memory_of(server.worker)
    with server.connect() as connection:
        connection.send(f"POST /sink?s=8 HTTP/1.1\r\nHost: test\r\nContent-Length: {HUGE}\r\n\r\n".encode())
        block, sent, grown = letters(26 * 40000), 0, 0
        began = time.monotonic()
        connection.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while sent < HUGE:
                sent += connection.socket.send(block[sent % 26:])
        assert time.monotonic() - began < 8 and sent < HUGE / 4
        connection.socket.settimeout(60)
        while sent < HUGE:
            sent += connection.socket.send(block[sent % 26:][:HUGE - sent])
            grown = max(grown, memory_of(server.worker) - before)
        answer = connection.read_answer()
    assert answer.text == f"{HUGE} {adler_of(HUGE)}"
    assert grown < GROWTH_MAX


def adler_of(size):
    value, block = 1, letters(26 * 40000)
    while size > 0:
        value = zlib.adler32(block[:size], value)
        size -= min(size, len(block))
    return value


@pytest.mark.promise("CON-7", "CON-4")
def test_a_huge_echo_goes_both_ways_at_once(alone):
    server = alone()
    server.get("/")
    before = memory_of(server.worker)
    size = HUGE // 2
    with server.connect() as connection:
        connection.send(f"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {size}\r\n\r\n".encode())
        sender = threading.Thread(target=send_letters, args=(connection.socket, size))
        sender.start()
        connection.read_through(b"\r\n\r\n")
        value, left, grown = 1, size, 0
        while left > 0:
            part = connection.read_exactly(min(left, MEBI))
            value, left = zlib.adler32(part, value), left - len(part)
            grown = max(grown, memory_of(server.worker) - before)
        sender.join()
        assert value == adler_of(size) and grown < GROWTH_MAX
        assert connection.get("/").text == "Hello World"


def send_letters(sock, size):
    block, sent = letters(26 * 40000), 0
    while sent < size:
        sent += sock.send(block[sent % 26:][:size - sent])


@pytest.mark.promise("CON-4")
def test_permission_is_given_when_the_body_is_wanted(start):
    server = start()
    expecting = "POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with server.connect() as connection:
        for path, body in [("/sink", b"3 38600999"), ("/echo", b"abc"), ("/len", b"3")]:
            connection.send(expecting.format(path).encode())
            assert connection.read_through(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.send(b"abc")
            assert connection.read_answer().body == body
    with server.connect() as connection:
        connection.send(expecting.format("/sink?s=wrong").encode())
        answer = connection.read_answer()
        assert answer.status == 400 and answer.closes


@pytest.mark.promise("CON-5", "APP-3")
@pytest.mark.parametrize("path", ["/sink", "/echo", "/len"])
@pytest.mark.parametrize("end", [b"zz\r\n", b"3\r\nabcd\r\n", None])
def test_a_body_that_breaks_off_gets_400_or_cuts_its_answer(alone, path, end):
    server = alone()
    with server.connect() as connection:
        connection.send(f"POST {path} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".encode())
        connection.await_taken()
        if path == "/echo":
            head = connection.read_answer(has_body=False)
            assert head.status == 200 and connection.read_exactly(8) == b"3\r\nabc\r\n"
        if end is None:
            connection.socket.shutdown(socket.SHUT_WR)
        else:
            connection.send(end)
        if path == "/echo":
            rest = connection.read_rest_or_reset()
            assert b"0\r\n\r\n" not in rest and b"HTTP" not in rest
        else:
            answer = connection.read_answer()
            assert answer.status == 400 and answer.closes
    if path != "/len":
        await_aborts(server, 1)


@pytest.mark.promise("CON-6")
def test_a_body_above_the_limit_is_refused(alone):
    server = alone(message_max=1000)
    with server.connect() as connection:
        connection.send(b"POST /sink HTTP/1.1\r\nHost: test\r\nContent-Length: 1001\r\n\r\n")
        answer = connection.read_answer()
        assert answer.status == 413 and answer.closes
    with server.connect() as connection:
        connection.send(b"POST /sink HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + b"x" * 1000 +
                        b"\r\n1\r\nx\r\n")
        answer = connection.read_answer()
        assert answer.status == 413 and answer.closes
    await_aborts(server, 1)


# ---- Fields ----


@pytest.mark.promise("CON-10")
def test_fields_that_the_application_adds_are_checked(start):
    server = start()
    with server.connect() as connection:
        answer = connection.get("/headers?X-One=1&X-Two=a%20b&X-One=2&Set-Cookie=a%3Db")
        assert answer.text == "4 taken, 0 refused"
        added = [field for field in answer.fields if field[0] in ("X-One", "X-Two", "Set-Cookie")]
        assert added == [("X-One", "1"), ("X-Two", "a b"), ("X-One", "2"), ("Set-Cookie", "a=b")]
        for field in ("X=a%0D%0AY:b", "X=a%0A", "X=%7F", "X%20Y=b", "=b", "Content-Length=5", "transfer-encoding=chunked",
                      "Connection=close", "Date=now", "Keep-Alive=1", "Upgrade=x", "Trailer=X"):
            answer = connection.get(f"/headers?{field}")
            assert answer.text == "0 taken, 1 refused"
            assert not [name for name, _ in answer.fields if name in ("X", "Y", "Upgrade", "Trailer")]
