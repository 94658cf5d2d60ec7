"""MGR: the manager and its workers: how many there are, and who follows one that ends."""
import subprocess
import time
from decimal import Decimal

from conformance.asking import busy
from conformance.case import shown
from conformance.registry import VIRTUAL, check
from harness import processes


# ---- MGR-1 ----

@check("MGR-1.as-many-as-asked")
def there_are_as_many_workers_as_the_setting_says(case):
    for count in (1, 3):
        server = case.start(workers=count)
        case.stays(lambda: len(server.workers()) == count, 0.5, f"{count} workers")


def replaces(case, how):
    server = case.start(workers=2)
    worker = server.workers()[0]
    killed = server.signal(how, worker)
    server.await_replaced(worker, 2, limit=10)
    case.measured(f"from {how} to the replacement", time.monotonic() - killed, None, 5)
    case.equal(server.get("/").status, 200, "status")


@check("MGR-1.killed")
def a_worker_that_is_killed_is_replaced_at_once(case):
    replaces(case, "KILL")


@check("MGR-1.crashed")
def a_worker_that_crashes_is_replaced_at_once(case):
    server = case.start(workers=2)
    for how in ("segv", "abort", "exit"):
        with server.connect() as connection:
            worker = server.worker_of(connection)
            connection.ask(f"/crash?how={how}")
            server.await_replaced(worker, 2, limit=10)


@check("MGR-1.all-killed")
def all_workers_at_once_are_replaced(case):
    server = case.start(workers=3)
    old = server.workers()
    for worker in old:
        server.signal("KILL", worker)
    case.until(lambda: len(server.workers()) == 3 and not set(server.workers()) & set(old), "three others", seen=server.workers)
    case.equal(server.get("/").status, 200, "status")


@check("MGR-1.spawns", tiers=(VIRTUAL,))
def one_is_spawned_for_each_one_that_died(case):
    virtual = case.virtual({"workers": 3}).exited(5, 102, signal=9)
    virtual.spawned(5, 104).heartbeat(5, 104)
    case.equal(virtual.times(action="spawn"), [Decimal(0)] * 3 + [Decimal(5)], "spawn")


# ---- MGR-9, MGR-10 ----

@check("MGR-9.growing-pause", tiers=(VIRTUAL,), needs=("simulator", "young_deaths"))
def workers_that_die_young_are_replaced_with_a_growing_pause(case):
    """Each one dies as soon as it is spawned: never more than a few starts at once, then pauses that grow to 30 s."""
    judge_pauses(case, die_young(case.virtual(), 120))


def judge_pauses(case, spawned):
    gaps = [later - earlier for earlier, later in zip(spawned, spawned[1:])]
    case.evidence.saw(f"pauses: {[float(gap) for gap in gaps]}")
    paused = [gap for gap in gaps if gap > 0]
    assert len(gaps) - len(paused) <= 4, f"{len(gaps) - len(paused)} starts without a pause"
    assert paused == sorted(paused) and paused[-1] > paused[0], f"pauses that do not grow: {shown(paused[:5])} ..."
    assert max(paused) <= 31, f"a pause of {max(paused)} s"


def die_young(virtual, seconds):
    """Feeds an exit for every spawn, tick by tick of half a second; returns the times of the spawns after the first death."""
    pid, alive, now = 101, True, Decimal(1)
    seen = 1
    while now < seconds:
        if alive:
            virtual.exited(now, pid, status=1)
            alive = False
        else:
            virtual.tick(now)
        spawns = virtual.times(action="spawn")
        if len(spawns) > seen:
            seen, pid, alive = len(spawns), pid + 1, True
            virtual.spawned(now, pid)
        now += Decimal("0.5")
    return virtual.times(action="spawn")[1:]


@check("MGR-9.never-gives-up")
def the_manager_survives_workers_that_die_again_and_again(case):
    """Each worker is killed as soon as it is seen, thirty times; when that ends, the service is back."""
    server = case.start(workers=2)
    for _ in range(30):
        for worker in server.workers()[:1]:
            try:
                server.signal("KILL", worker)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
        assert processes.lives(server.manager), f"the manager is gone: {server.stderr[-500:]}"
    server.await_workers(2, limit=45)
    case.equal(server.get("/").status, 200, "status")


@check("MGR-9.does-not-spin", needs=("shared_objects", "young_deaths"))
def workers_that_die_at_once_are_not_started_again_and_again(case):
    """In five seconds of pauses that grow only a few are started; and then the service is back."""
    crash = case.directory / "crash"
    server = case.start("crashing_later", workers=1, environment={"CRASH_WHEN_EXISTS": str(crash)})
    worker, = server.workers()
    crash.touch()
    before = len(server.watch.lives)
    server.signal("KILL", worker)
    time.sleep(5)
    started = len(server.watch.lives) - before
    case.evidence.saw(f"{started} workers were started in five seconds")
    crash.unlink()
    assert started <= 10, f"{started} workers were started in five seconds"
    server.await_workers(1)
    case.until(server.answers, "an answer")


@check("MGR-10.fork-fails", tiers=(VIRTUAL,))
def a_fork_that_fails_is_tried_again(case):
    """Each one fails: the pauses grow as those of workers that die young."""
    virtual = case.virtual().exited(1, 101, signal=9)
    failed, now = 1, Decimal(1)
    while now < 120:
        if len(virtual.times(action="spawn")) > failed:
            virtual.at(now, "spawn_failed")
            failed += 1
        now += Decimal("0.5")
        virtual.tick(now)
    spawned = virtual.times(action="spawn")[1:]
    assert len(spawned) >= 3, f"spawn at {spawned}"
    judge_pauses(case, spawned)
    case.equal(virtual.find(action="exit"), [], "exit")


