"""MGR: the manager."""
import json
import subprocess
import time
from decimal import Decimal

from conformance.registry import DEFAULT, SCALED, VIRTUAL, check
from harness import processes



def busy(case, server, path):
    """A connection whose request is with the application, and its worker."""
    connection = server.connect()
    worker = server.worker_of(connection)
    connection.ask(path)
    connection.await_taken()
    return connection, worker


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


# ---- MGR-2 to MGR-5: stopping ----

def stops(case, name):
    server = case.start(workers=3)
    workers = server.workers()
    sent = server.signal(name)
    case.equal(server.await_end(), 0, "exit status")
    case.measured("until the end", time.monotonic() - sent, None, 5)
    case.equal([pid for pid in workers if processes.lives(pid)], [], "workers that are left")
    case.equal(server.pid_file.exists(), False, "PID file is there")


@check("MGR-2.term", also=("PID-1", "WRK-1"))
def term_stops_the_server_at_once(case):
    stops(case, "TERM")


@check("MGR-2.int", also=("PID-1", "WRK-1"))
def int_stops_the_server_at_once(case):
    stops(case, "INT")


@check("MGR-2.waits-for-no-request", also=("WRK-1",))
def term_waits_for_no_request(case):
    server = case.start(workers=1)
    connection, _ = busy(case, server, "/slow?s=30")
    with connection:
        sent = server.signal("TERM")
        case.equal(server.await_end(limit=20), 0, "exit status")
        case.measured("until the end", time.monotonic() - sent, None, 10)


@check("MGR-2.frozen-worker")
def a_frozen_worker_is_killed_a_second_after_term(case):
    server = case.start(workers=2)
    worker = server.workers()[0]
    server.freeze(worker)
    sent = server.signal("TERM")
    case.equal(server.await_end(limit=15), 0, "exit status")
    case.measured("from TERM to the end", time.monotonic() - sent, 1.0, 6)
    case.equal(processes.lives(worker), False, "the frozen worker lives")


@check("MGR-2.kill-deadline", tiers=(VIRTUAL,))
def kill_comes_one_second_after_term_and_not_a_tick_before(case):
    virtual = case.virtual().signal(10, "TERM").around(11)
    case.equal([(line["t"], line["signal"]) for line in virtual.find(action="signal")],
               [(Decimal(10), "TERM"), (Decimal(11), "KILL")], "signals")


@check("MGR-3.quit", also=("PID-1", "WRK-2"))
def quit_ends_an_idle_server(case):
    server = case.start(workers=3)
    workers = server.workers()
    case.equal(server.stop("QUIT", limit=15), 0, "exit status")
    case.equal([pid for pid in workers if processes.lives(pid)], [], "workers that are left")
    case.equal(server.pid_file.exists(), False, "PID file is there")


@check("MGR-3.finishes-requests", also=("WRK-2",))
def quit_waits_for_the_requests_under_way(case):
    server = case.start(workers=2)
    connection, _ = busy(case, server, "/slow?s=1.5")
    with connection:
        server.signal("QUIT")
        answer = connection.read_answer()
        case.equal((answer.status, answer.text), (200, "slow"), "the answer")
    case.equal(server.await_end(), 0, "exit status")


@check("MGR-3.once", tiers=(VIRTUAL,))
def each_worker_gets_quit_once(case):
    """However often the manager is told, and however long they take."""
    virtual = case.virtual({"workers": 2}).signal(1, "QUIT").tick(2, 3).signal(4, "QUIT").tick(5, 10, 20)
    case.equal(sorted((line["pid"], line["t"]) for line in virtual.find(action="signal")), [(101, Decimal(1)), (102, Decimal(1))], "signals")


@check("MGR-3.quit-twice", also=("WRK-2",))
def quit_twice_is_quit_once(case):
    server = case.start(workers=1)
    connection, worker = busy(case, server, "/slow?s=2")
    with connection:
        server.signal("QUIT")
        time.sleep(0.3)
        server.signal("QUIT")
        server.signal("QUIT", worker)
        case.equal(connection.read_answer().text, "slow", "the answer")
    case.equal(server.await_end(), 0, "exit status")


