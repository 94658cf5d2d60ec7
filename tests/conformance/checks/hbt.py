"""HBT: heartbeats."""
import time
from decimal import Decimal

from conformance.registry import DEFAULT, SCALED, VIRTUAL, check
from harness import processes
from harness.pipes import fill_pipe, unread, write_pipe


@check("HBT-1.beats-keep-a-worker", tiers=(SCALED, DEFAULT))
def a_healthy_worker_beats_and_stays(case):
    """Far longer than silence is forgiven, the same workers stay."""
    server = case.start(workers=2, **case.times.beats)
    workers = server.workers()
    rest = 3 * (case.times.interval + case.times.timeout) + 1
    case.stays(lambda: server.workers() == workers, rest, f"the workers are {workers}")


@check("HBT-2.silent-worker", tiers=(SCALED, DEFAULT), also=("MGR-4",))
def a_silent_worker_is_asked_to_leave_and_then_forced(case):
    """Frozen, it gets QUIT heartbeat_interval + heartbeat_timeout after its last heartbeat, which was no earlier than one
    interval before it froze; graceful_timeout later it is forced."""
    server = case.start(workers=2, graceful_timeout=case.times.graceful, **case.times.beats)
    worker = server.workers()[0]
    frozen = server.freeze(worker)
    asked = server.await_pending(worker, "QUIT", limit=case.times.interval + case.times.timeout + case.times.margin)
    silence = case.times.interval + case.times.timeout
    case.measured("from the freeze to QUIT", asked - frozen, case.times.timeout, silence + case.times.margin)
    gone = server.await_gone(worker, limit=case.times.graceful + 1 + case.times.margin)
    # When QUIT was sent nobody saw to the moment: both times are counted from the freeze.
    case.measured("from the freeze to the end", gone - frozen, case.times.timeout + case.times.graceful,
                  silence + case.times.graceful + 1 + 2 * case.times.margin)
    server.await_workers(2)
    assert server.get("/").status == 200


@check("HBT-2.deadline", tiers=(VIRTUAL,), also=("MGR-15",))
def silence_is_punished_at_its_deadline_and_not_a_tick_before(case):
    """The last heartbeat was at 3.2 s: QUIT at 10.2 s, to the microsecond."""
    virtual = case.virtual({"heartbeat_interval": 5, "heartbeat_timeout": 2})
    virtual.heartbeat("3.2", 101).around("10.2")
    case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal("10.2")], "QUIT")


@check("HBT-2.never-heard-of", tiers=(VIRTUAL,))
def a_worker_that_never_beats_is_measured_from_its_start(case):
    virtual = case.virtual({"heartbeat_interval": 5, "heartbeat_timeout": 2}).exited(1, 101, signal=9)
    virtual.spawned("1.5", 102).around("8.5")
    case.equal(virtual.times(action="signal", pid=102, signal="QUIT"), [Decimal("8.5")], "QUIT")


@check("HBT-2.fractions", tiers=(VIRTUAL,))
def deadlines_have_fractions(case):
    virtual = case.virtual({"heartbeat_interval": 0.3, "heartbeat_timeout": 0.033})
    virtual.heartbeat("0.1", 101).around("0.433")
    case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal("0.433")], "QUIT")


@check("HBT-2.comes-back", tiers=(SCALED,))
def a_worker_that_comes_back_in_time_stays(case):
    """Silent for longer than an interval, and not for as long as interval and timeout."""
    server = case.start(workers=1, heartbeat_interval=case.times.interval, heartbeat_timeout=30)
    worker, = server.workers()
    server.freeze(worker)
    case.stays(lambda: not processes.pending_signals(worker), 2 * case.times.interval + 0.5, "no signal waits for the worker")
    server.signal("CONT", worker)
    case.equal(server.get("/pid").number, worker, "who answers")


@check("HBT-3.leaving-is-not-silent", tiers=(SCALED, DEFAULT))
def a_leaving_worker_is_not_punished_for_silence(case):
    """It serves its last request for longer than any silence would be forgiven."""
    rest = 3 * (case.times.interval + case.times.timeout) + 1
    server = case.start(workers=1, graceful_timeout=60, inactivity_timeout=60, **case.times.beats)
    with server.connect() as connection:
        worker = server.worker_of(connection)
        connection.ask(f"/slow?s={rest:g}")
        connection.await_taken()
        server.signal("QUIT", worker)
        case.equal(connection.read_answer().text, "slow", "the last answer")


@check("HBT-3.graceful-from-the-farewell", tiers=(VIRTUAL,), also=("MGR-4",))
def graceful_timeout_runs_from_when_the_worker_says_that_it_leaves(case):
    """It says so at 4 s, is silent from then on, and is forced at 34 s; nobody asks it to leave meanwhile."""
    virtual = case.virtual({"graceful_timeout": 30}).heartbeat(4, 101, leaving=True)
    virtual.around(11).around(34)
    case.equal([(action["t"], action["signal"]) for action in virtual.find(action="signal", pid=101)], [(Decimal(34), "TERM")], "signals")


@check("HBT-4.torn-lines", tiers=(VIRTUAL,))
def a_line_torn_anywhere_is_one_heartbeat(case):
    """Each way to cut `101` and its line end into two reads; the second one at 4.5 s counts."""
    for cut in range(1, 4):
        virtual = case.virtual()
        virtual.at(4, "pipe", bytes="101\n"[:cut]).at("4.5", "pipe", bytes="101\n"[cut:]).around("11.5")
        case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal("11.5")], f"QUIT after a cut behind byte {cut}")


