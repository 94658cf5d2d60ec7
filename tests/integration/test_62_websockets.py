"""WebSockets, plain and within TLS, with two libraries of clients: python3-websockets and python3-wsproto."""
import asyncio
import json
import os
import select
import socket

import pytest
import websockets
import wsproto
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from wsproto import events

from harness import LIMIT, frames, wait_until
from harness.tls import Authority, Duplex, trusting
from harness.websocket import connect, run
from load.talkers import GOING_AWAY, NORMAL, Talkers

SIZES = (0, 1, 125, 126, 127, 65535, 65536, 262144)


@pytest.fixture(params=["http", "https"])
def serve(request, start):
    """serve(...) is start(...) with a listener of either kind."""
    return lambda **settings: start(listen=[f"{request.param}://127.0.0.1:0"], **settings)


async def echo(server, messages, **options):
    async with connect(server, max_size=None, **options) as websocket:
        for message in messages:
            await websocket.send(message)
            assert await websocket.recv() == message
    assert websocket.close_code == 1000


# ---- Messages ----

@pytest.mark.promise("CON-8", "APP-3")
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_messages_come_back_as_they_went(serve, compression):
    messages = [make(size) for size in SIZES for make in (lambda size: "x" * size, os.urandom)]
    run(echo(serve(), [*messages, "größer als ♥ 𝄞"], compression=compression))


@pytest.mark.promise("CON-8")
@pytest.mark.parametrize("parameters", [{}, {"server_no_context_takeover": True}, {"client_no_context_takeover": True},
                                        {"server_max_window_bits": 9}, {"client_max_window_bits": 15}, {"server_max_window_bits": 12}])
def test_compression_is_as_the_client_asks(serve, parameters):
    async def talk(server):
        factory = ClientPerMessageDeflateFactory(**parameters)
        async with connect(server, compression=None, extensions=[factory]) as websocket:
            assert [extension.name for extension in websocket.extensions] == ["permessage-deflate"]
            for _ in range(3):
                await websocket.send("to and fro " * 1000)
                assert await websocket.recv() == "to and fro " * 1000
    run(talk(serve()))


@pytest.mark.promise("CON-8")
def test_compression_may_be_switched_off(serve):
    async def talk(server):
        async with connect(server, compression="deflate") as websocket:
            assert websocket.extensions == []
    run(talk(serve(websocket_compression=0)))


@pytest.mark.promise("CON-8")
def test_fragments_are_put_together(serve):
    async def talk(server):
        async with connect(server) as websocket:
            await websocket.send(["a", "b" * 70000, "", "c"])
            assert await websocket.recv() == "a" + "b" * 70000 + "c"
    run(talk(serve()))


@pytest.mark.promise("CON-8")
@pytest.mark.parametrize("message", ["x" * 1001, b"x" * 1001, ["x" * 600, "y" * 600]])
def test_a_message_above_the_limit_ends_the_connection(serve, message):
    async def talk(server):
        async with connect(server) as websocket:
            await websocket.send(message)
            with pytest.raises(websockets.ConnectionClosedError):
                await websocket.recv()
        assert websocket.close_code == 1009
    server = serve(websocket_max=1000)
    run(echo(server, ["x" * 1000]))
    run(talk(server))


@pytest.mark.promise("CON-8")
def test_pings_are_answered(serve):
    async def talk(server):
        async with connect(server) as websocket:
            await asyncio.wait_for(await websocket.ping(b"payload"), LIMIT)
    run(talk(serve()))


