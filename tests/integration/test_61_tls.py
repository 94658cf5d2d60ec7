"""TLS: who is let in how, which certificate is shown, what comes back, and what is left when it ends."""
import errno
import json
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from harness import Connection, processes, wait_until
from harness.tls import Authority, Duplex, SecureConnection, openssl, trusting

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
BOTH_VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
OLD = "ALL:@SECLEVEL=0"
RSA = ["-newkey", "rsa:2048"]
# What no record of a handshake begins with.
GARBAGE = [b"\x00" * 100, b"\x80\x2e\x01\x00\x02", b"\x16\x03\x01", b"\x16" * 1000, b"\x15\x03\x01\x00\x02\x02\x28", b"\xff" * 50,
           b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", b"ssh-2.0-client\r\n"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.certify("server.test")


def listen(query="", address="127.0.0.1:0"):
    return [f"https://{address}" + (f"?{query}" if query else "")]


def handshake(server, context, name="server.test", **options):
    return SecureConnection(server.address, context, name, **options)


def shown_name(server, authority, asked):
    """Whom the certificate is for that a client gets who asks for this name."""
    context = authority.client()
    context.check_hostname = False
    with handshake(server, context, asked) as connection:
        return dict(part[0] for part in connection.socket.getpeercert()["subject"])["commonName"]


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


# ---- Names ----

@pytest.mark.promise("LSN-6")
def test_names_select_their_certificates(start, authority, pair):
    one, two, wild = (authority.certify(name) for name in ("one.test", "two.test", "*.wild.test"))
    server = start(listen=listen("&".join([one.query("one.test"), pair.query(), two.query("two.test"),
                                           wild.query("*.wild.test")])))
    expected = {"one.test": "one.test", "ONE.test": "one.test", "two.test": "two.test", "a.wild.test": "*.wild.test", "A.Wild.TEST": "*.wild.test",
                "a.b.wild.test": "server.test", "wild.test": "server.test", "other.test": "server.test", None: "server.test"}
    assert {name: shown_name(server, authority, name) for name in expected} == expected
    with handshake(server, authority.client(), "two.test") as connection:
        assert json.loads(connection.get("/tls").body)["server_name"] == "two.test"


@pytest.mark.promise("LSN-6")
def test_an_address_is_nobody_s_name(start, authority, pair):
    """RFC 6066 3 does not allow it, and some clients send it."""
    one = authority.certify("one.test")
    server = start(listen=listen(f"{pair.query()}&{one.query('one.test')}"))
    shown = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "127.0.0.1", input=b"")
    assert b"CN = server.test" in shown


def intermediate_of(authority, directory):
    """A certificate of an authority that is certified by this one, and with it the certificate of that one."""
    def certify(name, extensions, issuer, issuer_key):
        pair = directory / f"{name}.pem", directory / f"{name}.key"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", pair[1], "-out", directory / "request")
        (directory / "extensions").write_text(extensions)
        openssl("x509", "-req", "-in", directory / "request", "-CA", issuer, "-CAkey", issuer_key, "-days", "30",
                "-extfile", directory / "extensions", "-out", pair[0])
        return pair
    middle = certify("middle", "basicConstraints=critical,CA:TRUE\n", authority.pair.certificate, authority.pair.key)
    leaf, key = certify("leaf.test", "subjectAltName=DNS:leaf.test\n", *middle)
    chain = directory / "chain.pem"
    chain.write_text(leaf.read_text() + middle[0].read_text())
    return leaf, chain, key


@pytest.mark.promise("LSN-3")
@BOTH_VERSIONS
def test_a_file_may_hold_a_chain(start, authority, tmp_path, version):
    leaf, chain, key = intermediate_of(authority, tmp_path)
    server = start(listen=listen(f"cert={chain}&key={key}"))
    with handshake(server, authority.client(version), "leaf.test") as connection:
        assert connection.get("/").status == 200
    alone = start(listen=listen(f"cert={leaf}&key={key}"))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(alone, authority.client(version), "leaf.test")


@pytest.mark.promise("LSN-6")
def test_without_a_certificate_for_everybody_the_first_one_is_shown(start, authority):
    one, two = authority.certify("one.test"), authority.certify("two.test")
    server = start(listen=listen(f"{one.query('one.test')}&{two.query('two.test')}"))
    assert [shown_name(server, authority, name) for name in ("two.test", "other.test", None)] == \
        ["two.test", "one.test", "one.test"]