@check("HBT-4.torn-in-the-pipe", needs=("trace",))
def a_line_torn_in_the_pipe_keeps_a_worker(case):
    """Each heartbeat of a frozen worker is written for it in two parts, for longer than silence would be forgiven."""
    server = case.start(workers=1, **(case.times.beats | {"heartbeat_timeout": 1.5}))
    worker, = server.workers()
    server.freeze(worker)
    line = b"%d\n" % worker
    end = time.monotonic() + 2 * (case.times.interval + 1.5)
    while time.monotonic() < end:
        for part in (line[:1], line[1:]):
            write_pipe(server, part)
            # Both parts in one read would be no torn line.
            case.until(lambda: unread(server) == 0, "the manager to read it")
        assert not processes.pending_signals(worker), f"it was sent {processes.pending_signals(worker)}"
    server.signal("CONT", worker)
    case.equal(server.get("/pid").number, worker, "who answers")


@check("HBT-4.many-lines", tiers=(VIRTUAL,))
def many_lines_in_one_read_are_all_heard(case):
    virtual = case.virtual({"workers": 3})
    virtual.at(4, "pipe", bytes="101\n103\n101\n").around(7).around(11)
    case.equal([(action["pid"], action["t"]) for action in virtual.find(action="signal", signal="QUIT")],
               [(102, Decimal(7)), (101, Decimal(11)), (103, Decimal(11))], "QUIT")


@check("HBT-4.garbage", tiers=(VIRTUAL,))
def garbage_beside_a_line_hides_it_not(case):
    for number, garbage in enumerate(("garbage\n", "\n\n", "1" * 300 + "\n", "99999\n", "-1\n", "101:2\n", " 101 \n", "101x\n", "0x65\n")):
        virtual = case.virtual()
        virtual.at(4, "pipe", bytes=garbage + "101\n").around(11)
        case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal(11)], f"QUIT after garbage {number}")


@check("HBT-4.others-lines", tiers=(VIRTUAL,))
def what_is_almost_the_line_of_a_worker_is_none(case):
    for number, wrong in enumerate(("1011\n", "10\n", "x101\n", "101:2\n", "101 \n", "-101\n", "+101\n", "101\r\n", "101:\n", "0101x\n")):
        virtual = case.virtual()
        virtual.at(4, "pipe", bytes=wrong).around(7)
        case.equal(virtual.times(action="signal", signal="QUIT"), [Decimal(7)], f"QUIT although line {number} came")


@check("HBT-5.frozen-manager", tiers=(SCALED,), also=("MGR-12",))
def a_stopped_manager_does_not_stop_the_service(case):
    """Frozen for many intervals, then awake again: answers all the time, and no worker is lost to it."""
    server = case.start(workers=2, **case.times.beats)
    workers = server.workers()
    server.freeze()
    rest = 3 * (case.times.interval + case.times.timeout) + 1
    case.stays(lambda: server.answers(), rest, "requests are answered")
    server.signal("CONT")
    case.stays(lambda: server.workers() == workers, case.times.interval + case.times.timeout + 1, "the same workers")
    case.equal(server.get("/").status, 200, "status")


@check("HBT-5.full-pipe", tiers=(SCALED,))
def a_full_pipe_costs_no_service(case):
    """Nobody reads the pipe while the manager is frozen and somebody fills it: workers go on answering."""
    server = case.start(workers=1, **case.times.beats)
    server.freeze()
    case.evidence.did(f"filled the pipe with {fill_pipe(server)} bytes")
    case.stays(lambda: server.answers(), 2 * case.times.interval + 1, "requests are answered")
    server.signal("CONT")
    case.until(lambda: server.get("/").status == 200, "the service afterwards")


@check("HBT-6.endless-loop", tiers=(SCALED,), also=("HBT-2",))
def a_worker_stuck_in_the_application_is_replaced_while_the_others_serve(case):
    server = case.start(workers=2, graceful_timeout=case.times.graceful, **case.times.beats)
    with server.connect() as connection:
        worker = server.worker_of(connection)
        connection.ask("/spin")
        connection.await_taken()
        began, answers = connection.sent_at, 0
        while processes.lives(worker):
            assert server.get("/pid").number != worker, "somebody else answers"
            answers += 1
            assert answers < 100000
    case.measured("until it was gone", time.monotonic() - began, case.times.timeout,
                  case.times.interval + case.times.timeout + case.times.graceful + 1 + case.times.margin)
    case.evidence.saw(f"{answers} answers of others meanwhile")
    server.await_workers(2)


@check("HBT-6.frozen-worker", tiers=(SCALED,), also=("LCK-3",))
def a_frozen_worker_makes_nobody_deaf(case):
    """Whichever worker is frozen, at whatever moment: every request of a new connection is answered by another one."""
    server = case.start(workers=2, **(case.times.beats | {"heartbeat_timeout": 60}))
    first, second = server.workers()
    for frozen, other in ((first, second), (second, first)):
        server.freeze(frozen)
        # What the frozen one has accepted already waits for it; a new connection is another one's.
        answered = [server.get("/pid").number for _ in range(10)]
        case.equal(set(answered), {other}, "who answers")
        server.signal("CONT", frozen)
        case.until(lambda: processes.stat_of(frozen).state != "T", "the worker to go on")
