"""Hot deployments at the wrong time: storms of requests for one, signals and kills at every system call of one.

The sweeps lead one of the two managers through a deployment, call by call, and strike it at one of them: afterwards exactly one
generation serves, or none if it was the serving one that was told to end; nothing else is left; and the next deployment works. A
run takes a part of the calls, always the same; with HYPNOTOAD_SWEEP=full it takes all of them."""
import os
import re
import time
from collections import Counter

import pytest

from harness import LIMIT, processes, stays_so, wait_until
from harness.deploying import begin_request, end_request
from harness.sampler import Sampler
from harness_faults import sweep
from harness_faults.tracer import Tracee
from load.traffic import Load, Options

GENTLE = Options(pause=0.003, slowness=1.0)
MIX = {"new": 2, "keep-alive": 2, "pipelined": 1, "upload": 1, "download": 1}
STORM = 50
GENERATIONS = 10
SECONDS = 60 if sweep.IS_FULL else 4
WORKERS = 2


def is_settled(server):
    """One generation is there, the one that the PID file names, with all its workers, and nobody else."""
    server.follow_last()
    everybody = processes.marked(server.mark)
    return server.pid_text() == f"{server.manager}\n" and len(everybody) == WORKERS + 1 and len(server.ready_workers()) == WORKERS


def await_settled(server):
    wait_until(lambda: is_settled(server), "one generation to be left", seen=server.describe)


def check_one_at_a_time(server):
    """Invariant I19: no manager ever has two new generations, or begins one when it does not serve."""
    for trace in server.traces():
        is_under_way, is_serving = False, False
        for line in trace.lines():
            is_serving = is_serving or line.get("action") == "announce"
            if line.get("action") == "spawn_upgrade":
                assert is_serving and not is_under_way, f"{trace.path.name}: {line}"
                is_under_way = True
            elif line.get("action") == "end_upgrade":
                is_under_way = False
            elif line.get("event") == "signal" and line["signal"] in ("QUIT", "TERM", "INT"):
                is_serving = False


def send(pid, name):
    """A signal to somebody who may be gone already."""
    try:
        processes.send(pid, name)
    except ProcessLookupError:
        pass


# ---- Storms ----

@pytest.mark.promise("MGR-7", "MGR-13", "UPG-2", "UPG-3", "UPG-8", "PID-2")
@pytest.mark.parametrize("names", [["USR2"], ["HUP"], ["USR2", "HUP"]], ids="+".join)
def test_many_requests_at_once(start, names):
    server = start(workers=WORKERS)
    with Sampler(server) as sampler, Load(server.address, MIX, GENTLE) as load:
        old = server.manager
        for number in range(STORM):
            send(old, names[number % len(names)])
        server.await_successor()
        await_settled(server)
    assert load.losses() == {} and load.served() > 0
    assert len(sampler.named) <= 2, "what was asked of the old one during its deployment is done with it"
    check_one_at_a_time(server)


@pytest.mark.promise("MGR-7", "MGR-13", "UPG-2", "UPG-3", "UPG-8", "PID-2")
def test_many_requests_to_whoever_serves(start):
    server = start(workers=WORKERS)
    with Sampler(server), Load(server.address, MIX, GENTLE) as load:
        end = time.monotonic() + LIMIT
        while len(server.traces()) <= GENERATIONS and time.monotonic() < end:
            send(int(server.pid_text()), "USR2")
            time.sleep(0.002)
        await_settled(server)
    assert load.losses() == {} and load.served() > 0
    assert len(server.traces()) > GENERATIONS
    check_one_at_a_time(server)


@pytest.mark.promise("UPG-3", "UPG-8", "UPG-2", "PID-2", "CON-1")
def test_a_deployment_every_quarter_of_a_second(start):
    server = start(workers=WORKERS, keep_alive_timeout=2)
    before = len(processes.descriptors_of(server.manager))
    asked = 0
    with Sampler(server), Load(server.address, {**MIX, "think": 4}, GENTLE) as load:
        end = time.monotonic() + SECONDS
        while (began := time.monotonic()) < end or asked < 3:
            server.signal("USR2")
            server.await_successor()
            asked += 1
            time.sleep(max(0, began + 0.25 - time.monotonic()))
        load.end()
        await_settled(server)
    assert load.losses() == {} and load.served() > 0
    assert len(server.traces()) == asked + 1 > 3, "each of them was one deployment"
    assert len(processes.descriptors_of(server.manager)) == before
    check_one_at_a_time(server)


# ---- At the wrong time ----

@pytest.mark.promise("MGR-7", "CLI-6")
def test_usr2_while_starting_does_nothing(prepare, tmp_path):
    first = tmp_path / "first"
    first.write_text(f"{os.getpid()}\n")  # all workers wait for its end
    server = prepare("dying_after_beat", environment={"FIRST_WORKER_FILE": str(first)})
    server.launch()
    wait_until(lambda: len(server.trace.find(event="spawned")) == WORKERS, "the workers", seen=server.describe)
    for count in range(1, 4):
        processes.send(server.process.pid, "USR2")
        server.await_signals("USR2", count)
    first.write_text("999999999\n")
    server.await_ready()
    assert server.trace.find(action="spawn_upgrade") == []
    server.upgrade()


