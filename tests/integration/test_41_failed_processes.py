"""Hot deployments that fail because a process of the new generation dies, hangs or is too late: whatever happens, and whenever,
one generation serves, and not a request is lost."""
import os

import pytest

from harness import processes, wait_until
from harness.deploying import MIX
from harness.failures import DIED, GENTLE, PLAIN, judge, stage
from harness.sampler import Sampler
from load.traffic import Load

# A busy machine is late, but not by so many seconds.
SLACK = 6
# Of upgrade_timeout: a generation that is sound is in time.
ENOUGH = 5


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
    scene = stage(heartbeat_interval=0.5, heartbeat_timeout=5)
    scene.server.excuse("deaths", "workers of the new generation are stopped")
    scene.app.switch(build.app("hanging_worker_start"))
    judge(scene, ["heartbeat"], lambda: scene.app.switch(build.app("probe")))


# ---- Its manager, and the timeout ----

@pytest.mark.promise("UPG-4", "UPG-5", "CLI-8")
def test_one_that_hangs_is_given_up_after_upgrade_timeout(stage, build):
    scene = stage(upgrade_timeout=ENOUGH)
    scene.app.switch(build.app("hanging_load"))
    judge(scene, ["not ready in time"], lambda: scene.app.switch(build.app("probe")))
    spawned = scene.server.first_trace.find(event="upgrade_spawned")[0]["t"]
    aborted = scene.server.first_trace.find(action="abort_upgrade")[0]["t"]
    assert ENOUGH <= aborted - spawned < ENOUGH + SLACK


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
        scene.server.await_log(f"manager {pid} {DIED}")
        scene.is_unharmed()
        wait.unlink()
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-5", "UPG-2", "UPG-4")
@pytest.mark.parametrize("name", ["KILL", "STOP"])
def test_a_new_manager_that_is_struck_when_its_workers_are_ready(stage, build, name):
    """Its workers notice that it is gone, or never hear that they may serve."""
    scene = stage(upgrade_timeout=ENOUGH)
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
    scene = stage("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}, upgrade_timeout=ENOUGH)
    wait.write_text("60")
    with Sampler(scene.server), Load(scene.server.address, PLAIN, GENTLE) as load:
        scene.server.signal("USR2")
        pid = new_manager(scene)
        wait_until(lambda: is_another_program(pid), "the new program", seen=scene.server.describe)
        scene.server.freeze(pid)
        end = scene.server.await_trace(event="exited", pid=pid)
        assert end["signal"] == 9
        term, kill = (scene.server.trace.one(action="signal", pid=pid, signal=signal)["t"] for signal in ("TERM", "KILL"))
        assert 1 <= kill - term < 1 + SLACK and end["t"] >= kill
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
