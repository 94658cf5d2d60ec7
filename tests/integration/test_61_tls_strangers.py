"""TLS: whoever does not speak it, or stops in the midst of it, is told or ended, and leaves nothing."""
import errno
import socket
import struct
import time

import pytest

from harness import processes, wait_until
from harness.tls import trusting
from harness.tls_server import handshake, listen

# What no record of a handshake begins with.
GARBAGE = [b"\x00" * 100, b"\x80\x2e\x01\x00\x02", b"\x16\x03\x01", b"\x16" * 1000, b"\x15\x03\x01\x00\x02\x02\x28", b"\xff" * 50,
           b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", b"ssh-2.0-client\r\n"]


@pytest.mark.promise("LSN-3")
@pytest.mark.parametrize("request_bytes, has_body", [
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True), (b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", True),
    (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", False), (b"DELETE / HTTP/1.1\r\n", True), (b"G", True),
])
def test_plain_http_is_told_that_the_port_is_for_tls(start, request_bytes, has_body):
    server = start(listen=listen())
    with server.connect() as connection:
        connection.send(request_bytes)
        answer = connection.read_answer(has_body)
        assert answer.status == 400 and answer.closes
        assert b"https://" in answer.body or not has_body
        connection.wait_closed()


@pytest.mark.promise("LSN-3")
def test_garbage_ends_at_once_and_leaves_nothing(start):
    server = start(listen=listen(), workers=1)
    lines = server.stderr.count("\n")
    worker, = server.workers()
    before = len(processes.descriptors_of(worker))
    for garbage in GARBAGE * 20:
        with server.connect() as connection:
            connection.send(garbage)
            try:
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError as error:
                assert error.errno == errno.ENOTCONN, "only the server may have been faster"
            assert not connection.read_rest_or_reset().startswith(b"HTTP")
    with handshake(server, trusting()) as connection:
        assert connection.get("/").status == 200
    assert server.stderr.count("\n") == lines, "the log is not for whoever knocks"
    wait_until(lambda: len(processes.descriptors_of(worker)) == before, "the connections to be closed", seen=server.describe)


@pytest.mark.promise("CON-3")
@pytest.mark.parametrize("begin", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100],
                         ids=["nothing", "a byte", "half a hello"])
def test_a_handshake_has_a_deadline(start, begin):
    server = start(listen=listen(), header_timeout=3)
    with server.connect() as connection:
        connection.send(begin)
        ended = connection.wait_closed()
        assert 2.9 <= ended - connection.began < 30
    with handshake(server, trusting()) as connection:
        assert connection.get("/").status == 200


@pytest.mark.promise("CON-3")
def test_a_hello_that_trickles_has_the_same_deadline(start):
    server = start(listen=listen(), header_timeout=3)
    with server.connect() as connection:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for byte in b"\x16\x03\x01\x02\x00" + b"x" * 3000:
                connection.send(bytes([byte]))
                time.sleep(0.02)
        assert 2.9 <= time.monotonic() - connection.began < 30


@pytest.mark.promise("LSN-3")
def test_resets_at_every_stage_hurt_nobody(start):
    server = start(listen=listen(), workers=1)
    worker, = server.workers()
    before = len(processes.descriptors_of(worker))
    for _ in range(30):
        raw = server.connect()
        raw.reset_on_close()
        raw.send(b"\x16\x03\x01\x00")
        raw.close()
        connection = handshake(server, trusting())
        connection.ask("/large?bytes=2000000")
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    wait_until(lambda: len(processes.descriptors_of(worker)) == before, "the connections to be closed", seen=server.describe)
    with handshake(server, trusting()) as connection:
        assert connection.get("/pid").number == worker
