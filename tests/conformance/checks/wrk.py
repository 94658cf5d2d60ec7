"""WRK: workers."""
import json
import os
import time

from conformance.asking import busy
from conformance.checks.ws import open_websocket
from conformance.registry import DEFAULT, SCALED, check
from conformance.verdicts import Lacks
from harness import processes


def stops_at_once(case, name):
    server = case.start(workers=1)
    connection, worker = busy(case, server, "/slow?s=30")
    with connection:
        sent = server.signal(name, worker)
        gone = server.await_gone(worker, limit=10)
        case.measured(f"from {name} to the end", gone - sent, None, 5)
    server.await_workers(1)


@check("WRK-1.term")
def term_stops_a_worker_at_once(case):
    stops_at_once(case, "TERM")


@check("WRK-1.int")
def int_stops_a_worker_at_once(case):
    stops_at_once(case, "INT")


@check("WRK-2.serves-what-it-has")
def quit_lets_a_worker_serve_what_it_has(case):
    server = case.start(workers=1)
    connection, worker = busy(case, server, "/slow?s=1.5")
    with connection:
        server.signal("QUIT", worker)
        case.equal(connection.read_answer().text, "slow", "the last answer")
    server.await_gone(worker)
    server.await_workers(1)


@check("WRK-2.idle-leaves")
def an_idle_worker_leaves_at_once(case):
    server = case.start(workers=1)
    worker, = server.workers()
    sent = server.signal("QUIT", worker)
    case.measured("from QUIT to the end", server.await_gone(worker, limit=15) - sent, None, 3)


@check("WRK-2.streams-to-the-end")
def a_download_goes_on_to_its_end(case):
    server = case.start(workers=1)
    with server.connect() as connection:
        worker = server.worker_of(connection)
        connection.ask("/drip?n=10&s=0.15")
        connection.read_through(b"\r\n\r\n")
        server.signal("QUIT", worker)
        chunks, _ = connection.read_chunks()
    case.equal(b"".join(chunks), bytes(range(97, 123)) * 10, "the body")


@check("WRK-3.connection-close")
def the_answer_of_a_leaving_worker_says_close(case):
    server = case.start(workers=1)
    connection, worker = busy(case, server, "/slow?s=1")
    with connection:
        server.signal("QUIT", worker)
        answer = connection.read_answer()
        case.equal(answer.closes, True, "Connection: close")


@check("WRK-3.idle-connection", tiers=(SCALED, DEFAULT))
def an_idle_connection_of_a_leaving_worker_is_answered_once_more(case):
    """A request that was already on its way is not reset."""
    server = case.start(workers=1, keep_alive_timeout=max(3, case.times.keep_alive), graceful_timeout=30)
    with server.connect() as connection:
        worker = server.worker_of(connection)
        server.signal("QUIT", worker)
        time.sleep(0.5)
        answer = connection.get("/pid")
        case.equal((answer.number, answer.closes), (worker, True), "the answer and whether it says close")


@check("WRK-4.takes-no-more", tiers=(SCALED,))
def a_leaving_worker_takes_no_more_connections(case):
    server = case.start(workers=2, graceful_timeout=60)
    connection, worker = busy(case, server, "/slow?s=2")
    with connection:
        server.signal("QUIT", worker)
        time.sleep(0.5)
        answered = {server.get("/pid").number for _ in range(30)}
        case.holds(worker not in answered, f"{worker} is none of those that answered: {answered}")
        case.equal(connection.read_answer().text, "slow", "the last answer")


@check("WRK-4.drops-none")
def workers_that_leave_drop_no_connection_that_they_accepted(case):
    """Each worker takes five connections and leaves; two hundred clients are all answered."""
    server = case.start(workers=2, accepts=5)
    case.equal({server.get("/").status for _ in range(200)}, {200}, "statuses")


@check("WRK-6.manager-dies")
def workers_leave_when_their_manager_is_gone(case):
    server = case.start(workers=2)
    workers = server.workers()
    killed = server.signal("KILL")
    for worker in workers:
        server.await_gone(worker, limit=12)
    case.measured("from KILL to the end of the last worker", time.monotonic() - killed, None, 4)


@check("WRK-6.finishes-first")
def they_serve_what_they_have_before(case):
    server = case.start(workers=1, **case.times.beats)
    rest = 2 * case.times.interval + 1.5
    connection, worker = busy(case, server, f"/slow?s={rest:g}")
    with connection:
        server.signal("KILL")
        case.equal(connection.read_answer().text, "slow", "the last answer")
    server.await_gone(worker)


def ignores(case, name):
    server = case.start(workers=1)
    worker, = server.workers()
    server.signal(name, worker)
    case.stays(lambda: processes.lives(worker), 0.6, f"worker {worker} lives")
    case.equal(server.get("/pid").number, worker, "who answers")


