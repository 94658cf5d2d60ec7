"""CFG: configuration."""
import shutil
import socket
from decimal import Decimal

from conformance.registry import check
from harness.perl import perl_data

GOOD = "{{listen => ['http://127.0.0.1:{port}'], pid_file => '{pid_file}', {rest}}};"


def with_text(case, text, workers):
    """A server whose file says this about the rest of it, which must come to so many workers."""
    server = case.prepare(workers=workers)
    port = server.address[1]
    server.configure(text.format(port=port, pid_file=server.pid_file))
    server.settings["workers"] = workers
    server.start()
    server.await_workers(workers)


SPELLINGS = {
    "plain": "{{listen => ['http://127.0.0.1:{port}'], pid_file => '{pid_file}', workers => 3}};",
    "no-semicolon": "{{listen => ['http://127.0.0.1:{port}'], pid_file => '{pid_file}', workers => 3}}",
    "quoted-keys": "{{'listen' => [\"http://127.0.0.1:{port}\"], \"pid_file\", '{pid_file}', 'workers', '3',}};",
    "q-and-qw": "{{listen => [qw(http://127.0.0.1:{port})], pid_file => q({pid_file}), workers => qq{{3}}}};",
    "comments": "# why\n{{ # here\n listen => ['http://127.0.0.1:{port}'], # and there\n pid_file => '{pid_file}', workers => 3 }};\n# the end\n",
    "pod": "=pod\n\nManual.\n\n=cut\n\n{{listen => ['http://127.0.0.1:{port}'], pid_file => '{pid_file}', workers => 3}};\n",
    "undef": "{{listen => ['http://127.0.0.1:{port}'], pid_file => '{pid_file}', workers => 3, backlog => undef}};",
}
for name, text in SPELLINGS.items():
    check(f"CFG-1.{name}", title=f"Perl data is understood: {name.replace('-', ' ')}")(lambda case, text=text: with_text(case, text, 3))


@check("CFG-2.script")
def a_script_that_returns_a_hash_is_evaluated(case):
    with_text(case, "my $count = 1 + 2; +{{listen => ['http://127.0.0.1:{port}'], pid_file => '{pid_file}', workers => $count}};", 3)


@check("CFG-2.script-that-dies", also=("CLI-5",))
def a_script_that_dies_is_an_error_that_says_why(case):
    server = case.prepare(workers=1)
    server.configure("die 'broken on purpose';")
    result = server.run("--foreground", limit=20)
    case.holds(result.status != 0, "the exit status is not 0")
    assert "broken on purpose" in result.stderr, f"stderr does not say why: {result.stderr!r}"


@check("CFG-3.beside-the-application", needs=("config_option",))
def the_default_file_lies_beside_the_application(case):
    server = case.prepare(workers=2)
    home = server.directory / "home"
    home.mkdir()
    app = home / "app.so"
    shutil.copy(case.target.application("probe"), app)
    (server.directory / "server.conf").rename(home / "hypnotoad.conf")
    words = case.target.command(server, ["--foreground"], app=app, configured=False)
    case.target.command = lambda *arguments, **options: words
    try:
        server.start()
    finally:
        del case.target.command
    server.await_workers(2)


@check("CFG-3.missing-file", needs=("config_option",))
def a_file_that_is_named_and_missing_is_an_error(case):
    server = case.prepare(workers=1)
    (server.directory / "server.conf").unlink()
    result = server.run("--test", limit=20)
    case.equal(result.status, 1, "exit status")
    assert "server.conf" in result.stderr, f"stderr does not name it: {result.stderr!r}"


def is_wrong(case, line, *named):
    server = case.prepare(workers=1)
    server.configure("{\n" + line + "\n};\n")
    result = server.run("--test", limit=20)
    case.equal(result.status, 1, "exit status")
    for text in (":2:", *named):
        assert text in result.stderr, f"stderr does not say {text!r}: {result.stderr!r}"


WRONG = {
    "unknown": ("worker => 4", "worker"), "word-for-number": ("workers => 'four'", "workers"), "list-for-number": ("workers => [2]", "workers"),
    "zero-workers": ("workers => 0", "workers"), "negative": ("heartbeat_timeout => -1", "heartbeat_timeout"),
    "too-large": ("workers => 100000", "workers"), "fraction": ("accepts => 1.5", "accepts"), "twice": ("workers => 1, workers => 2", "workers"),
    "zero-interval": ("heartbeat_interval => 0", "heartbeat_interval"), "syntax": ("workers => 2 workers => 3",),
}
for name, row in WRONG.items():
    check(f"CFG-4.{name}", title=f"{row[0]} is an error with its place", needs=("strict_settings",))(lambda case, row=row: is_wrong(case, *row))


@check("CFG-5.workers")
def four_workers_by_default(case):
    server = case.prepare(workers=4)
    port = server.address[1]
    server.configure(GOOD.format(port=port, pid_file=server.pid_file, rest=""))
    server.start()
    case.stays(lambda: len(server.workers()) == 4, 0.5, "four workers")


@check("CFG-5.keep-alive-timeout")
def five_seconds_of_keep_alive_by_default(case):
    with case.start(workers=1).connect() as connection:
        connection.get("/")
        case.measured("from the request to the end", connection.wait_closed() - connection.sent_at, 4.99, 12)


@check("CFG-5.keep-alive-requests")
def twenty_five_requests_a_connection_by_default(case):
    with case.start(workers=1).connect() as connection:
        case.equal([connection.get("/").closes for _ in range(25)], [False] * 24 + [True], "Connection: close")


