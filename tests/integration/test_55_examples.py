"""The applications of docs/applications.md: compiled as the page says, they do what the page says."""
import gzip
import http.client
import random
import re
import socket
import subprocess
import threading
import time

import pytest
import websockets

from harness import LIMIT, processes, wait_until
from harness.build import ROOT
from harness.sanitizer import is_sanitized
from harness.websocket import connect, run

EXAMPLE = re.compile(r"^```c\n(/\* ([a-z]+) - .*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """{name: shared object} of the examples that are whole applications."""
    folder = tmp_path_factory.mktemp("examples")
    found = {}
    for text, name in EXAMPLE.findall((ROOT / "docs/applications.md").read_text()):
        (folder / f"{name}.c").write_text(text)
        subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-I",
                        ROOT / "include", "-o", f"{name}.so", f"{name}.c"], cwd=folder, check=True, timeout=60)
        found[name] = folder / f"{name}.so"
    return found


@pytest.fixture
def serve(prepare, examples):
    """serve(example, options, setting=value, ...) is a server of this example."""

    def make(name, options=None, **settings):
        server = prepare(examples[name], **settings)
        if options is not None:
            server.settings["app"] = options
            server.write_config()
        return server.start()

    return make


def client_of(server):
    return http.client.HTTPConnection(*server.address, timeout=LIMIT)


def ask(server, method, path, body=None):
    """(status, body) of one request on a connection of its own."""
    client = client_of(server)
    try:
        client.request(method, path, body, {"Connection": "close"})
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


def leave_in_the_middle(server, request):
    with server.connect() as connection:
        connection.send(request)
        connection.await_taken()
        connection.reset_on_close()


@pytest.mark.promise("APP-3")
def test_the_page_has_them(examples):
    assert set(examples) == {"chat", "greeter", "primes", "shelf", "squeeze"}


# ---- greeter ----

@pytest.mark.promise("APP-3", "CFG-7")
def test_greeter_greets_now_later_and_with_the_body(serve):
    server = serve("greeter", {"greeting": "Good morning"}, workers=1)
    assert ask(server, "GET", "/") == (200, b"Good morning (greeting 1 of this worker)\n")
    assert ask(server, "GET", "/") == (200, b"Good morning (greeting 2 of this worker)\n")
    assert ask(server, "HEAD", "/") == (200, b"")
    assert ask(server, "POST", "/size", b"x" * 1234) == (200, b"1234 bytes\n")
    assert ask(server, "POST", "/size", b"x" * 65537)[0] == 413
    began = time.monotonic()
    assert ask(server, "GET", "/later") == (200, b"later\n") and time.monotonic() - began >= 1
    leave_in_the_middle(server, b"GET /later HTTP/1.1\r\nHost: test\r\n\r\n")
    assert ask(server, "GET", "/missing")[0] == 404
    assert server.stop("QUIT") == 0


@pytest.mark.promise("CFG-7", "CLI-4")
def test_greeter_refuses_what_it_does_not_know(command, examples):
    result = command(*command.configure(app={"greetings": "x"}), "--test", examples["greeter"])
    assert result.status == 1 and "there is no option greetings, only greeting" in result.stderr


# ---- shelf ----

@pytest.fixture
def shelf(serve, tmp_path):
    (tmp_path / "files").mkdir()
    server = serve("shelf", {"directory": str(tmp_path / "files")}, workers=2, message_max=64 << 20)
    return server, tmp_path / "files"


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("size", [0, 1, 65_537, 30_000_000])
def test_shelf_keeps_what_it_is_sent(shelf, size):
    server, files = shelf
    data = random.Random(size).randbytes(size)
    assert ask(server, "PUT", "/data.bin", data) == (201, b"Stored\n")
    assert (files / "data.bin").read_bytes() == data
    assert ask(server, "GET", "/data.bin") == (200, data)
    assert ask(server, "PUT", "/data.bin", b"other")[0] == 201
    assert ask(server, "GET", "/data.bin") == (200, b"other")
    assert [path.name for path in files.iterdir()] == ["data.bin"]


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("method, path, status", [
    ("GET", "/missing", 404), ("GET", "/", 404), ("PUT", "/", 404), ("PUT", "/a/b", 404), ("PUT", "/..", 404), ("PUT", "/.x", 404),
    ("PUT", "/%2e%2e%2fx", 404), ("PUT", "/" + "x" * 101, 404), ("DELETE", "/x", 405), ("PUT", "/folder", 500), ("GET", "/folder", 404),
    ("GET", "/link", 404),
])
def test_shelf_has_no_such_name(shelf, method, path, status):
    server, files = shelf
    (files / "folder").mkdir()
    (files / "link").symlink_to("/etc/passwd")
    assert ask(server, method, path, b"x" if method == "PUT" else None)[0] == status
    assert {file.name for file in files.iterdir()} == {"folder", "link"}


@pytest.mark.promise("APP-3", "CON-7")
def test_shelf_forgets_an_upload_that_breaks_off(shelf):
    server, files = shelf
    for _ in range(3):
        with server.connect() as connection:
            connection.send(b"PUT /x HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
            wait_until(lambda: [file.name for file in files.iterdir() if file.stat().st_size == 1000], "the first part to be written")
            connection.reset_on_close()
        wait_until(lambda: list(files.iterdir()) == [], "the file to be gone")
    assert ask(server, "GET", "/x")[0] == 404


@pytest.mark.promise("APP-3", "WRK-3")
def test_shelf_follows_a_file_until_the_worker_leaves(shelf):
    server, files = shelf
    (files / "log").write_bytes(b"one\n")
    client = client_of(server)
    client.request("GET", "/log?follow")
    answer = client.getresponse()
    assert answer.readline() == b"one\n"
    with open(files / "log", "ab", buffering=0) as log:
        for line in (b"two\n", b"three\n", b"x" * 100_000 + b"\n"):
            log.write(line)
            assert answer.readline() == line
        server.signal("QUIT")
        assert answer.read() == b"", "the answer ends well"
    client.close()
    assert server.await_end() == 0


@pytest.mark.promise("APP-3", "CON-7")
def test_shelf_waits_for_a_slow_follower(shelf):
    server, files = shelf
    data = random.Random(1).randbytes(30_000_000)
    (files / "log").write_bytes(data)
    client = client_of(server)
    client.connect()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    client.request("GET", "/log?follow")
    answer = client.getresponse()
    peak = max(int(re.search(rb"VmHWM:\s+(\d+)", processes.read(pid, "status")).group(1)) for pid in server.workers())
    assert ask(server, "GET", "/missing")[0] == 404
    assert answer.read(len(data)) == data
    after = max(int(re.search(rb"VmHWM:\s+(\d+)", processes.read(pid, "status")).group(1)) for pid in server.workers())
    assert after - peak < 3000, "kilobytes"
    client.close()


@pytest.mark.promise("CFG-7", "CLI-4")
def test_shelf_wants_a_directory(command, examples):
    for options in ({}, {"directory": "/no/such/shelf"}):
        result = command(*command.configure(app=options), "--test", examples["shelf"])
        assert result.status == 1 and "the option directory must name a directory" in result.stderr


# ---- squeeze ----

def children_of_workers(server):
    return [child.pid for worker in server.workers() for child in processes.children_of(worker)]


@pytest.mark.promise("APP-3", "CON-4")
@pytest.mark.parametrize("size", [0, 1, 100_000, 10_000_000])
def test_squeeze_answers_with_what_gzip_makes(serve, size):
    server = serve("squeeze")
    data = random.Random(size).randbytes(size)
    assert len(data) == size
    with server.connect() as connection:
        sender = threading.Thread(target=connection.send, args=(
            b"POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size + data,))
        sender.start()
        answer = http.client.HTTPResponse(connection.socket)
        answer.begin()
        squeezed = answer.read()
        sender.join()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "application/gzip")
    assert gzip.decompress(squeezed) == data
    wait_until(lambda: not children_of_workers(server), "the child to be reaped")


@pytest.mark.promise("APP-3", "CON-7")
def test_squeeze_makes_everybody_wait_for_a_client_that_does_not_read(serve):
    """What cannot be squeezed stops in the client's hands: memory on the way is bounded."""
    server = serve("squeeze", workers=1, message_max=1 << 30)
    worker, = server.workers()
    block = random.Random(2).randbytes(1 << 20)

    def peak():
        return int(re.search(rb"VmHWM:\s+(\d+)", processes.read(worker, "status")).group(1))

    with server.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.send(b"POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (40 << 20))
        connection.send(block)
        before = peak()
        connection.socket.settimeout(1)
        sent = 1 << 20
        with pytest.raises(TimeoutError):
            while sent < 40 << 20:
                sent += connection.socket.send(block)
        # A sanitizer keeps what was given back.
        assert is_sanitized(server.build.hypnotoad) or peak() - before < 3000, "kilobytes"
        assert ask(server, "POST", "/", b"x")[0] == 200, "others are served"
        connection.socket.settimeout(LIMIT)
        rest = (block * 41)[: (40 << 20) - sent]
        sender = threading.Thread(target=connection.socket.sendall, args=(rest,))
        sender.start()
        answer = http.client.HTTPResponse(connection.socket)
        answer.begin()
        assert len(gzip.decompress(answer.read())) == 40 << 20
        sender.join()


@pytest.mark.promise("APP-3")
def test_squeeze_ends_the_child_of_a_client_that_leaves(serve):
    server = serve("squeeze")
    for _ in range(3):
        with server.connect() as connection:
            connection.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nabc")
            wait_until(lambda: children_of_workers(server), "the child to begin")
            connection.reset_on_close()
        wait_until(lambda: not children_of_workers(server), "the child to be gone")


@pytest.mark.promise("APP-3")
def test_squeeze_says_that_its_child_died(serve):
    server = serve("squeeze")
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nabc")
        child, = wait_until(lambda: children_of_workers(server), "the child to begin")
        processes.send(child, "KILL")
        assert connection.read_answer().status == 500


@pytest.mark.promise("APP-3", "CON-7")
def test_squeeze_has_no_more_children_than_it_may(serve):
    server = serve("squeeze", workers=1)
    worker, = server.workers()
    before = processes.descriptors_of(worker)
    connections = [server.connect() for _ in range(17)]
    for connection in connections:
        connection.send(b"POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 3\r\n\r\nab")
    wait_until(lambda: len(children_of_workers(server)) == 16, "sixteen children")
    for connection in connections:
        connection.send(b"c")
    assert sorted(connection.read_through(b"\r\n")[9:12] for connection in connections) == [b"200"] * 16 + [b"503"]
    for connection in connections:
        connection.close()
    wait_until(lambda: not children_of_workers(server), "the children to be reaped")
    wait_until(lambda: not processes.descriptors_of(worker).items() - before.items(), "the pipes to be closed")


@pytest.mark.promise("APP-3")
def test_squeeze_without_gzip_is_not_available(prepare, examples):
    server = prepare(examples["squeeze"], environment={"PATH": "/nowhere"}).start()
    assert ask(server, "POST", "/", b"x") == (503, b"no child\n")


# ---- chat ----

@pytest.mark.promise("APP-3", "CON-8", "WRK-5")
def test_chat_lets_everybody_hear_everybody(serve):
    server = serve("chat", workers=1)

    async def talk():
        lee = await connect(server, "/chat?name=Lee")
        assert await lee.recv() == "Lee: comes"
        ann = await connect(server, "/chat?name=Ann")
        assert [await lee.recv(), await ann.recv()] == ["Ann: comes"] * 2
        await ann.send("hello, ♥")
        assert [await lee.recv(), await ann.recv()] == ["Ann: hello, ♥"] * 2
        await ann.close()
        assert await lee.recv() == "Ann: leaves"
        server.signal("QUIT")
        await lee.wait_closed()
        return lee.close_code, lee.close_reason
    assert run(talk()) == (1012, "Come again")
    assert server.await_end() == 0


@pytest.mark.promise("APP-3", "CON-8")
@pytest.mark.parametrize("message, code", [(b"bytes", 1003), ("x" * 4097, 1009)])
def test_chat_does_not_understand_that(serve, message, code):
    async def talk(server):
        async with connect(server, "/chat?name=Lee") as lee:
            await lee.recv()
            await lee.send(message)
            await lee.wait_closed()
        return lee.close_code
    assert run(talk(serve("chat", workers=1))) == code


@pytest.mark.promise("APP-3", "CON-8")
def test_chat_knows_whom_it_lets_in(serve):
    async def refused(server, path):
        with pytest.raises(websockets.InvalidStatusCode) as error:
            await connect(server, path)
        return error.value.status_code
    server = serve("chat", workers=1)
    for path, status in [("/chat", 400), ("/chat?name=a%20b", 400), ("/chat?name=" + "x" * 33, 400), ("/?name=Lee", 404)]:
        assert run(refused(server, path)) == status
    assert ask(server, "GET", "/chat?name=Lee")[0] == 426


# ---- primes ----

@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("below, found", [("0", 0), ("2", 0), ("3", 1), ("100", 25), ("100000", 9592)])
def test_primes_counts(serve, below, found):
    assert ask(serve("primes"), "GET", f"/?below={below}") == (200, b"%d\n" % found)


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("query", ["", "?below=", "?below=x", "?below=-1", "?below=1x", "?below=5000001", "?below=99999999999999999999"])
def test_primes_does_not_count_that(serve, query):
    assert ask(serve("primes"), "GET", f"/{query}")[0] == 400


@pytest.mark.promise("APP-3")
def test_primes_counts_many_at_once_and_the_worker_serves_on(serve):
    server = serve("primes", workers=1)
    with server.connect() as slow:
        slow.ask("/?below=500000")
        slow.await_taken()
        assert ask(server, "GET", "/?below=x")[0] == 400
        results = {}
        threads = [threading.Thread(target=lambda n=number: results.update({n: ask(server, "GET", f"/?below={n}")}))
                   for number in range(3, 30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = {n: sum(all(k % d for d in range(2, k)) for k in range(2, n)) for n in results}
        assert results == {n: (200, b"%d\n" % counts[n]) for n in range(3, 30)}
        assert slow.read_answer().text == "41538\n"


@pytest.mark.promise("APP-3")
def test_primes_forgets_clients_that_left_and_ends_its_threads(serve):
    server = serve("primes", workers=1)
    for _ in range(10):
        leave_in_the_middle(server, b"GET /?below=200000 HTTP/1.1\r\nHost: test\r\n\r\n")
    assert ask(server, "GET", "/?below=100") == (200, b"25\n")
    with server.connect() as connection:
        connection.ask("/?below=200000")
        connection.await_taken()
        server.signal("QUIT")
        assert connection.read_answer().text == "17984\n"
    assert server.await_end() == 0
    assert [end.get("status") for end in server.trace.worker_ends()] == [0]
