"""talkers - WebSocket clients by the hundred, which note how each of their connections ends."""
import asyncio
import ssl
import threading
from collections import Counter

import websockets

PATIENCE = 30
# Who stays talks until the server closes; who leaves is told that its worker leaves, and closes by itself.
STAYS, LEAVES = "stays", "leaves"
KINDS = (STAYS, LEAVES)
NORMAL, GOING_AWAY = 1000, 1001


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # A connection that just ends is not one that ended with a word.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


class Talkers:
    """Clients in a thread of their own; a context manager. Each sends a text, awaits it back, pauses and sends the next one; when
    its connection has ended it opens the next one. `codes` counts the closes of either kind, `wrong` says what was not as it should
    be, `crossed` counts the texts that met the server's close on their way."""

    def __init__(self, address, count, is_secure=False, pause=0.02):
        self.url = f"ws{'s' * is_secure}://{address[0]}:{address[1]}/echo"
        self.options = {"open_timeout": PATIENCE, "close_timeout": PATIENCE, "ping_interval": None, "compression": None}
        if is_secure:
            self.options["ssl"] = trusting()
        self.count, self.pause = count, pause
        self.codes, self.wrong = {kind: Counter() for kind in KINDS}, []
        self.echoes = self.present = self.crossed = 0
        self.opened = [0] * count  # connections, of each client
        self.ends = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run_all()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join(3 * PATIENCE)
        assert not self.thread.is_alive()

    def all_codes(self):
        return sum(self.codes.values(), Counter())

    async def run_all(self):
        await asyncio.gather(*(self.live(number) for number in range(self.count)))

    async def live(self, number):
        await asyncio.sleep(self.pause * number / self.count)
        while not self.ends.is_set():
            try:
                await self.talk(number)
            except Exception as error:  # whatever it is: it is counted, and the client comes again
                self.wrong.append(f"{number}: {error!r}")

    async def talk(self, number):
        kind = KINDS[number % len(KINDS)]
        async with websockets.connect(self.url, **self.options) as websocket:
            self.opened[number] += 1
            self.present += 1
            try:
                await self.exchange(websocket, number, kind)
            except websockets.ConnectionClosed:
                pass
            finally:
                self.present -= 1
        self.codes[kind][websocket.close_code] += 1

    async def exchange(self, websocket, number, kind):
        said, is_told = 0, False
        while not self.ends.is_set() and not (is_told and kind == LEAVES):
            said += 1
            text = f"{number} {said}"
            await websocket.send(text)
            answer = await self.answer(websocket)
            if answer == "leaving" and not is_told:
                is_told = True
                answer = await self.answer(websocket)
            if answer != text:
                self.wrong.append(f"{answer!r} for {text!r}")
            self.echoes += 1
            await asyncio.sleep(self.pause)

    async def answer(self, websocket):
        try:
            return await websocket.recv()
        except websockets.ConnectionClosed:
            self.crossed += 1
            raise
