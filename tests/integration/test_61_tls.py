"""TLS: which versions, ciphers and protocols there are, and that bytes move both ways until the last word."""
import json
import re
import socket
import ssl
import subprocess

import pytest

from harness import Connection
from harness.deploying import await_leaving, begin_request, end_request
from harness.tls import Duplex, SecureConnection, trusting
from harness.tls_server import BOTH_VERSIONS, V12, V13, authority, handshake, listen, pair

OLD = "ALL:@SECLEVEL=0"
RSA = ["-newkey", "rsa:2048"]


# ---- Versions, ciphers, protocols ----

@pytest.mark.promise("LSN-3", "APP-1")
@BOTH_VERSIONS
def test_a_trusted_certificate_is_served(start, authority, pair, version):
    server = start(listen=listen(pair.query()))
    assert re.search(r"^Server available at https://127\.0\.0\.1:\d+\.$", server.stdout, re.MULTILINE)
    with handshake(server, authority.client(version)) as connection:
        assert connection.get("/").body == b"Hello World"
        facts = json.loads(connection.get("/tls").body)
        assert facts == {"version": connection.socket.version(), "cipher": connection.socket.cipher()[0],
                         "server_name": "server.test"}
        assert json.loads(connection.get("/client").body)["scheme"] == "https"
        answer = connection.get("/", "Connection: close")
        assert answer.closes
        connection.wait_closed()


@pytest.mark.promise("LSN-3", "LSN-4")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("query, version, is_served", [
    ("", ssl.TLSVersion.TLSv1, False), ("", ssl.TLSVersion.TLSv1_1, False), ("", V12, True), ("", V13, True),
    ("version=TLSv1_2", V12, True), ("version=TLSv1_2", V13, False),
    ("version=TLSv1_3", V12, False), ("version=TLSv1_3", V13, True),
])
def test_versions_are_tls_1_2_and_1_3_unless_one_is_chosen(start, query, version, is_served):
    server = start(listen=listen(query))
    context = trusting(version, OLD)
    if is_served:
        with handshake(server, context) as connection:
            assert connection.get("/").status == 200
        return
    with pytest.raises(ssl.SSLError, match="(?i)alert protocol version"):
        handshake(server, context)


@pytest.mark.promise("LSN-3")
@pytest.mark.parametrize("cipher, is_served", [
    ("ECDHE-RSA-AES128-GCM-SHA256", True), ("ECDHE-RSA-AES256-GCM-SHA384", True), ("ECDHE-RSA-CHACHA20-POLY1305", True),
    ("AES128-GCM-SHA256", False), ("ECDHE-RSA-AES128-SHA", False), ("ECDHE-RSA-AES128-SHA256", False), ("AES128-SHA", False),
    ("DHE-RSA-AES128-GCM-SHA256", False), ("AECDH-AES128-SHA", False),
])
def test_tls_1_2_has_forward_secrecy_and_authenticated_encryption(start, authority, cipher, is_served):
    server = start(listen=listen(authority.certify("rsa.test", key=RSA).query()))
    context = trusting(V12, cipher + ":@SECLEVEL=0")
    if is_served:
        with handshake(server, context) as connection:
            assert json.loads(connection.get("/tls").body)["cipher"] == cipher
        return
    with pytest.raises(ssl.SSLError, match="(?i)alert handshake failure"):
        handshake(server, context)


@pytest.mark.promise("LSN-3")
def test_ciphers_can_be_chosen(start):
    server = start(listen=listen("ciphers=ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384"))
    for version, cipher in [(V12, "ECDHE-ECDSA-AES256-GCM-SHA384"), (V13, "TLS_AES_256_GCM_SHA384")]:
        with handshake(server, trusting(version)) as connection:
            assert connection.socket.cipher()[0] == cipher
    with pytest.raises(ssl.SSLError):
        handshake(server, trusting(V12, "ECDHE-ECDSA-AES128-GCM-SHA256"))


@pytest.mark.promise("LSN-3")
@BOTH_VERSIONS
def test_of_application_protocols_http_1_1_is_spoken(start, version):
    server = start(listen=listen())
    for protocols, chosen in [((), None), (("http/1.1",), "http/1.1"), (("h2", "http/1.1"), "http/1.1")]:
        with handshake(server, trusting(version, protocols=protocols)) as connection:
            assert connection.socket.selected_alpn_protocol() == chosen
            assert connection.get("/").status == 200
    with pytest.raises(ssl.SSLError, match="(?i)no application protocol"):
        handshake(server, trusting(version, protocols=("h2",)))


@pytest.mark.promise("LSN-3")
def test_nobody_renegotiates(start):
    server = start(listen=listen())
    client = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:%d" % server.port],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output, _ = client.communicate(b"R\n", timeout=30)
    assert b"RENEGOTIATING" in output and b"no renegotiation" in output
    assert b"Secure Renegotiation IS supported" in output and b"Compression: NONE" in output


@pytest.mark.promise("LSN-1", "LSN-3")
def test_one_server_speaks_with_and_without_tls(start, authority, pair):
    server = start(listen=["http://127.0.0.1:0", *listen(pair.query())])
    plain, secure = server.addresses()
    with Connection(plain) as connection:
        assert json.loads(connection.get("/client").body)["scheme"] == "http"
        assert json.loads(connection.get("/tls").body) == {}
        assert connection.get("https://other.test/").status == 421
    with SecureConnection(secure, authority.client(), "server.test") as connection:
        assert connection.get("/").status == 200


