"""UNIX domain sockets across hot deployments, and those that others have made."""
import socket
import subprocess

import pytest

from harness import Connection, processes, wait_until
from harness.deploying import GENTLE, Link, begin_request, end_request, reconfigure
from harness.unix_sockets import IN_USE, answers, encoded_value, file_value, foreign, identity, mode_of, sockets
from load.traffic import Load

MIX = {"new": 2, "keep-alive": 2, "pipelined": 1, "upload": 1, "download": 1}


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
        begin_request(slow)
        reconfigure(server, listen=file_value(stays))
        server.signal("USR2")
        server.await_successor()
        assert processes.lives(old) and goes.exists()
        end_request(slow)
    server.await_gone(old)
    assert not goes.exists() and answers(stays)


@pytest.mark.promise("LSN-2", "UPG-8")
def test_the_last_manager_removes_the_path_also_if_it_is_not_the_newest(prepare, sockets):
    path = sockets / "a.sock"
    server = prepare(listen=file_value(path)).start()
    old = server.manager
    with Connection(str(path)) as slow:
        begin_request(slow)
        server.signal("USR2")
        server.await_successor()
        assert server.stop() == 0
        assert processes.lives(old) and path.exists()
        end_request(slow)
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
    server.await_log(told)
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
