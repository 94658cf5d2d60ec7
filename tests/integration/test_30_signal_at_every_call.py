"""A signal at every system call: of the manager's start, of its service, of its stop, of a worker's start, of the launcher.
A worker's service is in test_30_signal_while_talking.py.

Each test first lets one server make its calls unharmed and counts them; then it starts one server for each position and sends
the signal when the process stands at the entry of that very call. Afterwards no process, no file and no listening socket may be
left. A run takes a part of the positions, always the same; with HYPNOTOAD_SWEEP=full it takes all of them.

Before the manager has its signals in hand it is a program that loads: TERM, QUIT and USR1 end it by their default action; it has
promised nothing yet and must leave nothing. TTIN stops such a program only under a shell with job control; here it does nothing."""
import signal
from collections import Counter

import pytest

from harness import wait_until
from harness_faults import sweep
from harness_faults.tracer import STOPPED, Tracee, lead_from_start

WORKERS = 2
ENDING = ("TERM", "QUIT")
EACH_SIGNAL = pytest.mark.parametrize("name", ["TERM", "QUIT", "USR1", "TTIN"])
EACH_END = pytest.mark.parametrize("name", ENDING)
IN_SHARES = pytest.mark.parametrize("share", range(sweep.SHARES))


@pytest.fixture
def shooting(build, tmp_path):
    place = sweep.Range(build, tmp_path, workers=WORKERS)
    yield place
    place.end()


