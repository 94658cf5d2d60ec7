"""Hot deployments that fail, in every way: the old generation serves on as if nothing had been, the reason is told to whoever
asked and stands in the log, and the next deployment works. There is load during all of it, and not a request is lost."""
import os
import shutil
import socket

import pytest

from harness import processes, wait_until
from harness.deploying import Link, write_script
from harness.sampler import Sampler
from load.traffic import Load, Options

GENTLE = Options(pause=0.003, slowness=1.0)
MIX = {"new": 1, "keep-alive": 1, "pipelined": 1, "upload": 1, "download": 1}
PLAIN = {"new": 2, "keep-alive": 2, "pipelined": 1}
DIED = "ended before it took over"


class Stage:
    """A server whose executable, application and configuration can be exchanged, under load."""

    def __init__(self, server, command, program, app):
        self.server = server
        self.command = command
        self.program = program
        self.app = app
        self.old = server.manager
        self.workers = server.await_workers(server.settings["workers"])
        self.sockets = server.sockets & processes.listening_sockets()
        server.excuse("generations", "they fail on purpose")
        server.excuse("log", "what a generation says before it has a log stands there as it is")

    def deploy(self, limit=60):
        """Asks as the user does, and looks at what the user sees: one failure, with its reason."""
        result = self.command(*self.server.options, "--config", self.server.config_file, self.server.app, limit=limit)
        assert result.status == 1, result
        assert result.stdout == f"Starting hot deployment for Hypnotoad server {self.old}.\n"
        assert f"the hot deployment of server {self.old} failed" in result.stderr
        return result

    def signal(self):
        count = len(self.server.trace.find(action="end_upgrade"))
        self.server.signal("USR2")
        wait_until(lambda: len(self.server.trace.find(action="end_upgrade")) > count, "the end of the new generation",
                   seen=self.server.describe)

    def is_unharmed(self):
        """The same manager, the same workers, the same sockets, the same PID file; nobody else is left."""
        server = self.server
        wait_until(lambda: sorted(processes.marked(server.mark)) == sorted([self.old, *self.workers]), "the rest to be gone",
                   seen=server.describe)
        assert server.workers() == self.workers
        assert server.pid_text() == f"{self.old}\n"
        assert server.sockets & processes.listening_sockets() == self.sockets
        assert server.get("/").status == 200

    def recovers(self):
        """The next deployment works."""
        self.server.upgrade()
        assert self.server.trace.one(event="start")["predecessor"] == self.old
        assert self.server.get("/").status == 200
        self.server.await_workers(self.server.settings["workers"])


@pytest.fixture
def stage(prepare, command, build, tmp_path):
    """stage(...) is the scene for a failure."""

    def make(app="probe", **settings):
        program, link = Link(tmp_path / "hypnotoad", build.hypnotoad), Link(tmp_path / "app.so", build.app(app))
        server = prepare(link, **settings)
        server.program = program
        return Stage(server.start(), command, program, link)

    return make


def judge(stage, told, repair, mix=None):
    """What must hold of every failure, whoever asks for the deployment. `told` are pieces of the reason."""
    load = Load(stage.server.address, MIX if mix is None else mix, GENTLE)
    with Sampler(stage.server) as sampler, load:
        result = stage.deploy()
        for text in told:
            assert text in result.stderr, f"the terminal says {result.stderr!r}"
            assert text in stage.server.stderr, f"the log says {stage.server.stderr!r}"
        stage.is_unharmed()
        stage.signal()
        stage.is_unharmed()
        assert sampler.named == [stage.old]
        repair()
        stage.recovers()
    assert load.losses() == {} and load.served() > 0


# ---- The executable ----

def remove(stage, _):
    stage.program.path.unlink()


def forbid(stage, tmp_path):
    (tmp_path / "forbidden").write_bytes(b"\x7fELF")
    stage.program.switch(tmp_path / "forbidden")


def garble(stage, tmp_path):
    (tmp_path / "garbled").write_bytes(b"no program at all\n" * 100)
    (tmp_path / "garbled").chmod(0o755)
    stage.program.switch(tmp_path / "garbled")


def become_directory(stage, tmp_path):
    (tmp_path / "directory").mkdir()
    stage.program.switch(tmp_path / "directory")


def go_round(stage, _):
    stage.program.switch(stage.program.path)


def end_at_once(stage, tmp_path):
    stage.program.switch(write_script(tmp_path / "ending", "exit 3\n"))


def kill_itself(stage, tmp_path):
    stage.program.switch(write_script(tmp_path / "dying", "kill -KILL $$\n"))