@check("MGR-3.traced", needs=("trace",), also=("OBS-2",))
def the_trace_has_one_quit_for_each_worker(case):
    """Seen from outside a second one would be lost in the first; here the workers beat while they leave."""
    server = case.start(workers=2, graceful_timeout=30, **case.times.beats)
    workers = server.workers()
    connection, _ = busy(case, server, f"/slow?s={3 * case.times.interval + 1:g}")
    with connection:
        server.signal("QUIT")
        case.equal(connection.read_answer().text, "slow", "the answer")
    server.await_end()
    lines = [json.loads(line) for line in (server.directory / "trace.jsonl").read_text().splitlines()]
    sent = sorted((line["pid"], line["signal"]) for line in lines if line.get("action") == "signal")
    case.equal(sent, sorted((worker, "QUIT") for worker in workers), "signals")


@check("MGR-3.ends-when-all-are-gone", tiers=(VIRTUAL,))
def the_manager_ends_with_0_as_soon_as_all_are_gone(case):
    virtual = case.virtual({"workers": 2}).signal(1, "QUIT").exited(2, 101).exited(3, 102)
    case.equal([(line["t"], line["status"]) for line in virtual.find(action="exit")], [(Decimal(3), 0)], "exit")
    case.equal(virtual.times(action="remove_pid_file"), [Decimal(3)], "remove_pid_file")


@check("MGR-4.forced", tiers=(SCALED, DEFAULT))
def a_graceful_stop_that_takes_too_long_is_forced(case):
    graceful = case.times.graceful
    server = case.start(workers=1, graceful_timeout=graceful, inactivity_timeout=120)
    connection, worker = busy(case, server, "/slow?s=100")
    with connection:
        sent = server.signal("QUIT")
        gone = server.await_gone(worker, limit=graceful + 1 + case.times.margin)
        case.measured("from QUIT to force", gone - sent, graceful, graceful + 1 + case.times.margin)
    case.equal(server.await_end(), 0, "exit status")


@check("MGR-4.deadline", tiers=(VIRTUAL,))
def force_comes_at_graceful_timeout_and_kill_a_second_later(case):
    virtual = case.virtual({"graceful_timeout": 30}).signal(10, "QUIT").around(40).around(41)
    case.equal([(line["t"], line["signal"]) for line in virtual.find(action="signal")],
               [(Decimal(10), "QUIT"), (Decimal(40), "TERM"), (Decimal(41), "KILL")], "signals")


@check("MGR-4.at-once", tiers=(VIRTUAL,), also=("CFG-6",))
def graceful_timeout_0_is_at_once(case):
    virtual = case.virtual({"graceful_timeout": 0}).signal(10, "QUIT").tick(10)
    assert {"TERM"} <= {line["signal"] for line in virtual.find(action="signal") if line["t"] == 10}, "TERM comes at 10 s"


@check("MGR-4.frozen", tiers=(SCALED,))
def a_frozen_worker_does_not_hold_up_a_graceful_stop(case):
    graceful = case.times.graceful
    server = case.start(workers=2, graceful_timeout=graceful)
    server.freeze(server.workers()[0])
    sent = server.signal("QUIT")
    case.equal(server.await_end(limit=graceful + 1 + case.times.margin), 0, "exit status")
    case.measured("from QUIT to the end", time.monotonic() - sent, graceful, graceful + 1 + case.times.margin)


def term_after_quit(case, name):
    server = case.start(workers=1, graceful_timeout=60)
    connection, _ = busy(case, server, "/slow?s=50")
    with connection:
        server.signal("QUIT")
        time.sleep(0.3)
        case.holds(processes.lives(server.manager), "the manager waits for the request")
        sent = server.signal(name)
        case.equal(server.await_end(limit=12), 0, "exit status")
        case.measured(f"from {name} to the end", time.monotonic() - sent, None, 10)


