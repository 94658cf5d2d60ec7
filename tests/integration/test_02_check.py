"""--test: checks as a start would, and touches nothing."""
import os
import socket

import pytest


@pytest.mark.promise("CLI-4")
@pytest.mark.parametrize("app", ["hello", "demo", "probe"])
def test_what_is_right_looks_good(command, build, app):
    result = command(*command.configure(), "--test", build.app(app))
    assert (result.status, result.stdout, result.stderr) == (0, "Everything looks good!\n", "")


@pytest.mark.promise("CLI-4")
def test_a_test_binds_nothing(command, build):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = command.configure(listen=f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert command(*arguments, "--test", build.app("hello")).status == 0


@pytest.mark.promise("CLI-4")
def test_a_test_touches_no_file_of_a_running_server(start, command, build):
    server = start("probe")
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in server.directory.iterdir()}
    workers = server.workers()
    result = command("--config", server.config_file, "--test", build.app("probe"))
    after = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in server.directory.iterdir()}
    assert (result.status, result.stdout) == (0, "Everything looks good!\n"), result.stderr
    # Only the server itself may have written meanwhile: its trace and its log.
    assert {name for name in before | after if before.get(name) != after.get(name)} <= {"trace.jsonl", "stderr"}
    assert server.pid_text() == f"{server.manager}\n"
    assert server.get("/").status == 200
    assert server.workers() == workers


@pytest.mark.promise("CLI-4")
@pytest.mark.parametrize("settings, named", [
    ({"user": "nobody-of-that-name"}, "nobody-of-that-name"),
    ({"group": "nobody-of-that-name"}, "nobody-of-that-name"),
    ({"listen": "http://host.invalid:1234"}, "host.invalid"),
    ({"listen": "gopher://127.0.0.1:70"}, "gopher://127.0.0.1:70"),
    ({"pid_file": "/nonexistent/directory/toad.pid"}, "/nonexistent/directory/toad.pid"),
    ({"lock_file": "/nonexistent/directory/toad.lock"}, "/nonexistent/directory/toad.lock"),
    ({"workers": "many"}, "workers"),
], ids=lambda value: str(value) if isinstance(value, dict) else None)
def test_what_would_not_start_is_told(command, build, settings, named):
    result = command(*command.configure(**settings), "--test", build.app("hello"))
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("hypnotoad: ") and result.stderr.count("\n") == 1, result.stderr
    assert named in result.stderr


@pytest.mark.promise("CLI-4")
def test_a_test_leaves_the_lock_file_alone(command, build):
    lock = command.directory / "toad.lock"
    lock.write_text("kept")
    os.utime(lock, (1, 1))
    assert command(*command.configure(lock_file=str(lock)), "--test", build.app("hello")).status == 0
    assert lock.read_text() == "kept"


@pytest.mark.promise("CLI-4")
def test_a_test_creates_no_lock_file(command, build):
    assert command(*command.configure(lock_file=str(command.directory / "toad.lock")), "--test", build.app("hello")).status == 0
