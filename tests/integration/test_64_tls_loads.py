"""The measurements of TLS in tests/load, in short: who never speaks it, who comes again, and deployments."""
import re
import ssl
import subprocess
import sys

import pytest

from harness.build import ROOT
from harness.sanitizer import is_sanitized
from harness.tls import SecureConnection, trusting

LISTEN = ["https://127.0.0.1:0"]


def run(build, name, *options):
    command = [sys.executable, ROOT / "tests/load" / name, "--build", build.path, *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.promise("LSN-3")
def test_garbage_at_the_door_harms_nobody(build):
    # A sanitizer keeps what was freed.
    most = 1 << 20 if is_sanitized(build.hypnotoad) else 256
    shown = run(build, "garbage.py", "--knocks", "2000", "--seed", "7", "--more-kib", most)
    counts = dict(re.findall(r"^(\S.*?) +(\d+)$", shown, re.MULTILINE))
    assert sum(map(int, counts.values())) == 2000 and len(counts) == 6 and all(map(int, counts.values()))


@pytest.mark.promise("UPG-3", "LSN-3")
def test_clients_are_known_again_in_every_worker_generation_and_period(build):
    if is_sanitized(build.hypnotoad):
        pytest.skip("a sanitizer's library must be the first one; other builds run this test")
    shown = run(build, "resumption.py", "--visits", "120", "--deployments", "2", "--workers", "3")
    assert re.findall(r"^(TLS \S+): 120 of 120 visits resumed", shown, re.MULTILINE) == ["TLS 1.2", "TLS 1.3"]


@pytest.mark.promise("UPG-3", "UPG-8")
def test_deployments_under_load_within_tls_lose_no_request(build):
    shown = run(build, "zero_loss.py", "--tls", "--upgrades", "5", "--requests", "10000", "--beside", "", "--processes", "1")
    assert "lost 0 requests" in shown
    rows = dict(re.findall(r"^hypnotoad +(\S+) +(\d+)", shown, re.MULTILINE))
    assert int(rows["all"]) >= 10000
    assert all(int(number) > 0 for number in rows.values()) and len(rows) == 7, "every kind of client was there"


@pytest.mark.promise("LSN-3")
def test_a_head_and_its_body_begin_in_one_record(start):
    server = start(listen=LISTEN)
    with SecureConnection(server.address, trusting()) as connection:
        connection.ask("/large?bytes=100000")
        assert len(connection.socket.recv(65536)) == 16384


@pytest.mark.promise("LSN-3")
def test_small_records_keep_nobody_waiting(start):
    """Whatever one client sends, others have their turn in between."""
    server = start(listen=LISTEN, workers=1)
    with SecureConnection(server.address, trusting()) as flooding, SecureConnection(server.address, trusting()) as other:
        flooding.send(b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        for number in range(5000):
            flooding.send(b"x")
            if number % 1000 == 999:
                assert other.get("/").status == 200
        flooding.send(b"x" * 95000)
        assert flooding.read_answer().body == b"100000"


def first_words():
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        trusting().wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


@pytest.mark.promise("LSN-3")
def test_many_handshakes_at_once_all_get_on(start):
    server = start(listen=LISTEN, workers=1)
    with SecureConnection(server.address, trusting()) as kept:
        crowd = [server.connect() for _ in range(100)]
        hello = first_words()
        for one in crowd:
            one.send(hello)
        assert kept.get("/").status == 200
        for one in crowd:
            assert one.socket.recv(1) == b"\x16"
            one.close()
