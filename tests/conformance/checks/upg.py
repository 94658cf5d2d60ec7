"""UPG: hot deployment."""
import os
import shutil
import socket
import time
from decimal import Decimal

from conformance.asking import busy
from conformance.registry import VIRTUAL, check
from harness import processes
from harness.deploying import ServiceManager
from load.traffic import Load, Options

GENTLE = Options(pause=0.004, slowness=1.0)


# ---- UPG-1 ----

@check("UPG-1.usr2")
def usr2_brings_a_new_generation_that_serves(case):
    server = case.start(workers=2)
    workers = server.workers()
    old = server.upgrade()
    case.holds(server.manager != old, "another manager serves")
    case.until(lambda: len(server.workers()) == 2, "its workers")
    case.holds(not set(server.workers()) & set(workers), "all workers are new")
    case.equal(server.get("/pid").number in server.workers(), True, "one of them answers")


@check("UPG-1.loads-afresh", also=("CFG-9",))
def the_new_generation_reads_the_configuration_afresh(case):
    server = case.start(workers=1)
    server.configure(workers=3)
    server.upgrade()
    server.await_workers(3)


@check("UPG-1.takes-over-when-all-beat", tiers=(VIRTUAL,))
def it_takes_over_only_when_all_its_workers_have_beaten(case):
    virtual = case.virtual({"workers": 3}, is_ready=False, predecessor=99)
    for pid in virtual.pids:
        virtual.spawned(1, pid)
    virtual.heartbeat(2, 101).heartbeat(3, 102).tick(4).heartbeat(5, 103)
    asked = [line for line in virtual.actions() if line["action"] not in ("spawn", "log")]
    case.evidence.saw(f"actions that are no spawn: {asked}")
    assert asked and all(line["t"] == 5 for line in asked), f"{asked[:1]} before all workers had beaten"


@check("UPG-1.new-executable", needs=("config_option",))
def the_executable_is_found_by_its_path_again(case):
    """A copy is put in the place of the program: the next generation is the copy."""
    server = case.prepare(workers=1)
    program = server.directory / "hypnotoad"
    original = case.target.description.command[0]
    shutil.copy(original, program)
    command = case.target.command
    case.target.command = lambda *arguments, **options: [program, *command(*arguments, **options)[1:]]
    try:
        server.start()
    finally:
        del case.target.command
    shutil.copy(original, server.directory / "new")
    os.rename(server.directory / "new", program)
    server.upgrade()
    case.equal(processes.executable_of(server.manager), str(program), "the executable of the new manager")


# ---- UPG-2 ----

@check("UPG-2.agrees-once", tiers=(VIRTUAL,))
def the_old_one_agrees_exactly_once(case):
    virtual = case.virtual({"upgrade_timeout": 10}).signal(1, "USR2").at(1, "upgrade_spawned", pid=201).at(2, "upgrade_ready")
    virtual.heartbeat(5, 101).heartbeat(10, 101).around(11)
    case.equal(virtual.times(action="commit_upgrade"), [Decimal(2)], "commit_upgrade")
    case.equal(virtual.times(action="abort_upgrade"), [], "abort_upgrade")


@check("UPG-2.gives-up-or-agrees", tiers=(VIRTUAL,), also=("UPG-4",))
def what_was_given_up_is_never_agreed_to(case):
    """The question comes just before, at, and just behind the timeout: either it is agreed to or given up, never both."""
    tick = Decimal("0.000001")
    for asked in (Decimal(11) - tick, Decimal(11), Decimal(11) + tick):
        virtual = case.virtual({"upgrade_timeout": 10}).signal(1, "USR2").at(1, "upgrade_spawned", pid=201).heartbeat(6, 101)
        for time_, event in sorted([(Decimal(11), "tick"), (asked, "upgrade_ready")]):
            virtual.at(time_, event)
        virtual.tick(11 + tick, 12)
        decided = [line["action"] for line in virtual.actions() if line["action"] in ("commit_upgrade", "abort_upgrade")]
        assert len(decided) == 1, f"asked at {asked}: {decided}"


@check("UPG-2.one-serves")
def somebody_serves_at_every_moment_of_a_deployment(case):
    server = case.start(workers=2)
    with Load(server.address, {"new": 2}, GENTLE) as load:
        for _ in range(2):
            server.upgrade()
    case.evidence.saw(f"served {load.served()}, lost {load.losses()}")
    case.equal(load.losses(), {}, "lost requests")


# ---- UPG-3 ----

def loses_nothing(case, kind, count=2):
    server = case.start(workers=2, accepts=0, keep_alive_requests=1000000)
    with Load(server.address, {kind: count}, GENTLE) as load:
        for _ in range(3):
            before = load.served()
            server.upgrade()
            case.until(lambda: load.served() > before, "more requests")
    case.evidence.saw(f"served {load.served()}, lost {load.losses()}")
    assert load.losses() == {}, f"lost of {load.served()}: {load.losses()}"


