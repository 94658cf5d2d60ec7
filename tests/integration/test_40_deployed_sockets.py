"""What a hot deployment changes and what it keeps: settings, listeners, sockets of others, a service manager that listens."""
import os
import socket
import sys

import pytest

from harness import Connection, processes, wait_until
from harness.deploying import GENTLE, MIX, ServiceManager, await_last, reconfigure
from load.traffic import Load


# ---- The configuration ----

@pytest.mark.promise("CFG-9")
def test_workers_and_limits_change(start):
    server = start(workers=2)
    for workers in (4, 1):
        reconfigure(server, workers=workers, keep_alive_requests=1)
        server.upgrade()
        assert len(await_last(server, workers)) == workers
    assert server.trace.settings()["workers"] == 1
    with server.connect() as connection:
        assert connection.get("/").closes


@pytest.mark.promise("CFG-9", "LSN-7", "LSN-8")
def test_listeners_come_and_go_and_those_that_stay_are_not_touched(prepare, ports):
    first, second, third = (f"http://127.0.0.1:{ports()}" for _ in range(3))
    server = prepare(listen=[first, second]).start()
    steps = [([first, second, third], 0), ([first, third], 1), ([third, first], 0), ([second], 2), ([first], 1)]
    for values, gone in steps:
        before = listeners(server)
        reconfigure(server, listen=values)
        server.upgrade()
        await_last(server)
        after = listeners(server)
        assert set(after) == set(map(port_of, values))
        assert len(set(before) - set(after)) == gone
        assert all(before[port] == after[port] for port in set(before) & set(after)), "the same sockets"
        for value in (first, second, third):
            assert accepts(port_of(value)) == (value in values)


def port_of(value):
    return int(value.rpartition(":")[2])


def listeners(server):
    """{port: inode} of what the manager listens on."""
    held = {link for link in processes.descriptors_of(server.manager).values() if link.startswith("socket:")}
    rows = [line.split() for line in open("/proc/net/tcp", encoding="ascii").readlines()[1:]]
    return {int(row[1].split(":")[1], 16): row[9] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in held}


def accepts(port):
    try:
        with Connection(("127.0.0.1", port)) as connection:
            return connection.get("/", "Connection: close").status == 200
    except ConnectionRefusedError:
        return False


@pytest.mark.promise("CFG-9")
def test_a_listener_of_the_old_generation_closes_only_when_that_one_has_left(prepare, ports):
    stays, goes = (f"http://127.0.0.1:{ports()}" for _ in range(2))
    server = prepare(listen=[stays, goes]).start()
    old = server.manager
    with Connection(("127.0.0.1", port_of(goes))) as slow:
        slow.ask("/slow?s=1")
        slow.await_taken()
        reconfigure(server, listen=[stays])
        server.signal("USR2")
        server.await_successor()
        assert slow.read_answer().status == 200
    server.await_gone(old)
    assert not accepts(port_of(goes)) and accepts(port_of(stays))


@pytest.mark.promise("CFG-9", "LSN-7")
def test_port_0_is_kept(start):
    server = start()
    address = server.address
    for _ in range(3):
        server.upgrade()
    assert set(server.addresses()) == {address} and len(server.addresses()) == 4
    assert server.get("/").status == 200


@pytest.mark.promise("CFG-9", "PID-1", "CLI-9")
def test_another_pid_file_is_named_and_not_used(start):
    server = start()
    reconfigure(server, pid_file=str(server.directory / "elsewhere.pid"))
    server.excuse("log", "the warning is a line of its own")
    server.upgrade()
    assert f'pid_file stays "{server.pid_file}"' in server.stderr
    assert not (server.directory / "elsewhere.pid").exists()
    server.upgrade()
    assert server.stderr.count("pid_file stays") == 2
    assert server.stop() == 0 and not server.pid_file.exists()


# ---- Sockets of others ----

def listening(count=1):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    return sockets, [one.getsockname()[1] for one in sockets]


