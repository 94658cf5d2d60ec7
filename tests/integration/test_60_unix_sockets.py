"""UNIX domain sockets: whose a path is, for how long, and who may use it."""
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile

import pytest

from harness import Connection, processes, wait_until
from harness.deploying import Link
from harness.namespaces import unshared
from load.traffic import Load, Options

GENTLE = Options(pause=0.002, slowness=1.0)
MIX = {"new": 2, "keep-alive": 2, "pipelined": 1, "upload": 1, "download": 1}
IN_USE = "Address already in use"


@pytest.fixture(autouse=True)
def sockets():
    """A directory whose name leaves room for a socket's; the servers of the test, which end before it, leave nothing in it."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="toad"))
    directory.chmod(0o755)
    yield directory
    left = [path.name for path in directory.iterdir()]
    shutil.rmtree(directory)
    assert not left, f"files are left: {left}"


def file_value(path, *parameters):
    return f"file://{path}" + "".join(f"?{parameter}" for parameter in parameters)


def encoded_value(path, *parameters):
    return "http+unix://" + str(path).replace("/", "%2F") + "".join(f"?{parameter}" for parameter in parameters)


def answers(path):
    with Connection(str(path)) as connection:
        return connection.get("/", "Connection: close").text == "Hello World"


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def identity(path):
    return path.lstat().st_dev, path.lstat().st_ino


def foreign(path, kind=socket.SOCK_STREAM):
    """Somebody else's socket under this path."""
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(str(path))
    if kind != socket.SOCK_DGRAM:
        made.listen(5)
    return made


def reconfigure(server, **settings):
    server.settings.update(settings)
    server.write_config()


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


# ---- Deployments ----

@pytest.mark.promise("LSN-2", "UPG-1", "UPG-3", "UPG-8")
def test_a_path_survives_deployments_under_load_without_a_loss(prepare, sockets):
    path = sockets / "a.sock"
    server = prepare(listen=file_value(path)).start()
    before = identity(path)
    with Load(str(path), MIX, GENTLE) as load:
        for _ in range(10):
            server.upgrade()
            assert identity(path) == before
    assert load.losses() == {} and load.served() > 0
    assert all(row["served"] > 0 for row in load.table().values()), load.table()
    assert server.stop() == 0
    assert not path.exists()


@pytest.mark.promise("LSN-2", "CFG-9")
def test_the_other_spelling_is_the_same_path(prepare, sockets):
    path = sockets / "a.sock"
    server = prepare(listen=file_value(path)).start()
    before = identity(path)
    for value in (encoded_value(path), file_value(path, "single_accept=1"), encoded_value(path, "mode=0666"), file_value(path)):
        reconfigure(server, listen=value)
        server.upgrade()
        assert identity(path) == before and answers(path)
        assert f"Server available at {value.partition('?')[0]}." in server.stdout


@pytest.mark.promise("LSN-2", "CFG-9")
def test_paths_come_and_go_with_deployments(prepare, sockets):
    first, second, third = (sockets / name for name in ("a", "b", "c"))
    server = prepare(listen=[file_value(first), file_value(second)]).start()
    for wanted in ([first, second, third], [first, third], [third, first], [second], [first]):
        before = {path: identity(path) for path in (first, second, third) if path.exists()}
        reconfigure(server, listen=list(map(file_value, wanted)))
        server.upgrade()
        after = {path: identity(path) for path in (first, second, third) if path.exists()}
        assert set(after) == set(wanted)
        assert all(before[path] == after[path] for path in set(before) & set(after))
        assert all(map(answers, wanted))


@pytest.mark.promise("LSN-2", "CFG-9")
def test_a_path_of_the_old_generation_goes_only_when_that_one_has_left(prepare, sockets):
    stays, goes = sockets / "stays", sockets / "goes"
    server = prepare(listen=[file_value(stays), file_value(goes)]).start()
    old = server.manager
    with Connection(str(goes)) as slow:
        slow.ask("/slow?s=1")
        slow.await_taken()
        reconfigure(server, listen=file_value(stays))
        server.signal("USR2")
        server.await_successor()
        assert processes.lives(old) and goes.exists()
        assert slow.read_answer().status == 200
    server.await_gone(old)
    assert not goes.exists() and answers(stays)


@pytest.mark.promise("LSN-2", "UPG-8")
def test_the_last_manager_removes_the_path_also_if_it_is_not_the_newest(prepare, sockets):
    path = sockets / "a.sock"
    server = prepare(listen=file_value(path)).start()
    old = server.manager
    with Connection(str(path)) as slow:
        slow.ask("/slow?s=2")
        slow.await_taken()
        server.signal("USR2")
        server.await_successor()
        assert server.stop() == 0
        assert processes.lives(old) and path.exists()
        assert slow.read_answer().status == 200
    server.await_gone(old)
    assert not path.exists()


