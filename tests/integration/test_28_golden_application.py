"""The golden application: a binary that was compiled once against interface 1.0, and calls everything that there is in it, is
served by this server as if it had been compiled today; and its source, which was."""
import pathlib
import platform
import re
import shutil
import sys

import pytest

from harness import wait_until
from harness.build import ROOT

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
                    "local_port": str(server.port)}


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


@pytest.mark.promise("APP-2", "APP-3", "CON-10")
def test_it_answers_in_parts_and_from_a_file(golden):
    server = golden()
    with server.connect() as connection:
        connection.ask("/parts", fields=["TE: trailers"])
        answer = connection.read_answer(has_body=False)
        assert (answer.status, answer.field("X-Frog")) == (201, "green")
        chunks, trailers = connection.read_chunks()
        assert b"".join(chunks) == b"g" * 1000000 + b"1" and trailers == ["X-Croak: loud"]
        assert connection.get("/parts").body == b"g" * 1000000 + b"0"
        assert connection.get("/file").text == "golden"
        connection.ask("/failing")
        assert connection.read_rest().endswith(b"\r\n\r\nhalf")


@pytest.mark.promise("APP-2", "APP-3")
def test_it_takes_a_body_in_parts(golden):
    server = golden()
    body = bytes(range(250)) * 4
    with server.connect() as connection:
        for _ in range(2):
            connection.ask("/echo", method="POST", body=body)
            assert connection.read_answer().body == body
        connection.ask("/echo", method="POST", body=body + b"!")
        assert connection.read_answer().status == 413


@pytest.mark.promise("APP-2", "APP-3")
def test_it_waits_for_other_things_than_requests(golden):
    with golden().connect() as connection:
        for _ in range(2):
            assert connection.get("/others").text == "awake"
