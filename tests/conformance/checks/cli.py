"""CLI: the command."""
import os
import shutil
import socket
import subprocess

from conformance.registry import check
from harness import processes


@check("CLI-1.serves")
def the_command_starts_a_server_for_the_application(case):
    case.equal(case.start(workers=1).get("/").text, "Hello World", "the answer")


@check("CLI-1.no-application", needs=("shared_objects",))
def what_is_no_application_is_refused(case):
    server = case.prepare(workers=1)
    path = server.directory / "no.so"
    path.write_text("no shared object")
    result = server.run("--foreground", app=path)
    case.equal(result.status, 1, "exit status")
    assert str(path) in result.stderr, f"stderr does not name it: {result.stderr!r}"


def option(case, *words):
    server = case.prepare(workers=1)
    result = server.run(*words, limit=20)
    case.equal((result.status, result.stdout.strip()), (0, "Everything looks good!"), "exit status and stdout")


@check("CLI-2.long")
def long_options(case):
    option(case, "--test")


@check("CLI-2.short")
def short_options(case):
    option(case, "-t")


@check("CLI-2.prefix")
def unique_prefixes_of_long_options(case):
    option(case, "--te")


@check("CLI-2.foreground")
def foreground_in_its_short_form(case):
    server = case.start(workers=1, options=("-f",), environment={"HYPNOTOAD_FOREGROUND": "1"})
    case.equal(server.manager, server.process.pid, "the manager is the process that was started")


@check("CLI-3.help")
def help_is_on_stdout_and_exit_0(case):
    server = case.prepare(workers=1)
    result = server.run("--help", limit=20)
    case.equal((result.status, result.stderr), (0, ""), "exit status and stderr")
    case.holds("usage: hypnotoad" in result.stdout.lower(), "stdout shows the usage")


@check("CLI-3.version", needs=("version_option",))
def version_is_on_stdout_and_exit_0(case):
    result = case.prepare(workers=1).run("--version", limit=20)
    case.equal((result.status, result.stderr, bool(result.stdout.strip())), (0, "", True), "exit status, stderr, something on stdout")


@check("CLI-3.unknown-option")
def an_unknown_option_starts_no_server(case):
    server = case.prepare(workers=1)
    result = server.run("--foreground", "--unknown-option", limit=6)
    case.equal(result.status, 2, "exit status")
    assert "unknown-option" in result.stderr, f"stderr does not name it: {result.stderr!r}"


@check("CLI-3.no-application")
def no_application_is_an_error_with_the_usage(case):
    server = case.prepare(workers=1)
    words = [word for word in case.target.command(server, [], configured=False)][:-1]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=20, check=False, cwd=server.directory)
    case.evidence.saw(f"exit {done.returncode}; stderr {done.stderr!r}")
    case.equal((done.returncode, "usage" in done.stderr.lower()), (2, True), "exit status, and whether the usage is on stderr")


@check("CLI-4.good")
def test_says_that_everything_looks_good(case):
    server = case.prepare(workers=1)
    before = sorted(server.directory.iterdir())
    result = server.run("--test", limit=20)
    case.equal((result.status, result.stdout.strip()), (0, "Everything looks good!"), "exit status and stdout")
    case.equal([path.name for path in server.directory.iterdir() if path not in before], [], "new files")


@check("CLI-4.beside-a-server")
def test_touches_nothing_of_a_running_server(case):
    server = case.start(workers=1)
    before = server.pid_file.stat()
    case.equal(server.run("--test", limit=20).status, 0, "exit status")
    assert server.pid_file.exists(), "the PID file of the running server is gone"
    after = server.pid_file.stat()
    case.equal((after.st_ino, after.st_mtime_ns), (before.st_ino, before.st_mtime_ns), "the PID file as it was")
    case.equal(server.get("/").status, 200, "status")


@check("CLI-4.finds-errors", needs=("strict_settings",))
def test_finds_what_a_start_would(case):
    for settings in ({"user": "no-such-user"}, {"listen": ["http://127.0.0.1:99999"]}, {"pid_file": "/nonexistent/a.pid"},
                     {"listen": ["https://127.0.0.1:3000?cert=/nonexistent.pem&key=/nonexistent.key"]}):
        server = case.prepare(workers=1, **settings)
        result = server.run("--test", limit=20)
        case.equal((result.status, result.stdout, result.stderr.count("\n")), (1, "", 1), f"exit status, stdout, lines of stderr with {settings}")


@check("CLI-4.broken")
def test_fails_on_a_broken_configuration(case):
    server = case.prepare(workers=1)
    server.configure("{ broken")
    result = server.run("--test", limit=20)
    case.holds(result.status != 0, "the exit status is not 0")
    case.holds("looks good" not in result.stdout, "it does not say that everything looks good")


def fails(case, options, settings=None, text=None, named=""):
    server = case.prepare(workers=1, options=options)
    server.configure(text, **(settings or {}))
    result = server.run(*options, limit=20)
    case.holds(result.status != 0, "the exit status is not 0")
    assert named in result.stderr and result.stderr.strip(), f"stderr does not say {named!r}: {result.stderr!r}"
    case.until(lambda: not server.all_processes(), "no process to be left", limit=5, seen=server.all_processes)


@check("CLI-5.configuration")
def a_broken_configuration_is_told_at_the_terminal(case):
    for options in (("--foreground",), ()):
        fails(case, options, text="{ broken")


