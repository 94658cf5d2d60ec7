"""UNIX domain sockets: how they are served, and whose a path is."""
import json
import os
import socket
import subprocess

import pytest

from harness import Connection, wait_until
from harness.deploying import GENTLE
from harness.namespaces import unshared
from harness.unix_sockets import IN_USE, answers, encoded_value, file_value, foreign, identity, mode_of, sockets
from load.traffic import Load


def expect_failure(result, *parts):
    assert (result.status, result.stdout) == (1, ""), result
    assert result.stderr.startswith("hypnotoad: ") and result.stderr.count("\n") == 1, result.stderr
    for part in ("Invalid listen value \"", *parts):
        assert part in result.stderr


# ---- Serving ----

@pytest.mark.promise("LSN-2", "LSN-8")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "background"])
@pytest.mark.parametrize("spelling", [file_value, encoded_value])
@pytest.mark.parametrize("name", ["TERM", "QUIT"])
def test_a_path_is_served_and_gone_with_the_server(prepare, sockets, spelling, options, name):
    path = sockets / "a.sock"
    server = prepare(listen=spelling(path), options=options).start()
    assert server.stdout == f"Server available at {spelling(path)}.\n"
    assert answers(path)
    assert server.stop(name) == 0
    assert not path.exists()


@pytest.mark.promise("LSN-2")
def test_other_clients_know_how_to_ask(start, sockets):
    path = sockets / "a.sock"
    start("hello", listen=file_value(path))
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "--unix-socket", path, "http://any.host/", "http://any.host/"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello World" * 2, "")


@pytest.mark.promise("LSN-2", "LSN-1", "LSN-8")
def test_paths_and_ports_stand_beside_each_other(start, sockets):
    first, second = sockets / "a.sock", sockets / "b c%.sock"
    server = start("hello", listen=[file_value(first), "http://127.0.0.1:0", encoded_value(str(second).replace("%", "%25"))])
    paths = [address for address in server.addresses() if isinstance(address, str)]
    assert paths == [str(first), str(second)]
    assert answers(first) and answers(second)
    with Connection(server.addresses()[1]) as connection:
        assert connection.get("/").text == "Hello World"


@pytest.mark.promise("LSN-2")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_permissions_are_those_of_the_listen_value_whatever_the_umask(start, sockets, umask):
    values = {"open": [], "group": ["mode=0660"], "own": ["mode=600"]}
    start("hello", listen=[file_value(sockets / name, *parameters) for name, parameters in values.items()], umask=umask)
    assert [mode_of(sockets / name) for name in values] == [0o666, 0o660, 0o600]


@pytest.mark.promise("LSN-2", "WRK-8")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_workers_of_another_user_serve_a_path_of_the_managers(start, sockets):
    path = sockets / "a.sock"
    start("probe", listen=file_value(path, "mode=0600"), user="nobody")
    assert answers(path)
    knocking = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "--silent", "--unix-socket", path,
                               "http://x/"], capture_output=True, check=False)
    assert knocking.returncode != 0 and knocking.stdout == b""


@pytest.mark.promise("LSN-2", "CON-9")
@pytest.mark.parametrize("trusted, remote", [({}, "192.0.2.1"), ({"trusted_proxies": ["0.0.0.0/0", "::/0"]}, "")])
def test_a_client_has_no_address_unless_a_proxy_names_one(start, sockets, trusted, remote):
    path, log = sockets / "a.sock", sockets / "access"
    server = start("probe", listen=file_value(path), proxy=1, access_log=str(log), **trusted)
    with Connection(str(path)) as connection:
        plain = json.loads(connection.get("/client").text)
        named = json.loads(connection.get("/client", "X-Forwarded-For: 192.0.2.1").text)
    for told in (plain, named):
        assert (told["peer_address"], told["local_address"], told["local_port"]) == ("", "", 0)
    assert (plain["remote_address"], plain["remote_port"], named["remote_address"]) == ("", 0, remote)
    assert server.stop("QUIT") == 0
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["unix:", remote or "unix:"]
    log.unlink()