OPENING = (b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


@pytest.mark.promise("CON-8")
def test_a_frame_that_is_not_masked_ends_the_connection(start):
    with socket.create_connection(start().address, LIMIT) as client, client.makefile("rb") as answer:
        client.sendall(OPENING)
        assert answer.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
        while answer.readline() != b"\r\n":
            pass
        client.sendall(b"\x81\x02hi")
        assert answer.read() == b"\x88\x02" + (1002).to_bytes(2, "big")


@pytest.mark.promise("CON-7", "APP-3")
def test_many_messages_come_in_order_and_as_fast_as_they_are_taken(serve):
    async def talk(server):
        async with connect(server, "/push?n=50000", max_queue=4) as websocket:
            for number in range(50000):
                assert await websocket.recv() == str(number)
    run(talk(serve()))


# Not a part of what the server reads at once, so that the rest of one waits within TLS, where no socket tells of it.
RECORD = 15000


class Hesitant(Duplex):
    """A client within TLS that sends as much as it can before it reads anything."""

    def send_until_nobody_takes_more(self, data):
        """Returns how much of it has been encrypted, and what of that has not been sent."""
        taken, waiting = 0, b""
        while select.select([], [self.socket], [], 0.5)[1]:
            if not waiting:
                assert taken < len(data), "the server takes everything"
                taken += self.tls.write(data[taken:taken + RECORD])
                waiting = self.outgoing.read()
            waiting = waiting[self.socket.send(waiting, socket.MSG_DONTWAIT):]
        return taken, waiting


@pytest.mark.promise("CON-7", "LSN-3")
@pytest.mark.parametrize("size", [100, 16000, 200000])
def test_who_does_not_read_is_not_read_from_and_loses_nothing_within_tls(start, size):
    server = start(listen=["https://127.0.0.1:0"], workers=1)
    count = 60_000_000 // size
    with Hesitant(server.address, trusting()) as client:
        client.send(frames.OPENING + b"\r\n")
        client.exchange(b"", lambda received: received.endswith(b"\r\n\r\n"))
        sent = frames.write_frame(f"binaryz:x*{size}") * count
        expected = (frames.write_frame(f"binaryu:x*{size}")) * count
        taken, waiting = client.send_until_nobody_takes_more(sent)
        client.outgoing.write(waiting)
        assert client.exchange(sent[taken:], lambda received: len(received) >= len(expected)) == expected


# ---- The opening ----

@pytest.mark.promise("CON-8", "APP-3")
def test_the_application_decides_where_there_is_a_websocket(serve):
    async def refused(server, path):
        with pytest.raises(websockets.InvalidStatusCode) as error:
            await connect(server, path)
        return error.value.status_code

    async def protocols(server):
        async with connect(server, subprotocols=["other", "echo"]) as websocket:
            assert websocket.subprotocol == "echo"
        async with connect(server, subprotocols=["other"]) as websocket:
            assert websocket.subprotocol is None
    server = serve()
    assert run(refused(server, "/nowhere")) == 404
    assert run(refused(server, "/push?n=x")) == 400
    run(protocols(server))


async def what_is_known(server, **options):
    """The client's port and TLS, and what the application reads of the request behind its answer."""
    async with connect(server, "/about?a=%20b", extra_headers={"X-Color": "green"}, **options) as websocket:
        await websocket.send("?")
        session = websocket.transport.get_extra_info("ssl_object")
        return websocket.local_address[1], session, json.loads(await websocket.recv())


@pytest.mark.promise("CON-8", "APP-3")
def test_the_application_can_read_the_request_as_long_as_the_connection_lives(serve):
    server = serve()
    port, _, known = run(what_is_known(server))
    headers = {name.lower(): value for name, value in known["info"].pop("headers")}
    scheme = "https" if server.is_secure else "http"
    here, host = {"remote_address": "127.0.0.1", "remote_port": port}, f"127.0.0.1:{server.port}"
    assert headers["x-color"] == "green" and headers["host"] == host and headers["upgrade"] == "websocket"
    assert known["info"] == here | {"method": "GET", "path": "/about", "query": "a=%20b", "version": "1.1", "scheme": scheme,
                                    "host": host}
    assert known["client"] == here | {"scheme": scheme, "host": host, "peer_address": "127.0.0.1",
                                      "local_address": "127.0.0.1", "local_port": server.port, "request_number": 1}
    assert bool(known["tls"]) == server.is_secure


@pytest.mark.promise("LSN-3", "LSN-4", "APP-3")
def test_the_application_can_ask_about_the_tls_of_a_websocket(start, tmp_path):
    authority = Authority(tmp_path / "authority")
    server = start(listen=[f"https://127.0.0.1:0?{authority.certify('server.test').query()}&ca={authority.path}&verify=1"])
    context = authority.client(pair=authority.certify("client", subject="/O=Pond/CN=client"))
    _, session, known = run(what_is_known(server, ssl=context, server_hostname="server.test"))
    assert known["tls"] == {"version": session.version(), "cipher": session.cipher()[0], "server_name": "server.test",
                            "client_subject": known["tls"]["client_subject"]}
    assert "CN=client" in known["tls"]["client_subject"]


@pytest.mark.promise("CON-8", "OBS-3")
def test_the_access_log_has_a_line_for_the_opening(serve, tmp_path):
    server = serve(access_log="access.log")
    server.expected_files.add("access.log")
    run(echo(server, ["x"]))
    wait_until(lambda: '"GET /echo HTTP/1.1" 101 ' in (server.directory / "access.log").read_text(), "the line")


# ---- The other library ----

class Peer:
    """A client of wsproto, which knows no sockets."""

    def __init__(self, server, path, extensions=()):
        self.socket = socket.create_connection(server.address, LIMIT)
        if server.is_secure:
            self.socket = trusting().wrap_socket(self.socket, suppress_ragged_eofs=False)
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
def test_wsproto_agrees(serve, extensions):
    server = serve()
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
def test_a_silent_connection_is_closed(serve):
    async def talk(server):
        async with connect(server) as websocket:
            with pytest.raises(websockets.ConnectionClosedOK):
                await websocket.recv()
        assert websocket.close_code == 1001
    run(talk(serve(websocket_timeout=0.3)))


@pytest.mark.promise("WRK-5", "MGR-2")
def test_a_graceful_stop_closes_every_connection_well(serve):
    server = serve(workers=2, graceful_timeout=4)

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
def test_deployments_close_every_connection_well(serve):
    server = serve(workers=2, graceful_timeout=3, accepts=0)
    with Talkers(server.address, 40, server.is_secure) as talkers:
        wait_until(lambda: min(talkers.opened) >= 1, "the clients")
        for _ in range(3):
            server.upgrade("USR2")
            seen = talkers.echoes
            wait_until(lambda: talkers.echoes >= seen + 80, "more echoes")
    assert talkers.wrong == []
    codes = talkers.all_codes()
    assert set(codes) <= {NORMAL, GOING_AWAY} and codes[GOING_AWAY] >= 20, codes