# ---- Bytes both ways ----

@pytest.mark.promise("LSN-3", "CON-4")
@BOTH_VERSIONS
def test_large_bodies_move_both_ways(start, version):
    server = start(listen=listen(), message_max=100_000_000)
    body = bytes(range(256)) * 20_000
    head = f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Duplex(server.address, trusting(version)) as client:
        for _ in range(2):
            answer = client.exchange(head + body, lambda received: received.endswith(body[-1000:]) and len(received) > len(body))
            assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n" + body)
    with handshake(server, trusting(version)) as connection:
        connection.ask("/len", "POST", body=body)
        assert connection.read_answer().number == len(body)
        assert len(connection.get("/large?bytes=3000000").body) == 3_000_000
        assert connection.get("/").body == b"Hello World"


@pytest.mark.promise("LSN-3", "CON-4")
@BOTH_VERSIONS
def test_what_is_left_of_a_record_is_read_although_the_socket_has_no_more(start, version):
    server = start(listen=listen(), workers=1)
    body = b"x" * 70_000
    with Duplex(server.address, trusting(version)) as client, handshake(server, trusting()) as other:
        other.ask("/block?s=0.3")
        other.await_taken()
        client.tls.write(f"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for begin in range(0, len(body), 10_000):
            client.tls.write(body[begin:begin + 10_000])  # a record each; more than one read takes
        client.flush()
        assert client.exchange(b"", lambda received: received.endswith(b"70000")).startswith(b"HTTP/1.1 200 ")
        assert other.read_answer().status == 200


@pytest.mark.promise("LSN-3", "CON-1")
@BOTH_VERSIONS
@pytest.mark.parametrize("request_bytes, status", [(b"NONSENSE\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200)])
def test_the_last_answer_ends_with_a_word(start, version, request_bytes, status):
    server = start(listen=listen(), keep_alive_requests=1)
    with handshake(server, trusting(version)) as connection:
        connection.send(request_bytes)
        answer = connection.read_answer()
        assert answer.status == status and answer.closes
        connection.wait_closed()


@pytest.mark.promise("LSN-3", "CON-7")
def test_a_slow_client_gets_all_of_it(start):
    server = start(listen=listen())
    size = 4_000_000
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    with handshake(server, trusting(), options=options) as connection:
        connection.ask(f"/large?bytes={size}", fields=["Connection: close"])
        answer = connection.read_answer()
        assert len(answer.body) == size and answer.closes
        connection.wait_closed()


@pytest.mark.promise("LSN-3", "APP-3")
@BOTH_VERSIONS
def test_a_file_is_sent(start, version):
    server = start(listen=listen())
    with handshake(server, trusting(version)) as connection:
        plain = connection.get("/file?bytes=1000000&size=1000000")
        again = connection.get("/file?bytes=1000000&size=1000000")
        assert plain.status == 200 and len(plain.body) == 1_000_000 and plain.body == again.body


@pytest.mark.promise("LSN-3", "CON-2")
def test_pipelined_requests_that_come_in_one_record_are_answered(start):
    server = start(listen=listen(), keep_alive_requests=0)
    with handshake(server, trusting()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 500)
        assert [connection.read_answer().body for _ in range(500)] == [b"Hello World"] * 500
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\n\r\n":
            connection.send(bytes([byte]))
        assert connection.read_answer().status == 200


@pytest.mark.promise("LSN-3", "CON-1")
@BOTH_VERSIONS
def test_a_client_that_sends_nothing_more_gets_its_answer(start, version):
    server = start(listen=listen())
    with Duplex(server.address, trusting(version)) as client:
        client.send(b"GET /slow?s=0.2 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finish()
        assert client.read_all().startswith(b"HTTP/1.1 200 OK\r\n")
    with Duplex(server.address, trusting(version)) as client:
        client.send(b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        client.finish()
        assert client.read_all().startswith(b"HTTP/1.1 400 ")


@pytest.mark.promise("LSN-3", "CON-1")
def test_an_idle_connection_ends_with_a_word(start):
    server = start(listen=listen(), keep_alive_timeout=1)
    with handshake(server, trusting()) as connection:
        connection.get("/")
        connection.wait_closed()


@pytest.mark.promise("CON-5")
def test_an_absolute_target_must_agree_with_the_connection(start):
    server = start(listen=listen())
    with handshake(server, trusting()) as connection:
        assert connection.get("https://other.test/pid").status == 200
        assert connection.get("http://other.test/pid").status == 421


@pytest.mark.promise("WRK-2", "UPG-3")
def test_a_request_under_way_is_answered_by_a_worker_that_leaves(start):
    server = start(listen=listen(), workers=1)
    with handshake(server, trusting()) as connection:
        begin_request(connection)
        old, trace, (worker,) = server.manager, server.trace, server.workers()
        server.signal("USR2")
        server.await_successor()
        await_leaving(trace, worker)
        assert end_request(connection).closes
        connection.wait_closed()
    server.await_gone(old)