@pytest.mark.promise("LSN-5", "UPG-3")
def test_a_socket_by_number_survives(prepare):
    (ours,), (port,) = listening()
    with ours:
        server = prepare(listen=[f"http://127.0.0.1:{port}?fd={ours.fileno()}"])
        server.inherited = (ours.fileno(),)
        server.start()
    inode = listeners(server)[port]
    with Load(("127.0.0.1", port), MIX, GENTLE) as load:
        for _ in range(3):
            server.upgrade()
            assert listeners(server)[port] == inode
    assert load.losses() == {}


# Becomes the server with these descriptors as numbers 3, 4, ...
ACTIVATE = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
for index, fd in enumerate(os.dup(fd) for fd in fds):
    os.dup2(fd, 100 + index)
for index in range(len(fds)):
    os.dup2(100 + index, 3 + index)
os.closerange(3 + len(fds), 200)
os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join(["first", "second", "third"][:len(fds)]))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.promise("LSN-5", "WRK-9")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "background"])
def test_sockets_of_the_service_manager_survive(prepare, options):
    (first, second, third), given = listening(3)
    with first, second, third:
        numbers = [one.fileno() for one in (first, second, third)]
        server = prepare(listen=[f"http://127.0.0.1:{port}" for port in given[:2]], options=options,
                         before=[sys.executable, "-c", ACTIVATE, ",".join(map(str, numbers))])
        server.inherited = tuple(numbers)
        server.start()
        if options:
            wait_until(lambda: "(third) matches no listen value" in server.stderr, "the one too many to be named")
        before = listeners(server)
        assert set(before) == set(given[:2])
    server.upgrade()
    server.upgrade()
    assert listeners(server) == before
    assert not accepts(given[2]), "nobody holds the one that nobody wanted"
    assert all(map(accepts, given[:2]))


@pytest.mark.promise("LSN-5")
def test_sockets_that_are_meant_for_another_process_are_not_taken(prepare, ports):
    (other,), _ = listening()
    port = ports()
    with other:
        server = prepare(listen=[f"http://127.0.0.1:{port}"],
                         environment={"LISTEN_FDS": str(other.fileno() - 2), "LISTEN_PID": str(os.getpid())})
        server.start()
        assert set(listeners(server)) == {port}
        server.upgrade()
        assert set(listeners(server)) == {port}


# ---- The service manager ----

@pytest.mark.promise("UPG-7")
@pytest.mark.parametrize("is_abstract", [False, True], ids=["file", "abstract"])
@pytest.mark.parametrize("name", ["QUIT", "TERM"])
def test_the_service_manager_is_told_who_serves(prepare, is_abstract, name):
    with ServiceManager(is_abstract) as service:
        server = prepare(environment={"NOTIFY_SOCKET": service.name}).start()
        expected = [[f"MAINPID={server.manager}", "READY=1"]]
        assert service.await_messages(1) == expected
        for count in (2, 3):
            server.upgrade()
            expected.append([f"MAINPID={server.manager}", "READY=1"])
            assert service.await_messages(count) == expected
        assert server.stop(name) == 0
        assert service.await_messages(4) == [*expected, ["STOPPING=1"]]


@pytest.mark.promise("UPG-7", "UPG-5")
def test_a_generation_that_fails_is_nothing_to_the_service_manager(prepare):
    with ServiceManager(False) as service:
        server = prepare(environment={"NOTIFY_SOCKET": service.name}).start()
        server.excuse("log", "the new generation's own line is there")
        server.excuse("generations", "it fails on purpose")
        service.await_messages(1)
        server.config_file.write_text("{")
        server.signal("USR2")
        server.await_trace(action="end_upgrade")
        server.write_config()
        server.upgrade()
        assert service.await_messages(2)[1:] == [[f"MAINPID={server.manager}", "READY=1"]]
        server.stop()
        assert service.await_messages(3)[2:] == [["STOPPING=1"]]


@pytest.mark.promise("UPG-7")
def test_nobody_who_listens_there_is_no_trouble(prepare, tmp_path):
    server = prepare(environment={"NOTIFY_SOCKET": str(tmp_path / "nobody")}).start()
    server.upgrade()
    assert server.get("/").status == 200