# ---- MGR-11 ----

@check("MGR-11.spare", tiers=(VIRTUAL,))
def leaving_workers_are_replaced_at_once_up_to_spare(case):
    for spare, expected in ((0, 0), (1, 1), (2, 2), (5, 3)):
        virtual = case.virtual({"workers": 3, "spare": spare})
        for pid in virtual.pids:
            virtual.heartbeat(1, pid, leaving=True)
        case.equal(len([time for time in virtual.times(action="spawn") if time == 1]), expected, f"spawns with spare {spare}")


@check("MGR-11.replaced-while-leaving")
def a_leaving_worker_is_replaced_while_it_still_serves(case):
    server = case.start(workers=1, graceful_timeout=60)
    connection, worker = busy(case, server, "/slow?s=3")
    with connection:
        server.signal("QUIT", worker)
        case.until(lambda: set(server.workers()) - {worker}, "a replacement", limit=10)
        case.holds(processes.lives(worker), "the old one still serves")
        case.equal(connection.read_answer().text, "slow", "the last answer")


# ---- MGR-12 to MGR-15 ----

@check("MGR-12.forgives-the-gap", tiers=(VIRTUAL,), needs=("simulator", "held_up_manager"))
def a_manager_that_was_held_up_forgives_the_gap(case):
    virtual = case.virtual().at(100, "held_up").tick(100).around(107)
    case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal(107)], "QUIT")


@check("MGR-12.suspended", needs=("held_up_manager",))
def a_server_that_was_suspended_as_a_whole_blames_no_worker(case):
    server = case.start(workers=2, **case.times.beats)
    workers = server.workers()
    # Heard of once more, so that all of them are sound.
    time.sleep(2 * case.times.interval)
    for pid in (server.manager, *workers):
        server.freeze(pid)
    time.sleep(2 * (case.times.interval + case.times.timeout) + 0.5)
    for pid in (server.manager, *workers):
        server.signal("CONT", pid)
    case.stays(lambda: server.workers() == workers, case.times.interval + case.times.timeout + 1, "the same workers")


@check("MGR-13.burst")
def a_burst_of_signals_leaves_the_pool_right(case):
    """Three hundred TTIN, TTOU and CHLD. Equal ones that wait melt into one, so that the pool may be a little larger or smaller
    than before, or even empty; with one TTIN more the server serves."""
    server = case.start(workers=2, graceful_timeout=5)
    for number in range(300):
        processes.send(server.manager, ("TTIN", "TTOU", "CHLD")[number % 3])
        time.sleep(0.002)
    case.evidence.did("300 signals")
    case.holds(processes.lives(server.manager), "the manager lives")
    server.signal("TTIN")
    case.until(lambda: len(server.workers()) >= 1 and server.answers(), "a server that serves")
    count = len(server.workers())
    assert count <= 12, f"{count} workers"


@check("MGR-13.exits-together", tiers=(VIRTUAL,))
def exits_that_come_together_are_all_noticed(case):
    virtual = case.virtual({"workers": 50})
    for pid in virtual.pids:
        virtual.exited(5, pid, signal=9).spawned(5, pid + 1000).heartbeat(5, pid + 1000)
    case.equal(len([time for time in virtual.times(action="spawn") if time >= 5]), 50, "spawns")


@check("MGR-14.foreign-child")
def a_child_that_is_not_its_own_is_reaped_and_ignored(case):
    """A program between starts a child and becomes the server: that child ends later, and nothing else happens."""
    adopt = ["/bin/sh", "-c", 'sleep 4 & exec "$@"', "sh"]
    server = case.start(workers=1, before=adopt)
    workers = server.workers()
    stranger = [stat.pid for stat in processes.children_of(server.manager) if stat.pid not in workers]
    case.equal(len(stranger), 1, "children that are no workers")
    case.until(lambda: processes.stat_of(stranger[0]) is None, "the stranger to be reaped", limit=15)
    case.equal(server.workers(), workers, "the workers")


@check("MGR-15.same-again", tiers=(VIRTUAL,))
def the_same_events_give_the_same_actions(case):
    virtual = case.virtual({"workers": 4}).exited(1, 102, signal=9).signal(2, "TTOU", dice=7).signal(3, "USR2").at(3, "upgrade_spawned", pid=9)
    virtual.tick(10, 20, 30).signal(31, "QUIT").tick(60, 70)
    first = virtual.actions()
    case.equal(virtual.actions() == first, True, "the second time as the first")


@check("MGR-15.recorded-trace", needs=("trace", "simulator"), also=("OBS-2",))
def the_trace_of_a_real_server_is_what_the_policy_does(case):
    server = case.start(workers=2, graceful_timeout=2, **case.times.beats)
    for name in ("TTIN", "USR1", "TTOU"):
        server.signal(name)
        time.sleep(0.3)
    server.signal("KILL", server.workers()[0])
    server.await_workers(2)
    case.equal(server.stop("QUIT"), 0, "exit status")
    trace = server.directory / "trace.jsonl"
    simulator = case.target.description.simulator
    for way in ("--check", "--replay"):
        done = subprocess.run([*simulator, way, trace], capture_output=True, text=True, timeout=60, check=False)
        case.evidence.saw(f"{way}: exit {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}")
        if done.returncode != 2:
            break
    case.equal(done.returncode, 0, "exit status of the simulator")
