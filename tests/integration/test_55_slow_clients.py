"""Slow and hostile clients: they cost bounded memory, end when they must and not before, and hinder no other."""
import re
import socket
import threading
import time

import pytest

from harness import processes, wait_until
from load.tricklers import Tricklers

MEBIBYTE = 1 << 20
# What the system keeps of an answer to a narrow client, at most; far more than it does.
KEPT_BY_SYSTEM = MEBIBYTE
# The bounds of src/base/limits.h, as they are doubled when they grow, and what a connection and a request are made of.
CONNECTION_SIZE = 2 * 65536 + 16384


def get(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: slow", *fields, "", ""]).encode()


def large(size):
    return get(f"/large?bytes={size}")


def post(size, *fields):
    return "\r\n".join(["POST /len HTTP/1.1", "Host: slow", f"Content-Length: {size}", *fields, "", ""]).encode()


CHUNKED = b"POST /len HTTP/1.1\r\nHost: slow\r\nTransfer-Encoding: chunked\r\n\r\n"


def connect_narrow(server):
    """The system takes some 80 KiB from the server for it, not 4 MiB: the rest waits in the server."""
    return server.connect(options=[(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536), (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])


def widen(connection):
    """From here on it reads as others do."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MEBIBYTE)


def sockets_of(pid):
    return [link for link in processes.descriptors_of(pid).values() if link.startswith("socket:")]


def await_sockets(server, count):
    worker, = server.workers()
    wait_until(lambda: len(sockets_of(worker)) == count, f"{count} sockets", seen=lambda: len(sockets_of(worker)))


def await_rest(server):
    """Waits until no worker computes any more."""
    def rests():
        before = [processes.cpu_seconds(pid) for pid in server.workers()]
        time.sleep(0.2)
        return [processes.cpu_seconds(pid) for pid in server.workers()] == before
    wait_until(rests, "the workers to rest", seen=server.describe)


def peak_of(pid):
    """The most memory that it ever had, in bytes."""
    return int(re.search(rb"VmHWM:\s+(\d+) kB", processes.read(pid, "status"))[1]) << 10


class Peaks:
    """How much the workers' peaks grow."""

    def __init__(self, server):
        self.server = server
        self.workers = server.workers()
        self.before = self.total()

    def total(self):
        return sum(map(peak_of, self.workers))

    def check(self, bound):
        assert self.server.workers() == self.workers
        # A sanitizer keeps what was freed, up to 256 MiB in each process, and walls around the rest.
        is_sanitized = any(b"asan" in processes.read(pid, "maps") for pid in self.workers)
        allowed = 2 * bound + 600 * MEBIBYTE if is_sanitized else bound
        grown = self.total() - self.before
        assert grown <= allowed, f"{grown / MEBIBYTE:.1f} MiB, at most {allowed / MEBIBYTE:.1f} MiB were to be expected"


# ---- Who does not read ----

@pytest.mark.promise("CON-7")
def test_a_thousand_clients_that_do_not_read_cost_bounded_memory(start):
    """For each, one answer and what was read ahead; all answers together would be twenty times as much."""
    count, size, depth = 1000, 100000, 20
    server = start(workers=2, clients=1000, keep_alive_requests=0, inactivity_timeout=90, accepts=0, backlog=1024)
    peaks = Peaks(server)
    lazy = [connect_narrow(server) for _ in range(count)]
    try:
        for connection in lazy:
            connection.send(large(size) * depth)
        await_rest(server)
        assert server.get("/").text == "Hello World", "they hinder no other"
        for connection in lazy[::200]:
            widen(connection)
            assert [len(connection.read_answer().body) for _ in range(depth)] == [size] * depth
        peaks.check(count * (size + CONNECTION_SIZE))
    finally:
        for connection in lazy:
            connection.close()


@pytest.mark.promise("CON-7", "CON-4")
def test_ten_thousand_requests_of_a_client_that_does_not_read_cost_little(start):
    count = 10000
    server = start(workers=1, keep_alive_requests=0, inactivity_timeout=90)
    peaks = Peaks(server)
    with connect_narrow(server) as lazy:
        requests = b"".join(large(1000 + number % 1000) for number in range(count))
        sender = threading.Thread(target=lazy.socket.sendall, args=(requests,), daemon=True)
        sender.start()
        await_rest(server)
        assert server.get("/").text == "Hello World", "it hinders no other"
        peaks.check(MEBIBYTE)
        widen(lazy)
        assert [len(lazy.read_answer().body) for _ in range(count)] == [1000 + number % 1000 for number in range(count)]
        sender.join(30)
        peaks.check(MEBIBYTE)


@pytest.mark.promise("CON-7", "CON-4")
def test_requests_behind_one_that_takes_long_cost_little(start):
    """Some of what the client sends meanwhile is taken in, and then no more."""
    server = start(workers=1, keep_alive_requests=0)
    peaks = Peaks(server)
    with server.connect() as eager:
        requests = get("/slow?s=3") + get("/", "X-Long: " + "x" * 900) * 20000
        sender = threading.Thread(target=eager.socket.sendall, args=(requests,), daemon=True)
        sender.start()
        await_rest(server)
        peaks.check(MEBIBYTE)
        assert eager.read_answer().text == "slow"
        assert {eager.read_answer().text for _ in range(20000)} == {"Hello World"}
        sender.join(30)


@pytest.mark.promise("CON-3", "CON-7")
def test_a_client_that_takes_nothing_of_its_answer_is_given_up_and_not_before(start):
    server = start(workers=1, inactivity_timeout=1)
    worker, = server.workers()
    count = len(sockets_of(worker))
    with connect_narrow(server) as lazy:
        lazy.send(large(4 * KEPT_BY_SYSTEM))
        lazy.await_taken()
        await_sockets(server, count)
        assert time.monotonic() - lazy.sent_at >= 1


@pytest.mark.promise("CON-3", "CON-7")
@pytest.mark.parametrize("size, times", [(1024, 1), (65536, 4)], ids=["so_that_the_server_does_not_notice", "steadily"])
def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(start, size, times):
    """For longer than inactivity_timeout, but something all the time. The system asks the server for more only when it has got
    rid of a third of what it keeps, which takes the slowest client longer than that timeout."""
    server = start(workers=1, inactivity_timeout=2)
    with connect_narrow(server) as slow:
        slow.send(large(4 * KEPT_BY_SYSTEM))
        while time.monotonic() - slow.sent_at < 6:
            for _ in range(times):
                slow.received += slow.socket.recv(size)
            time.sleep(0.05)
        assert len(slow.received) < 2 * KEPT_BY_SYSTEM
        widen(slow)
        assert len(slow.read_answer().body) == 4 * KEPT_BY_SYSTEM


# ---- Who does not write ----

def trickle_until_answer(connection, first, then=b"x", pause=0.05):
    """Sends a byte at a time until something comes; (the answer, seconds since just before the first byte)."""
    began = time.monotonic()
    connection.socket.settimeout(pause)
    for byte in first + then * 2000:
        connection.send(bytes([byte]))
        try:
            connection.read_some()
            break
        except TimeoutError:
            continue
    seconds = time.monotonic() - began
    connection.socket.settimeout(connection.timeout)
    return connection.read_answer(), seconds


@pytest.mark.promise("CON-3")
def test_a_head_that_trickles_ends_with_408_and_not_before(start):
    server = start("hello", header_timeout=1, keep_alive_timeout=60)
    for first in (b"G", b"GET / HTTP/1.1\r\nHost: slow\r\nX-Long: ", b"\r\n\r\nGET / HTTP/1.1\r\n", b"GET /"):
        with server.connect() as connection:
            answer, seconds = trickle_until_answer(connection, first)
            assert answer.status == 408 and answer.closes and seconds >= 1, (first, answer, seconds)
            assert connection.read_rest_or_reset() == b""


@pytest.mark.promise("CON-3", "CON-2")
def test_the_time_of_a_head_begins_with_its_first_byte(start):
    """Not with the connection, and not with the answer before."""
    server = start("hello", header_timeout=1, keep_alive_timeout=60)
    with server.connect() as connection:
        for _ in range(2):
            assert connection.is_silent_for(1.5)
            assert connection.get("/").status == 200
        answer, seconds = trickle_until_answer(connection, b"GET / HTTP/1.1\r\n", b"X: y\r\n")
        assert answer.status == 408 and answer.closes and seconds >= 1


@pytest.mark.promise("CON-3")
def test_a_head_in_time_is_answered_however_it_trickles(start):
    with start("hello", header_timeout=60).connect() as connection:
        for byte in get("/", "X-Long: " + "x" * 200):
            connection.send(bytes([byte]))
        assert connection.read_answer().text == "Hello World"


@pytest.mark.promise("CON-3")
@pytest.mark.parametrize("begin, piece, end, size", [(post(12), b"x", b"", 12), (CHUNKED, b"1\r\nx\r\n", b"0\r\n\r\n", 12)],
                         ids=["length", "chunks"])
def test_a_body_may_trickle_as_long_as_it_is_never_silent_for_long(start, begin, piece, end, size):
    server = start(workers=1, inactivity_timeout=2, header_timeout=1)
    with server.connect() as connection:
        began = time.monotonic()
        connection.send(begin)
        for _ in range(size):
            # Well below the timeout each time, well above it in all.
            assert connection.is_silent_for(0.25)
            connection.send(piece)
        connection.send(end)
        assert connection.read_answer().number == size
        assert time.monotonic() - began > 2


@pytest.mark.promise("CON-3")
@pytest.mark.parametrize("data", [post(12), post(12) + b"x" * 11, CHUNKED, CHUNKED + b"5\r\nab", CHUNKED + b"0\r\n"],
                         ids=["no_body", "most_of_it", "no_chunk", "half_a_chunk", "half_an_end"])
def test_a_body_that_falls_silent_ends_the_connection_and_not_before(start, data):
    with start(workers=1, inactivity_timeout=1).connect() as connection:
        connection.send(data)
        connection.read_rest_or_reset()
        assert time.monotonic() - connection.sent_at >= 1


# ---- Who goes away ----

@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("data, texts, refusal", [
    (get("/slow?s=0.5") + get("/") * 50, ["slow"] + ["Hello World"] * 50, b""),
    (post(3) + b"abc", ["3"], b""),
    (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", ["3"], b""),
    (get("/") + post(10) + b"abc", ["Hello World"], b"HTTP/1.1 400 Bad Request\r\n"),
    (get("/") + b"GET / HTTP/1.1\r\nHo", ["Hello World"], b""),
    (b"", [], b""),
], ids=["pipeline", "body", "chunks", "half_a_body", "half_a_head", "nothing"])
def test_a_half_closed_client_gets_every_answer_and_then_the_end(start, data, texts, refusal):
    """Half a body is refused."""
    with start(keep_alive_requests=0).connect() as connection:
        connection.send(data)
        connection.socket.shutdown(socket.SHUT_WR)
        assert [connection.read_answer().text for _ in texts] == texts
        rest = connection.read_rest()
        assert rest.startswith(refusal) if refusal else rest == b""


@pytest.mark.promise("CON-4", "CON-7")
def test_a_half_closed_client_may_read_slowly(start):
    size = 4 * KEPT_BY_SYSTEM
    with connect_narrow(start(workers=1)) as connection:
        connection.send(large(size) + get("/"))
        connection.socket.shutdown(socket.SHUT_WR)
        for _ in range(100):
            connection.read_some()
        widen(connection)
        assert len(connection.read_answer().body) == size
        assert connection.read_answer().text == "Hello World"
        connection.wait_closed()


# What is sent, and whether something has come back, before the client resets the connection.
PHASES = {
    "connected": (b"", False),
    "in the request line": (b"GET / HT", False),
    "in the head": (b"GET / HTTP/1.1\r\nHost: slow\r\nX-", False),
    "behind the head": (post(10), False),
    "in the body": (post(10) + b"abc", False),
    "in a chunk": (CHUNKED + b"a\r\nabc", False),
    "behind 100 Continue": (post(10, "Expect: 100-continue"), True),
    "while the application works": (get("/slow?s=60"), False),
    "with requests behind it": (get("/slow?s=60") + get("/") * 100, False),
    "in a large answer": (large(10 * MEBIBYTE), True),
    "in many large answers": (large(MEBIBYTE) * 10, True),
    "behind an answer": (get("/"), True),
    "behind the last answer": (get("/", "Connection: close"), True),
    "behind a refusal": (b"garbage\r\n\r\n" + b"x" * 100000, True),
}


@pytest.mark.promise("CON-7", "CON-4", "APP-3")
def test_resets_in_every_phase_leave_nothing(start):
    server = start(workers=1, accepts=0, header_timeout=60, keep_alive_timeout=60, inactivity_timeout=60)
    worker, = server.workers()
    count = len(sockets_of(worker))
    for name, (data, answers) in PHASES.items():
        for _ in range(5):
            with server.connect() as connection:
                connection.reset_on_close()
                connection.send(data)
                if answers:
                    connection.read_some()
                elif data:
                    connection.await_taken()
        assert server.get("/").text == "Hello World", name
        await_sockets(server, count)
    assert server.workers() == [worker]


# ---- Very many ----

@pytest.mark.promise("CON-7")
def test_two_thousand_trickling_clients_hinder_no_other(start):
    server = start(workers=2, clients=3000, header_timeout=90, keep_alive_requests=0, accepts=0, backlog=1024)
    with Tricklers(server.address, 2000, interval=0.5) as tricklers, server.connect() as kept:
        wait_until(lambda: tricklers.sent > 4000, "all of them to trickle")
        for _ in range(200):
            assert kept.get("/").text == "Hello World"
            assert server.get("/").text == "Hello World"
        began = tricklers.sent
        wait_until(lambda: tricklers.sent > began + 4000, "all of them to trickle on")
        assert (tricklers.lost, tricklers.answered()) == (0, 0)