@pytest.mark.promise("LSN-3")
def test_the_original_s_form_with_colons_is_served(start, authority, pair, ports):
    certificate, key = pair
    server = start(listen=[f"https://127.0.0.1:{ports()}:{certificate}:{key}"])
    with handshake(server, authority.client()) as connection:
        assert connection.get("/").status == 200
    other = start(listen=[f"https://127.0.0.1:{ports()}:{certificate}:{key}:{authority.path}"])
    with handshake(other, authority.client(V13, pair=authority.certify("alice"))) as connection:
        assert connection.get("/").status == 200


@pytest.mark.promise("LSN-4")
def test_without_a_certificate_one_is_made(start):
    server = start(listen=listen())
    assert f"warn https://127.0.0.1:{server.port} has no certificate" in server.stderr
    with handshake(server, trusting()) as connection:
        text = openssl("x509", "-noout", "-text", input=connection.certificate.encode()).decode()
        assert connection.get("/").status == 200
    for part in ("IP Address:127.0.0.1", "NIST CURVE: P-256", "ecdsa-with-SHA256", "CA:FALSE"):
        assert part in text


@pytest.mark.promise("LSN-4")
def test_what_was_made_is_good_for_this_machine(start):
    server = start(listen=listen(address="*:0"))
    with handshake(server, trusting()) as connection:
        own = connection.certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=own)
    for name in ("localhost", "127.0.0.1"):
        with SecureConnection(server.address, context, name) as connection:
            assert connection.get("/").status == 200


# ---- Clients' certificates ----

@pytest.mark.promise("LSN-3", "APP-1")
@BOTH_VERSIONS
def test_with_a_ca_clients_need_a_certificate(start, authority, pair, tmp_path, version):
    server = start(listen=listen(f"{pair.query()}&ca={authority.path}"))
    alice = authority.certify("alice", subject="/O=Example, Inc./CN=alice")
    with handshake(server, authority.client(version, pair=alice)) as connection:
        facts = json.loads(connection.get("/tls").body)
        assert facts["client_subject"] == "CN=alice,O=Example\\, Inc."
    foreign = Authority(tmp_path / "foreign", "foreign").certify("alice")
    expired = authority.certify("late", end="20200102000000Z")
    for refused in (None, foreign, expired):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            with handshake(server, authority.client(version, pair=refused)) as connection:
                connection.get("/")  # TLS 1.3 tells only here
    with handshake(server, authority.client(version, pair=alice)) as connection:
        assert connection.get("/").status == 200


@pytest.mark.promise("LSN-3")
@pytest.mark.parametrize("verify, needs_one", [("0x00", False), ("1", False), ("3", True), ("0x03", True)])
def test_verify_says_whether_they_need_one(start, authority, pair, verify, needs_one):
    server = start(listen=listen(f"{pair.query()}&ca={authority.path}&verify={verify}"))
    if needs_one:
        with pytest.raises(ssl.SSLError):
            handshake(server, authority.client(V12))
        return
    with handshake(server, authority.client(V12)) as connection:
        assert "client_subject" not in json.loads(connection.get("/tls").body)


@pytest.mark.promise("LSN-3")
@BOTH_VERSIONS
def test_a_session_opens_no_door_that_asks_for_a_certificate(start, authority, pair, version):
    server = start(listen=listen(pair.query()) + listen(f"{pair.query()}&ca={authority.path}"))
    context = authority.client(version)
    with handshake(server, context) as connection:
        connection.get("/")
        session = connection.session
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        with SecureConnection(server.addresses()[1], context, "server.test", session) as connection:
            connection.get("/")


# ---- Resumption ----

def resume(server, context, session, count):
    """So many connections, each with the session that the one before has left: which worker each found, and how many were
    known again."""
    resumed, workers = 0, set()
    for _ in range(count):
        with handshake(server, context, session=session) as connection:
            resumed += connection.is_resumed
            workers.add(connection.get("/pid").number)
            session = connection.session
    return resumed, workers, session