def address_in_use(case, options):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fails(case, options, settings={"listen": [f"http://127.0.0.1:{port}"]}, named="in use")


@check("CLI-5.address-in-use")
def an_address_that_is_taken_is_told_at_the_terminal(case):
    """With an exit status that is not 0."""
    address_in_use(case, ("--foreground",))


@check("CLI-5.address-in-use-daemon")
def also_when_it_detaches(case):
    address_in_use(case, ())


@check("CLI-6.ready", needs=("daemon",))
def the_launcher_returns_once_the_server_serves(case):
    server = case.prepare(workers=2, options=())
    server.launch()
    case.equal(server.process.wait(30), 0, "exit status of the launcher")
    answered = server.answers()
    case.until(server.serving_manager, "the manager", limit=10)
    server.await_ready()
    case.equal(answered, True, "it answered at once")


@check("CLI-6.all-ready", needs=("daemon",), also=("PID-1",))
def and_all_workers_are_there_by_then(case):
    server = case.prepare(workers=3, options=())
    server.launch()
    server.process.wait(30)
    manager = server.serving_manager()
    assert manager is not None, f"the PID file says {server.pid_text()!r} when the launcher returns"
    server.manager = manager
    case.equal(len(server.workers()), 3, "workers when the launcher returns")


@check("CLI-7.detached", needs=("daemon",))
def a_daemon_has_a_session_of_its_own_and_null_streams(case):
    server = case.prepare(workers=1, options=())
    server.start()
    stat = processes.stat_of(server.manager)
    case.holds(stat.session not in (server.process.pid, os.getsid(0)), "the session is its own")
    case.equal(stat.terminal, 0, "terminal")
    case.equal([os.readlink(f"/proc/{server.manager}/fd/{number}") for number in range(3)], ["/dev/null"] * 3, "standard streams")


@check("CLI-7.foreground")
def foreground_stays(case):
    server = case.start(workers=1)
    case.equal(server.manager, server.process.pid, "the manager is the process that was started")


@check("CLI-8.deploys", also=("UPG-1",))
def the_same_command_again_is_a_hot_deployment(case):
    server = case.start(workers=1)
    old = server.manager
    result = server.run("--foreground", limit=45)
    case.equal((result.status, result.stdout.strip()), (0, f"Starting hot deployment for Hypnotoad server {old}."), "exit status and stdout")
    server.await_successor()
    case.equal(server.get("/").status, 200, "status")


@check("CLI-8.waits", needs=("waiting_commands",))
def and_it_waits_for_the_outcome(case):
    server = case.start(workers=1)
    result = server.run("--foreground", limit=45)
    case.equal(result.status, 0, "exit status")
    case.holds(server.successor() is not None, "the new one serves when the command returns")


@check("CLI-8.reason", needs=("waiting_commands",), also=("UPG-5",))
def and_fails_with_the_reason(case):
    server = case.prepare(workers=1)
    app = server.directory / "app.so"
    shutil.copy(case.target.application("probe"), app)
    words = case.target.command(server, ["--foreground"], app=app)
    case.target.command = lambda *arguments, **options: words
    try:
        server.start()
        server.configure(listen=[server.settings["listen"][0], "http://127.0.0.1:1?fd=99"])
        result = server.run(limit=45)
    finally:
        del case.target.command
    case.equal(result.status, 1, "exit status")
    case.holds(bool(result.stderr.strip()), "stderr says why")
    case.equal(server.get("/").status, 200, "status")


@check("CLI-9.stops")
def stop_stops_a_server_gracefully(case):
    server = case.start(workers=1)
    with server.connect() as connection:
        connection.ask("/slow?s=1.5")
        connection.await_taken()
        result = server.run("--stop", limit=30)
        case.equal(connection.read_answer().text, "slow", "the request under way")
    case.equal((result.status, result.stdout.strip()), (0, f"Stopping Hypnotoad server {server.manager} gracefully."), "exit status and stdout")
    case.equal(server.await_end(), 0, "exit status of the server")


@check("CLI-9.waits", needs=("waiting_commands",))
def and_waits_until_it_is_gone(case):
    server = case.start(workers=1)
    server.run("--stop", limit=30)
    case.equal(processes.lives(server.manager), False, "the manager lives when the command returns")


@check("CLI-9.not-running")
def without_a_server_it_says_so(case):
    result = case.prepare(workers=1).run("--stop", limit=20)
    case.equal((result.status, result.stdout.strip()), (0, "Hypnotoad server not running."), "exit status and stdout")


def leaves_strangers_alone(case, *options):
    """Whatever the command makes of the file - an end, or a server - the stranger does not notice."""
    server = case.prepare(workers=1, options=options)
    with subprocess.Popen(["sleep", "100"]) as stranger:
        try:
            server.pid_file.write_text(f"{stranger.pid}\n")
            server.launch()
            case.until(lambda: server.process.poll() is not None or server.answers(), "the command to end or the server to answer")
            # A signal that was sent before that has its effect.
            case.stays(lambda: stranger.poll() is None, 1.5, "the stranger lives")
        finally:
            stranger.kill()


@check("CLI-10.stop")
def stop_signals_nobody_who_is_no_server(case):
    leaves_strangers_alone(case, "--stop")


@check("CLI-10.deploy")
def a_start_signals_nobody_who_is_no_server(case):
    leaves_strangers_alone(case, "--foreground")
