"""Faults of signals (rows S): storms, signals to nobody, orders that matter, and what a parent leaves behind. The table of all
rows stands in test_31_faults_processes.py; a signal at every system call is test_30_signal_at_every_call.py."""
import random
import re
import sys

import pytest

from harness import processes, wait_until
from harness.deploying import Link
from harness_faults import sweep
from harness_faults.strace import start_under
from harness_faults.tracer import Tracee

STORM = 10_000
# None of them ends a server; TTIN and TTOU hold each other in balance. HUP and USR2 begin one hot deployment, which hangs, and
# do nothing more: test_42_upgrade_storms.py has those that succeed.
STORMY = ["TTIN", "TTOU", "TTIN", "TTOU", "USR1", "CHLD", "HUP", "USR2", "CONT", "WINCH", "URG"]


def count(server, name):
    return len(server.trace.find(event="signal", signal=name))


@pytest.mark.promise("MGR-13", "MGR-6", "MGR-8", "MGR-3")
def test_s1_a_storm_of_signals_leaves_the_pool_right(prepare, build, tmp_path):
    """Signals of one kind that wait together become one; what arrived is what counts."""
    app = Link(tmp_path / "app.so", build.app("hello"))
    server = prepare(app, workers=4, spare=2, accepts=0, upgrade_timeout=600).start()
    server.excuse("generations", "it hangs on purpose")
    app.switch(build.app("hanging_load"))
    dice = random.Random(20)
    for number in range(STORM):
        server.signal(dice.choice(STORMY))
        if number % 500 == 0:
            # As many TTOU as there were workers may have been taken: behind a TTIN that is alone there is one at least.
            wait_until(lambda: processes.pending_signals(server.manager) == set(), "a pause", seen=server.describe)
            server.signal("TTIN")
            wait_until(lambda: is_as_asked(server) and server.ready_workers(), "a worker", seen=server.describe)
            assert server.get("/").status == 200, "it serves meanwhile"
    wait_until(lambda: processes.pending_signals(server.manager) == set(), "the last signal to be taken", seen=server.describe)
    wait_until(lambda: is_as_asked(server), "as many workers as were asked for", seen=server.describe)
    assert not [end for end in server.trace.worker_ends() if end.get("status") != 0], "each that went was asked to"
    assert len(server.trace.find(event="upgrade_spawned")) == 1
    assert server.stop("QUIT") == 0


def is_as_asked(server):
    wanted = 4
    for line in server.trace.find(event="signal"):
        wanted += {"TTIN": 1, "TTOU": -1 if wanted > 0 else 0}.get(line["signal"], 0)
    return len(server.workers()) == len(server.ready_workers()) == wanted


@pytest.mark.promise("MGR-6", "MGR-2")
def test_s2_no_signal_goes_to_a_group_or_to_everybody(prepare):
    """Seen from below: each kill() of the manager names one of its workers."""
    server = prepare("hello", workers=1)
    log = start_under(server, calls="kill,tkill,tgkill,pidfd_send_signal")
    server.start()
    for number in range(1, 4):
        server.signal("TTOU")
        wait_until(lambda: count(server, "TTOU") == number, f"TTOU {number}", seen=server.describe)
    server.await_workers(0)
    server.signal("USR1")
    server.signal("TTIN")
    server.await_workers(1)
    server.signal("USR1")
    wait_until(lambda: count(server, "USR1") == 2, "USR1", seen=server.describe)
    assert server.stop("TERM") == 0
    workers = {line["pid"] for line in server.trace.find(event="spawned")}
    calls = re.findall(r"^(\w+)\((-?\d+), (\w+)", log.read_text(), re.MULTILINE)
    assert {name for name, _, _ in calls} == {"kill"} and {signal for _, _, signal in calls} == {"SIGQUIT", "SIGUSR1", "SIGTERM"}
    assert {int(pid) for _, pid, _ in calls} <= workers and min(workers) > 1


@pytest.mark.promise("MGR-5", "MGR-2")
def test_s4_quit_after_term_changes_nothing(start):
    """A stopped worker lets the stop take its whole second, in which QUIT comes: the manager stands still until it is there."""
    server = start("hello", workers=2)
    frozen, _ = server.workers()
    server.freeze(frozen)
    with Tracee(server.manager) as manager:
        server.signal("TERM")
        sweep.follow(manager, lambda call, count: call.name == "kill")
        server.signal("QUIT")
    server.await_trace(event="signal", signal="QUIT")
    assert server.await_end() == 0
    steps = [line["signal"] for line in server.trace.find(action="signal", pid=frozen)]
    assert steps == ["TERM", "KILL"]


# Everything ignored and blocked that can be, then the server in place of the interpreter.
NASTY_PARENT = """
import os, signal, sys
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.promise("MGR-1", "MGR-2", "MGR-3", "WRK-1", "WRK-7")
@pytest.mark.parametrize("options", [("--foreground",), ()], ids=["foreground", "daemon"])
def test_s7_what_the_parent_ignored_and_blocked_does_not_matter(start, options):
    """With CHLD ignored, for one, no child could ever be waited for."""
    server = start("probe", workers=2, options=options, before=[sys.executable, "-c", NASTY_PARENT])
    server.excuse("deaths", "the test kills workers")
    for name in ("KILL", "SEGV", "TERM", "QUIT"):
        victim = server.workers()[0]
        server.signal(name, victim)
        server.await_gone(victim)
        server.await_workers(2)
    server.signal("TTIN")
    worker = server.await_workers(3)[0]
    ignored = int(re.search(r"^SigIgn:\t(\w+)", processes.read(worker, "status").decode(), re.MULTILINE)[1], 16)
    blocked = int(re.search(r"^SigBlk:\t(\w+)", processes.read(worker, "status").decode(), re.MULTILINE)[1], 16)
    assert (ignored >> 16 & 1, blocked) == (0, 0), "an application's children can be waited for"
    assert server.stop("QUIT") == 0