@pytest.mark.promise("UPG-3")
@BOTH_VERSIONS
def test_sessions_are_known_in_every_worker_and_in_every_generation(start, pair, authority, version):
    server = start(workers=3, listen=listen(f"{pair.query()}&{pair.query('other.test')}"))
    context = authority.client(version)
    resumed, seen, session = resume(server, context, None, 1)
    assert resumed == 0
    for generation in range(3):
        if generation > 0:
            server.upgrade()
        workers = set(server.await_workers(3))
        found = set()

        def all_were_found():
            nonlocal session
            resumed, some, session = resume(server, context, session, 20)
            assert resumed == 20
            found.update(some)
            return found >= workers
        wait_until(all_were_found, "every worker to have known the client", seen=server.describe)


class Visitor(threading.Thread):
    """Connects again and again, each time with its last session, asks a few times, and keeps to what it is told: an answer that
    closes is the last one."""

    def __init__(self, server, context):
        super().__init__(daemon=True)
        self.server, self.context, self.session = server, context, None
        self.must_stop = threading.Event()
        self.connections = self.resumed = self.answers = 0
        self.failure = None

    def run(self):
        try:
            while not self.must_stop.is_set():
                self.visit()
        except Exception as error:  # shown by the test
            self.failure = error

    def visit(self):
        with handshake(self.server, self.context, session=self.session) as connection:
            self.connections += 1
            self.resumed += connection.is_resumed
            for _ in range(5):
                answer = connection.get("/")
                assert answer.status == 200
                self.answers += 1
                if answer.closes:
                    connection.wait_closed()
                    break
            self.session = connection.session


