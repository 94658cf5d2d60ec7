"""Hot deployments that succeed: who asks for one, what changes and what stays."""
import os
import re
import shutil
import socket
import sys
from collections import Counter

import pytest

from harness import Connection, processes, stays_so, wait_until
from harness.deploying import Link, ServiceManager, write_script
from harness.sampler import Sampler
from load.traffic import Load, Options

GENTLE = Options(pause=0.002, slowness=1.0)
MIX = {"new": 1, "keep-alive": 1, "pipelined": 1, "upload": 1, "download": 1}
DEPLOYS = "Starting hot deployment for Hypnotoad server {}.\n"


def await_last(server, count=2):
    """Waits until exactly these workers are there and nobody of an earlier generation."""
    workers = server.await_workers(count)
    wait_until(lambda: sorted(processes.marked(server.mark)) == sorted([server.manager, *workers]),
               "the earlier generations to be gone", seen=server.describe)
    return workers


def generation_of(server):
    """As the names of the traces tell it."""
    return [trace.path for trace in server.traces()].index(server.trace.path) + 1


def reconfigure(server, **settings):
    server.settings.update(settings)
    server.write_config()


def deploy(server, command, **options):
    """The command that started the server, once more."""
    return command(*server.options, "--config", server.config_file, server.app, **options)


# ---- By signal ----

@pytest.mark.promise("UPG-1", "UPG-2", "UPG-3", "MGR-7", "MGR-8", "OBS-3", "MGR-15")
@pytest.mark.parametrize("name", ["USR2", "HUP"])
def test_a_signal_brings_a_new_generation(start, name):
    server = start(workers=2)
    old, workers, sockets = server.manager, server.workers(), server.sockets & processes.listening_sockets()
    with Sampler(server) as sampler, Load(server.address, MIX, GENTLE) as load:
        assert server.upgrade(name) == old
    assert sampler.named == [old, server.manager], "the PID file went from the one to the other and nowhere else"
    assert load.losses() == {} and load.served() > 0
    assert not set(await_last(server)) & set(workers)
    assert server.sockets & processes.listening_sockets() == sockets
    assert server.get("/pid").number in server.workers()
    assert generation_of(server) == 2
    for text in (f"The new generation starts as manager {server.manager}", f"Taken over from manager {old}"):
        assert text in server.stderr


@pytest.mark.promise("UPG-1", "UPG-2", "UPG-8")
def test_one_generation_follows_the_other(start):
    server = start()
    seen = [server.manager]
    for number in range(2, 6):
        server.upgrade()
        seen.append(server.manager)
        assert generation_of(server) == number
        assert server.trace.one(event="start")["predecessor"] == seen[-2]
    assert len(set(seen)) == 5


@pytest.mark.promise("UPG-1")
def test_it_takes_over_only_when_all_its_workers_have_been_heard(start):
    server = start(workers=5)
    server.upgrade()
    lines = server.trace.lines()
    asked = next(index for index, line in enumerate(lines) if line.get("action") == "ask_takeover")
    text = "".join(line["bytes"] for line in lines[:asked] if line.get("event") == "pipe")
    spawned = {line["pid"] for line in lines[:asked] if line.get("event") == "spawned"}
    assert {int(line) for line in text.split()} == spawned and len(spawned) == 5


@pytest.mark.promise("UPG-1", "UPG-2")
def test_a_worker_that_is_ready_before_the_others_does_not_accept_yet(prepare, build, tmp_path):
    first = tmp_path / "first"
    link = Link(tmp_path / "app.so", build.app("probe"))
    server = prepare(link, environment={"FIRST_WORKER_FILE": str(first)}, heartbeat_interval=30).start()
    link.switch(build.app("half_ready"))
    old = server.workers()
    server.signal("USR2")
    new = server.await_trace(event="upgrade_spawned")["pid"]
    wait_until(lambda: "pipe" in [line.get("event") for trace in server.traces()[1:] for line in trace.lines()],
               "the first worker to be heard", seen=server.describe)
    for worker in old:
        server.freeze(worker)
    with server.connect() as waiting:
        waiting.ask("/pid")
        assert waiting.is_silent_for(0.5), "only the old workers may answer"
        for worker in old:
            server.signal("CONT", worker)
        assert waiting.read_answer().number in old
    first.unlink()
    assert server.await_successor().manager == new
    assert server.get("/").number in await_last(server)


