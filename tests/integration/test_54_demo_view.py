"""The demo's live view of the workers: who is on it, who comes and goes, and what becomes of those who look."""
import asyncio
import contextlib
import json
import threading

import pytest

from harness import LIMIT, processes, wait_until
from harness.websocket import connect, run

NAMES = ["pid", "connections", "requests", "beats", "beat_age_ms", "age_ms", "is_leaving"]


def workers_of(text):
    """{PID: row} of one message; its form is checked."""
    view = json.loads(text)
    assert list(view) == ["generation", "pid", "server_ms", "workers"]
    rows = {row["pid"]: row for row in view["workers"]}
    assert len(rows) == len(view["workers"]), "nobody is there twice"
    assert all(list(row) == NAMES for row in rows.values()) and view["pid"] in rows
    return rows


async def read_until(websocket, condition):
    """Reads until the workers of a message are as they should be; returns them."""
    async def read():
        while not condition(workers := workers_of(await websocket.recv())):
            pass
        return workers
    return await asyncio.wait_for(read(), LIMIT)


async def look_from(stack, server, pid):
    """A view over a connection to this worker; those that met another one stay open until it is there."""
    async with contextlib.AsyncExitStack() as others:
        while True:
            websocket = await connect(server, "/workers")
            if json.loads(await websocket.recv())["pid"] == pid:
                stack.push_async_callback(websocket.close)
                return websocket
            others.push_async_callback(websocket.close)


def ask_worker(stack, server, pid):
    """A connection to this worker, open until the stack ends."""
    while True:
        connection = stack.enter_context(server.connect())
        if connection.get("/pid").number == pid:
            return connection


@pytest.mark.promise("APP-3", "CON-8")
@pytest.mark.parametrize("count", [1, 5])
def test_it_shows_every_worker(start, count):
    server = start("demo", workers=count)

    async def look():
        async with connect(server, "/workers") as websocket:
            rows = await read_until(websocket, lambda rows: len(rows) == count)
            assert set(rows) == set(server.workers())
            assert sum(row["connections"] for row in rows.values()) == 1, "that is this one"
            assert not any(row["is_leaving"] for row in rows.values())
            return rows
    run(look())
    text = server.get("/workers").text
    assert set(workers_of(text)) == set(server.workers()), "the same is there without a WebSocket"
    assert json.loads(text)["generation"] == 1


@pytest.mark.promise("APP-3", "CON-8")
def test_it_goes_on_with_each_beat(start):
    server = start("demo", workers=3)

    async def look():
        async with connect(server, "/workers") as websocket:
            first = workers_of(await websocket.recv())
            later = await read_until(websocket, lambda rows: all(rows[pid]["beats"] >= first[pid]["beats"] + 2 for pid in first))
            assert all(later[pid]["age_ms"] > first[pid]["age_ms"] for pid in first)
    run(look())


@pytest.mark.promise("APP-3")
def test_it_counts_connections_and_requests(start):
    server = start("demo", workers=2)
    pid = server.workers()[0]

    async def look(stack):
        async with connect(server, "/workers") as websocket:
            rows = workers_of(await websocket.recv())
            connection = ask_worker(stack, server, pid)
            for _ in range(10):
                connection.get("/pid")
            rows = await read_until(websocket, lambda rows: rows[pid]["requests"] >= 11)
            assert rows[pid]["connections"] >= 1
    with contextlib.ExitStack() as stack:
        run(look(stack))


@pytest.mark.promise("APP-3", "MGR-1")
@pytest.mark.parametrize("end", ["crash", "KILL"])
def test_who_dies_is_not_shown_any_more(start, end):
    """Whatever the worker held: nobody waits for it, and its row is free for the next."""
    server = start("demo", workers=2)
    server.excuse("deaths", "the test ends workers")
    rounds = 5

    async def look():
        async with contextlib.AsyncExitStack() as views:
            staying, dying = server.workers()
            websocket = await look_from(views, server, staying)
            for _ in range(rounds):
                if end == "crash":
                    with contextlib.ExitStack() as stack:
                        ask_worker(stack, server, dying).ask("/crash", method="POST")
                        server.await_gone(dying)
                else:
                    processes.send(dying, end)
                rows = await read_until(websocket, lambda rows, dead=dying: dead not in rows and len(rows) == 2)
                dying, = set(rows) - {staying}
            assert set(rows) == set(server.workers())
    run(look())


