"""The log and the access log: what a line says, and logs that cannot be written, or not now."""
import email.utils
import json
import os
import select
import socket
import time

import pytest

from harness import LIMIT, wait_until
from harness.logs import await_lines, combined, logging, place

MEMBERS = ["time", "remote", "method", "target", "version", "status", "size", "seconds", "referer", "agent"]
WITHOUT_POWER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


# ---- What a line says ----

@pytest.mark.promise("CFG-7")
def test_a_combined_line_says_who_asked_for_what_and_got_it(logging, place):
    server = logging(workers=1)
    before = int(time.time())
    with server.connect() as connection:
        connection.get("/large?bytes=12345", "Referer: http://example.org/a?b", "User-Agent: Toad/1.0 (it hops)")
        connection.ask("/", method="HEAD")
        connection.read_answer(has_body=False)
        connection.send(b"GET /none HTTP/1.0\r\n\r\n")
        assert connection.read_answer().status == 404
    first, second, third = map(combined, await_lines(place / "access", 3))
    assert first[0] == "127.0.0.1"
    assert first[2:] == ("GET /large?bytes=12345 HTTP/1.1", "200", "12345", "http://example.org/a?b", "Toad/1.0 (it hops)")
    assert second[2:] == ("HEAD / HTTP/1.1", "200", "0", "-", "-"), "the bytes that were sent"
    assert third[2:4] == ("GET /none HTTP/1.0", "404")
    for line in (first, second, third):
        date = line[1].replace("/", " ").replace(":", " ", 1)
        assert before <= email.utils.parsedate_to_datetime(date).timestamp() <= time.time()


@pytest.mark.promise("CFG-7")
def test_a_json_line_says_the_same(logging, place):
    server = logging(workers=1, access_log_json=1)
    before = time.time()
    with server.connect() as connection:
        connection.get("/slow?s=0.25", "Referer: http://example.org/", "User-Agent: Toad")
        connection.get("/")
    after = time.time()
    slow, quick = map(json.loads, await_lines(place / "access", 2))
    assert list(slow) == MEMBERS and list(quick) == MEMBERS
    assert before <= slow["time"] <= quick["time"] <= after
    assert after - before >= slow["seconds"] >= 0.25 and quick["seconds"] >= 0
    assert {key: slow[key] for key in MEMBERS if key not in ("time", "seconds")} == {
        "remote": "127.0.0.1", "method": "GET", "target": "/slow?s=0.25", "version": "1.1", "status": 200, "size": 4,
        "referer": "http://example.org/", "agent": "Toad"}
    assert (quick["size"], quick["referer"], quick["agent"]) == (11, "", "")


@pytest.mark.promise("CFG-7")
def test_an_address_of_ipv6_is_named_as_such(logging, place):
    logging(workers=1, listen=["http://[::1]:0"]).get("/")
    assert combined(await_lines(place / "access", 1)[0])[0] == "::1"


HOSTILE = [b'" 200 0 "-" "-"', b"\\", b"\xff\xfe\x80", b"tab\there", b"x" * 5000, b"\xc3\xa9\xe2\x82\xac", b'","status":999,"x":"', b"%0a%0d\\n"]


@pytest.mark.promise("CFG-7")
@pytest.mark.parametrize("is_json", [0, 1], ids=["combined", "json"])
def test_no_client_can_forge_or_break_a_line(logging, place, is_json):
    """Quotes, backslashes, control bytes and bytes beyond ASCII are shown escaped, and what is too long is cut."""
    server = logging(workers=1, access_log_json=is_json, keep_alive_requests=0)
    with server.connect() as connection:
        for text in HOSTILE:
            connection.send(b"GET /%%22?a=%%0a HTTP/1.1\r\nHost: a\r\nReferer: %s\r\nUser-Agent: %s\r\n\r\n" % (text, text))
            assert connection.read_answer().status == 404
    for text, line in zip(HOSTILE, await_lines(place / "access", len(HOSTILE))):
        assert line.isascii() and line.isprintable() and len(line) < 4096
        if is_json:
            found = json.loads(line)
            assert (found["status"], found["target"]) == (404, "/%22?a=%0a") and list(found) == MEMBERS
            shown, full = found["agent"], text.decode("latin-1")
        else:
            fields = combined(line)
            assert fields[2:4] == ("GET /%22?a=%0a HTTP/1.1", "404") and fields[5] == fields[6]
            shown = fields[6]
            full = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in text)
        assert shown == full or shown.endswith("...") and len(text) == 5000 and full.startswith(shown[:-3]) and len(shown) > 800


REFUSALS = [
    (b"garbage\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n", 400),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414), (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 101 + b"\r\n", 431),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413),
    (b"POST /len HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001, 413),
    (b"GET /\x1b[2J\"\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHo", 408),
]


