"""Hot deployments that succeed: by signal and by command, and the PID file meanwhile."""
import pytest

from harness import processes, wait_until
from harness.deploying import (GENTLE, MIX, Link, await_last, await_leaving, begin_request, deploy, end_request, generation_of,
                               reconfigure)
from harness.sampler import Sampler
from load.traffic import Load

DEPLOYS = "Starting hot deployment for Hypnotoad server {}.\n"


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
        worker = slow.get("/pid").number
        begin_request(slow)
        old, trace = server.manager, server.trace
        server.signal("USR2")
        server.await_successor()
        assert server.get("/pid").number in server.await_workers(2)
        assert processes.lives(old), "it has a request to answer"
        await_leaving(trace, worker)
        assert end_request(slow).closes
    server.await_gone(old)


@pytest.mark.promise("UPG-1", "MGR-7")
def test_usr2_while_one_is_under_way_does_nothing(prepare, tmp_path):
    wait = tmp_path / "seconds"
    server = prepare("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}).start()
    wait.write_text("60")
    server.signal("USR2")
    server.await_trace(event="upgrade_spawned")
    for count in range(2, 5):
        server.signal("USR2")
        server.await_signals("USR2", count)
    first, = server.trace.find(event="upgrade_spawned")
    wait.unlink()
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
    await_last(server)


def deploy_from_here(server, command):
    """Asks with the settings of before, since who asks is found by its PID file."""
    config = command.configure(pid_file=str(server.pid_file), listen=["http://127.0.0.1:0"])
    return command(*server.options, *config, server.app)


@pytest.mark.promise("CLI-8", "MGR-7")
def test_who_asks_during_a_deployment_is_told_so(prepare, command, tmp_path):
    wait = tmp_path / "seconds"
    server = prepare("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}).start()
    wait.write_text("60")
    server.signal("USR2")
    server.await_trace(event="upgrade_spawned")
    result = deploy(server, command)
    assert result.status == 1 and "under way already" in result.stderr
    wait.unlink()
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
