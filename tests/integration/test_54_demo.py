"""The demo: answers in parts, bodies in parts, and what is not allowed; a browser shows them to a person."""
import http.client
import re
import time

import pytest
import websockets

from harness import LIMIT, processes, wait_until
from harness.websocket import connect, run


@pytest.fixture
def client(start):
    """A client that reads answers in parts, and the server to which it is connected."""
    server = start("demo", workers=1)
    connection = http.client.HTTPConnection(*server.address, timeout=LIMIT)
    yield connection, server
    connection.close()


def counted(text):
    """(PID, bytes, parts) of what the worker says of an upload."""
    found = re.fullmatch(r"Worker (\d+) counted (\d+) bytes in (\d+) parts? and kept none of them\.\n", text)
    assert found, text
    return tuple(map(int, found.groups()))


# ---- The live echo ----

@pytest.mark.promise("APP-3", "CON-8")
def test_it_echoes_over_a_websocket(start):
    server = start("demo", workers=1)

    async def talk():
        async with connect(server, "/live") as websocket:
            assert await websocket.recv() == f"Connected to worker {server.workers()[0]} of generation 1."
            await websocket.send("grüß dich")
            assert await websocket.recv() == "grüß dich"
            await websocket.send(b"bytes")
            await websocket.wait_closed()
        assert websocket.close_code == 1003
        with pytest.raises(websockets.InvalidStatusCode, match="404"):
            await connect(server, "/who")
    run(talk())


# ---- Counting aloud ----

@pytest.mark.promise("APP-3", "CON-4")
def test_it_counts_aloud(client):
    connection, _ = client
    began = time.monotonic()
    connection.request("GET", "/count?to=17")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/plain; charset=utf-8")
    assert answer.getheader("Transfer-Encoding") == "chunked" and answer.getheader("Content-Length") is None
    arrivals = []
    for number in range(1, 18):
        assert answer.readline() == b"%d\n" % number
        arrivals.append(time.monotonic() - began)
    assert answer.read() == b""
    # Each is due a quarter of a second after the one before it; the first ones are there before the last one is made.
    assert arrivals[-1] >= 4 and arrivals[0] < arrivals[-1] - 0.5
    connection.request("GET", "/pid")
    assert connection.getresponse().status == 200, "the connection goes on"


@pytest.mark.promise("APP-3")
def test_the_worker_serves_others_while_it_counts(client):
    connection, server = client
    connection.request("GET", "/count?to=1000")
    answer = connection.getresponse()
    for _ in range(3):
        assert server.get("/pid").number == server.workers()[0]
    assert answer.readline() == b"1\n"


@pytest.mark.promise("APP-3")
def test_nobody_counts_for_a_client_that_has_gone(client):
    connection, server = client
    worker, = server.workers()
    before = processes.descriptors_of(worker)
    for _ in range(3):
        with server.connect() as other:
            other.ask("/count?to=1000")
            other.read_through(b"1\n")
            other.reset_on_close()
    wait_until(lambda: not processes.descriptors_of(worker).items() - before.items(), "the connections to be gone")
    assert server.stop("QUIT") == 0, "there is nothing to wait for"
    assert len(server.trace.worker_ends()) == 1


@pytest.mark.promise("APP-3", "WRK-3")
def test_a_worker_that_leaves_counts_to_the_end(client):
    connection, server = client
    connection.request("GET", "/count?to=6")
    answer = connection.getresponse()
    assert answer.readline() == b"1\n"
    server.signal("QUIT")
    assert answer.read() == b"2\n3\n4\n5\n6\n"
    assert server.await_end() == 0


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("query, body", [("to=0", b""), ("to=1", b"1\n")])
def test_it_counts_not_far(client, query, body):
    connection, _ = client
    connection.request("GET", f"/count?{query}")
    assert connection.getresponse().read() == body


@pytest.mark.promise("CON-4", "APP-3")
def test_head_does_not_wait_for_the_count(client):
    connection, _ = client
    connection.request("HEAD", "/count?to=1000")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.request("GET", "/pid")
    assert connection.getresponse().status == 200


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("query", ["", "to=", "to=1001", "to=-1", "to=ten", "to=1.5"])
def test_it_does_not_count_to_that(client, query):
    _, server = client
    answer = server.get(f"/count?{query}")
    assert answer.status == 400 and "to must be a whole number from 0 to 1000" in answer.text


# ---- Counting what comes ----

@pytest.mark.promise("APP-3", "CON-4")
@pytest.mark.parametrize("size", [0, 1, 65_536, 5_000_000])
def test_it_counts_what_is_sent(client, size):
    connection, server = client
    connection.request("POST", "/upload", body=b"x" * size)
    answer = connection.getresponse()
    pid, seen, parts = counted(answer.read().decode())
    assert (answer.status, pid, seen) == (200, server.workers()[0], size)
    assert (parts == 0) == (size == 0)


@pytest.mark.promise("APP-3", "CON-4")
def test_it_counts_chunks(client):
    connection, _ = client
    connection.request("POST", "/upload", body=(b"x" * size for size in (1, 10, 100_000)), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    assert counted(connection.getresponse().read().decode())[1] == 100_011


@pytest.mark.promise("APP-3", "CON-7")
def test_it_keeps_nothing_of_what_comes(client):
    """The most that the worker ever held grows by less than a tenth of what was sent."""
    connection, server = client
    worker, = server.workers()

    def peak_kilobytes():
        return int(re.search(rb"VmHWM:\s+(\d+)", processes.read(worker, "status")).group(1))

    connection.request("POST", "/upload", body=b"x" * 100_000)
    connection.getresponse().read()
    before = peak_kilobytes()
    connection.request("POST", "/upload", body=b"x" * 16_000_000)
    assert counted(connection.getresponse().read().decode())[1] == 16_000_000
    assert peak_kilobytes() - before < 1600


@pytest.mark.promise("CON-6", "APP-3")
def test_it_takes_no_more_than_the_setting_allows(start):
    server = start("demo", message_max=1000)
    with server.connect() as connection:
        connection.send(b"POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 1001\r\n\r\n")
        assert connection.read_answer().status == 413


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("method, path, allowed", [("GET", "/upload", "POST"), ("POST", "/count?to=1", "GET, HEAD"),
                                                   ("DELETE", "/", "GET, HEAD")])
def test_what_is_allowed_instead_is_said(client, method, path, allowed):
    connection, _ = client
    connection.request(method, path)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Allow")) == (405, allowed)


# ---- The page ----

@pytest.mark.promise("APP-3")
def test_the_page_offers_all_of_it_with_nothing_from_elsewhere(client):
    _, server = client
    page = server.get("/").text
    for path in ("/slow", "/count", "/upload", "/crash", "/spin"):
        assert f'action="{path}"' in page and f'data-try="{path[1:]}"' in page
    assert not re.search(r"{{|}}", page.split("<script>")[0].split("</style>")[1]), "every value is filled in"
    assert not re.search(r"""(?:src|href)=["'](?!/|data:)|@import|url\(""", page), "nothing is loaded from elsewhere"
    assert len(page) < 32_000
