"""Bad input: one line in the terminal, the right exit status, and nothing left - no process, no file."""
import os
import re
import shutil
import socket
import sys

import pytest

from harness.namespaces import unshared
from harness.server import LOG_LINE

# Root reads and writes everything, except without these capabilities.
WITHOUT_POWER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
BOTH_WAYS = pytest.mark.parametrize("how", [["--foreground"], []], ids=["foreground", "daemon"])


def complaint(result, status=1):
    """The one line that says what was wrong; other lines may only be log lines."""
    assert (result.status, result.stdout) == (status, ""), result
    lines = [line for line in result.stderr.splitlines() if not LOG_LINE.match(line)]
    assert len(lines) == 1 and lines[0].startswith("hypnotoad: "), result.stderr
    return lines[0]


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "CFG-3")
@pytest.mark.parametrize("name", ["missing.conf", "missing/directory.conf", "."])
def test_a_configuration_that_cannot_be_read(command, build, how, name):
    path = command.directory / name
    result = command("--config", path, *how, build.app("hello"))
    assert str(path) in complaint(result)


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "CFG-1")
@pytest.mark.parametrize("text", ["{workers => 2", "[1, 2]", "42;", "", "\x00\x01\xff", "{workers => 2}}", "<html></html>"],
                         ids=["unclosed", "list", "number", "empty", "binary", "too_closed", "html"])
def test_a_configuration_that_is_no_hash(command, build, how, text):
    result = command(*command.configure(text), *how, build.app("hello"))
    assert str(command.config_file) in complaint(result)


@BOTH_WAYS
@pytest.mark.promise("CLI-5")
def test_a_missing_application(command, build, how):
    line = complaint(command(*command.configure(), *how, command.directory / "missing.so"))
    assert "missing.so" in line


@pytest.mark.promise("CLI-5")
@pytest.mark.parametrize("content", [b"", b"#!/usr/bin/perl\nuse Mojolicious::Lite;\n", b"\x7fELF" + bytes(60)],
                         ids=["empty", "script", "broken_elf"])
def test_an_application_that_is_no_shared_object(command, build, content):
    path = command.directory / "app.so"
    path.write_bytes(content)
    assert str(path) in complaint(command(*command.configure(), "--foreground", path))


@pytest.mark.promise("CLI-5")
def test_an_application_that_is_a_directory(command):
    assert str(command.directory) in complaint(command(*command.configure(), "--foreground", command.directory))


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "CLI-6", "APP-2")
@pytest.mark.parametrize("app, words", [
    ("wrong_major", ["99.0", "1.0"]), ("newer_minor", ["1.999", "1.0"]), ("no_symbol", ["toad_app"]),
    ("refusing_check", ["the pond is empty"]), ("failing_init", ["initialize"]),
])
def test_an_application_that_cannot_be_used(command, build, how, app, words):
    line = complaint(command(*command.configure(), *how, build.app(app)))
    assert all(word in line for word in [f"{app}.so", *words]), line


def reason_of_failed_start(result):
    """Workers were forked already, so the log has begun; one of its lines says why the server does not start."""
    assert (result.status, result.stdout) == (1, ""), result
    reasons = [line for line in result.stderr.splitlines() if "The start failed" in line or line.startswith("hypnotoad: ")]
    assert len(reasons) == 1, result.stderr
    return reasons[0]


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "CLI-6")
@pytest.mark.parametrize("app", ["failing_worker_start", "crashing_worker_start"])
def test_an_application_whose_workers_do_not_start(command, build, how, app):
    assert "before it was ready" in reason_of_failed_start(command(*command.configure(), *how, build.app(app)))


@BOTH_WAYS
@pytest.mark.promise("CLI-6")
def test_workers_that_never_become_ready(command, build, how):
    arguments = command.configure(heartbeat_interval=0.5, heartbeat_timeout=0.5, graceful_timeout=1)
    result = command(*arguments, *how, build.app("hanging_worker_start"))
    assert "no heartbeat" in reason_of_failed_start(result)
    assert result.seconds >= 1.0, "a worker has heartbeat_interval and heartbeat_timeout to become ready"