@pytest.mark.promise("UPG-1", "UPG-2")
def test_the_old_generation_finishes_what_it_has(start):
    server = start(workers=2)
    with server.connect() as slow:
        slow.ask("/slow?s=2")
        slow.await_taken()
        old = server.manager
        server.signal("USR2")
        server.await_successor()
        assert server.get("/pid").number in server.await_workers(2)
        assert processes.lives(old), "it has a request to answer"
        answer = slow.read_answer()
        assert (answer.status, answer.closes) == (200, True)
    server.await_gone(old)


@pytest.mark.promise("UPG-1", "MGR-7")
def test_usr2_while_one_is_under_way_does_nothing(prepare, tmp_path):
    wait = tmp_path / "seconds"
    server = prepare("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}).start()
    wait.write_text("1")
    server.signal("USR2")
    server.await_trace(event="upgrade_spawned")
    for count in range(2, 5):
        server.signal("USR2")
        server.await_signals("USR2", count)
    first, = server.trace.find(event="upgrade_spawned")
    server.await_successor()
    assert server.manager == first["pid"]
    await_last(server)


@pytest.mark.promise("UPG-2", "MGR-3")
def test_a_bare_quit_still_means_quit(start):
    server = start()
    server.upgrade()
    assert server.stop("QUIT") == 0
    assert not server.pid_file.exists()


# ---- By command ----

@pytest.mark.promise("CLI-8", "UPG-7", "CFG-5")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "background"])
def test_the_same_command_again_deploys(prepare, command, options):
    server = prepare(options=options).start()
    old = server.manager
    result = deploy(server, command)
    assert (result.status, result.stdout, result.stderr) == (0, DEPLOYS.format(old), "")
    assert server.pid_text() != f"{old}\n", "it has waited for the outcome"
    server.await_successor()
    await_last(server)
    assert deploy(server, command).status == 0
    server.await_successor()
    await_last(server)


@pytest.mark.promise("UPG-7", "CLI-7")
def test_a_generation_in_the_background_stays_where_the_first_one_was(prepare):
    server = prepare(options=()).start()
    before = processes.stat_of(server.manager)
    server.upgrade()
    after = processes.stat_of(server.manager)
    assert (after.session, after.terminal) == (before.session, before.terminal)
    links = processes.descriptors_of(server.manager)
    assert [links[fd] for fd in range(3)] == ["/dev/null"] * 3
    for worker in await_last(server):
        links = processes.descriptors_of(worker)
        assert [links[fd] for fd in range(3)] == ["/dev/null"] * 3


@pytest.mark.promise("CLI-8", "CLI-5")
def test_what_the_new_generation_says_comes_to_the_terminal(start, command):
    server = start("lifecycle")
    old = server.manager
    server.config_file.write_text("{ listen => 'http://127.0.0.1:0', wrokers => 3 }\n")
    server.excuse("log", "the new generation's own line is there")
    server.excuse("generations", "it fails on purpose")
    result = command(*server.options, "--config", server.config_file, server.app)
    assert result.status == 1
    assert "wrokers" in result.stderr and "server.conf:1:" in result.stderr
    server.write_config()
    assert server.pid_text() == f"{old}\n" and server.get("/").status == 200


@pytest.mark.promise("CLI-8")
def test_a_warning_of_the_new_generation_comes_to_the_terminal_and_to_the_log_once(start, command):
    server = start()
    reconfigure(server, pid_file=str(server.directory / "elsewhere.pid"))
    server.excuse("log", "the warning is a line of its own")
    result = deploy_from_here(server, command)
    assert result.status == 0, result
    assert result.stderr.count("pid_file stays") == 1
    server.await_successor()
    assert server.stderr.count("pid_file stays") == 1
    assert not (server.directory / "elsewhere.pid").exists()


def deploy_from_here(server, command):
    """Asks with the settings of before, since who asks is found by its PID file."""
    config = command.configure(pid_file=str(server.pid_file), listen=["http://127.0.0.1:0"])
    return command(*server.options, *config, server.app)


