"""Files that change, are replaced or go away while they are sent; downloads that are resumed."""
import os
import shutil
import socket
import subprocess

import pytest

from harness import processes, wait_until
from harness.deploying import Link
from harness.static_site import DIGITS, OLD, await_given_back, get, put, random_bytes, root, serve

# More than the sockets between a server and a client that does not read will hold.
LARGE = 48 << 20


# ---- Files that change ----

def begin(server, target, *fields):
    """A download of which only the head and the first bytes have been read; sockets hold little of the rest."""
    connection = server.connect()
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    connection.ask(target, fields=["Connection: close", *fields])
    head = connection.read_through(b"\r\n\r\n")
    assert b"\r\nContent-Length: %d\r\n" % LARGE in head
    return connection, connection.read_exactly(1000)


def rest_of(connection):
    """What is still to come of a download, up to its end or to a reset."""
    rest, connection.received = bytearray(connection.received), b""
    try:
        while part := connection.socket.recv(1 << 20):
            rest += part
    except ConnectionResetError:
        pass
    return bytes(rest)


@pytest.mark.promise("APP-3", "CON-7")
def test_a_download_goes_on_with_the_file_that_it_began_with(serve, root):
    old, new = random_bytes(LARGE), b"new"
    put(root / "large.bin", old)
    server = serve()
    connection, first = begin(server, "/large.bin")
    with connection:
        put(root / "new", new)
        os.rename(root / "new", root / "large.bin")
        assert get(server, "/large.bin").body == new
        rest = rest_of(connection)
    assert first + rest == old


@pytest.mark.promise("APP-3", "CON-7")
def test_a_file_that_becomes_shorter_cuts_the_connection(serve, root):
    path = put(root / "large.bin", random_bytes(LARGE))
    server = serve({"workers": 1})
    worker, = server.workers()
    connection, _ = begin(server, "/large.bin")
    with connection:
        os.truncate(path, 2000)
        assert get(server, "/large.bin").field("Content-Length") == "2000"
        rest = rest_of(connection)
    assert 1000 + len(rest) < LARGE
    assert server.workers() == [worker] and not server.trace.worker_ends()


@pytest.mark.promise("APP-3")
def test_a_file_that_becomes_longer_is_sent_as_it_was_announced(serve, root):
    data = random_bytes(LARGE)
    path = put(root / "large.bin", data)
    server = serve()
    connection, first = begin(server, "/large.bin")
    with connection:
        with open(path, "ab") as file:
            file.write(b"more")
        assert first + rest_of(connection) == data


@pytest.mark.promise("APP-3", "CON-7")
def test_a_client_that_goes_away_leaves_nothing(serve, root):
    put(root / "large.bin", random_bytes(LARGE))
    server = serve({"workers": 1})
    worker, = server.workers()
    before = processes.descriptors_of(worker)
    for number in range(6):
        connection, _ = begin(server, "/large.bin")
        if number % 2:
            connection.reset_on_close()
        connection.close()
    await_given_back(worker, before)
    assert server.workers() == [worker]


@pytest.mark.promise("APP-3")
def test_files_that_are_replaced_all_the_time_are_never_mixed(serve, root):
    """Each version is one letter; every answer is one of them, whole, under its own tag."""
    server = serve({"keep_alive_requests": 0})
    seen = {}
    with server.connect() as connection:
        for number in range(200):
            letter = b"abc"[number % 3:number % 3 + 1]
            put(root / "new", letter * (50_000 + 1000 * (number % 3)), OLD + number % 3)
            os.rename(root / "new", root / "large.txt")
            connection.ask("/large.txt")
            answer = connection.read_answer()
            assert answer.body == letter * (50_000 + 1000 * (number % 3))
            assert seen.setdefault(answer.field("ETag"), letter) == letter


@pytest.mark.promise("UPG-1", "UPG-2", "APP-3")
def test_a_download_outlives_a_hot_deployment(serve, root, tmp_path):
    """And the new generation serves the directory to which the root's name leads by then, the old one its own."""
    data = random_bytes(LARGE)
    put(root / "large.bin", data)
    put(tmp_path / "next/digits.txt", b"next")
    link = Link(tmp_path / "current", root)
    server = serve(root=str(link))
    connection, first = begin(server, "/large.bin")
    with connection:
        link.switch(tmp_path / "next")
        assert get(server, "/digits.txt").body == DIGITS, "a generation keeps its root"
        old = server.manager
        server.signal("USR2")
        server.await_successor()
        wait_until(lambda: get(server, "/digits.txt").body == b"next", "the old workers to accept no more")
        assert processes.lives(old), "it has a file to send"
        assert first + rest_of(connection) == data
    server.await_gone(old)


# ---- Real clients ----

def curl(server, *arguments):
    url = f"http://{server.address[0]}:{server.port}/large.bin"
    return subprocess.run(["curl", "--silent", "--show-error", "--fail", "--max-time", "60", *map(str, arguments), url],
                          capture_output=True, text=True, timeout=90, check=False)


@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("there", [1, 999_999, LARGE - 1])
def test_curl_resumes_a_download(serve, root, tmp_path, there):
    data = random_bytes(LARGE)
    put(root / "large.bin", data)
    server = serve()
    mine = tmp_path / "mine"
    mine.write_bytes(data[:there])
    result = curl(server, "-C", "-", "-o", mine, "-w", "%{http_code} %{size_download}")
    assert (result.returncode, result.stdout) == (0, f"206 {LARGE - there}"), result.stderr
    assert mine.read_bytes() == data


@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_asks_again_only_for_what_is_new(serve, root, tmp_path):
    put(root / "large.bin", b"first")
    server = serve()
    mine, tag = tmp_path / "mine", tmp_path / "tag"
    ask_again = ["-R", "--etag-save", tag, "--etag-compare", tag, "-o", mine, "-w", "%{http_code}"]
    assert [curl(server, *ask_again).stdout for _ in range(2)] == ["200", "304"]
    assert int(mine.stat().st_mtime) == OLD
    assert curl(server, "-z", mine, "-o", tmp_path / "other", "-w", "%{http_code}").stdout == "304"
    put(root / "large.bin", b"later", OLD + 10)
    assert curl(server, *ask_again).stdout == "200" and mine.read_bytes() == b"later"
