"""Sockets that somebody else has opened: by number, and as systemd hands them over (sd_listen_fds(3))."""
import os
import pathlib
import shutil
import socket
import sys
import tempfile

import pytest

from harness import Connection, wait_until
from load.traffic import Load, Options

GENTLE = Options(pause=0.002, slowness=1.0)
HAS_IPV6 = pathlib.Path("/proc/net/if_inet6").exists()
ACTIVATOR = shutil.which("systemd-socket-activate")

# Becomes the server with these descriptors as numbers 3, 4, ... and these variables; PID is its own.
ACTIVATE = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",") if fd]
for index, fd in enumerate(fds):
    os.dup2(fd, 100 + index)
for index in range(len(fds)):
    os.dup2(100 + index, 3 + index)
os.closerange(3 + len(fds), 200)
for variable in sys.argv[2].split():
    name, _, value = variable.partition("=")
    os.environ[name] = value.replace("PID", str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture(autouse=True)
def sockets():
    """A directory whose name leaves room for a socket's."""
    with tempfile.TemporaryDirectory(prefix="toad") as directory:
        yield pathlib.Path(directory)


def path_socket(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen(5)
    return made


def port_socket(host="127.0.0.1", port=0, family=socket.AF_INET, **options):
    return socket.create_server((host, port), family=family, **options)


def inherit(server, given, variables=None):
    """Lets the server find these sockets as the variables say, by default as systemd has them."""
    numbers = [one.fileno() for one in given]
    names = f"LISTEN_FDS={len(numbers)} LISTEN_PID=PID LISTEN_FDNAMES=" + ":".join(f"s{index}.socket" for index in range(len(numbers)))
    server.before = [sys.executable, "-c", ACTIVATE, ",".join(map(str, numbers)), names if variables is None else variables]
    server.inherited = tuple(numbers)
    return server


def answers(address):
    with Connection(address) as connection:
        return connection.get("/", "Connection: close").text == "Hello World"


def inodes(given):
    return {f"socket:[{os.fstat(one.fileno()).st_ino}]" for one in given}


def held(server):
    return {f"socket:[{os.stat(path).st_ino}]" for path in pathlib.Path(f"/proc/{server.manager}/fd").iterdir()
            if os.readlink(path).startswith("socket:")}


# ---- By the protocol ----

@pytest.mark.promise("LSN-5", "LSN-2", "UPG-3")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "background"])
def test_ports_and_paths_of_the_service_manager_survive_deployments(prepare, sockets, options):
    path = sockets / "a.sock"
    given = [port_socket(), path_socket(path)]
    address = given[0].getsockname()
    server = prepare(listen=[f"file://{path}", f"http://127.0.0.1:{address[1]}"], options=options)
    inherit(server, given)
    expected = inodes(given)
    server.start()
    before = path.lstat()
    with Load(str(path), {"new": 2}, GENTLE) as load:
        for _ in range(3):
            assert expected <= held(server)
            assert answers(str(path)) and answers(address)
            server.upgrade()
    assert load.losses() == {}
    assert server.stop("QUIT") == 0
    # The service manager keeps the sockets for the next start.
    now = path.lstat()
    assert (now.st_ino, now.st_mode) == (before.st_ino, before.st_mode)
    for one in given:
        one.close()


@pytest.mark.promise("LSN-5", "LSN-1", "UPG-1")
@pytest.mark.skipif(not HAS_IPV6, reason="there is no IPv6")
def test_one_socket_for_both_families_is_every_address(prepare):
    """As `ListenStream=PORT` is opened."""
    with port_socket("::", family=socket.AF_INET6, dualstack_ipv6=True) as both:
        port = both.getsockname()[1]
        server = inherit(prepare("hello", listen=f"http://*:{port}"), [both])
        expected = inodes([both])
        server.start()
        for _ in range(3):
            assert expected <= held(server)
            assert answers(("127.0.0.1", port)) and answers(("::1", port)) and answers(("127.0.0.3", port))
            server.upgrade()
        assert "no listen value" not in server.stderr


@pytest.mark.promise("LSN-5", "UPG-1")
def test_a_number_may_be_one_of_the_service_managers(prepare):
    with port_socket() as first, port_socket() as second:
        ports = [one.getsockname()[1] for one in (first, second)]
        server = inherit(prepare("hello", listen=["http://127.0.0.1?fd=4", f"http://127.0.0.1:{ports[0]}"]), [first, second])
        server.start()
    for _ in range(3):
        assert all(answers(("127.0.0.1", port)) for port in ports)
        assert server.addresses()[-2:] == [("127.0.0.1", ports[1]), ("127.0.0.1", ports[0])]
        server.upgrade()
    assert "no listen value" not in server.stderr