@pytest.mark.promise("CLI-8", "MGR-7")
def test_who_asks_during_a_deployment_is_told_so(prepare, command, tmp_path):
    wait = tmp_path / "seconds"
    server = prepare("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}).start()
    wait.write_text("2")
    server.signal("USR2")
    server.await_trace(event="upgrade_spawned")
    result = deploy(server, command)
    assert result.status == 1 and "under way already" in result.stderr
    server.await_successor()
    await_last(server)


@pytest.mark.promise("PID-4", "CLI-10")
def test_another_applications_server_is_not_touched(start, command, build):
    server = start("hello")
    config = command.configure(pid_file=str(server.pid_file))
    result = command(*config, build.app("probe"))
    assert result.status == 1
    assert f"it serves another application, {build.app('hello')}" in result.stderr
    assert server.trace.find(event="upgrade_spawned") == [] and server.successor() is None


@pytest.mark.promise("CLI-8", "CLI-10")
def test_a_server_behind_the_same_link_is_known_by_both_names(prepare, command, build, tmp_path):
    link = Link(tmp_path / "app.so", build.app("hello"))
    server = prepare(link).start()
    for name in (link, build.app("hello")):
        assert command(*server.options, "--config", server.config_file, name).status == 0
        server.await_successor()
        await_last(server)
    link.switch(build.app("probe"))
    assert command(*server.options, "--config", server.config_file, link).status == 0
    server.await_successor()
    assert server.get("/pid").number in await_last(server), "what the link leads to now"


@pytest.mark.promise("CLI-9", "UPG-7")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "background"])
def test_stop_finds_a_later_generation(prepare, command, options):
    server = prepare(options=options).start()
    server.upgrade()
    server.upgrade()
    result = command("--stop", "--config", server.config_file, server.app)
    assert (result.status, result.stdout) == (0, f"Stopping Hypnotoad server {server.manager} gracefully.\n")
    assert server.await_end() == 0 and not server.pid_file.exists()


# ---- The PID file ----

@pytest.mark.promise("PID-2", "UPG-2")
def test_the_pid_file_is_right_at_every_moment(start):
    server = start("hello")
    seen = [server.manager]
    with Sampler(server) as sampler:
        for _ in range(30):
            server.upgrade()
            seen.append(server.manager)
    assert sampler.named == [manager for manager in seen if manager in sampler.named], "never back"
    assert len(sampler.named) > 1, "it looked before and after"


@pytest.mark.promise("PID-3", "PID-2")
def test_a_later_generation_writes_a_lost_file_again(start):
    server = start("hello")
    server.upgrade()
    server.pid_file.unlink()
    wait_until(lambda: server.pid_text() == f"{server.manager}\n", "the PID file to come back", seen=server.describe)


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


# ---- Nothing grows ----

def kinds_of_descriptors(pid):
    """What a process has open, without numbers and names that are others each time."""
    links = processes.descriptors_of(pid).values()
    changing = r"/hypnotoad\.pid\.\d+ \(deleted\)|/hypnotoad\.pid|/hypnotoad\.\w{6} |\.jsonl(\.\d+)?|\d+"
    return Counter(re.sub(changing, "N", link) for link in links)


def costs(server):
    """Of the manager and of its workers: descriptors by what they are, variables, memory."""
    found = []
    for pid in (server.manager, *await_last(server)):
        variables = sorted(line.partition(b"=")[0] for line in processes.read(pid, "environ").split(b"\0") if line)
        found.append((kinds_of_descriptors(pid), variables, memory_of(pid)))
    return found


def memory_of(pid):
    text = processes.read(pid, "smaps_rollup").decode()
    return int(re.search(r"^Private_Dirty:\s+(\d+) kB", text, re.MULTILINE)[1])


@pytest.mark.promise("UPG-8", "WRK-9")
def test_a_hundred_deployments_leave_nothing_behind(prepare):
    server = prepare("hello", options=()).start()
    server.upgrade()
    first = costs(server)
    for _ in range(99):
        server.upgrade()
    last = costs(server)
    assert [(kinds, variables) for kinds, variables, _ in last] == [(kinds, variables) for kinds, variables, _ in first]
    for (_, _, before), (_, _, after) in zip(first, last):
        assert after <= before + 128, f"{before} kB before, {after} kB after"
    assert generation_of(server) == 101


