"""TLS: which certificate is shown to whom, whose certificate is wanted, and which files are good."""
import json
import os
import ssl

import pytest

from harness.tls import Authority, SecureConnection, openssl, trusting
from harness.tls_server import BOTH_VERSIONS, V12, V13, authority, handshake, listen, pair, shown_name


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


# ---- Files ----

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
