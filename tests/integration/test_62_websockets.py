"""WebSockets, with two libraries of clients: python3-websockets and python3-wsproto."""
import asyncio
import os
import socket

import pytest
import websockets
import wsproto
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from wsproto import events

from harness import LIMIT, wait_until
from harness.websocket import Talkers, connect, run

SIZES = (0, 1, 125, 126, 127, 65535, 65536, 262144)


async def echo(server, messages, **options):
    async with connect(server, max_size=None, **options) as websocket:
        for message in messages:
            await websocket.send(message)
            assert await websocket.recv() == message
    assert websocket.close_code == 1000


# ---- Messages ----

@pytest.mark.promise("CON-8", "APP-3")
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_messages_come_back_as_they_went(start, compression):
    messages = [make(size) for size in SIZES for make in (lambda size: "x" * size, os.urandom)]
    run(echo(start(), [*messages, "größer als ♥ 𝄞"], compression=compression))


@pytest.mark.promise("CON-8")
@pytest.mark.parametrize("parameters", [{}, {"server_no_context_takeover": True}, {"client_no_context_takeover": True},
                                        {"server_max_window_bits": 9}, {"client_max_window_bits": 15}, {"server_max_window_bits": 12}])
def test_compression_is_as_the_client_asks(start, parameters):
    async def talk(server):
        factory = ClientPerMessageDeflateFactory(**parameters)
        async with connect(server, compression=None, extensions=[factory]) as websocket:
            assert [extension.name for extension in websocket.extensions] == ["permessage-deflate"]
            for _ in range(3):
                await websocket.send("to and fro " * 1000)
                assert await websocket.recv() == "to and fro " * 1000
    run(talk(start()))


@pytest.mark.promise("CON-8")
def test_compression_may_be_switched_off(start):
    async def talk(server):
        async with connect(server, compression="deflate") as websocket:
            assert websocket.extensions == []
    run(talk(start(websocket_compression=0)))


@pytest.mark.promise("CON-8")
def test_fragments_are_put_together(start):
    async def talk(server):
        async with connect(server) as websocket:
            await websocket.send(["a", "b" * 70000, "", "c"])
            assert await websocket.recv() == "a" + "b" * 70000 + "c"
    run(talk(start()))


@pytest.mark.promise("CON-8")
@pytest.mark.parametrize("message", ["x" * 1001, b"x" * 1001, ["x" * 600, "y" * 600]])
def test_a_message_above_the_limit_ends_the_connection(start, message):
    async def talk(server):
        async with connect(server) as websocket:
            await websocket.send(message)
            with pytest.raises(websockets.ConnectionClosedError):
                await websocket.recv()
        assert websocket.close_code == 1009
    server = start(websocket_max=1000)
    run(echo(server, ["x" * 1000]))
    run(talk(server))


@pytest.mark.promise("CON-8")
def test_pings_are_answered(start):
    async def talk(server):
        async with connect(server) as websocket:
            await asyncio.wait_for(await websocket.ping(b"payload"), LIMIT)
    run(talk(start()))


@pytest.mark.promise("CON-7", "APP-3")
def test_many_messages_come_in_order_and_as_fast_as_they_are_taken(start):
    async def talk(server):
        async with connect(server, "/push?n=50000", max_queue=4) as websocket:
            for number in range(50000):
                assert await websocket.recv() == str(number)
    run(talk(start()))


# ---- The opening ----

@pytest.mark.promise("CON-8", "APP-3")
def test_the_application_decides_where_there_is_a_websocket(start):
    async def refused(server, path):
        with pytest.raises(websockets.InvalidStatusCode) as error:
            await connect(server, path)
        return error.value.status_code

    async def protocols(server):
        async with connect(server, subprotocols=["other", "echo"]) as websocket:
            assert websocket.subprotocol == "echo"
        async with connect(server, subprotocols=["other"]) as websocket:
            assert websocket.subprotocol is None
    server = start()
    assert run(refused(server, "/nowhere")) == 404
    assert run(refused(server, "/push?n=x")) == 400
    run(protocols(server))


@pytest.mark.promise("CON-8", "OBS-3")
def test_the_access_log_has_a_line_for_the_opening(start, tmp_path):
    server = start(access_log="access.log")
    server.expected_files.add("access.log")
    run(echo(server, ["x"]))
    wait_until(lambda: '"GET /echo HTTP/1.1" 101 ' in (server.directory / "access.log").read_text(), "the line")


# ---- The other library ----

class Peer:
    """A client of wsproto, which knows no sockets."""

    def __init__(self, server, path, extensions=()):
        self.socket = socket.create_connection(server.address, LIMIT)
        self.protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self.send(events.Request(host="test", target=path, extensions=list(extensions)))
        self.pending = []
        assert isinstance(self.next(), events.AcceptConnection)

    def send(self, event):
        self.socket.sendall(self.protocol.send(event))

    def next(self):
        while not self.pending:
            data = self.socket.recv(65536)
            self.protocol.receive_data(data or None)
            self.pending = list(self.protocol.events())
        return self.pending.pop(0)

    def message(self):
        """A whole text."""
        text, event = "", self.next()
        while not event.message_finished:
            text, event = text + event.data, self.next()
        return text + event.data

    def close(self, code):
        self.send(events.CloseConnection(code=code, reason="bye"))
        answer = self.next()
        self.socket.close()
        return answer.code


@pytest.mark.promise("CON-8")
@pytest.mark.parametrize("extensions", [[], [wsproto.extensions.PerMessageDeflate()]])
def test_wsproto_agrees(start, extensions):
    server = start()
    peer = Peer(server, "/echo", extensions)
    for text in ("", "short", "long " * 20000):
        peer.send(events.TextMessage(data=text))
        assert peer.message() == text
    peer.send(events.Ping(payload=b"p"))
    assert peer.next().payload == b"p"
    assert peer.close(4321) == 4321
    peer = Peer(server, "/close?code=3456", extensions)
    event = peer.next()
    assert (event.code, event.reason) == (3456, "as you wish")
    peer.send(event.response())
    assert peer.socket.recv(1) == b""
    peer.socket.close()


# ---- The end ----

@pytest.mark.promise("CON-8")
def test_a_silent_connection_is_closed(start):
    async def talk(server):
        async with connect(server) as websocket:
            with pytest.raises(websockets.ConnectionClosedOK):
                await websocket.recv()
        assert websocket.close_code == 1001
    run(talk(start(websocket_timeout=0.3)))


@pytest.mark.promise("WRK-5", "MGR-2")
def test_a_graceful_stop_closes_every_connection_well(start):
    server = start(workers=2, graceful_timeout=4)

    async def talk():
        clients = [await connect(server) for _ in range(20)]
        server.signal("QUIT")
        assert [await client.recv() for client in clients] == ["leaving"] * 20
        await clients[0].send("still usable")
        assert await clients[0].recv() == "still usable"
        await asyncio.gather(*(client.wait_closed() for client in clients))
        return {client.close_code for client in clients}
    assert run(talk()) == {1001}
    assert server.await_end() == 0


@pytest.mark.promise("WRK-5", "UPG-3")
def test_deployments_close_every_connection_well(start):
    server = start(workers=2, graceful_timeout=3, accepts=0)
    with Talkers(server, 40) as talkers:
        wait_until(lambda: talkers.opened >= 40, "the clients")
        for _ in range(3):
            server.upgrade("USR2")
            seen = talkers.echoes
            wait_until(lambda: talkers.echoes >= seen + 80, "more echoes")
    assert talkers.wrong == []
    assert set(talkers.codes) <= {1000, 1001} and talkers.codes[1001] >= 40, talkers.codes
