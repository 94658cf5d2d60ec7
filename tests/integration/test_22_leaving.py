"""Leaving: the application is told, every answer is the last one, and no answer is cut by what its client still sends."""
import socket
import threading
import time

import pytest

from harness import processes, wait_until
from harness.client import ConnectionEnded


@pytest.fixture
def leaving(prepare):
    """leaving(...) is a running server whose application knows when its worker leaves."""

    def make(**settings):
        server = prepare("leaving", **settings)
        file = server.directory / "notes"
        server.environment["LIFECYCLE_FILE"] = str(file)
        server.expected_files.add(file.name)
        server.notes = lambda: file.read_text().splitlines() if file.exists() else []
        return server.start()

    return make


def await_farewell(server, worker):
    wait_until(lambda: server.trace.beats(worker, leaving=True), "the farewell", seen=server.describe)


def assert_last(connection, text):
    """The answer says that it is the last one, and it is."""
    answer = connection.read_answer()
    assert (answer.status, answer.text, answer.closes) == (200, text, True)
    assert connection.read_rest() == b""


# ---- The application is told ----

@pytest.mark.promise("WRK-2", "WRK-3", "APP-1")
@pytest.mark.parametrize("way", ["QUIT to it", "TTOU", "QUIT", "QUIT twice"])
def test_the_application_is_told_once_that_its_worker_leaves(leaving, way):
    server = leaving(workers=1, spare=0, keep_alive_timeout=30)
    worker, = server.workers()
    with server.connect() as connection:
        assert connection.get("/").text == "serving"
        name, _, what = way.partition(" ")
        server.signal(name, worker if what == "to it" else None)
        await_farewell(server, worker)
        wait_until(lambda: server.notes() == [f"worker_drain {worker}"], "the application to be told", seen=server.describe)
        if what == "twice":
            server.signal("QUIT", worker)
            server.signal("QUIT")
        connection.ask("/")
        assert_last(connection, "draining")
    server.await_gone(worker)
    assert server.notes() == [f"worker_drain {worker}"]
    assert server.await_trace(event="exited", pid=worker)["status"] == 0


@pytest.mark.promise("WRK-2", "WRK-10", "APP-1")
def test_the_application_is_told_when_its_worker_has_had_enough_connections(leaving):
    server = leaving(workers=1, accepts=2)
    worker, = server.workers()
    with server.connect() as first:
        assert first.get("/").text == "serving"
        with server.connect() as second:
            second.ask("/")
            assert_last(second, "draining")
        first.ask("/")
        assert_last(first, "draining")
    server.await_gone(worker)
    assert server.notes() == [f"worker_drain {worker}"]


@pytest.mark.promise("WRK-6", "APP-1")
def test_the_application_is_told_when_the_manager_dies(leaving):
    server = leaving(workers=2)
    server.excuse("replay", "the manager was killed in the middle")
    server.excuse("files", "nobody is left to remove the PID file")
    workers = server.workers()
    with server.connect() as connection:
        connection.ask("/wait")
        wait_until(server.notes, "the request to wait", seen=server.describe)
        server.signal("KILL")
        assert_last(connection, "drained")
    for worker in workers:
        server.await_gone(worker)
    assert sorted(server.notes()[1:]) == sorted(f"worker_drain {worker}" for worker in workers)


@pytest.mark.promise("WRK-3", "APP-1", "APP-3")
def test_the_application_can_answer_all_who_wait_when_it_is_told(leaving):
    """Long requests need not hold a worker up: it leaves as soon as they are answered."""
    server = leaving(workers=1, graceful_timeout=60, keep_alive_timeout=60, inactivity_timeout=60)
    worker, = server.workers()
    connections = [server.connect() for _ in range(20)]
    try:
        for connection in connections:
            connection.ask("/wait")
        wait_until(lambda: len(server.notes()) == 20, "all to wait", seen=server.describe)
        server.signal("QUIT", worker)
        for connection in connections:
            assert_last(connection, "drained")
    finally:
        for connection in connections:
            connection.close()
    server.await_gone(worker)
    assert server.await_trace(event="exited", pid=worker)["status"] == 0
    assert server.notes() == ["waiting"] * 20 + [f"worker_drain {worker}"]


# ---- Connections of a worker that leaves ----

@pytest.mark.promise("WRK-3", "WRK-4")
def test_each_idle_connection_is_answered_once_more(leaving):
    """Also the one whose request has come only in part, and the one that has asked for more than one page."""
    server = leaving(workers=1, keep_alive_timeout=30)
    worker, = server.workers()
    idle, torn, greedy, *others = connections = [server.connect() for _ in range(10)]
    try:
        for connection in (idle, greedy, *others):
            assert connection.get("/").text == "serving"
        torn.send(b"GET / HTTP/1.1\r\nHo")
        torn.await_taken()
        server.signal("QUIT", worker)
        await_farewell(server, worker)
        torn.send(b"st: a\r\n\r\n")
        greedy.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        for connection in (idle, *others):
            connection.ask("/")
        for connection in connections:
            assert_last(connection, "draining")
    finally:
        for connection in connections:
            connection.close()
    server.await_gone(worker)
    assert server.await_trace(event="exited", pid=worker)["status"] == 0


