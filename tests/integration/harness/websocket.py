"""WebSocket clients by the library websockets: one, or many that note how they end."""
import asyncio
import threading

import websockets

from .tls import trusting
from .waiting import LIMIT


def connect(server, path="/echo", **options):
    """To be awaited, or used as an asynchronous context. Speaks TLS where the server's first listener does."""
    host, port = server.address
    if server.is_secure:
        options = {"ssl": trusting()} | options
    return websockets.connect(f"ws{'s' * server.is_secure}://{host}:{port}{path}", open_timeout=LIMIT, close_timeout=LIMIT,
                              ping_interval=None, **options)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 2 * LIMIT))


class Talkers:
    """Clients in a thread of their own. Each sends a text, awaits it back and sends the next one, until the server closes; then
    it opens its next connection. Whatever is not as it should be is noted in `wrong`; `codes` counts the closes."""

    def __init__(self, server, count, pause=0.02):
        self.server, self.count, self.pause = server, count, pause
        self.codes, self.wrong, self.echoes, self.opened = {}, [], 0, 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run_all()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *reason):
        self.ends.set()
        self.thread.join(2 * LIMIT)
        assert not self.thread.is_alive()

    async def run_all(self):
        await asyncio.gather(*(self.live(number) for number in range(self.count)))

    async def live(self, number):
        try:
            while not self.ends.is_set():
                await self.talk(number)
        except Exception as error:  # whatever it is: it is counted, and the others go on
            self.wrong.append(repr(error))

    async def talk(self, number):
        async with connect(self.server) as websocket:
            self.opened += 1
            try:
                await self.exchange(websocket, number)
            except websockets.ConnectionClosed:
                pass
        self.codes[websocket.close_code] = self.codes.get(websocket.close_code, 0) + 1

    async def exchange(self, websocket, number):
        said = 0
        while not self.ends.is_set():
            said += 1
            await websocket.send(f"{number} {said}")
            answer = await websocket.recv()
            if answer == "leaving":
                answer = await websocket.recv()
            if answer != f"{number} {said}":
                self.wrong.append(f"{answer!r} for {number} {said}")
            self.echoes += 1
            await asyncio.sleep(self.pause)