EXECUTABLES = {
    "missing": (remove, "No such file or directory"), "not executable": (forbid, "Permission denied"),
    "wrong format": (garble, "Exec format error"), "directory": (become_directory, "Permission denied"),
    "circle": (go_round, "Too many levels of symbolic links"), "ends": (end_at_once, DIED), "dies": (kill_itself, DIED),
}


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8")
@pytest.mark.parametrize("spoil, told", EXECUTABLES.values(), ids=EXECUTABLES)
def test_an_executable_that_cannot_be_one(stage, build, tmp_path, spoil, told):
    scene = stage()
    # Who asks is a program, too, and must be a sound one.
    spoil(scene, tmp_path)
    judge(scene, [told] if told == DIED else [told, str(scene.program)], lambda: scene.program.switch(build.hypnotoad))


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8")
def test_an_executable_that_is_being_written(stage, build, tmp_path):
    scene = stage()
    busy = tmp_path / "busy"
    shutil.copy(build.hypnotoad, busy)
    scene.program.switch(busy)
    with open(busy, "ab"):
        judge(scene, ["Text file busy"], lambda: scene.program.switch(build.hypnotoad))


# ---- The configuration and the application ----

CONFIGURATIONS = {
    "no Perl": ("{ listen => ", "server.conf:"), "unknown setting": ("{ workres => 1 }", "workres"),
    "out of range": ("{ workers => 0 }", "workers"), "empty": ("", "server.conf"),
    "unknown user": ("{ user => 'nobody-of-that-name' }", "nobody-of-that-name"),
    "bad listener": ("{ listen => 'http://127.0.0.1:99999' }", "Invalid listen value"),
    "unknown host": ("{ listen => 'http://999.1.1.1:80' }", "Invalid listen value"),
    "no listener that can be had": ("{ listen => 'http://192.0.2.1:80' }", "192.0.2.1"),
    "no such descriptor": ("{ listen => 'http://127.0.0.1?fd=999' }", "999"),
    "no directory for the log": ("{ log_file => '/nonexistent/log' }", "/nonexistent/log"),
    "no directory for the lock": ("{ lock_file => '/nonexistent/lock' }", "/nonexistent/lock"),
}


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8", "CFG-9", "CFG-4")
@pytest.mark.parametrize("text, told", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_that_is_broken(stage, command, text, told):
    scene = stage()
    # Who asks must know where the PID file is, so that one has a sound configuration of its own.
    sound = scene.server.config_file.with_name("sound.conf")
    shutil.copy(scene.server.config_file, sound)
    scene.server.expected_files.add("sound.conf")
    scene.command = lambda *given, **options: command("--foreground", "--config", sound, scene.server.app, **options)
    scene.server.write_config(text)
    judge(scene, [told], scene.server.write_config)


@pytest.mark.promise("UPG-5", "CFG-9")
def test_a_configuration_that_is_gone(stage, command):
    scene = stage()
    away = scene.server.config_file.with_name("away.conf")
    scene.server.config_file.rename(away)
    scene.server.expected_files.add("away.conf")
    scene.command = lambda *given, **options: command("--foreground", "--config", away, scene.server.app, **options)
    judge(scene, ["server.conf"], lambda: away.rename(scene.server.config_file))


APPLICATIONS = {
    "no symbol": ("no_symbol", "toad_app"), "other major": ("wrong_major", "major"), "refuses": ("refusing_check", "refuses to start"),
    "crashes at load": ("crashing_load", DIED), "init fails": ("failing_init", "failed to initialize"),
}


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8", "APP-1")
@pytest.mark.parametrize("name, told", APPLICATIONS.values(), ids=APPLICATIONS)
def test_an_application_that_does_not_load(stage, build, name, told):
    scene = stage()
    scene.app.switch(build.app(name))
    judge(scene, [told], lambda: scene.app.switch(build.app("probe")))


@pytest.mark.promise("UPG-5", "CLI-8")
def test_an_application_that_is_no_shared_object(stage, build, tmp_path):
    scene = stage()
    (tmp_path / "text.so").write_text("no shared object")
    scene.app.switch(tmp_path / "text.so")
    judge(scene, ["text.so"], lambda: scene.app.switch(build.app("probe")))


@pytest.mark.promise("UPG-5")
def test_an_application_that_is_gone(stage, build):
    """Who asks cannot name it either, so only a signal can ask."""
    scene = stage()
    with Sampler(scene.server), Load(scene.server.address, MIX, GENTLE) as load:
        scene.app.path.unlink()
        scene.signal()
        assert "cannot find application" in scene.server.stderr and str(scene.app) in scene.server.stderr
        scene.is_unharmed()
        scene.app.switch(build.app("probe"))
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-5", "LSN-7", "CFG-9")
def test_a_port_that_is_taken(stage):
    scene = stage()
    listen = scene.server.settings["listen"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"http://127.0.0.1:{other.getsockname()[1]}"
        scene.server.settings["listen"] = [*listen, taken]
        scene.server.write_config()

        def repair():
            scene.server.settings["listen"] = listen
            scene.server.write_config()

        judge(scene, [f'Invalid listen value "{taken}"', "Address already in use"], repair)


# ---- Its workers ----

@pytest.mark.promise("UPG-5", "UPG-1", "MGR-9", "CLI-8")
@pytest.mark.parametrize("name, told", [("crashing_worker_start", "signal 6"), ("failing_worker_start", "worker_start failed")])
def test_a_worker_that_dies_at_its_start(stage, build, name, told):
    scene = stage()
    scene.server.excuse("deaths", "workers of the new generation die on purpose")
    scene.app.switch(build.app(name))
    judge(scene, [told], lambda: scene.app.switch(build.app("probe")))


@pytest.mark.promise("UPG-5", "UPG-1", "MGR-9", "CLI-8")
def test_a_worker_that_dies_after_its_first_heartbeat(stage, build, tmp_path):
    first = tmp_path / "first"
    scene = stage(environment={"FIRST_WORKER_FILE": str(first)})
    scene.server.excuse("deaths", "a worker of the new generation dies on purpose")
    scene.app.switch(build.app("dying_after_beat"))
    with Sampler(scene.server), Load(scene.server.address, MIX, GENTLE) as load:
        result = scene.deploy()
        assert "status 7" in result.stderr and "status 7" in scene.server.stderr
        scene.is_unharmed()
        first.unlink()
        scene.signal()
        scene.is_unharmed()
        scene.app.switch(build.app("probe"))
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-5", "UPG-1", "MGR-9", "HBT-2")
def test_a_worker_that_hangs_before_its_first_heartbeat(stage, build):
    """The new generation finds out by itself, long before upgrade_timeout."""
    scene = stage(heartbeat_interval=0.5, heartbeat_timeout=0.5, graceful_timeout=1)
    scene.server.excuse("deaths", "workers of the new generation are stopped")
    scene.app.switch(build.app("hanging_worker_start"))
    judge(scene, ["heartbeat"], lambda: scene.app.switch(build.app("probe")))


# ---- Its manager, and the timeout ----

@pytest.mark.promise("UPG-4", "UPG-5", "CLI-8")
def test_one_that_hangs_is_given_up_after_upgrade_timeout(stage, build):
    scene = stage(upgrade_timeout=1)
    scene.app.switch(build.app("hanging_load"))
    judge(scene, ["not ready in time"], lambda: scene.app.switch(build.app("probe")))
    spawned = scene.server.first_trace.find(event="upgrade_spawned")[0]["t"]
    aborted = scene.server.first_trace.find(action="abort_upgrade")[0]["t"]
    assert 1 <= aborted - spawned < 1.5


def new_manager(scene):
    """The process of the new generation, once it exists."""
    return scene.server.await_trace(event="upgrade_spawned")["pid"]


def is_another_program(pid):
    """It is no copy of the old manager any more."""
    return b"HYPNOTOAD_HANDOVER=" in processes.read(pid, "environ")


@pytest.mark.promise("UPG-5", "UPG-2")
@pytest.mark.parametrize("name", ["KILL", "TERM", "QUIT", "INT", "SEGV"])
def test_a_new_manager_that_is_ended_while_it_starts(stage, build, tmp_path, name):
    wait = tmp_path / "seconds"
    scene = stage("slow_init", environment={"INIT_SECONDS_FILE": str(wait)})
    wait.write_text("60")
    with Sampler(scene.server), Load(scene.server.address, PLAIN, GENTLE) as load:
        scene.server.signal("USR2")
        pid = new_manager(scene)
        wait_until(lambda: is_another_program(pid), "the new program", seen=scene.server.describe)
        processes.send(pid, name)
        scene.server.await_trace(action="end_upgrade")
        assert f"manager {pid} {DIED}" in scene.server.stderr
        scene.is_unharmed()
        wait.unlink()
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-5", "UPG-2", "UPG-4")
@pytest.mark.parametrize("name", ["KILL", "STOP"])
def test_a_new_manager_that_is_struck_when_its_workers_are_ready(stage, build, name):
    """Its workers notice that it is gone, or never hear that they may serve."""
    scene = stage(upgrade_timeout=2)
    scene.server.excuse("deaths", "workers of the new generation die with it")
    scene.app.switch(build.app("hanging_worker_start"))
    with Sampler(scene.server), Load(scene.server.address, MIX, GENTLE) as load:
        scene.server.signal("USR2")
        pid = new_manager(scene)
        wait_until(lambda: len(processes.children_of(pid)) == 2, "its workers", seen=scene.server.describe)
        processes.send(pid, name)
        scene.server.await_trace(action="end_upgrade")
        scene.server.excuse("replay", "a manager that is killed may leave half a line")
        orphans = [other for other in processes.marked(scene.server.mark) if other not in (scene.old, *scene.workers)]
        for orphan in orphans:
            # They hang in the application for ever, and nobody is left who could end them.
            processes.send(orphan, "KILL")
        scene.is_unharmed()
        scene.app.switch(build.app("probe"))
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-4", "UPG-5")
def test_a_new_manager_that_is_stopped_gets_kill_a_second_after_term(stage, build, tmp_path):
    wait = tmp_path / "seconds"
    scene = stage("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}, upgrade_timeout=1)
    wait.write_text("60")
    with Sampler(scene.server), Load(scene.server.address, PLAIN, GENTLE) as load:
        scene.server.signal("USR2")
        pid = new_manager(scene)
        wait_until(lambda: is_another_program(pid), "the new program", seen=scene.server.describe)
        scene.server.freeze(pid)
        end = scene.server.await_trace(event="exited", pid=pid)
        assert end["signal"] == 9
        term, kill = (scene.server.trace.one(action="signal", pid=pid, signal=signal)["t"] for signal in ("TERM", "KILL"))
        assert 1 <= kill - term < 1.5 and end["t"] >= kill
        scene.is_unharmed()
        wait.unlink()
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-5", "WRK-6", "UPG-2")
def test_an_orphaned_worker_of_the_new_generation_never_serves(stage, build, tmp_path):
    """The new manager is killed between its workers' first heartbeats; they leave, and the old ones are the only ones."""
    first = tmp_path / "first"
    first.write_text(f"{os.getpid()}\n")  # a first one that never ends: all wait for it in their start
    scene = stage(environment={"FIRST_WORKER_FILE": str(first)})
    scene.server.excuse("deaths", "workers of the new generation die with it")
    scene.server.excuse("replay", "a manager that is killed may leave half a line")
    scene.app.switch(build.app("dying_after_beat"))
    scene.server.signal("USR2")
    pid = new_manager(scene)
    wait_until(lambda: len(processes.children_of(pid)) == 2, "its workers", seen=scene.server.describe)
    orphans = [child.pid for child in processes.children_of(pid)]
    processes.send(pid, "KILL")
    scene.server.await_trace(action="end_upgrade")
    first.write_text("999999999\n")  # now they are ready
    for orphan in orphans:
        wait_until(lambda: not processes.lives(orphan), "the orphan to leave", seen=scene.server.describe)
    scene.is_unharmed()
    scene.app.switch(build.app("probe"))
    scene.recovers()


TIMEOUT = 0.4
WIDTH = 0.02
RUNS = 200 if os.environ.get("HYPNOTOAD_SWEEP") == "full" else 20


def decide(server):
    """A deployment, whatever becomes of it; it is either committed or aborted, never both."""
    old, trace = server.manager, server.trace
    ends = len(trace.find(action="end_upgrade"))
    server.signal("USR2")
    wait_until(lambda: trace.find(action="commit_upgrade") or len(trace.find(action="end_upgrade")) > ends, "an outcome",
               seen=server.describe)
    committed = {line["pid"] for line in trace.find(action="commit_upgrade")}
    assert not committed & {line["pid"] for line in trace.find(action="abort_upgrade")}
    if committed:
        server.await_successor()
        assert {server.manager} == committed
        server.await_gone(old)
        return "taken over"
    assert server.successor() is None and processes.lives(old)
    return "given up"


@pytest.mark.promise("UPG-2", "UPG-4", "UPG-3")
def test_ready_around_the_timeout_has_one_outcome(stage, tmp_path):
    """The start takes about as long as it may: each time one generation serves in the end, the new one or the old one."""
    wait = tmp_path / "seconds"
    scene = stage("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}, upgrade_timeout=TIMEOUT)
    server = scene.server
    # What a start costs besides is measured, so that most runs are close to the edge.
    wait_until(lambda: decide(server) == "taken over", "a start that is in time", seen=server.describe)
    begun, ready = (server.first_trace.find(event=event)[-1]["t"] for event in ("upgrade_spawned", "upgrade_ready"))
    edge = max(WIDTH, TIMEOUT - float(ready - begun))
    outcomes = {"taken over": 0, "given up": 0}
    with Load(server.address, PLAIN, GENTLE) as load:
        for run in range(RUNS):
            wait.write_text(f"{edge + (run / RUNS - 0.5) * WIDTH:.6f}")
            outcomes[decide(server)] += 1
            wait_until(lambda: len(processes.marked(server.mark)) == 3, "one generation to be left", seen=server.describe)
    print(outcomes)
    assert load.losses() == {} and load.served() > 0 and sum(outcomes.values()) == RUNS
    wait.unlink()
    wait_until(lambda: decide(server) == "taken over", "a start that is in time", seen=server.describe)
    assert server.get("/").status == 200