@pytest.mark.promise("LSN-2", "LSN-10")
@pytest.mark.parametrize("backlog", [1, 17])
def test_the_backlog_is_the_setting_here_too(start, sockets, backlog):
    path = sockets / "a.sock"
    start("hello", listen=file_value(path), backlog=backlog)
    rows = subprocess.run(["ss", "-Hlx", "src", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [int(row.split()[3]) for row in rows] == [backlog]


@pytest.mark.promise("LSN-2", "LSN-6")
def test_a_path_may_accept_one_connection_at_a_time(start, sockets):
    path = sockets / "a.sock"
    start("hello", listen=file_value(path, "single_accept=1"))
    with Load(str(path), {"new": 4}, GENTLE) as load:
        wait_until(lambda: load.served() > 100, "a hundred answers")
    assert load.losses() == {}


# ---- Whose a path is ----

@pytest.mark.promise("LSN-2")
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET], ids=["stream", "datagram", "packets"])
def test_a_stale_socket_is_replaced(start, sockets, kind):
    path = sockets / "a.sock"
    foreign(path, kind).close()
    assert path.is_socket()
    start("hello", listen=file_value(path))
    assert answers(path)


@pytest.mark.promise("LSN-2", "WRK-6")
@pytest.mark.parametrize("killed", ["everybody", "the manager"])
def test_what_a_killed_server_has_left_is_replaced(prepare, sockets, killed):
    path = sockets / "a.sock"
    server = prepare("hello", listen=file_value(path)).start()
    everybody = [server.manager, *server.workers()]
    server.excuse("replay", "it was killed in the middle of a line")
    for pid in everybody if killed == "everybody" else everybody[:1]:
        server.signal("KILL", pid)
    for pid in everybody:
        server.await_gone(pid)
    server.pid_file.unlink()
    left = identity(path)
    with pytest.raises(ConnectionRefusedError):
        answers(path)
    again = prepare("hello", listen=file_value(path)).start()
    assert identity(path) != left or again.manager != server.manager
    assert answers(path)


@pytest.mark.promise("LSN-2", "CLI-5")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "background"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET], ids=["stream", "datagram", "packets"])
def test_a_live_socket_is_in_use(command, build, sockets, kind, options):
    path = sockets / "a.sock"
    with foreign(path, kind) as other:
        before = identity(path)
        expect_failure(command(*options, *command.configure(listen=file_value(path)), build.app("hello")), IN_USE, f'"{path}"')
        assert identity(path) == before
        other.settimeout(0.01)
        if kind != socket.SOCK_DGRAM:
            with pytest.raises(TimeoutError):
                other.accept()
    path.unlink()


@pytest.mark.promise("LSN-2", "PID-4")
@pytest.mark.parametrize("is_frozen", [False, True], ids=["serving", "frozen"])
def test_a_second_server_does_not_take_the_path_of_the_first(start, command, build, sockets, is_frozen):
    path = sockets / "a.sock"
    server = start("hello", listen=file_value(path))
    everybody = [server.manager, *server.workers()]
    for pid in everybody if is_frozen else []:
        server.freeze(pid)
    expect_failure(command(*command.configure(listen=encoded_value(path)), build.app("hello")), IN_USE)
    for pid in everybody if is_frozen else []:
        server.signal("CONT", pid)
    assert answers(path)


@pytest.mark.promise("LSN-2")
def test_of_servers_that_start_together_one_has_the_path(prepare, sockets):
    path = sockets / "a.sock"
    foreign(path).close()
    servers = [prepare("hello", listen=file_value(path), workers=1) for _ in range(6)]
    for server in servers:
        server.launch()
    refused = [server for server in servers if server.is_refused()]
    assert len(refused) == 5
    assert all(IN_USE in server.stderr for server in refused)
    for server in refused:
        server.excuse("log", "the reason is a line of its own")
        server.excuse("replay", "it never came so far")
    serving = next(server for server in servers if server not in refused)
    serving.await_ready()
    assert answers(path)