@pytest.mark.promise("MGR-7", "MGR-3")
@pytest.mark.parametrize("name", ["USR2", "HUP"])
def test_usr2_while_leaving_does_nothing(start, name):
    server = start(workers=WORKERS)
    with server.connect() as slow:
        begin_request(slow)
        server.signal("QUIT")
        server.await_signals("QUIT", 1)
        server.signal(name)
        server.await_trace(event="signal", signal="USR2")
        end_request(slow)
    assert server.await_end() == 0
    assert server.trace.find(action="spawn_upgrade") == [] and server.traces() == [server.first_trace]


@pytest.mark.promise("MGR-7", "MGR-2")
def test_usr2_while_stopping_does_nothing(start):
    server = start(workers=WORKERS)
    for worker in server.workers():
        server.freeze(worker)
    with Tracee(server.manager) as manager:
        server.signal("TERM")
        # Here it stands still: the second that it gives them does not end before USR2 is there.
        sweep.follow(manager, lambda call, count: call.name == "kill")
        server.signal("USR2")
    server.await_trace(event="signal", signal="USR2")
    assert server.await_end() == 0
    assert server.trace.find(action="spawn_upgrade") == []


@pytest.mark.promise("MGR-7", "UPG-2")
def test_usr2_to_a_generation_that_drains_does_nothing(start):
    server = start(workers=WORKERS)
    old, trace = server.manager, server.trace
    with server.connect() as slow:
        begin_request(slow)
        server.signal("USR2")
        server.await_successor()
        processes.send(old, "USR2")
        wait_until(lambda: len(trace.find(event="signal", signal="USR2")) == 2, "the second USR2", seen=server.describe)
        end_request(slow)
    server.await_gone(old)
    assert len(trace.find(action="spawn_upgrade")) == 1 and server.successor() is None