@pytest.mark.promise("LSN-2", "CFG-9")
def test_permissions_change_with_the_listen_value_alone(prepare, sockets):
    path = sockets / "a.sock"
    server = prepare(listen=file_value(path)).start()
    for value, expected in ((file_value(path, "mode=0660"), 0o660), (file_value(path, "mode=0600"), 0o600), (file_value(path), 0o666)):
        reconfigure(server, listen=value)
        server.upgrade()
        assert mode_of(path) == expected
    path.chmod(0o640)
    server.upgrade()
    assert mode_of(path) == 0o640, "what was given by hand stays"


@pytest.mark.promise("LSN-2", "UPG-1")
def test_a_path_that_was_lost_is_back_after_a_deployment(prepare, sockets):
    path = sockets / "a.sock"
    server = prepare(listen=file_value(path)).start()
    path.unlink()
    server.upgrade()
    assert answers(path)
    path.unlink()
    with foreign(path):
        deploy_in_vain(server, IN_USE)
        assert path.is_socket()
    server.upgrade()
    assert answers(path)


def deploy_in_vain(server, told):
    """A deployment that fails; the old generation goes on."""
    old = server.manager
    server.excuse("generations", "it fails on purpose")
    server.excuse("log", "the new generation's own line is there")
    count = len(server.trace.find(action="end_upgrade"))
    server.signal("USR2")
    wait_until(lambda: len(server.trace.find(action="end_upgrade")) > count, "the new generation to end", seen=server.describe)
    assert told in server.stderr
    assert server.pid_text() == f"{old}\n"


@pytest.mark.promise("UPG-5", "LSN-2")
def test_a_generation_that_fails_leaves_the_old_ones_path_and_removes_its_own(prepare, build, sockets, tmp_path):
    old, new, taken = sockets / "old", sockets / "new", sockets / "taken"
    link = Link(tmp_path / "app.so", build.app("probe"))
    server = prepare(link, listen=file_value(old)).start()
    before = identity(old)

    def check(told):
        deploy_in_vain(server, told)
        assert identity(old) == before and answers(old) and mode_of(old) == 0o666
        assert not new.exists()

    with foreign(taken):
        reconfigure(server, listen=[file_value(old, "mode=0600"), file_value(new), file_value(taken)])
        check(IN_USE)
        assert taken.is_socket()
    taken.unlink()
    reconfigure(server, listen=[file_value(old, "mode=0600"), file_value(new)])
    link.switch(build.app("failing_init"))
    check("failed to initialize")
    link.switch(build.app("failing_worker_start"))
    check("The new generation")
    server.config_file.write_text("{")
    check("server.conf")
    server.write_config()
    link.switch(build.app("probe"))
    server.upgrade()
    assert identity(old) == before and answers(old) and answers(new) and mode_of(old) == 0o600


@pytest.mark.promise("UPG-5", "UPG-6", "LSN-2")
def test_a_generation_that_is_killed_leaves_a_path_that_the_next_one_replaces(prepare, build, sockets, tmp_path):
    old, new = sockets / "old", sockets / "new"
    link = Link(tmp_path / "app.so", build.app("probe"))
    server = prepare(link, listen=file_value(old)).start()
    link.switch(build.app("hanging_worker_start"))
    reconfigure(server, listen=[file_value(old), file_value(new)])
    server.excuse("generations", "it is killed on purpose")
    server.signal("USR2")
    spawned = server.await_trace(event="upgrade_spawned")["pid"]
    wait_until(new.exists, "the new path")
    server.freeze(spawned)
    children = [child.pid for child in processes.children_of(spawned)]
    server.signal("KILL", spawned)
    server.await_trace(action="end_upgrade")
    for child in children:
        server.signal("KILL", child)
        server.await_gone(child)
    assert answers(old)
    with pytest.raises(ConnectionRefusedError):
        answers(new)
    link.switch(build.app("probe"))
    server.upgrade()
    assert answers(old) and answers(new)


# ---- Sockets of others ----

@pytest.mark.promise("LSN-2", "LSN-5", "UPG-3")
def test_a_path_by_number_survives_and_is_left_to_who_has_made_it(prepare, sockets):
    path = sockets / "a.sock"
    with foreign(path) as ours:
        server = prepare(listen=file_value(path, f"fd={ours.fileno()}&mode=0600"))
        server.inherited = (ours.fileno(),)
        server.start()
        before = identity(path), mode_of(path)
        with Load(str(path), {"new": 2, "keep-alive": 1}, GENTLE) as load:
            for _ in range(3):
                server.upgrade()
        assert load.losses() == {}
        assert server.stop() == 0
        assert (identity(path), mode_of(path)) == before
    path.unlink()


@pytest.mark.promise("LSN-5", "LSN-7")
def test_a_number_of_the_other_kind_is_refused(command, build, sockets):
    path = sockets / "a.sock"
    for made, value, reason in ((foreign(path), "http://127.0.0.1:80?fd={}", "is a UNIX domain socket"),
                                (socket.create_server(("127.0.0.1", 0)), f"file://{path}?fd={{}}", "is no UNIX domain socket")):
        with made:
            config = command.configure(listen=value.format(made.fileno()))
            done = subprocess.run([build.hypnotoad, "--foreground", *config, build.app("hello")], pass_fds=(made.fileno(),),
                                  capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1 and reason in done.stderr, done
    path.unlink()
