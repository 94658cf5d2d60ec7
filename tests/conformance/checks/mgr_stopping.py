"""MGR: how the manager stops: at once, gracefully, and by force."""
import json
import time
from decimal import Decimal

from conformance.asking import busy
from conformance.registry import DEFAULT, SCALED, VIRTUAL, check
from harness import processes


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
    virtual = case.virtual({"workers": 2}).signal(1, "QUIT").tick(2, 3).signal(4, "QUIT")
    for moment in (5, 6, 10):
        virtual.heartbeat(moment, 101, leaving=True).tick(moment)
    virtual.tick(20)
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
