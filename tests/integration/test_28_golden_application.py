"""The golden application: a binary that was compiled once against interface 1.0, and calls everything that there is in it, is
served by this server as if it had been compiled today; and its source, which was."""
import pathlib
import platform
import re
import shutil
import string
import sys

import pytest
import websockets

from harness import processes, wait_until
from harness.build import ROOT
from harness.websocket import connect, run

sys.path.append(str(ROOT / "tests/abi"))
import interface

BINARY = ROOT / "tests/golden/abi_1_0.so"


@pytest.fixture(params=["binary", "source"])
def golden(request, prepare, build):
    """golden(...) is a server with the golden application, which got these options."""

    def make(**options):
        if request.param == "binary" and platform.machine() != "x86_64":
            pytest.skip(f"{BINARY.name} was compiled for x86_64, this machine is {platform.machine()}")
        server = prepare("golden_source")
        if request.param == "binary":
            server.app = server.directory / BINARY.name
            shutil.copy(BINARY, server.app)
        server.notes = server.directory / "notes"
        server.expected_files.add("notes")
        server.settings.update(workers=1, app={"notes": str(server.notes)} | options)
        server.write_config()
        return server.start()

    return make


def shown(answer):
    """The lines NAME=VALUE of an answer."""
    assert answer.status == 200, answer
    return dict(line.split("=", 1) for line in answer.text.splitlines())


@pytest.mark.promise("APP-2")
def test_the_binary_calls_every_function_of_interface_1_0():
    listed = interface.listed_functions((ROOT / "tests/abi/functions_1.def").read_text())
    assert interface.symbols(BINARY, "--undefined-only") == {name for name, minor in listed.items() if minor == 0}


@pytest.mark.promise("APP-2", "APP-1")
def test_its_life_is_complete(golden):
    server = golden()
    worker, = server.workers()
    assert server.stop("QUIT") == 0
    assert server.notes.read_text().splitlines() == [
        f"init {server.manager}", *(f"{word} {worker}" for word in ("worker_start", "worker_drain", "worker_stop")),
        f"fini {server.manager}"]


@pytest.mark.promise("APP-2", "CFG-7", "CFG-9", "CFG-10", "UPG-1")
def test_it_learns_of_its_server(golden, command):
    server = golden(pond="deep")
    seen = shown(server.get("/host"))
    version = command("--version").stdout.split()[1]
    assert seen == {"generation": "1", "version": version, "directory": str(pathlib.Path(server.app).parent), "mode": "production",
                    "options": "2", "notes": str(server.notes), "pond": "deep"}
    server.settings["app"]["pond"] = "shallow"
    server.write_config()
    server.upgrade()
    seen = shown(server.get("/host"))
    assert (seen["generation"], seen["pond"]) == ("2", "shallow")


@pytest.mark.promise("APP-2", "CLI-4")
def test_it_may_refuse_to_start(build, command):
    if platform.machine() != "x86_64":
        pytest.skip(f"{BINARY.name} was compiled for x86_64, this machine is {platform.machine()}")
    for app in (BINARY, build.app("golden_source")):
        result = command(*command.configure(app={"refusal": "there is no water"}), "--test", app)
        assert result.status == 1 and "refuses to start: there is no water\n" in result.stderr


@pytest.mark.promise("APP-2")
def test_it_learns_of_its_worker(golden):
    server = golden()
    with server.connect() as connection:
        first, second = (shown(connection.get("/worker")) for _ in range(2))
    assert (first["generation"], first["requests"], first["connections"]) == ("1", "1", "1")
    assert (first["is_leaving"], first["has_kept_its_loop"]) == ("0", "1")
    assert second["requests"] == "2" and 0 <= float(first["uptime"]) <= float(second["uptime"])


@pytest.mark.promise("APP-2", "OBS-3")
def test_it_writes_into_the_log(golden):
    server = golden()
    answer = server.get("/log")
    assert (answer.status, answer.body, answer.field("Content-Type")) == (200, b"", None)
    worker, = server.workers()
    for level, text in (("info", "croak for information"), ("warn", "croak as a warning"), ("error", r"croak as an error\?")):
        wait_until(lambda: re.search(rf"\[{worker}\] {level} {text}$", server.stderr, re.MULTILINE), text, seen=server.describe)


@pytest.mark.promise("APP-2", "APP-3")
def test_it_reads_a_request(golden):
    server = golden()
    with server.connect() as connection:
        connection.get("/worker")
        connection.ask("/request/a%20b?x=%31", method="PUT")
        seen = shown(connection.read_answer())
        port = connection.socket.getsockname()[1]
    assert seen == {"method": "PUT", "target": "/request/a%20b?x=%31", "path": "/request/a b", "query": "x=%31", "http_version": "1.1",
                    "scheme": "http", "host_name": "test", "remote_address": "127.0.0.1", "remote_port": str(port),
                    "request_number": "2", "peer_address": "127.0.0.1", "local_address": "127.0.0.1",
                    "local_port": str(server.port), "tls_version": "", "tls_cipher": "", "tls_server_name": "",
                    "tls_client_subject": ""}