@pytest.mark.promise("UPG-6", "MGR-2", "MGR-3")
@pytest.mark.parametrize("name", ["QUIT", "TERM", "INT"])
def test_the_end_of_the_old_one_during_a_deployment_is_the_end_of_both(prepare, tmp_path, name):
    wait = tmp_path / "seconds"
    server = prepare("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}).start()
    server.excuse("generations", "it ends before it has taken over")
    wait.write_text("60")
    server.signal("USR2")
    pid = server.await_trace(event="upgrade_spawned")["pid"]
    assert server.stop(name) == 0
    assert not processes.lives(pid) and not server.pid_file.exists()
    asked, = server.trace.find(event="signal", signal="QUIT" if name == "QUIT" else "TERM")
    assert server.trace.one(action="abort_upgrade", pid=pid)["t"] == asked["t"], "at once"


# ---- Deaths ----

@pytest.mark.promise("UPG-2", "UPG-3", "PID-4", "WRK-6")
def test_the_death_of_the_old_one_makes_the_new_one_serve(prepare, tmp_path):
    """Nobody is left who could agree, and nobody else serves; requests wait in the backlog and none is lost."""
    wait = tmp_path / "seconds"
    server = prepare("slow_init", environment={"INIT_SECONDS_FILE": str(wait)}, workers=WORKERS).start()
    with Load(server.address, {"new": 2, "keep-alive": 2, "pipelined": 1}, GENTLE) as load:
        wait.write_text("60")
        server.signal("USR2")
        pid = server.await_trace(event="upgrade_spawned")["pid"]
        wait_until(lambda: b"HYPNOTOAD_HANDOVER=" in processes.read(pid, "environ"), "the new program", seen=server.describe)
        server.signal("KILL")
        server.await_gone(server.manager)
        wait.unlink()
        server.await_successor()
        assert server.manager == pid
        await_settled(server)
    assert load.losses() == {} and load.served() > 0
    assert f"predecessor is gone, manager {server.process.pid}" in server.stderr
    server.upgrade()


@pytest.mark.promise("UPG-2", "WRK-6")
def test_the_death_of_an_old_one_that_drains_is_nothing_to_the_new_one(start):
    server = start(workers=WORKERS)
    old = server.manager
    with server.connect() as slow:
        begin_request(slow)
        server.signal("USR2")
        server.await_successor()
        processes.send(old, "KILL")
        server.await_gone(old)
        end_request(slow)
    await_settled(server)
    stays_so(lambda: server.get("/").status == 200, 0.2, "the service")


# ---- Sweeps ----

class Blow:
    """One signal to one of the two managers during a deployment. After it the old one serves, the new one, or nobody."""

    def __init__(self, server, who, name):
        self.server = server
        self.who = who
        self.name = name
        self.old = server.manager
        self.old_trace = server.trace
        self.has_forked = False

    def lead(self, is_over):
        """Asks for a deployment and leads the manager until is_over(call, count): (tracee, calls)."""
        if self.who == "old":
            tracee = Tracee(self.old)
            self.server.signal("USR2")
        else:
            with Tracee(self.old, follows_forks=True) as manager:
                self.server.signal("USR2")
                tracee = manager.run_to_fork()
        calls = sweep.follow(tracee, is_over)
        # A signal at the entry of the fork prevents it.
        self.has_forked = self.who == "new" or any(call.name in FORKS for call in calls[:-1])
        return tracee, calls

    def facts(self):
        """What the traces say: whether the old one has agreed, and whether the new one has told it to go."""
        later = self.server.traces()[1:]
        has_agreed = bool(self.old_trace.find(action="commit_upgrade"))
        has_gone_on = any(trace.find(action="signal", pid=self.old, signal="QUIT") for trace in later)
        return has_agreed, has_gone_on

    def allowed(self):
        """Who may serve now."""
        has_agreed, has_gone_on = self.facts()
        if self.who == "old" and self.name == "KILL":
            return {"new"} if self.has_forked else {"nobody"}
        if self.who == "old":
            return {"new"} if has_agreed else {"nobody"}
        if self.name == "KILL" and has_gone_on:
            return {"old", "nobody"}  # it was struck when it was about to say so, or had said so
        return {"nobody"} if has_gone_on else {"old"}

    def serving(self):
        """Who serves, if it is all settled; None while it is not."""
        everybody = processes.marked(self.server.mark)
        if not everybody:
            return "nobody"
        text = self.server.pid_text()
        if len(everybody) != WORKERS + 1 or not re.fullmatch(r"\d+\n", text) or int(text) not in everybody:
            return None
        return "old" if int(text) == self.old else "new"

    def judge(self):
        """Waits for what must come of it, and sees to it that it stays so and goes on."""
        server = self.server
        wait_until(lambda: self.serving() in self.allowed(), "the end of it",
                   seen=lambda: (self.serving(), self.allowed(), server.describe()))
        found = self.serving()
        if found == "nobody":
            assert self.name == "KILL" or not server.pid_file.exists()
            sweep.await_nobody(server)
            return found
        await_settled(server)
        with server.connect() as connection:
            assert connection.get("/", "Connection: close").status == 200
        # Before the old manager has buried the new one, another deployment would be one too many.
        if self.who == "new" and found == "old":
            server.await_trace(action="end_upgrade")
        server.upgrade()
        return found


FORKS = ("clone", "clone3", "fork", "vfork")
BLOWS = [(who, name) for who in ("old", "new") for name in ("QUIT", "TERM", "KILL")]
SAMPLES = {"old": 7, "new": 12}


@pytest.fixture
def shooting(build, tmp_path):
    return sweep.Range(build, tmp_path, workers=WORKERS)


def excuse(server, name):
    server.excuse("deaths", "workers end with their manager, whatever it ends of")
    server.excuse("generations", "the blow ends it")
    if name == "KILL":
        server.excuse("files", "who is killed leaves its files")


def record(server, who):
    """The calls of an unharmed deployment: up to its end, or until the new manager serves and waits."""
    server.start()
    blow = Blow(server, who, "nothing")
    tracee, calls = blow.lead(lambda call, count: who == "new" and call.name == "poll" and blow.facts()[1])
    tracee.let_go()
    server.await_successor()
    server.await_gone(blow.old)
    return calls


def shoot(server, who, name, position):
    server.start()
    blow = Blow(server, who, name)
    tracee, calls = blow.lead(lambda call, count: count > position)
    if len(calls) > position:
        server.signal(name, tracee.pid)
    else:
        blow.name = "nothing"  # it has ended before, as it does
        assert who == "old"
    tracee.let_go()
    return blow.judge()


@pytest.mark.promise("UPG-2", "UPG-5", "UPG-6", "PID-2", "MGR-2", "MGR-3")
@pytest.mark.parametrize("who, name", BLOWS, ids=["-".join(blow) for blow in BLOWS])
@pytest.mark.parametrize("share", range(sweep.SHARES if sweep.IS_FULL else 1))
def test_a_signal_at_each_call_of_a_deployment(shooting, who, name, share):
    calls = shooting.record(lambda server: record(server, who))
    positions = range(len(calls))
    positions = sweep.share_of(positions, share) if sweep.IS_FULL else positions[::max(1, len(calls) // SAMPLES[who])]
    counts = Counter()
    for position in positions:
        server = shooting.prepare()
        excuse(server, name)
        shooting.judge(server, f"call {position} ({calls[position].name} {calls[position].path})",
                       lambda: counts.update([shoot(server, who, name, position)]))
    print(f"{name} to the {who} manager at {len(positions)} of {len(calls)} calls of a deployment, then serves: {dict(counts)}")
    shooting.end()