@pytest.mark.promise("UPG-3")
def test_nobody_within_tls_loses_anything_in_deployments(start, pair, authority):
    server = start(workers=2, listen=listen(pair.query()))
    visitors = [Visitor(server, authority.client(version)) for version in (V12, V13) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for _ in range(4):
        before = [visitor.connections for visitor in visitors]
        server.upgrade()
        wait_until(lambda: all(visitor.connections > count + 2 or visitor.failure
                               for visitor, count in zip(visitors, before)), "everybody to have come again", seen=server.describe)
    for visitor in visitors:
        visitor.must_stop.set()
        visitor.join(60)
    assert [visitor.failure for visitor in visitors] == [None] * 4
    # Each is new once.
    assert [visitor.connections - visitor.resumed for visitor in visitors] == [1] * 4


@pytest.mark.promise("UPG-3")
def test_the_keys_of_sessions_are_in_sealed_memory_alone(start, pair):
    server = start(listen=listen(pair.query()))
    server.upgrade()

    def memories(pid):
        return [number for number, link in processes.descriptors_of(pid).items() if "hypnotoad-tickets" in link]

    kept = memories(server.manager)
    assert len(kept) == 1 and not any(memories(pid) for pid in server.workers())
    memory = pathlib.Path(f"/proc/{server.manager}/fd/{kept[0]}")
    bytes_of_secret = memory.read_bytes()[16:]
    assert len(bytes_of_secret) == 64
    with pytest.raises(PermissionError):
        memory.write_bytes(b"x")
    environment = processes.read(server.manager, "environ")
    assert bytes_of_secret not in environment and bytes_of_secret.hex().encode() not in environment.lower()


@pytest.mark.promise("UPG-3", "CFG-9")
def test_certificates_are_read_again_by_each_generation(start, authority, tmp_path):
    first = authority.certify("first.test")
    second = authority.certify("second.test")
    files = {"certificate": tmp_path / "c.pem", "key": tmp_path / "k.pem"}

    def install(pair):
        files["certificate"].write_bytes(pair.certificate.read_bytes())
        files["key"].write_bytes(pair.key.read_bytes())

    install(first)
    server = start(listen=listen("cert={certificate}&key={key}".format(**files)))
    assert shown_name(server, authority, "any.test") == "first.test"
    install(second)
    assert shown_name(server, authority, "any.test") == "first.test"
    server.upgrade()
    assert shown_name(server, authority, "any.test") == "second.test"
    files["key"].write_text("broken")
    server.excuse("log", "what the new generation says before it has a log comes as it is")
    server.excuse("generations", "the generation with the broken key was never to serve")
    server.signal("USR2")
    server.await_log(f'key "{files["key"]}" is no private key in PEM form')
    assert shown_name(server, authority, "any.test") == "second.test"


@pytest.mark.promise("LSN-3", "WRK-8")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_files_that_workers_cannot_read_are_read_before_they_become_another_user(start, authority, pair):
    os.chmod(pair.key, 0o600)
    server = start(listen=listen(pair.query()), user="nobody")
    with handshake(server, authority.client()) as connection:
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
        connection.ask("/slow?s=0.7")
        server.upgrade()
        answer = connection.read_answer()
        assert answer.status == 200 and answer.closes
        connection.wait_closed()


# ---- Whoever does not agree ----

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
    server = start(listen=listen(), workers=1, header_timeout=1)
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
    server = start(listen=listen(), header_timeout=1)
    with server.connect() as connection:
        connection.send(begin)
        ended = connection.wait_closed()
        assert 0.9 <= ended - connection.began < 30
    with handshake(server, trusting()) as connection:
        assert connection.get("/").status == 200


@pytest.mark.promise("CON-3")
def test_a_hello_that_trickles_has_the_same_deadline(start):
    server = start(listen=listen(), header_timeout=1)
    with server.connect() as connection:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for byte in b"\x16\x03\x01\x02\x00" + b"x" * 3000:
                connection.send(bytes([byte]))
                time.sleep(0.02)
        assert 0.9 <= time.monotonic() - connection.began < 30


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


# ---- Files that are not good ----

def bad_files(authority, pair, directory):
    """Queries, and what the message says."""
    other, early = authority.certify("other.test"), authority.certify("early.test", begin="20980101000000Z")
    late = authority.certify("late.test", end="20200102000000Z")
    broken = directory / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    secret = directory / "secret.key"
    openssl("pkey", "-in", pair.key, "-aes128", "-passout", "pass:secret", "-out", secret)
    missing = directory / "missing.pem"
    certificate, key = pair
    return [
        (f"cert={missing}&key={key}", f'certificate "{missing}" cannot be read: No such file or directory'),
        (f"cert={certificate}&key={missing}", f'key "{missing}" cannot be read: No such file or directory'),
        (f"cert={directory}&key={key}", f'certificate "{directory}" is not a regular file'),
        (f"cert={broken}&key={key}", f'certificate "{broken}" is no usable certificate in PEM form: '),
        (f"cert={key}&key={key}", f'certificate "{key}" is no usable certificate in PEM form: '),
        (f"cert={certificate}&key={broken}", f'key "{broken}" is no private key in PEM form: '),
        (f"cert={certificate}&key={secret}", f'key "{secret}" is encrypted; a server needs one without a passphrase'),
        (f"cert={certificate}&key={other.key}", f'key "{other.key}" does not belong to certificate "{certificate}"'),
        (late.query(), f'certificate "{late.certificate}" has expired on 2020-01-02 00:00:00 UTC'),
        (early.query(), f'certificate "{early.certificate}" is not valid before 2098-01-01 00:00:00 UTC'),
        (f"{pair.query()}&{late.query('late.test')}", f'certificate "{late.certificate}" has expired'),
        (f"{pair.query()}&ca={missing}", f'ca "{missing}" cannot be read: No such file or directory'),
        (f"{pair.query()}&ca={key}", f'ca "{key}" has no certificates in PEM form: '),
        (f"{pair.query()}&verify=1", "verify needs a ca"),
        ("ciphers=NONSENSE", 'ciphers "NONSENSE" cannot be used: no cipher match'),
        ("ciphers=TLS_NONSENSE", 'ciphers "TLS_NONSENSE" cannot be used: '),
        ("version=SSLv3", 'version takes TLSv1_2 or TLSv1_3, not "SSLv3"'),
    ]


@pytest.mark.promise("LSN-3", "LSN-7", "CLI-4")
def test_bad_files_and_values_are_named_by_a_check(command, build, authority, pair, tmp_path):
    for query, message in bad_files(authority, pair, tmp_path):
        value, = listen(query)
        result = command(*command.configure(listen=[value]), "--test", build.app("hello"))
        assert (result.status, result.stdout) == (1, "")
        assert result.stderr.startswith(f'hypnotoad: Invalid listen value "{value}'[:200]), result.stderr
        assert message in result.stderr and result.stderr.count("\n") == 1, result.stderr
    assert command(*command.configure(listen=listen(pair.query())), "--test", build.app("hello")).status == 0


@pytest.mark.promise("LSN-3", "LSN-7")
def test_they_keep_a_server_from_starting(prepare, authority, pair, tmp_path):
    query, message = bad_files(authority, pair, tmp_path)[0]
    server = prepare(listen=listen(query))
    server.excuse("log", "it ends before it has a log")
    assert server.launch().is_refused()
    assert server.process.returncode == 1 and message in server.stderr


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