for kind in ("new", "keep-alive", "pipelined", "upload", "download"):
    check(f"UPG-3.{kind}", title=f"{kind} clients lose nothing in three deployments")(lambda case, kind=kind: loses_nothing(case, kind))


@check("UPG-3.slow-request")
def a_request_that_takes_longer_than_the_deployment_is_answered(case):
    server = case.start(workers=1, graceful_timeout=30)
    connection, worker = busy(case, server, "/slow?s=3")
    with connection:
        server.signal("USR2")
        server.await_successor()
        case.holds(processes.lives(worker), "the old worker still serves")
        case.equal(connection.read_answer().text, "slow", "the answer")
    server.await_gone(worker)


@check("UPG-3.backlog")
def connections_that_wait_in_the_backlog_are_served(case):
    """All workers are busy; whoever connects during the deployment is answered by somebody."""
    server = case.start(workers=1)
    connection, _ = busy(case, server, "/block?s=2")
    waiting = [server.connect() for _ in range(5)]
    try:
        for one in waiting:
            one.ask("/", fields=("Connection: close",))
        server.signal("USR2")
        case.equal([one.read_answer().status for one in waiting], [200] * 5, "statuses")
    finally:
        for one in (connection, *waiting):
            one.close()
    server.await_successor()


# ---- UPG-4 ----

HANGING = "sleep 100; {};"


@check("UPG-4.timeout")
def a_generation_that_hangs_is_given_up(case):
    """Its configuration sleeps; after upgrade_timeout it is gone, and the old one serves as if nothing had been."""
    server = case.start(workers=1, upgrade_timeout=2)
    manager, workers = server.manager, server.workers()
    server.configure(HANGING)
    sent = server.signal("USR2")
    case.until(lambda: len(processes.children_of(manager)) > 1, "the new generation")
    new = next(stat.pid for stat in processes.children_of(manager) if stat.pid not in workers)
    gone = server.await_gone(new, limit=20)
    case.measured("from USR2 to its end", gone - sent, 2, 2 + 1 + case.times.margin)
    case.equal((server.get("/pid").number in workers, server.pid_text()), (True, f"{manager}\n"), "the old one serves, PID file")


@check("UPG-4.frozen")
def a_generation_that_stands_still_is_killed(case):
    server = case.start(workers=1, upgrade_timeout=2)
    manager, workers = server.manager, server.workers()
    server.configure(HANGING)
    sent = server.signal("USR2")
    case.until(lambda: len(processes.children_of(manager)) > 1, "the new generation")
    new = next(stat.pid for stat in processes.children_of(manager) if stat.pid not in workers)
    server.freeze(new)
    gone = server.await_gone(new, limit=20)
    case.measured("from USR2 to its end", gone - sent, 2, 2 + 1 + case.times.margin)
    case.equal((server.get("/pid").number in workers, server.pid_text()), (True, f"{manager}\n"), "the old one serves, PID file")


@check("UPG-4.deadline", tiers=(VIRTUAL,))
def it_gets_term_at_the_timeout_and_kill_a_second_later(case):
    virtual = case.virtual({"upgrade_timeout": 10}).signal(1, "USR2").at(1, "upgrade_spawned", pid=201).heartbeat(6, 101)
    virtual.around(11).around(12)
    case.equal([(line["t"], line["signal"]) for line in virtual.find(action="signal", pid=201)],
               [(Decimal(11), "TERM"), (Decimal(12), "KILL")], "signals")


# ---- UPG-5 ----

def survives(case, spoil, heal):
    """A deployment that must fail, then one that works."""
    server = case.start(workers=1, upgrade_timeout=5)
    manager, workers, text = server.manager, server.workers(), server.pid_text()
    spoil(server)
    server.signal("USR2")
    # Until the new generation has come and gone; it may be too quick to be seen.
    case.until(lambda: is_alone(server, manager, workers), "the failed generation to be gone", limit=20)
    case.equal((server.get("/pid").number in server.workers(), server.pid_text()), (True, text), "the old one serves, PID file")
    case.holds(processes.lives(manager), "the old manager lives")
    heal(server)
    old = server.upgrade()
    case.equal((old, server.get("/").status), (manager, 200), "the old manager, and the status of the new one")