@pytest.mark.promise("APP-2", "CON-9")
def test_it_is_told_of_a_client_behind_a_proxy(golden):
    server = golden()
    server.settings.update(proxy=1, trusted_proxies=["127.0.0.0/8"])
    server.write_config()
    server.upgrade()
    seen = shown(server.get("/request/a%20b", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: frog.example"))
    assert {name: seen[name] for name in ("scheme", "host_name", "remote_address", "remote_port", "peer_address")} == \
        {"scheme": "https", "host_name": "frog.example", "remote_address": "192.0.2.7", "remote_port": "0", "peer_address": "127.0.0.1"}


@pytest.mark.promise("APP-2", "APP-3")
def test_it_reads_parameters_and_fields(golden):
    server = golden()
    assert server.get("/parameter?toad=1&frog=green%20or+not&frog=2").text == "green or not"
    assert server.get("/parameter?toad=1").text == "(none)"
    with server.connect() as connection:
        connection.ask("/fields", fields=["X-Frog: green", "X-Frog: blue", "X-Empty:"])
        assert connection.read_answer().text == "count=4\nfrog=green\nHost: test\nX-Frog: green\nX-Frog: blue\nX-Empty: \n"


@pytest.mark.promise("APP-2", "APP-3")
def test_it_keeps_memory_as_long_as_a_request(golden):
    server = golden()
    for _ in range(3):
        answer = server.get("/keepsake")
        assert (answer.text, answer.field("Content-Type")) == ("kept 100%", "text/plain")
    wait_until(lambda: shown(server.get("/worker"))["destroyed"] == "3", "three ends", seen=server.describe)


@pytest.mark.promise("APP-2", "APP-3")
def test_it_answers_later(golden):
    server = golden()
    with server.connect() as connection:
        for path in ("/later", "/stopped-timer", "/later?s=0"):
            assert connection.get(path).text == "kept"
        assert connection.get("/let-go").status == 500


@pytest.mark.promise("APP-2", "APP-3")
def test_it_hears_of_a_client_that_goes_away(golden):
    server = golden()
    with server.connect() as connection:
        connection.ask("/later?s=1000")
        connection.await_taken()
        connection.reset_on_close()
    wait_until(lambda: "client_left" in server.notes.read_text(), "the note", seen=server.describe)
    wait_until(lambda: shown(server.get("/worker"))["destroyed"] == "1", "the end of the request", seen=server.describe)


@pytest.mark.promise("APP-2", "APP-3")
@pytest.mark.parametrize("path", ["/body", "/kept-body"])
def test_it_reads_a_whole_body(golden, path):
    server = golden()
    body = bytes(range(250)) * 4
    with server.connect() as connection:
        for _ in range(2):
            connection.ask(path, method="POST", body=body)
            answer = connection.read_answer()
            assert (answer.status, answer.body) == (200, body)
        connection.ask(path, method="POST", body=body + b"!")
        assert connection.read_answer().status == 413


# ---- Bodies and answers in parts ----

LINE = (string.ascii_lowercase + string.digits + string.ascii_uppercase + "\n").encode()
MANY = 3_000_000


def text_of(size):
    return (LINE * (size // len(LINE) + 1))[:size]


def read_chunked(connection):
    """The chunks of an answer, joined, and its trailer fields."""
    head = connection.read_through(b"\r\n\r\n").lower()
    assert b"transfer-encoding: chunked\r\n" in head and b"content-length" not in head
    chunks, trailers = connection.read_chunks()
    return b"".join(chunks), trailers


@pytest.mark.promise("APP-2", "APP-3")
def test_it_reads_a_body_in_parts(golden):
    server = golden()
    body = text_of(900_000)
    with server.connect() as connection:
        connection.ask("/stream", method="POST", body=body)
        assert shown(connection.read_answer()) == {"announced": "900000", "size": "900000", "sum": str(sum(body)), "has_paused": "1"}
        connection.send(b"POST /stream HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x\r\ndefg\r\n0\r\nX-Sum: 1\r\n\r\n")
        assert shown(connection.read_answer()) == {"announced": "(unknown)", "size": "7", "sum": str(sum(b"abcdefg")), "has_paused": "1"}
        connection.ask("/stream", method="POST")
        assert shown(connection.read_answer()) == {"announced": "0", "size": "0", "sum": "0", "has_paused": "0"}
        connection.send(b"POST /stream HTTP/1.1\r\nHost: test\r\nContent-Length: 1000001\r\n\r\n")
        assert connection.read_answer().status == 413


@pytest.mark.promise("APP-2", "APP-3")
def test_it_answers_while_a_body_comes(golden):
    server = golden()
    body = bytes(range(250)) * 4
    with server.connect() as connection:
        for _ in range(2):
            connection.ask("/echo", method="POST", body=body)
            assert connection.read_answer().body == body
        connection.ask("/echo", method="POST", body=body + b"!")
        assert connection.read_answer().status == 413


@pytest.mark.promise("APP-2", "APP-3")
def test_it_hears_of_a_body_that_is_cut_off(golden):
    server = golden()
    with server.connect() as connection:
        connection.send(b"POST /stream HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n123")
        connection.await_taken()
    wait_until(lambda: server.notes.read_text().count("stream_was_cut") == 1, "the note", seen=server.describe)


@pytest.mark.promise("APP-2", "APP-3", "CON-10")
def test_it_adds_fields(golden):
    answer = golden().get("/add-fields")
    assert (answer.status, answer.text) == (200, "1 1 0 0")
    assert [value for name, value in answer.fields if name == "X-Frog"] == ["green", "blue"]
    assert not [name for name, _ in answer.fields if name in ("X-Toad", "X-Newt")] and answer.field("Content-Length") == "7"


@pytest.mark.promise("APP-2", "APP-3")
def test_it_sends_a_file(golden, tmp_path):
    file = tmp_path / "pond"
    file.write_bytes(text_of(MANY))
    server = golden(file=str(file))
    with server.connect() as connection:
        answer = connection.get(f"/file?offset=100&size={MANY - 200}")
        assert answer.body == text_of(MANY)[100:-100] and answer.field("Content-Type") == "text/x-pond"
        assert connection.get("/file?offset=0&size=0").body == b""
        connection.ask("/file?offset=1&size=5", method="HEAD")
        answer = connection.read_answer(has_body=False)
        assert answer.field("Content-Length") == "5"
        assert connection.get("/file?offset=2&size=3").body == b"cde"
        worker, = server.workers()
        wait_until(lambda: str(file) not in processes.descriptors_of(worker).values(), "the server to close the file")


@pytest.mark.promise("APP-2", "APP-3")
def test_it_answers_in_parts(golden):
    server = golden()
    with server.connect() as connection:
        connection.ask(f"/parts?size={MANY}")
        assert connection.read_answer().body == text_of(MANY)
        connection.ask(f"/parts?size={MANY}&chunked=1")
        assert read_chunked(connection) == (text_of(MANY), [])
        connection.ask("/parts?size=100&chunked=1", fields=["TE: trailers", "Connection: TE"])
        assert read_chunked(connection) == (text_of(100), ["X-Sent: all"])
        connection.send(f"GET /parts?size={MANY}&chunked=1 HTTP/1.0\r\n\r\n".encode())
        assert connection.read_answer().body == text_of(MANY)
    assert server.stderr.count("the trailer goes with it") == 1


def most_buffered():
    """What the kernel's buffers of a connection may hold, at both ends."""
    return sum(int(pathlib.Path(f"/proc/sys/net/ipv4/tcp_{name}").read_text().split()[2]) for name in ("rmem", "wmem"))


@pytest.mark.promise("APP-2", "APP-3")
def test_it_waits_for_a_slow_client(golden):
    server = golden()
    size = most_buffered() + 2_000_000
    with server.connect() as connection:
        connection.ask(f"/parts?size={size}")
        wait_until(lambda: "the client is slow" in server.stderr, "the application to wait", seen=server.describe)
        assert connection.read_answer().body == text_of(size)


@pytest.mark.promise("APP-2", "APP-3")
def test_it_gives_an_answer_up(golden):
    server = golden()
    with server.connect() as connection:
        assert connection.get("/fail").status == 500
    with server.connect() as connection:
        connection.ask("/fail?size=1000")
        head, _, body = connection.read_rest_or_reset().partition(b"\r\n\r\n")
        assert b"Content-Length: 1000" in head and body in (b"", LINE[:10]), "the client sees that it is cut"


# ---- Descriptors, threads and the loop ----

@pytest.mark.promise("APP-2", "APP-3")
@pytest.mark.parametrize("path, text", [("/watch", "watched"), ("/thread", "woken")])
def test_it_waits_for_descriptors_and_threads(golden, path, text):
    server = golden()
    with server.connect() as connection:
        for _ in range(10):
            assert connection.get(path).text == text


# ---- WebSocket ----

@pytest.mark.promise("APP-2", "APP-3", "CON-8", "WRK-5")
def test_it_speaks_websocket(golden):
    server = golden()
    worker, = server.workers()

    async def talk():
        async with connect(server, "/any", subprotocols=["gold"], compression=None) as websocket:
            assert websocket.subprotocol == "gold"
            for number in (1, 2):
                await websocket.send("hello")
                assert await websocket.recv() == f"{number} /any hello"
            await websocket.send(b"ping")
            await websocket.close(reason="bye")
        async with connect(server) as websocket:
            assert websocket.subprotocol is None
            server.signal("QUIT")
            assert await websocket.recv() == "drain"
            with pytest.raises(websockets.ConnectionClosedError):
                await websocket.recv()
            return websocket.close_code, websocket.close_reason
    assert run(talk()) == (4000, "drain")
    assert server.await_end() == 0
    assert f"websocket {worker}" in server.notes.read_text().splitlines()