@pytest.mark.promise("WRK-3")
def test_idle_connections_time_out_in_their_own_time(leaving):
    """Neither earlier nor for ever: the worker goes when the last one has had its time."""
    server = leaving(workers=1, keep_alive_timeout=1, graceful_timeout=60)
    worker, = server.workers()
    connections = [server.connect() for _ in range(5)]
    try:
        for connection in connections:
            assert connection.get("/").text == "serving"
        server.signal("QUIT", worker)
        for connection in connections:
            assert connection.wait_closed() - connection.sent_at >= 1.0
    finally:
        for connection in connections:
            connection.close()
    server.await_gone(worker)
    assert not server.trace.find(action="signal", pid=worker), "nobody had to force it"


@pytest.mark.promise("WRK-4")
def test_what_comes_later_is_another_workers(leaving):
    server = leaving(workers=2, keep_alive_timeout=60)
    with server.connect() as held:
        held.get("/")
        leaver, = [worker for worker in server.workers() if has_connection(worker)]
        server.signal("QUIT", leaver)
        await_farewell(server, leaver)
        for _ in range(50):
            assert server.get("/").text == "serving"
        held.ask("/")
        assert_last(held, "draining")
    server.await_gone(leaver)


def has_connection(worker):
    listening = processes.listening_sockets()
    return any(link.startswith("socket:") and link not in listening for link in processes.descriptors_of(worker).values())


# ---- Answers to clients that are still sending ----

# All must be sent within the two seconds for which the server, which has answered already, still reads.
SIZES = [1, 1000, 65536, 1 << 20, 4 << 20]


def refused_head(size):
    return b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (size + 100), 413


def refused_chunk(size):
    return b"POST /len HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (size + 100), 413


def refused_line(size):
    return b"POST /\x01 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size, 400


def answered_early(size):
    return b"PUT /mode HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (size + 100), 405


@pytest.mark.promise("CON-6", "CON-7")
@pytest.mark.parametrize("reason", [refused_head, refused_chunk, refused_line, answered_early])
def test_who_sends_all_before_reading_gets_the_whole_answer(start, reason):
    """Like most clients: nothing is read before the last byte was sent. The end is an end, never a reset."""
    server = start(workers=1, message_max=99)
    for size in SIZES:
        head, status = reason(size)
        with server.connect() as connection:
            connection.send(head)
            connection.send(b"x" * size)
            answer = connection.read_answer()
            assert (answer.status, answer.closes) == (status, True), (size, answer)
            connection.socket.shutdown(socket.SHUT_WR)
            assert connection.read_rest() == b""


@pytest.mark.promise("CON-6", "CON-7")
def test_who_goes_on_sending_after_the_answer_is_not_reset_at_once(start):
    """In many pieces that come after it, all of which the server takes."""
    server = start(workers=1, message_max=99)
    with server.connect() as connection:
        connection.send(refused_head(1 << 20)[0])
        assert connection.read_answer().status == 413
        for _ in range(100):
            connection.send(b"x" * 1000)
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.read_rest() == b""


class Trickle:
    """Sends a byte now and then until it may not any more."""

    def __init__(self, connection):
        self.connection = connection
        self.trouble = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.is_over.wait(0.02):
                self.connection.socket.send(b"x")
        except OSError as error:
            self.trouble = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


LARGE = 1_000_000


@pytest.mark.promise("CON-7", "CON-4")
def test_who_reads_slowly_and_goes_on_sending_gets_the_whole_answer(start):
    """The last answer is with the kernel long before its reader has it; until then the connection must not be cut."""
    server = start(workers=1)
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(30)
        raw.connect(server.address)
        connection = server.connect()
        connection.close()
        connection.socket, connection.received = raw, b""
        connection.send(b"GET /large?bytes=%d HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" % LARGE)
        with Trickle(connection) as trickle:
            received = b""
            # Longer than anybody lingers, but never silent.
            for _ in range(50):
                received += raw.recv(4096)
                time.sleep(0.1)
            assert trickle.trouble is None, "it was cut while it was read"
        connection.received = received
        answer = connection.read_answer()
        assert answer.closes and len(answer.body) == LARGE


@pytest.mark.promise("CON-7", "WRK-11")
def test_who_never_stops_sending_is_let_go_of(start):
    """A place for a client is not lost to one who has its answer."""
    server = start(workers=1, clients=1)
    with server.connect() as connection, Trickle(connection) as trickle:
        connection.send(b"garbage\r\n\r\n")
        assert connection.read_answer().status == 400
        assert server.get("/").status == 200
        wait_until(lambda: trickle.trouble is not None, "the end of it", seen=server.describe)