def is_alone(server, manager, workers, patience=1.5):
    """No child that is no worker, for a while."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        image = {stat.pid for stat in processes.children_of(manager) if stat.state not in "ZX"}
        if image - set(server.workers()):
            return False
        time.sleep(0.02)
    return True


@check("UPG-5.broken-configuration")
def a_broken_configuration_leaves_the_old_one_serving(case):
    survives(case, lambda server: server.configure("{ this is no configuration"), lambda server: server.configure())


@check("UPG-5.broken-application")
def an_application_that_does_not_load_leaves_the_old_one_serving(case):
    server = case.prepare(workers=1)
    app = server.directory / ("app.so" if case.has("shared_objects") else "probe.pl")
    if case.has("shared_objects"):
        shutil.copy(case.target.application("probe"), app)
    original = app.read_bytes()
    words = case.target.command(server, ["--foreground"], app=app)
    case.target.command = lambda subject, options, **rest: words
    try:
        server.start()
    finally:
        del case.target.command
    manager, workers = server.manager, server.workers()
    replace(app, b"not an application; {")
    server.signal("USR2")
    case.until(lambda: is_alone(server, manager, workers), "the failed generation to be gone", limit=20)
    case.equal((server.get("/pid").number in server.workers(), server.pid_text()), (True, f"{manager}\n"), "the old one serves, PID file")
    replace(app, original)
    server.upgrade()
    case.equal(server.get("/").status, 200, "status of the new one")


def replace(path, data):
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    new.chmod(0o755)
    os.rename(new, path)


@check("UPG-5.address-in-use")
def an_address_that_is_taken_leaves_the_old_one_serving(case):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        survives(case, lambda server: server.configure(listen=[server.settings["listen"][0], f"http://127.0.0.1:{port}"]),
                 lambda server: server.configure(listen=server.settings["listen"][:1]))


@check("UPG-5.killed")
def a_generation_that_is_killed_leaves_the_old_one_serving(case):
    server = case.start(workers=1)
    manager, workers = server.manager, server.workers()
    server.configure(HANGING)
    server.signal("USR2")
    case.until(lambda: len(processes.children_of(manager)) > 1, "the new generation")
    new = next(stat.pid for stat in processes.children_of(manager) if stat.pid not in workers)
    server.signal("KILL", new)
    server.await_gone(new)
    server.configure()
    server.upgrade()
    case.equal(server.get("/").status, 200, "status of the new one")


# ---- UPG-6 ----

def ends_both(case, name):
    server = case.start(workers=1, upgrade_timeout=60)
    manager, workers = server.manager, server.workers()
    server.configure(HANGING)
    server.signal("USR2")
    case.until(lambda: len(processes.children_of(manager)) > 1, "the new generation")
    new = next(stat.pid for stat in processes.children_of(manager) if stat.pid not in workers)
    # Perl's has become another program only a moment later.
    time.sleep(0.5)
    server.signal(name, manager)
    server.await_gone(manager, limit=15)
    try:
        server.await_gone(new, limit=8)
    except AssertionError:
        raise AssertionError(f"the new generation, process {new}, is an orphan after {name}") from None


for name in ("QUIT", "TERM", "INT"):
    check(f"UPG-6.{name.lower()}", title=f"{name.lower()} to the old one ends the new one as well")(lambda case, name=name: ends_both(case, name))


# ---- UPG-7, UPG-8 ----

@check("UPG-7.foreground")
def the_new_manager_does_not_detach(case):
    """It stays in the session of the old one, and is its parent's child or adopted."""
    server = case.start(workers=1)
    session = processes.stat_of(server.manager).session
    server.upgrade()
    case.equal(processes.stat_of(server.manager).session, session, "its session")


@check("UPG-7.notify", needs=("notify",))
def the_service_manager_is_told_who_serves(case):
    with ServiceManager(False) as service:
        server = case.start(workers=1, environment={"NOTIFY_SOCKET": service.name})
        case.equal(service.await_messages(1), [[f"MAINPID={server.manager}", "READY=1"]], "messages")
        server.upgrade()
        case.equal(service.await_messages(2)[1:], [[f"MAINPID={server.manager}", "READY=1"]], "messages behind the deployment")
        server.stop()
        case.equal(service.await_messages(3)[2:], [["STOPPING=1"]], "messages at the end")


@check("UPG-8.many")
def ten_deployments_leave_nothing_behind(case):
    server = case.start(workers=1)
    server.upgrade()
    server.await_workers(1)
    before = {pid: len(processes.descriptors_of(pid)) for pid in (server.manager, *server.workers())}
    variables = environment_size(server.manager)
    for _ in range(9):
        server.upgrade()
    server.await_workers(1)
    after = [len(processes.descriptors_of(pid)) for pid in (server.manager, *server.workers())]
    case.equal(after, list(before.values()), "open descriptors of manager and worker")
    case.equal(environment_size(server.manager) <= variables + 64, True, "the environment has not grown")
    left = set(server.all_processes()) - {server.manager, *server.workers()}
    case.equal(left, set(), "other processes")


def environment_size(pid):
    return len(processes.read(pid, "environ"))