for name in ("HUP", "USR1", "USR2", "TTIN", "TTOU", "PIPE"):
    check(f"WRK-7.{name.lower()}", title=f"{name.lower()} leaves a worker running")(lambda case, name=name: ignores(case, name))


@check("WRK-8.user-and-group", needs=("user_and_group",))
def workers_run_as_the_user_and_group_that_are_set(case):
    """Real, effective and saved, and no supplementary groups of root."""
    if os.geteuid() != 0:
        raise Lacks("only root can become another user")
    server = case.start(workers=1, user="nobody", group="nogroup")
    ids = json.loads(server.get("/ids").text)
    for kind in ("uid", "gid"):
        case.equal(set(ids[kind].values()), {65534}, kind)
    case.equal(set(ids["groups"]) <= {65534}, True, "groups are of that user")


@check("WRK-8.unknown-user", needs=("user_and_group",), also=("CLI-5",))
def an_unknown_user_is_an_error_at_start(case):
    for settings in ({"user": "no-such-user"}, {"group": "no-such-group"}):
        server = case.prepare(workers=1, **settings)
        result = server.run("--foreground", limit=20)
        case.equal(result.status, 1, "exit status")
        assert "no-such-" in result.stderr, f"stderr names nobody: {result.stderr!r}"


@check("WRK-9.variable", needs=("shared_objects",))
def a_worker_is_marked_and_inherits_no_handover(case):
    """What the children of an application find, also behind a deployment."""
    server = case.start("spawning", workers=1)
    for _ in range(2):
        variables = dict(line.partition("=")[::2] for line in server.get("/").text.partition("\n\n")[0].splitlines() if "=" in line)
        case.equal(variables.get("HYPNOTOAD_WORKER"), "1", "HYPNOTOAD_WORKER")
        case.equal("HYPNOTOAD_HANDOVER" in variables, False, "HYPNOTOAD_HANDOVER is there")
        server.upgrade()


@check("WRK-10.accepts")
def a_worker_leaves_after_so_many_connections(case):
    """And never before half of them, for a server to which the setting is a mean."""
    server = case.start(workers=1, accepts=10)
    worker, = server.workers()
    answered = [server.get("/pid").number for _ in range(30)]
    first = next((number for number, pid in enumerate(answered) if pid != worker), None)
    case.evidence.saw(f"the first worker answered {first} times")
    assert first is not None, "the same worker answered 30 times"
    assert first <= 11, f"the worker took {first} connections"


@check("WRK-10.exactly", needs=("announcement",))
def a_worker_takes_exactly_so_many(case):
    """Nobody but the check connects: that the server is ready is read from what it prints."""
    server = case.prepare(workers=1, accepts=7).launch()
    case.until(lambda: "Server available" in server.stdout, "the server to be ready")
    answered = [server.get("/pid").number for _ in range(12)]
    case.equal(answered.count(answered[0]), 7, "connections of the first worker")


@check("WRK-10.without-limit", also=("CFG-6",))
def accepts_0_is_without_limit(case):
    server = case.start(workers=1, accepts=0)
    worker, = server.workers()
    case.equal({server.get("/pid").number for _ in range(300)}, {worker}, "who answered")


@check("WRK-11.clients")
def a_full_worker_accepts_no_more_until_one_closes(case):
    server = case.start(workers=1, clients=3, keep_alive_timeout=60, inactivity_timeout=60)
    # The connection that asked whether it is ready may still be open.
    case.until(lambda: server.answers(), "an answer")
    time.sleep(0.5)
    connections = [server.connect() for _ in range(3)]
    try:
        case.equal([connection.get("/").status for connection in connections], [200] * 3, "statuses")
        late = server.connect()
        connections.append(late)
        late.ask("/")
        case.holds(late.is_silent_for(1), "the fourth waits")
        connections[0].close()
        case.equal(late.read_answer().status, 200, "its status when another one has closed")
    finally:
        for connection in connections:
            connection.close()


@check("WRK-5.close-frame", needs=("websocket",), also=("UPG-3",))
def websockets_get_a_close_frame_before_force(case):
    """Usable while the worker leaves; then 1001, never an end without a close frame."""
    server = case.start(workers=1, graceful_timeout=3)
    with open_websocket(case, server) as websocket:
        websocket.text("before")
        case.equal(websocket.message(), "before", "an echo before")
        server.signal("QUIT")
        time.sleep(0.5)
        websocket.text("still")
        case.equal(websocket.message(), "still", "an echo while the worker leaves")
        case.equal(websocket.close_code(), 1001, "the close code")
    case.equal(server.await_end(), 0, "exit status")