@pytest.mark.promise("LSN-2", "LSN-7", "CLI-4")
@pytest.mark.parametrize("test", [(), ("--test",)], ids=["start", "test"])
def test_only_sockets_are_replaced(command, build, sockets, test):
    file, directory, link, pipe, target = (sockets / name for name in ("file", "directory", "link", "pipe", "target"))
    file.write_text("precious")
    directory.mkdir()
    foreign(target).close()
    link.symlink_to(target)
    os.mkfifo(pipe)
    for path in (file, directory, link, pipe):
        result = command("--foreground", *test, *command.configure(listen=file_value(path)), build.app("hello"))
        expect_failure(result, f'"{path}" is there already and is not a socket')
    assert file.read_text() == "precious" and directory.is_dir() and link.is_symlink() and pipe.is_fifo() and target.is_socket()
    directory.rmdir()
    for path in (file, link, pipe, target):
        path.unlink()


@pytest.mark.promise("LSN-2", "LSN-7", "CLI-4")
@pytest.mark.parametrize("test", [(), ("--test",)], ids=["start", "test"])
def test_a_path_that_cannot_be_is_refused_with_the_reason(command, build, sockets, test):
    (sockets / "file").write_text("")
    longest = sockets / ("l" * (107 - len(str(sockets)) - 1))
    rows = {sockets / "absent/a.sock": "No such file or directory", sockets / "file/a.sock": "Not a directory",
            str(longest) + "l": "the path is longer than 107 bytes"}
    for path, reason in rows.items():
        expect_failure(command("--foreground", *test, *command.configure(listen=file_value(path)), build.app("hello")), str(path), reason)
    (sockets / "file").unlink()
    if test:
        assert command("--test", *command.configure(listen=file_value(longest)), build.app("hello")).status == 0


@pytest.mark.promise("LSN-2", "CLI-5")
@pytest.mark.parametrize("options, reason", [("nr_inodes=1", "No space left on device"), ("ro", "Read-only file system")])
def test_a_file_system_that_takes_no_socket_is_named(command, build, sockets, options, reason):
    path = sockets / "a.sock"
    mounted = [*unshared("mount"), "sh", "-c", f'mount -t tmpfs -o {options} none {sockets} && exec "$@"', "sh"]
    expect_failure(command(*command.configure(listen=file_value(path)), build.app("hello"), before=mounted), f'"{path}"', reason)


@pytest.mark.promise("LSN-2", "CLI-4")
def test_a_test_touches_no_socket(start, command, build, sockets):
    stale, live = sockets / "stale", sockets / "live"
    server = start("hello", listen=file_value(live))
    foreign(stale).close()
    before = [(path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_mode) for path in (stale, live)]
    arguments = command.configure(listen=[file_value(stale, "mode=0600"), file_value(live, "mode=0600")])
    assert command("--test", *arguments, build.app("hello")).status == 0
    assert command("--test", "--config", server.config_file, server.app).status == 0
    assert [(path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_mode) for path in (stale, live)] == before
    assert answers(live)
    stale.unlink()


@pytest.mark.promise("LSN-2")
@pytest.mark.parametrize("what", ["socket", "stale socket", "file"])
def test_what_has_been_put_in_its_place_stays(start, sockets, what):
    path = sockets / "a.sock"
    server = start("hello", listen=file_value(path))
    path.unlink()
    other = None
    if what == "file":
        path.write_text("precious")
    else:
        other = foreign(path)
        if what == "stale socket":
            other.close()
    placed = identity(path)
    assert server.stop() == 0
    assert identity(path) == placed
    path.unlink()
    if other is not None:
        other.close()