@check("MGR-5.term-after-quit")
def term_after_quit_stops_at_once(case):
    term_after_quit(case, "TERM")


@check("MGR-5.int-after-quit")
def int_after_quit_stops_at_once(case):
    term_after_quit(case, "INT")


@check("MGR-5.quit-after-term", tiers=(VIRTUAL,))
def quit_after_term_changes_nothing(case):
    virtual = case.virtual({"graceful_timeout": 30}).signal(10, "TERM").signal("10.5", "QUIT").around(11)
    case.equal([(line["t"], line["signal"]) for line in virtual.find(action="signal")],
               [(Decimal(10), "TERM"), (Decimal(11), "KILL")], "signals")


# ---- MGR-6: the pool ----

@check("MGR-6.ttin")
def ttin_adds_a_worker(case):
    server = case.start(workers=1)
    for count in (2, 3):
        server.signal("TTIN")
        server.await_workers(count, limit=10)
    case.equal(server.get("/").status, 200, "status")


@check("MGR-6.ttou")
def ttou_takes_a_worker_away(case):
    server = case.start(workers=3)
    before = server.workers()
    server.signal("TTOU")
    left = server.await_workers(2, limit=15)
    case.equal(set(left) <= set(before), True, "those that are left were there before")
    case.stays(lambda: server.workers() == left, 1.5, "two workers")


@check("MGR-6.ttou-is-graceful", also=("WRK-2",))
def ttou_lets_the_worker_finish_its_request(case):
    server = case.start(workers=1)
    connection, _ = busy(case, server, "/slow?s=1.5")
    with connection:
        server.signal("TTOU")
        case.equal(connection.read_answer().text, "slow", "the answer")
    server.await_workers(0)


@check("MGR-6.down-to-none")
def ttou_at_0_does_nothing(case):
    """And TTIN brings the service back."""
    server = case.start(workers=1)
    server.signal("TTOU")
    server.await_workers(0, limit=15)
    server.signal("TTOU")
    case.stays(lambda: processes.lives(server.manager) and not server.workers(), 1.5, "the manager without workers")
    server.signal("TTIN")
    server.await_workers(1, limit=15)
    case.equal(server.get("/").status, 200, "status")


@check("MGR-6.not-one-that-leaves", tiers=(VIRTUAL,))
def ttou_never_takes_one_that_is_already_leaving(case):
    """With every throw of the dice another one is chosen."""
    for dice in range(4):
        virtual = case.virtual({"workers": 3}).heartbeat(1, 101, leaving=True)
        virtual.spawned(1, 104).heartbeat(1, 104).signal(2, "TTOU", dice=dice)
        chosen = [line["pid"] for line in virtual.find(action="signal", signal="QUIT")]
        assert len(chosen) == 1 and chosen[0] != 101, f"dice {dice}: QUIT to {chosen}"


@check("MGR-6.random", tiers=(VIRTUAL,))
def ttou_takes_each_of_them_some_time(case):
    chosen = set()
    for dice in range(12):
        virtual = case.virtual({"workers": 3}).signal(2, "TTOU", dice=dice)
        chosen |= {line["pid"] for line in virtual.find(action="signal", signal="QUIT")}
    case.equal(chosen, {101, 102, 103}, "those that were chosen")


# ---- MGR-7, MGR-8: signals ----

@check("MGR-7.while-one-runs", tiers=(VIRTUAL,))
def usr2_during_a_deployment_does_nothing(case):
    virtual = case.virtual({"upgrade_timeout": 30}).signal(1, "USR2").at(1, "upgrade_spawned", pid=201).signal(2, "USR2").signal(3, "HUP")
    case.equal(virtual.times(action="spawn_upgrade"), [Decimal(1)], "spawn_upgrade")


@check("MGR-7.while-stopping", tiers=(VIRTUAL,))
def usr2_while_stopping_does_nothing(case):
    for name in ("QUIT", "TERM"):
        virtual = case.virtual().signal(1, name).signal("1.5", "USR2")
        case.equal(virtual.times(action="spawn_upgrade"), [], f"spawn_upgrade after {name}")


