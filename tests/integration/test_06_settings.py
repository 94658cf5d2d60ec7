"""Settings: the defaults, and a 0 that means what it says."""
import json
import shutil
import subprocess

import pytest

from harness import Connection
from harness.namespaces import unshared

DEFAULTS = {"workers": 4, "spare": 2, "heartbeat_interval": 5, "heartbeat_timeout": 2, "graceful_timeout": 30,
            "upgrade_timeout": 30}
# A network of its own, in which *:8080 is free.
OWN_NETWORK = ["sh", "-c", 'ip link set lo up; exec "$@"', "sh"]


@pytest.fixture
def default_server(prepare, build):
    """A server without any configuration, in a network of its own."""
    server = prepare("probe", before=[*unshared("net"), *OWN_NETWORK])
    server.environment.pop("MOJO_REVERSE_PROXY", None)
    server.app = server.directory / "app.so"
    shutil.copy(build.app("probe"), server.app)
    return server.launch_bare("--foreground", server.app).await_ready()


def inside(server, *command):
    """Runs a command in the server's network."""
    user = ["--user", "--preserve-credentials"] if "--user" in unshared("net") else []
    entered = ["nsenter", "--target", str(server.manager), *user, "--net", *command]
    return subprocess.run(entered, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.promise("CFG-5", "CFG-3", "PID-1")
def test_without_configuration_the_defaults_hold(default_server):
    assert default_server.trace.settings().items() >= DEFAULTS.items()
    assert len(default_server.workers()) == 4
    assert default_server.addresses() == [("127.0.0.1", 8080)]
    assert default_server.pid_file == default_server.app.parent / "hypnotoad.pid", "beside the application"


@pytest.mark.promise("CFG-5", "LSN-1", "LSN-10")
def test_the_default_address_takes_everything_with_the_largest_backlog(default_server):
    rows = [line.split() for line in inside(default_server, "ss", "-Hltn", "sport", "=", ":8080").splitlines()]
    largest = inside(default_server, "cat", "/proc/sys/net/core/somaxconn").strip()
    assert {row[3] for row in rows} == {"0.0.0.0:8080", "[::]:8080"}
    assert {row[2] for row in rows} == {str(min(int(largest), 4096))}


@pytest.mark.promise("CFG-5", "CON-1")
def test_a_connection_has_25_requests_by_default(default_server):
    heads = inside(default_server, "curl", "-s", "-I", *["http://127.0.0.1:8080/"] * 26)
    answers = heads.strip().split("\n\n")
    assert len(answers) == 26
    closing = [number for number, answer in enumerate(answers, 1) if "connection: close" in answer.lower()]
    assert closing == [25]


@pytest.mark.promise("CFG-6", "WRK-10")
def test_accepts_0_is_without_limit(start):
    """The default, 1,000, would show."""
    server = start(workers=1, accepts=0)
    pids = {server.get("/pid").number for _ in range(1050)}
    assert pids == set(server.workers()) and len(pids) == 1


@pytest.mark.promise("CFG-6", "CON-1")
def test_keep_alive_requests_0_is_without_limit(start):
    with start("hello", workers=1, keep_alive_requests=0).connect() as connection:
        for _ in range(100):
            assert not connection.get("/").closes


@pytest.mark.promise("CFG-6", "CON-2")
def test_keep_alive_timeout_0_is_without_limit(start):
    """The default, 5 s, would show."""
    with start("hello", workers=1, keep_alive_timeout=0).connect() as connection:
        connection.get("/")
        assert connection.is_silent_for(6.5)
        assert connection.get("/").text == "Hello World"


@pytest.mark.promise("CFG-6", "MGR-4")
def test_graceful_timeout_0_is_at_once(start):
    server = start(workers=1, graceful_timeout=0)
    with server.connect() as connection:
        connection.ask("/slow?s=60")
        connection.await_taken()
        assert server.stop("QUIT") == 0
    quit_at = server.trace.one(action="signal", signal="QUIT")["t"]
    # The default would be 30 s.
    assert server.trace.one(action="signal", signal="TERM")["t"] - quit_at < 10


@pytest.mark.promise("CFG-6")
def test_settings_take_fractions(start):
    settings = {"heartbeat_interval": 0.25, "heartbeat_timeout": 7.125, "graceful_timeout": 1.5, "upgrade_timeout": 0.0625}
    assert start("hello", **settings).trace.settings().items() >= settings.items()


@pytest.mark.promise("CFG-5", "CON-9")
def test_the_reverse_proxy_is_not_trusted_by_default(start):
    """What a client claims about itself changes nothing."""
    claim = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https"]
    seen = json.loads(start().get("/info", *claim).text)
    assert (seen["remote_address"], seen["scheme"]) == ("127.0.0.1", "http")


@pytest.mark.promise("CFG-5", "WRK-11")
def test_a_thousand_clients_fit_into_one_worker(start):
    server = start("probe", workers=1, accepts=0, keep_alive_timeout=60, backlog=1024)
    connections = [Connection(server.address) for _ in range(1000)]
    try:
        for connection in connections:
            connection.ask("/pid")
        assert {connection.read_answer().number for connection in connections} == set(server.workers())
        with server.connect() as late:
            late.ask("/")
            # One more than `clients` waits for exactly as long as all of them stay.
            assert late.is_silent_for(0.5)
            connections.pop().close()
            assert late.read_answer().status == 200
    finally:
        for connection in connections:
            connection.close()