@check("CFG-5.pid-file")
def the_pid_file_lies_beside_the_application_by_default(case):
    server = case.prepare(workers=1)
    app = server.directory / ("app.so" if case.has("shared_objects") else "probe.pl")
    if case.has("shared_objects"):
        shutil.copy(case.target.application("probe"), app)
    server.configure("{" + f"listen => {perl_data(server.settings['listen'])}, workers => 1" + "};")
    words = case.target.command(server, ["--foreground"], app=app)
    case.target.command = lambda *arguments, **options: words
    try:
        server.start()
    finally:
        del case.target.command
    case.equal((app.parent / "hypnotoad.pid").read_text(), f"{server.manager}\n", "the PID file")


@check("CFG-6.zero-counts", needs=("simulator",), tiers=("virtual",))
def a_heartbeat_timeout_of_0_is_0(case):
    virtual = case.virtual({"heartbeat_interval": 5, "heartbeat_timeout": 0}).around(5)
    case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal(5)], "QUIT")


@check("CFG-7.requests")
def requests_is_another_name_of_keep_alive_requests(case):
    with case.start(workers=1, requests=2).connect() as connection:
        case.equal([connection.get("/").closes for _ in range(2)], [False, True], "Connection: close")


@check("CFG-7.known", needs=("strict_settings",))
def all_these_are_known(case):
    server = case.prepare(workers=1)
    server.configure(spare=1, inactivity_timeout=20, trusted_proxies=["10.0.0.0/8"], keep_alive_requests=5, header_timeout=3,
                     message_max=1000, log_file=str(server.directory / "log"), access_log=str(server.directory / "access"), bonjour=0)
    case.equal(server.run("--test").status, 0, "exit status of --test")


@check("CFG-7.log-file", needs=("log_file",))
def log_file_takes_the_log(case):
    server = case.prepare(workers=1)
    log = server.directory / "server.log"
    server.configure(log_file=str(log))
    server.start()
    case.until(lambda: log.exists() and f"[{server.manager}]" in log.read_text(), "lines of the manager in the log")


@check("CFG-7.access-log", needs=("access_log",))
def access_log_has_a_line_for_each_answer(case):
    server = case.prepare(workers=1)
    log = server.directory / "access.log"
    server.configure(access_log=str(log))
    server.start()
    server.get("/mode")
    case.until(lambda: log.exists() and '"GET /mode HTTP/1.1" 200 ' in log.read_text(), "the line")


@check("CFG-8.one-string")
def listen_takes_one_string(case):
    server = case.prepare(workers=1)
    address = server.settings["listen"][0]
    server.configure(f"{{listen => '{address}', pid_file => '{server.pid_file}', workers => 1}};")
    server.start()
    case.equal(server.get("/").text, "Hello World", "the answer")


@check("CFG-8.empty-list", also=("CLI-5",))
def an_empty_list_is_an_error(case):
    server = case.prepare(workers=1)
    server.configure(f"{{listen => [], pid_file => '{server.pid_file}', workers => 1}};")
    result = server.run("--foreground", limit=8)
    case.holds(result.status != 0, "the exit status is not 0")


@check("CFG-9.workers")
def a_deployment_takes_the_new_settings(case):
    server = case.start(workers=1, keep_alive_requests=100)
    server.configure(workers=2, keep_alive_requests=1)
    server.upgrade()
    server.await_workers(2)
    case.equal(server.connect().get("/").closes, True, "the first answer says close")


@check("CFG-9.new-address")
def a_new_address_is_bound(case):
    server = case.start(workers=1)
    port = case.target.port()
    server.configure(listen=[*server.settings["listen"], f"http://127.0.0.1:{port}"])
    server.upgrade()
    case.until(lambda: server.answers(("127.0.0.1", port)), "an answer at the new address", limit=10)


@check("CFG-9.address-that-is-gone")
def an_address_that_is_gone_is_closed(case):
    gone, stays = case.target.port(), case.target.port()
    server = case.start(workers=1, listen=[f"http://127.0.0.1:{stays}", f"http://127.0.0.1:{gone}"])
    server.configure(listen=[f"http://127.0.0.1:{stays}"])
    server.upgrade()

    def is_refused():
        try:
            socket.create_connection(("127.0.0.1", gone), 5).close()
            return False
        except ConnectionRefusedError:
            return True
    case.until(is_refused, "the old address to be refused", limit=5, seen=lambda: "somebody still listens there")
    case.equal(server.get("/").status, 200, "status at the one that stays")


@check("CFG-10.mode")
def mojo_mode_is_production_unless_set(case):
    for given, seen in ((None, "production"), ("development", "development")):
        server = case.start(workers=1, environment={"MOJO_MODE": given})
        case.equal(server.get("/mode").text, seen, f"MOJO_MODE in a worker, from {given}")


@check("CFG-10.variables")
def hypnotoad_foreground_and_test_work_as_the_options_do(case):
    server = case.prepare(workers=1, options=(), environment={"HYPNOTOAD_FOREGROUND": "1"})
    server.start()
    case.equal(server.manager, server.process.pid, "the manager is the process that was started")
    result = server.run(environment={"HYPNOTOAD_TEST": "1"}, limit=20)
    case.equal((result.status, "Everything looks good!" in result.stdout), (0, True), "exit status, and the words")