@check("MGR-7.many", also=("UPG-8",))
def many_usr2_at_once_are_one_deployment_after_the_other(case):
    """Whatever becomes of the ones too many: at the end one generation serves, with its workers."""
    server = case.start(workers=2)
    old = server.manager
    for _ in range(5):
        server.signal("USR2", old)
    server.await_successor()
    server.await_gone(old)
    case.until(lambda: server.successor() is None and len(server.workers()) == 2, "one generation")
    case.equal(server.get("/").status, 200, "status")


@check("MGR-8.hup")
def hup_is_a_hot_deployment(case):
    server = case.start(workers=1)
    old = server.upgrade("HUP", limit=15)
    case.equal(server.manager != old, True, "another manager serves")
    case.equal(server.get("/").status, 200, "status")


@check("MGR-8.usr1")
def usr1_ends_nobody(case):
    server = case.start(workers=2)
    workers = server.workers()
    server.signal("USR1")
    case.stays(lambda: processes.lives(server.manager) and server.workers() == workers, 1.2, "manager and workers")
    case.equal(server.get("/").status, 200, "status")


@check("MGR-8.log-is-reopened", needs=("log_file",))
def usr1_reopens_the_log(case):
    server = case.prepare(workers=1)
    log = server.directory / "server.log"
    server.configure(log_file=str(log))
    server.start()
    log.rename(server.directory / "old.log")
    server.signal("USR1")
    case.until(log.exists, "a new log")
    server.signal("TTIN")
    server.await_workers(2)
    case.until(lambda: "Workers wanted: 2" in log.read_text() or log.read_text().strip(), "lines in the new log")


@check("MGR-8.everybody-reopens", needs=("log_file",))
def usr1_reopens_the_log_in_every_worker(case):
    """Nobody holds the file any more that was moved away."""
    server = case.prepare(workers=2)
    log, old = server.directory / "server.log", server.directory / "old.log"
    server.configure(log_file=str(log))
    server.start()
    log.rename(old)
    server.signal("USR1")

    def holders():
        return [pid for pid in (server.manager, *server.workers()) if str(old) in processes.descriptors_of(pid).values()]
    case.until(lambda: not holders(), "nobody to hold the old log", limit=5, seen=holders)


# ---- MGR-9, MGR-10 ----

@check("MGR-9.growing-pause", tiers=(VIRTUAL,), needs=("simulator", "young_deaths"))
def workers_that_die_young_are_replaced_with_a_growing_pause(case):
    """Each one dies as soon as it is spawned: never more than a few starts at once, then pauses that grow to 30 s."""
    virtual = case.virtual()
    spawned = die_young(virtual, 120)
    gaps = [later - earlier for earlier, later in zip(spawned, spawned[1:])]
    case.evidence.saw(f"pauses: {[float(gap) for gap in gaps]}")
    paused = [gap for gap in gaps if gap > 0]
    assert len(gaps) - len(paused) <= 4, f"{len(gaps) - len(paused)} starts without a pause"
    assert paused == sorted(paused) and paused[-1] > paused[0], f"pauses that do not grow: {paused}"
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
    virtual = case.virtual().exited(5, 101, signal=9).at(5, "spawn_failed")
    for half in range(11, 80):
        virtual.tick(Decimal(half) / 2)
    spawns = virtual.times(action="spawn")
    assert len(spawns) >= 3, f"spawn at {spawns}"
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
    """Three hundred TTIN and TTOU, one for one: the pool is what it was, or at least sound, and the server serves."""
    server = case.start(workers=2, graceful_timeout=5)
    for number in range(300):
        processes.send(server.manager, ("TTIN", "TTOU", "CHLD")[number % 3])
        time.sleep(0.002)
    case.evidence.did("300 signals")
    case.holds(processes.lives(server.manager), "the manager lives")
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
