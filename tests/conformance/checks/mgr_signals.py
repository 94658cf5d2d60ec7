"""MGR: the signals that change the pool, ask for a deployment, or reopen the log."""
from decimal import Decimal

from conformance.asking import busy
from conformance.registry import VIRTUAL, check
from harness import processes


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