@pytest.mark.promise("CFG-7", "CON-6")
@pytest.mark.parametrize("is_json", [0, 1], ids=["combined", "json"])
def test_each_answer_has_one_line_refusals_too(logging, place, is_json):
    """What the server itself refuses is logged as well; who says nothing gets no answer and has no line."""
    server = logging(workers=1, access_log_json=is_json, header_timeout=0.25, message_max=1000, keep_alive_timeout=0.25)
    for count, (data, status) in enumerate(REFUSALS, 1):
        with server.connect() as connection:
            connection.send(data)
            assert connection.read_answer().status == status, data
        line = await_lines(place / "access", count)[-1]
        assert line.isascii() and line.isprintable()
        assert (json.loads(line)["status"] if is_json else int(combined(line)[3])) == status
        assert b"chunked\r\n\r\n3e9" not in data or "/len" in line, "a head that was read is named"
    with server.connect() as silent:
        silent.wait_closed()
    with server.connect() as gone:
        gone.ask("/slow?s=60")
        gone.await_taken()
        gone.reset_on_close()
    with server.connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
        assert [connection.read_answer().status for _ in range(20)] == [200] * 20
    await_lines(place / "access", len(REFUSALS) + 20)


# ---- Logs that cannot be written, or not now ----

@pytest.mark.promise("CFG-7", "OBS-3")
def test_a_pipe_that_nobody_reads_blocks_no_worker(start, place):
    """What does not fit is dropped and told, and what is there are whole lines."""
    os.mkfifo(place / "access")
    reader = os.open(place / "access", os.O_RDONLY | os.O_NONBLOCK)
    try:
        server = start(workers=2, access_log=str(place / "access"), keep_alive_requests=0, heartbeat_interval=0.25, heartbeat_timeout=10)
        asked = 0
        agent = "User-Agent: " + "x" * 800
        with server.connect() as connection:
            for _ in range(4):
                connection.send(f"GET /pid HTTP/1.1\r\nHost: a\r\n{agent}\r\n\r\n".encode() * 100)
                assert [connection.read_answer().status for _ in range(100)] == [200] * 100
                asked += 100
            server.await_beats(server.workers(), 2)
            text = os.read(reader, 1 << 20).decode()
            lines = text.splitlines()
            assert 40 < len(lines) < asked and text.endswith("\n") and all(map(combined, lines))
            connection.get("/pid?again")
            server.await_log("lines of the access log were dropped")
        assert f"{asked - len(lines)} lines of the access log were dropped" in server.stderr
        assert os.read(reader, 1 << 20).decode().count("\n") == 1
    finally:
        os.close(reader)


def read_line(reader):
    """Waits for what the worker writes into the pipe after its answer."""
    assert select.select([reader], [], [], LIMIT)[0]
    return os.read(reader, 4096).decode().removesuffix("\n")


@pytest.mark.promise("CFG-7", "WRK-7")
def test_a_pipe_whose_reader_has_gone_ends_no_worker(start, place):
    os.mkfifo(place / "access")
    reader = os.open(place / "access", os.O_RDONLY | os.O_NONBLOCK)
    server = start(workers=1, access_log=str(place / "access"))
    worker, = server.workers()
    assert server.get("/pid").number == worker
    assert combined(read_line(reader))
    os.close(reader)
    assert [server.get("/pid").number for _ in range(5)] == [worker] * 5
    server.signal("USR1")
    server.await_log("The access log could not be opened anew")
    reader = os.open(place / "access", os.O_RDONLY | os.O_NONBLOCK)
    server.signal("USR1")
    wait_until(lambda: len(server.trace.find(action="signal", signal="USR1")) == 2, "USR1", seen=server.describe)
    assert server.get("/pid").number == worker
    assert combined(read_line(reader))
    os.close(reader)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


UNUSABLE = {
    "directory": lambda path: path.mkdir(), "missing": lambda path: None, "socket": make_socket,
    "forbidden": lambda path: path.touch(mode=0o444), "locked_up": lambda path: path.parent.chmod(0o555),
}


@pytest.mark.promise("CFG-7", "CLI-4", "CLI-5")
@pytest.mark.parametrize("how", [["--foreground"], [], ["--test"]], ids=["foreground", "daemon", "test"])
@pytest.mark.parametrize("setting", ["access_log", "log_file"])
@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_log_that_cannot_be_written_is_an_error(command, build, place, how, setting, kind):
    path = place / "missing/file" if kind == "missing" else place / "file"
    UNUSABLE[kind](path)
    result = command(*command.configure(**{setting: str(path)}), *how, build.app("hello"), before=WITHOUT_POWER)
    place.chmod(0o755)
    assert (result.status, result.stdout, result.stderr.count("\n")) == (1, "", 1), result
    assert result.stderr.startswith("hypnotoad: ") and str(path) in result.stderr
    assert ("access log" if setting == "access_log" else "log file") in result.stderr


@pytest.mark.promise("CFG-7", "CLI-4")
def test_a_test_makes_no_log(command, build, place):
    arguments = command.configure(access_log=str(place / "access"), log_file=str(place / "log"))
    assert command(*arguments, "--test", build.app("hello")).status == 0
    assert list(place.iterdir()) == []