def show(counts, what):
    print(f"{what}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))


# ---- The manager's start ----

def positions_of_start(calls):
    """A part of the calls before the draft of the PID file exists, and all that follow."""
    draft = next(index for index, call in enumerate(calls) if call.name == "openat" and ".pid." in call.path)
    return sweep.every(range(draft), 8) + list(range(draft, len(calls)))


def judge_start(server, calls, name):
    if name in ENDING or (name == "USR1" and not sweep.is_handling(calls)):
        status = 0 if sweep.is_handling(calls) else -getattr(signal, "SIG" + name)
        sweep.await_end(server, status)
        assert status == 0 or server.stdout == "", "it had announced itself and not yet its signals in hand"
        return "ended with 0" if status == 0 else "ended by the signal"
    server.await_ready()
    is_more = name == "TTIN" and sweep.is_handling(calls)
    wait_until(lambda: has(server, event="signal", signal="TTIN") == is_more and is_settled(server), "the workers", seen=server.describe)
    sweep.end_serving(server)
    return "served"


@pytest.mark.promise("MGR-2", "MGR-3", "MGR-6", "MGR-8", "PID-1")
@EACH_SIGNAL
@IN_SHARES
def test_s3_a_signal_at_each_call_of_the_managers_start(shooting, name, share):
    calls = shooting.record(sweep.record_start)
    counts = Counter()
    for position in sweep.share_of(positions_of_start(calls), share):
        server = shooting.prepare()
        done = sweep.fire_during_start(server, position, name)
        shooting.judge(server, sweep.name_of(position, done), lambda: counts.update([judge_start(server, done, name)]))
    show(counts, f"{name} at {len(calls)} calls of the start")


# ---- The manager's service and stop ----

class Scene:
    """Something that a running manager does: what causes it, and how one sees from outside that it has been done."""

    def __init__(self, begin, is_done):
        self.begin = begin
        self.is_done = is_done


def has(server, **wanted):
    return len(server.trace.find(**wanted))


SCENES = {
    "nothing": Scene(lambda server: None, lambda server: True),
    "death": Scene(lambda server: server.signal("KILL", server.workers()[0]), lambda server: has(server, event="exited", signal=9)),
    "more": Scene(lambda server: server.signal("TTIN"), lambda server: has(server, event="signal", signal="TTIN")),
    "fewer": Scene(lambda server: server.signal("TTOU"), lambda server: has(server, event="exited", status=0)),
    "reopen": Scene(lambda server: server.signal("USR1"), lambda server: has(server, event="signal", signal="USR1")),
    "lost": Scene(lambda server: server.pid_file.unlink(), lambda server: server.pid_file.exists()),
}
ENDS = {"leave": Scene(lambda server: server.signal("QUIT"), None), "stop": Scene(lambda server: server.signal("TERM"), None)}


def is_settled(server):
    """As many workers as were asked for, all of them ready."""
    wanted = server.settings["workers"] + has(server, event="signal", signal="TTIN") - has(server, event="signal", signal="TTOU")
    return len(server.workers()) == len(server.ready_workers()) == wanted


def lead_through(server, scene, is_over):
    """Starts the server, begins the scene and leads the manager until is_over(call, count) or its end; yields it there."""
    server.excuse("deaths", "the test kills a worker")
    server.start()
    tracee = Tracee(server.manager)
    scene.begin(server)
    return tracee, sweep.follow(tracee, is_over)


def record_scene(scene):
    def way(server):
        def is_over(call, count):
            return scene.is_done is not None and count > 1 and call.name == "poll" and scene.is_done(server) and is_settled(server)

        tracee, calls = lead_through(server, scene, is_over)
        tracee.let_go()
        if scene.is_done is None:
            assert server.await_end() == 0
        return calls

    return way


def shoot(server, scene, position, name):
    """One shot and what comes of it."""
    tracee, calls = lead_through(server, scene, lambda call, count: count > position)
    before = has(server, event="signal", signal=name)
    is_hit = len(calls) > position
    if is_hit:
        server.signal(name)
    tracee.let_go()
    if scene.is_done is None or name in ENDING:
        assert server.await_end() == 0
        return "ended with 0" if is_hit else "ended before"
    assert is_hit, "a manager that serves goes on making calls"
    wait_until(lambda: scene.is_done(server) and has(server, event="signal", signal=name) > before and is_settled(server),
               f"{name} to be heeded and the scene to end", seen=server.describe)
    sweep.end_serving(server)
    return "served"


def sweep_scenes(shooting, scenes, name, step, share):
    for title, scene in scenes.items():
        calls = shooting.record(record_scene(scene))
        counts = Counter()
        for position in sweep.share_of(sweep.every(range(len(calls)), step), share):
            server = shooting.prepare()
            shooting.judge(server, f"{title}, call {position} ({calls[position].name})",
                           lambda: counts.update([shoot(server, scene, position, name)]))
        show(counts, f"{name} at {len(calls)} calls of the scene {title}")


@pytest.mark.promise("MGR-2", "MGR-3", "MGR-6", "MGR-8", "MGR-13", "PID-1", "PID-3")
@EACH_SIGNAL
@IN_SHARES
def test_s3_a_signal_at_each_call_of_the_managers_service(shooting, name, share):
    sweep_scenes(shooting, SCENES, name, 2, share)


@pytest.mark.promise("MGR-2", "MGR-3", "MGR-5", "PID-1")
@EACH_SIGNAL
@IN_SHARES
def test_s4_a_signal_at_each_call_of_the_managers_stop(shooting, name, share):
    sweep_scenes(shooting, ENDS, name, 2, share)


# ---- The start of a worker ----

def lead_new_worker(server, is_over):
    """Asks for a worker more and leads it until is_over(call, count)."""
    server.start()
    with Tracee(server.manager, follows_forks=True) as manager:
        server.signal("TTIN")
        worker = manager.run_to_fork()
    return worker, sweep.follow(worker, is_over)


def record_worker(server):
    worker, calls = lead_new_worker(server, lambda call, count: call.name == "epoll_wait")
    worker.let_go()
    wait_until(lambda: is_settled(server), "the worker to be ready", seen=server.describe)
    return calls


def shoot_worker(server, position, name):
    worker, calls = lead_new_worker(server, lambda call, count: count > position)
    assert len(calls) > position, "the worker lives"
    server.signal(name, worker.pid)
    worker.let_go()
    end = server.await_trace(event="exited", pid=worker.pid)
    # QUIT is never the end of a worker that has not yet learned what it means.
    assert end.get("status") == 0 or (name, end.get("signal")) == ("TERM", 15), end
    wait_until(lambda: is_settled(server), "a replacement", seen=server.describe)
    sweep.end_serving(server)
    return "ended with 0" if end.get("status") == 0 else "ended by the signal"


@pytest.mark.promise("WRK-1", "WRK-2", "MGR-1")
@EACH_END
@IN_SHARES
def test_s3_a_signal_at_each_call_of_a_workers_start(shooting, name, share):
    calls = shooting.record(record_worker)
    counts = Counter()
    for position in sweep.share_of(sweep.every(range(len(calls)), 4), share):
        server = shooting.prepare()
        shooting.judge(server, sweep.name_of(position, calls), lambda: counts.update([shoot_worker(server, position, name)]))
    show(counts, f"{name} at {len(calls)} calls of a worker's start")


# ---- The launcher ----

def lead_launcher(server, is_over):
    server.before = list(STOPPED)
    server.launch()
    launcher = lead_from_start(server.process)
    return launcher, sweep.follow(launcher, is_over)


def record_launcher(server):
    _, calls = lead_launcher(server, lambda call, count: False)
    server.await_ready()
    return calls


def shoot_launcher(server, position, name):
    launcher, calls = lead_launcher(server, lambda call, count: count > position)
    is_hit = len(calls) > position
    if is_hit:
        server.signal(name, server.process.pid)
    launcher.let_go()
    status = server.process.wait(sweep.LIMIT)
    if status == 0:
        server.await_ready()
        return "too late: the server was ready"
    assert is_hit, f"the launcher ended with {status}"
    sweep.await_nobody(server)
    return "ended with 1" if status == 1 else "ended by the signal"


@pytest.mark.promise("CLI-6", "PID-1")
@EACH_END
def test_s3_a_signal_at_each_call_of_the_launcher(shooting, name):
    calls = shooting.record(record_launcher, options=())
    counts = Counter()
    first = next(index for index, call in enumerate(calls) if call.name == "pipe2")
    for position in range(first, len(calls)):
        server = shooting.prepare(options=())
        shooting.judge(server, sweep.name_of(position, calls), lambda: counts.update([shoot_launcher(server, position, name)]))
    show(counts, f"{name} at {len(calls)} calls of the launcher, from {first} on")
