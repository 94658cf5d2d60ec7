"""QUIT at every system call of a worker that talks to a client: over HTTP and WebSocket, plain and within TLS. What was asked is
answered, by that worker or by the next, and no WebSocket ends without a close frame. See test_30_signal_at_every_call.py."""
import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed

from harness import LIMIT, websocket, wait_until
from harness_faults import sweep
from harness_faults.tracer import Tracee

# A worker that has nothing to do beats: whoever leads it comes to any number of calls.
SETTINGS = {"app": "probe", "workers": 1, "keep_alive_timeout": 20, "heartbeat_interval": 0.1, "heartbeat_timeout": 60}
SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
IN_SHARES = pytest.mark.parametrize("share", range(sweep.SHARES))


@pytest.fixture
def shooting(build, tmp_path):
    place = sweep.Range(build, tmp_path)
    yield place
    place.end()


class Talk:
    """A client in a thread of its own, so that the worker can be led meanwhile. `is_free` says that the worker is led no more,
    `is_gone` that it is gone."""

    def __init__(self, way, server):
        self.is_said = threading.Event()
        self.is_free = threading.Event()
        self.is_gone = threading.Event()
        self.pool = ThreadPoolExecutor(1)
        self.outcome = self.pool.submit(way, server, self)

    def end(self):
        """What the client has found; complaints of his are raised."""
        self.is_gone.set()
        try:
            return self.outcome.result(LIMIT)
        finally:
            self.pool.shutdown()


# ---- What the clients do ----

def ask(server, talk):
    """Asks who answers, and once more for the last time if the server has not said that it closes; then it must."""
    with sweep.visit(server) as connection:
        answer = connection.get("/pid")
        assert answer.status == 200
        talk.is_said.set()
        if not answer.closes:
            assert talk.is_free.wait(LIMIT)
            last = connection.get("/pid", "Connection: close")
            assert (last.status, last.number, last.closes) == (200, answer.number, True)
        rest = connection.read_rest()
        assert rest == b"", rest
        return f"answered by worker {1 if answer.number == server.led else 2}"


def echo(server, talk):
    """Sends a text, waits for the worker to go or to close, and sends another one if it is still connected."""
    return asyncio.run(send_texts(server, talk))


async def ask_for_echo(client, text):
    """The probe may tell in between that its worker is leaving."""
    await client.send(text)
    while (found := await client.recv()) != text:
        assert found == "leaving", found


async def send_texts(server, talk):
    echoes = 0
    try:
        async with websocket.connect(server) as client:
            await ask_for_echo(client, "one")
            echoes += 1
            talk.is_said.set()
            while not talk.is_gone.is_set():
                try:
                    await asyncio.wait_for(client.recv(), 0.05)
                except asyncio.TimeoutError:
                    pass
            await ask_for_echo(client, "two")
        return "served by worker 2"
    except ConnectionClosed as end:
        assert end.rcvd is not None, f"no close frame behind {echoes} echoes: {end}"
        assert end.rcvd.code == 1001, f"{end}"
        return f"closed behind {echoes} echoes"


# ---- The sweep ----

def lead(server, way, is_over):
    """Starts the server and the client, and leads the only worker until is_over(talk, call, count)."""
    server.start()
    worker, = server.workers()
    server.led = worker
    tracee = Tracee(worker)
    talk = Talk(way, server)
    return tracee, talk, sweep.follow(tracee, lambda call, count: is_over(talk, call, count))


def recorder(way):
    def record(server):
        tracee, talk, calls = lead(server, way, lambda talk, call, count: call.name == "epoll_wait" and talk.is_said.is_set())
        tracee.let_go()
        talk.is_free.set()
        talk.end()
        return calls
    return record


def shoot(server, way, position):
    tracee, talk, _ = lead(server, way, lambda talk, call, count: count > position)
    server.signal("QUIT", tracee.pid)
    tracee.let_go()
    talk.is_free.set()
    end = server.await_trace(event="exited", pid=tracee.pid)
    outcome = talk.end()
    assert end.get("status") == 0, end
    wait_until(lambda: len(server.ready_workers()) == 1, "a replacement", seen=server.describe)
    sweep.end_serving(server)
    return outcome


def sweep_through(shooting, way, scheme, share, **settings):
    how = SETTINGS | {"scheme": scheme} | settings
    calls = shooting.record(recorder(way), **how)
    counts = Counter()
    for position in sweep.share_of(range(len(calls)), share):
        server = shooting.prepare(**how)
        shooting.judge(server, sweep.name_of(position, calls), lambda: counts.update([shoot(server, way, position)]))
    print(f"QUIT at {len(calls)} calls ({scheme}): " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))


@pytest.mark.promise("WRK-2", "WRK-4")
@SCHEMES
@IN_SHARES
def test_s3_quit_at_each_call_of_a_request_loses_no_answer(shooting, scheme, share):
    sweep_through(shooting, ask, scheme, share)


@pytest.mark.promise("WRK-5")
@SCHEMES
@IN_SHARES
def test_s3_quit_at_each_call_of_a_websocket_closes_it_well(shooting, scheme, share):
    # The closes are spread over a part of this time.
    sweep_through(shooting, echo, scheme, share, graceful_timeout=4)