@pytest.mark.promise("CLI-4", "APP-2")
@pytest.mark.parametrize("app", ["wrong_major", "newer_minor", "no_symbol", "refusing_check"])
def test_a_test_finds_an_application_that_would_not_start(command, build, app):
    complaint(command(*command.configure(), "--test", build.app(app)))


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "LSN-7")
def test_an_address_in_use(command, build, how):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = complaint(command(*command.configure(listen=f"http://127.0.0.1:{port}"), *how, build.app("hello")))
    assert f"127.0.0.1:{port}" in line and "in use" in line


@pytest.mark.promise("CLI-5", "LSN-7")
def test_one_address_of_several_in_use(command, build):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        listen = ["http://127.0.0.1:0", f"http://127.0.0.1:{port}"]
        line = complaint(command(*command.configure(listen=listen), "--foreground", build.app("hello")))
    assert str(port) in line


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "PID-5")
@pytest.mark.parametrize("name", ["missing/toad.pid", "test.conf/toad.pid", "."])
def test_a_pid_file_that_cannot_be_written(command, build, how, name):
    path = command.directory / name
    line = complaint(command(*command.configure(pid_file=str(path)), *how, build.app("hello")))
    assert str(path) in line


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "CFG-3")
def test_a_configuration_that_may_not_be_read(command, build, how):
    arguments = command.configure()
    command.config_file.chmod(0)
    line = complaint(command(*arguments, *how, build.app("hello"), before=WITHOUT_POWER))
    assert str(command.config_file) in line and "ermission" in line


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "PID-5")
def test_a_pid_file_in_a_directory_that_may_not_be_written(command, build, how):
    place = command.directory / "place"
    place.mkdir(mode=0o555)
    path = place / "toad.pid"
    line = complaint(command(*command.configure(pid_file=str(path)), *how, build.app("hello"), before=WITHOUT_POWER))
    assert str(path) in line and "ermission" in line


@pytest.mark.promise("CLI-5", "PID-5")
def test_a_pid_file_on_a_full_disk(command, build):
    """A file system of one page, which is taken."""
    full = command.directory / "full"
    full.mkdir()
    script = 'mount -t tmpfs -o size=4k tmpfs "$0" && head -c 4096 /dev/zero >"$0/taken" && "$@"; status=$?; ' \
             '[ "$(ls -A "$0")" = taken ] && exit $status; ls -A "$0"; exit 99'
    before = [*unshared("mount"), "sh", "-c", script, full]
    arguments = command.configure(pid_file=str(full / "toad.pid"))
    line = complaint(command(*arguments, "--foreground", build.app("hello"), before=before))
    assert str(full / "toad.pid") in line


@pytest.mark.promise("CLI-5", "LCK-2")
def test_a_lock_file_that_cannot_be_opened(command, build):
    path = command.directory / "missing/toad.lock"
    assert str(path) in complaint(command(*command.configure(lock_file=str(path)), "--foreground", build.app("hello")))


@BOTH_WAYS
@pytest.mark.promise("CLI-5", "CFG-10")
def test_a_temporary_directory_that_is_missing(command, build, how):
    result = command(*command.configure(), *how, build.app("hello"), environment={"MOJO_TMPDIR": "/nonexistent/tmp"})
    assert "/nonexistent/tmp" in complaint(result)


@pytest.mark.promise("CLI-5")
def test_a_start_without_standard_streams(command, build):
    """Descriptors that are opened first must not become the standard streams by accident."""
    closed = [sys.executable, "-c", "import os, sys; [os.close(fd) for fd in (0, 1, 2)]; os.execv(sys.argv[1], sys.argv[1:])"]
    result = command(*command.configure(listen="http://127.0.0.1:99999"), build.app("hello"), before=closed)
    assert (result.status, result.stdout, result.stderr) == (1, "", "")


@pytest.mark.promise("CLI-5")
def test_a_copy_without_permission_to_execute_is_still_an_application(prepare, build):
    """A shared object needs no x bit."""
    server = prepare("hello")
    copy = server.directory / "copy.so"
    shutil.copy(build.app("hello"), copy)
    copy.chmod(0o644)
    server.app = copy
    server.start()
    assert re.fullmatch("Hello World", server.get("/").text)