@pytest.mark.promise("UPG-8")
def test_many_generations_that_still_drain_do_not_hinder_the_next(start):
    server = start(workers=1)
    slow, managers = [], []
    for _ in range(6):
        connection = server.connect()
        connection.ask("/slow?s=3")
        connection.await_taken()
        slow.append(connection)
        managers.append(server.manager)
        server.signal("USR2")
        server.await_successor()
        server.await_workers(1)
    assert all(map(processes.lives, managers))
    for connection in slow:
        with connection:
            assert connection.read_answer().status == 200
    for manager in managers:
        server.await_gone(manager)
    await_last(server, 1)


# ---- What others must not get ----

def seen_by_child(server):
    """What a program finds that a worker starts: (its variables, its descriptors)."""
    variables, _, links = server.get("/").text.partition("\n\n")
    return (dict(line.partition("=")[::2] for line in variables.splitlines() if "=" in line),
            dict(re.findall(r" (\d+) -> (.+)$", links, re.MULTILINE)))


@pytest.mark.promise("WRK-9", "LSN-5")
def test_an_applications_children_inherit_nothing(prepare):
    server = prepare("spawning", options=(), environment={"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "x"}).start()
    for _ in range(3):
        variables, links = seen_by_child(server)
        assert variables["HYPNOTOAD_WORKER"] == "1"
        # The trace's name and the test's own mark are given from outside.
        ours = {name for name in variables if name.startswith(("HYPNOTOAD_", "LISTEN_"))}
        assert ours - {"HYPNOTOAD_BUILD"} == {"HYPNOTOAD_WORKER", "HYPNOTOAD_TRACE", processes.MARK}
        # ls itself has the directory open.
        assert {link for fd, link in links.items() if not link.startswith(("/proc/", "pipe:"))} == {"/dev/null"}
        assert len(links) <= 4, links
        server.upgrade()


@pytest.mark.promise("WRK-9")
def test_workers_and_managers_hold_only_what_they_need(start):
    """Neither the channel nor the pipe of a deployment that is over."""
    server = start()
    before = [kinds_of_descriptors(pid) for pid in (server.manager, *await_last(server))]
    server.upgrade()
    after = [kinds_of_descriptors(pid) for pid in (server.manager, *await_last(server))]
    assert after == before


@pytest.mark.promise("WRK-9")
def test_a_handover_that_is_nobodys_does_not_start_a_server(command, build):
    own = f"1 3 4 {os.getpid()} 2 /nowhere.pid 5=http://127.0.0.1:0"
    result = command("--foreground", *command.configure(), build.app("hello"), environment={"HYPNOTOAD_HANDOVER": own})
    assert result.status == 1 and "handover" in result.stderr


# ---- The handover ----

@pytest.fixture
def linked(prepare, build, tmp_path):
    """linked(...) is a server whose executable is a link that can be switched."""

    def make(**settings):
        link = Link(tmp_path / "hypnotoad", build.hypnotoad)
        server = prepare(**settings)
        server.program = link
        server.link = link
        return server.start()

    return make


def rewriting(server, build, tmp_path, change):
    """The executable becomes a script that changes the handover by sed(1) before it goes on as the real one."""
    script = write_script(tmp_path / "rewriting",
                          f'printf "%s" "$HYPNOTOAD_HANDOVER" > {tmp_path}/given\n'
                          f'HYPNOTOAD_HANDOVER=$(printf "%s" "$HYPNOTOAD_HANDOVER" | {change})\n'
                          f'export HYPNOTOAD_HANDOVER\nexec {build.hypnotoad} "$@"\n')
    server.link.switch(script)


HANDOVERS = {
    "empty": ("sed 's/.*//'", "version"), "other version": ("sed 's/^1 /2 /'", "version"),
    "no version": ("sed 's/^1 //'", "version"), "garbage": ("sed 's/.*/%%%/'", "version"),
    "truncated": ("cut -c 1-4", "handover"), "no file": ("cut -d ' ' -f 1-6", "PID file"),
    "word for number": ("sed 's/^1 [0-9]*/1 x/'", "number"), "too large": ("sed 's/^1 [0-9]*/1 99999999999999999999/'", "number"),
    "negative": ("sed 's/^1 /1 -/'", "number"), "channel closed": ("sed 's/^1 [0-9]*/1 999/'", "channel"),
    "channel is a file": ("sed 's/^1 [0-9]*/1 2/'", "channel"), "errors closed": (r"sed 's/^\(1 [0-9]*\) [0-9]*/\1 999/'", "error"),
    "foreign manager": (r"sed 's/^\(1 [0-9]* [0-9]*\) [0-9]*/\1 1/'", "channel"),
    "listener closed": (r"sed 's/[0-9]*=/999=/'", "socket"), "malformed listener": ("sed 's/=/:/'", "listener"),
    "no socket": (r"sed 's/^1 \([0-9]*\) \([0-9]*\)\(.*\) [0-9]*=/1 \1 \2\3 \2=/'", "socket"),
    "no listener": (r"sed 's/^1 \([0-9]*\)\(.*\) [0-9]*=/1 \1\2 \1=/'", "socket"),
    "broken percent": ("sed 's/=http/=%zzhttp/'", "listener"),
}


@pytest.mark.promise("UPG-5", "UPG-1", "CLI-10")
@pytest.mark.parametrize("change, told", HANDOVERS.values(), ids=HANDOVERS)
def test_a_handover_that_does_not_hold_is_refused_and_the_service_goes_on(linked, build, tmp_path, command, change, told):
    server = linked()
    server.excuse("log", "the new generation's own line is there")
    server.excuse("generations", "it fails on purpose")
    old, workers, address = server.manager, server.workers(), server.address
    rewriting(server, build, tmp_path, change)
    with Sampler(server) as sampler:
        result = deploy(server, command)
        assert result.status == 1 and told in result.stderr, result
        server.await_trace(action="end_upgrade")
        assert server.get("/pid").number in workers and server.workers() == workers
    assert sampler.named == [old]
    assert "handover" in server.stderr or "hands over" in server.stderr
    server.link.switch(build.hypnotoad)
    server.upgrade()
    assert server.address == address and server.get("/pid").number in server.await_workers(2)


@pytest.mark.promise("UPG-5", "CLI-10")
def test_a_stale_handover_is_refused(linked, build, tmp_path):
    server = linked()
    rewriting(server, build, tmp_path, "cat")
    server.upgrade()
    stale = (tmp_path / "given").rename(tmp_path / "stale")
    # That generation has become the real program: the name that it was started with is the real one's.
    assert server.stop() == 0
    again = linked()
    again.excuse("log", "the new generation's own line is there")
    again.excuse("generations", "it fails on purpose")
    rewriting(again, build, tmp_path, f"cat > /dev/null; cat {stale}")
    again.signal("USR2")
    again.await_trace(action="end_upgrade")
    assert "handover names no channel" in again.stderr
    assert again.get("/").status == 200


@pytest.mark.promise("UPG-1")
def test_the_executable_is_found_by_the_path_that_it_was_started_with(linked, build, tmp_path):
    """An old binary to a new one and back again."""
    server = linked()
    versions = [shutil.copy(build.hypnotoad, tmp_path / f"hypnotoad-{number}") for number in (1, 2)]
    for version in (*versions, *versions):
        server.link.switch(version)
        server.upgrade()
        assert processes.executable_of(server.manager) == str(version)
        assert {processes.executable_of(worker) for worker in await_last(server)} == {str(version)}


@pytest.mark.promise("UPG-1")
def test_an_executable_that_was_replaced_in_place_is_the_next_one(prepare, build, tmp_path):
    program = tmp_path / "hypnotoad"
    shutil.copy(build.hypnotoad, program)
    server = prepare()
    server.program = program
    server.start()
    shutil.copy(build.hypnotoad, tmp_path / "new")
    os.rename(tmp_path / "new", program)
    server.upgrade()
    assert processes.executable_of(server.manager) == str(program), "not the one that was deleted"


@pytest.mark.promise("UPG-1", "UPG-7")
def test_a_command_that_was_found_in_the_path_is_found_again(prepare, build):
    server = prepare(before=["env", "PATH=" + str(build.path)])
    server.program = "hypnotoad"
    server.start()
    server.upgrade()
    assert processes.executable_of(server.manager) == str(build.hypnotoad)


@pytest.mark.promise("UPG-1", "CFG-9")
def test_names_are_taken_from_the_directory_of_the_start(prepare, build):
    server = prepare()
    for name in ("a.so", "a.conf"):
        server.expected_files.add(name)
    shutil.copy(build.app("probe"), server.directory / "a.so")
    shutil.copy(server.config_file, server.directory / "a.conf")
    server.launch_bare("--foreground", "--config", "a.conf", "./a.so")
    server.await_ready()
    server.upgrade()
    stays_so(lambda: server.get("/").status == 200, 0.2, "the service")