@pytest.mark.promise("LSN-5")
def test_what_nobody_wants_is_named_and_closed(prepare, sockets):
    path = sockets / "b.sock"
    wanted, other, pipe = port_socket(), path_socket(path), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server = inherit(prepare("hello", listen=f"http://127.0.0.1:{wanted.getsockname()[1]}"), [pipe, wanted, other])
    server.start()
    unwanted = inodes([other, pipe])
    for one in (wanted, other, pipe):
        one.close()
    for number, name in ((3, "s0.socket"), (5, "s2.socket")):
        wait_until(lambda: f"Descriptor {number} of the service manager ({name}) matches no listen value" in server.stderr,
                   "the one too many to be named")
    assert server.stderr.count("matches no listen value") == 2
    assert not unwanted & held(server)
    with pytest.raises(ConnectionRefusedError):
        answers(str(path))


@pytest.mark.promise("LSN-5", "WRK-9")
@pytest.mark.parametrize("variables", [
    "LISTEN_FDS=1 LISTEN_PID=1", "LISTEN_FDS=1", "LISTEN_PID=PID", "LISTEN_FDS=0 LISTEN_PID=PID", "LISTEN_FDS=x LISTEN_PID=PID",
    "LISTEN_FDS=1 LISTEN_PID=PIDx", "LISTEN_FDS=-1 LISTEN_PID=PID", "LISTEN_FDS=99999999999999999999 LISTEN_PID=PID",
])
def test_what_is_not_meant_for_it_is_not_taken(prepare, variables):
    """Then the address is somebody else's."""
    with port_socket() as other:
        server = inherit(prepare("hello", listen=f"http://127.0.0.1:{other.getsockname()[1]}"), [other], variables)
        server.excuse("log", "the reason is a line of its own")
        server.excuse("replay", "it never came so far")
        server.launch()
        assert server.is_refused()
        assert "Address already in use" in server.stderr


@pytest.mark.promise("LSN-5", "WRK-9")
def test_workers_and_their_children_see_nothing_of_it(prepare):
    with port_socket() as ours:
        server = inherit(prepare("spawning", listen=f"http://127.0.0.1:{ours.getsockname()[1]}"), [ours],
                         "LISTEN_FDS=1 LISTEN_PID=PID LISTEN_FDNAMES=a LISTEN_PIDFDID=1")
        server.start()
    for _ in range(2):
        assert "LISTEN_" not in server.get("/").text
        server.upgrade()


# ---- By systemd itself ----

@pytest.fixture
def activated(prepare):
    """activated(listeners, ...) is a server that systemd's own tool starts when somebody connects."""

    def make(listeners, **settings):
        server = prepare(**settings)
        passed = [part for name in server.environment for part in ("-E", name)]
        names = ":".join(f"s{index}" for index in range(len(listeners)))
        server.before = [ACTIVATOR, *passed, f"--fdname={names}", *(part for one in listeners for part in ("-l", str(one)))]
        # What the tool itself says is no line of the server's.
        server.excuse("log", "systemd-socket-activate speaks there, too")
        server.launch()
        return server

    return make


def connect_when_it_listens(address):
    def attempt():
        try:
            return Connection(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return None

    return wait_until(attempt, f"somebody to listen at {address}")


@pytest.mark.promise("LSN-5", "LSN-2", "UPG-1")
@pytest.mark.skipif(ACTIVATOR is None, reason="there is no systemd-socket-activate")
def test_systemd_activates_the_server_and_who_woke_it_is_served(activated, ports, sockets):
    path, port = sockets / "a.sock", ports()
    server = activated([path, port if HAS_IPV6 else f"127.0.0.1:{port}"],
                       listen=[f"http+unix://{str(path).replace('/', '%2F')}", f"http://*:{port}"])
    with connect_when_it_listens(str(path)) as first:
        assert first.get("/").text == "Hello World"
    server.await_ready()
    before = path.lstat().st_ino
    for _ in range(2):
        assert answers(str(path)) and answers(("127.0.0.1", port))
        if HAS_IPV6:
            assert answers(("::1", port))
        server.upgrade()
    assert "no listen value" not in server.stderr
    assert server.stop() == 0
    assert path.lstat().st_ino == before


@pytest.mark.promise("LSN-5")
@pytest.mark.skipif(ACTIVATOR is None, reason="there is no systemd-socket-activate")
def test_systemds_names_are_told(activated, ports, sockets):
    path, port = sockets / "a.sock", ports()
    server = activated([path, f"127.0.0.1:{port}"], listen=f"http://127.0.0.1:{port}")
    with connect_when_it_listens(("127.0.0.1", port)) as first:
        assert first.get("/").text == "Hello World"
    server.await_ready()
    server.await_log("Descriptor 3 of the service manager (s0) matches no listen value")
