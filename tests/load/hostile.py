"""hostile - clients that do not behave: they reset, do not read, do not go on, or take their time. Importing this adds them to
the kinds of traffic.py; each counts a visit that ended as it must."""
import random
import socket
import string
import struct
import time

import traffic
from traffic import Client, Lost, get

NARROW = 4096
UNREAD = 20
SLOW_SIZE = 400000


def post(size, *fields):
    return "\r\n".join(["POST /len HTTP/1.1", "Host: load", f"Content-Length: {size}", *fields, "", ""]).encode()


CHUNKED = b"POST /len HTTP/1.1\r\nHost: load\r\nTransfer-Encoding: chunked\r\n\r\n"


def large(size):
    return get(f"/large?bytes={size}")


class Aborting(Client):
    """Resets the connection, wherever it stands."""
    kind = "abort"

    def visit(self):
        data = random.choice([b"", b"GET / HT", get(), post(10), post(10) + b"abc", CHUNKED + b"a\r\nabc", get("/slow?s=2"),
                              get("/slow?s=2") + get() * 20, large(SLOW_SIZE), large(SLOW_SIZE) * 5, b"garbage\r\n\r\n",
                              post(10, "Expect: 100-continue"), get("/", "Connection: close")])
        with self.connect() as wire:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.send(data)
            self.is_over.wait(random.choice([0, 0.001, 0.05]))
        self.count("served")


class Unreading(Client):
    """Asks for much, reads nothing for longer than the server waits, and goes."""
    kind = "unread"

    def visit(self):
        with self.connect(NARROW) as wire:
            wire.send(large(SLOW_SIZE) * UNREAD)
            self.is_over.wait(random.uniform(0, 2 * self.options.patience))
        self.count("served")


class Silent(Client):
    """Sends a byte of a head now and then until the server has had enough."""
    kind = "silent"

    def visit(self):
        with self.connect() as wire:
            wire.socket.settimeout(0.1)
            began = time.monotonic()
            while not self.is_over.is_set():
                if time.monotonic() - began > self.options.patience + traffic.PATIENCE:
                    raise Lost("timeout")
                wire.send(b"G")
                try:
                    data = wire.socket.recv(4096)
                except TimeoutError:
                    continue
                if not data.startswith(b"HTTP/1.1 408 "):
                    raise Lost("wrong")
                break
        self.count("served")


class SlowReading(Client):
    """Takes an answer slowly, and all of it."""
    kind = "slow-read"
    expected = (string.ascii_lowercase * (SLOW_SIZE // 26 + 1)).encode()[:SLOW_SIZE]

    def visit(self):
        with self.connect(NARROW) as wire:
            wire.send(get(f"/large?bytes={SLOW_SIZE}", "Connection: close"))
            wire.read_answer(self.expected, random.uniform(0, self.options.slowness))
        self.count("served")


class Chunking(Client):
    """Bodies of any size in chunks of any size, one after the other on a connection."""
    kind = "chunked"

    def visit(self):
        with self.connect() as wire:
            persists = True
            while persists and not self.is_over.is_set():
                sizes = [random.choice([1, 100, 5000, 60000]) for _ in range(random.randrange(10))]
                wire.send(CHUNKED + b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in sizes) + b"0\r\n\r\n")
                persists = wire.read_answer(str(sum(sizes)).encode())
                self.count("served")
                self.is_over.wait(0.01)


traffic.KINDS |= {client.kind: client for client in (Aborting, Unreading, Silent, SlowReading, Chunking)}