@pytest.mark.promise("APP-3")
def test_who_hangs_is_shown_with_its_last_beat(start):
    server = start("demo", workers=2, heartbeat_timeout=60)

    async def look():
        async with contextlib.AsyncExitStack() as views:
            healthy, hanging = server.workers()
            websocket = await look_from(views, server, healthy)
            with contextlib.ExitStack() as stack:
                ask_worker(stack, server, hanging).ask("/spin", method="POST")
                rows = await read_until(websocket, lambda rows: rows[hanging]["beat_age_ms"] > 3000)
            assert rows[healthy]["beat_age_ms"] < 3000
    run(look())
    server.excuse("deaths", "the test lets a worker hang")


@pytest.mark.promise("APP-3", "WRK-5", "MGR-6")
def test_who_leaves_is_shown_as_leaving_and_then_no_more(start):
    server = start("demo", workers=2)

    async def look(stack):
        async with contextlib.AsyncExitStack() as views:
            pids = server.workers()
            sockets = {pid: await look_from(views, server, pid) for pid in pids}
            slow = {pid: ask_worker(stack, server, pid) for pid in pids}
            for connection in slow.values():
                connection.ask("/count?to=16")
                connection.read_through(b"1\n")
            server.signal("TTOU")
            readers = {pid: asyncio.create_task(read_until(
                sockets[pid], lambda rows: any(row["is_leaving"] for row in rows.values()))) for pid in pids}
            for rows in await asyncio.gather(*readers.values()):
                left, = (pid for pid, row in rows.items() if row["is_leaving"])
            stays, = set(pids) - {left}
            await asyncio.wait_for(sockets[left].wait_closed(), LIMIT)
            assert (sockets[left].close_code, sockets[left].close_reason) == (1001, "This worker leaves")
            assert slow[left].read_through(b"0\r\n\r\n").endswith(b"16\n\r\n0\r\n\r\n"), "the answer was not cut"
            rows = await read_until(sockets[stays], lambda rows: left not in rows)
            assert set(rows) == {stays}
    with contextlib.ExitStack() as stack:
        run(look(stack))


@pytest.mark.promise("APP-3", "WRK-5", "UPG-3")
def test_a_deployment_sends_everybody_to_the_new_generation(start):
    server = start("demo", workers=3)

    async def look():
        async with contextlib.AsyncExitStack() as views:
            websockets = [await views.enter_async_context(connect(server, "/workers")) for _ in range(20)]
            echoes = [await views.enter_async_context(connect(server, "/live")) for _ in range(5)]
            upgrade = threading.Thread(target=server.upgrade)
            upgrade.start()
            await asyncio.wait_for(asyncio.gather(*(each.wait_closed() for each in websockets + echoes)), LIMIT)
            await asyncio.to_thread(upgrade.join)
            assert {each.close_code for each in websockets + echoes} == {1001}
            new = await views.enter_async_context(connect(server, "/workers"))
            text = await new.recv()
            assert json.loads(text)["generation"] == 2
            assert set(workers_of(text)) == set(server.workers())
    run(look())


@pytest.mark.promise("APP-3", "CON-7")
def test_it_keeps_nothing_of_those_who_went_away(start):
    server = start("demo", workers=1)
    worker, = server.workers()
    before = processes.descriptors_of(worker)

    async def look():
        for _ in range(30):
            websocket = await connect(server, "/workers")
            await websocket.recv()
            websocket.transport.abort()
        async with connect(server, "/workers") as last:
            await read_until(last, lambda rows: rows[worker]["connections"] == 1)
    run(look())
    wait_until(lambda: not processes.descriptors_of(worker).items() - before.items(), "the connections to be gone")
