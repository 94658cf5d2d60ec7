"""traffic - HTTP clients that count every request and give each one that is lost a name.

A request counts when it has been answered as it must be, or when it is lost. It is lost if the connection is refused or
reset, if it ends before the answer (`eof`) or within it (`truncated`), if the answer does not come in time or is a wrong one.
A client keeps to the protocol: behind an answer with `Connection: close` it sends nothing more on that connection, and what
it had already sent behind that request it asks again; a connection that has been idle for as long as the server promised
(`Keep-Alive: timeout=`) it does not use any more."""
import random
import socket
import ssl
import string
import sys
import threading
import time
from array import array

OUTCOMES = ("served", "refused", "reset", "eof", "truncated", "timeout", "wrong")
LOSSES = OUTCOMES[1:]
PATIENCE = 30.0
DEPTH = 8
HELLO = b"Hello World"
UPLOAD = string.ascii_lowercase.encode() * 2520
UPLOAD_PIECES = 24
# More than the system keeps of it by itself, so that the rest waits in the server.
DOWNLOAD_SIZE = 26 << 18
RECEIVE_BUFFER = 65536
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Lost(Exception):
    """A request that was not answered, or not as it must be; of a wrong answer, what it `said`."""

    def __init__(self, outcome, said=""):
        super().__init__(outcome)
        self.outcome = outcome
        self.said = said


class Wire:
    """One connection, to (host, port) or to a path; with a context within TLS, resumed if there is a session."""

    def __init__(self, address, receive_buffer=None, context=None, session=None):
        is_path = isinstance(address, str)
        self.socket = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        self.received = bytearray()
        self.promised = None
        self.session = session
        try:
            self.socket.settimeout(PATIENCE)
            if not is_path:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if receive_buffer is not None:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.attempt(self.socket.connect, address)
            if context is not None:
                self.socket = self.attempt(lambda plain: wrap(context, plain, session), self.socket)
        except Lost:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if isinstance(self.socket, ssl.SSLSocket):
            self.session = self.socket.session
        self.socket.close()

    @staticmethod
    def attempt(do, what):
        """do(what); the trouble that the network may make has a name."""
        try:
            return do(what)
        except ConnectionRefusedError:
            raise Lost("refused") from None
        except TimeoutError:
            raise Lost("timeout") from None
        except OSError:
            raise Lost("reset") from None

    def send(self, data):
        self.attempt(self.socket.sendall, data)

    def is_promised(self, asked):
        """Whether the server still waits, as it said behind its last answer. That was asked for at this time, before the server
        began to count."""
        return self.promised is None or time.monotonic() - asked < self.promised

    def read_some(self):
        """At least a byte; an answer of which something has come is cut short, one of which nothing has is missing."""
        data = self.attempt(self.socket.recv, 1 << 16)
        if not data:
            raise Lost("truncated" if self.received else "eof")
        self.received += data
        return len(data)

    def read_head(self):
        """Reads up to the body: its size, and whether the connection lives on."""
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            self.read_some()
        lines = self.received[:end].decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.promised = promise_of(fields)
        if lines[0].split(" ")[1:2] not in (["200"], ["201"], ["204"]):
            raise Lost("wrong", lines[0])
        size = int(fields.get("content-length", 0))
        # The head stays until the body is there, so that an end within it is an end within the answer.
        return end + 4, size, fields.get("connection", "").lower() != "close"

    def read_answer(self, expected, seconds=0.0):
        """Reads a whole answer, which must have this body, in about so long; true if the connection lives on."""
        head, size, persists = self.read_head()
        while len(self.received) < head + size:
            taken = self.read_some()
            if seconds:
                time.sleep(taken / size * seconds)
        body = bytes(self.received[head:head + size])
        del self.received[:head + size]
        if body != expected:
            raise Lost("wrong", f"{len(body)} bytes, {body[:40]!r}, not {len(expected)}, {expected[:40]!r}")
        return persists


def wrap(context, plain, session):
    """An end without a word of the server's is a reset, not an end."""
    return context.wrap_socket(plain, session=session, suppress_ragged_eofs=False)


def trusting(version=None):
    """A client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def promise_of(fields):
    """How many seconds the connection may be idle, if the server has said so."""
    for part in fields.get("keep-alive", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "timeout" and value.isdigit():
            return int(value)
    return None


def get(path="/", *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: load", *fields, "", ""]).encode()


# ---- Kinds of clients: each serves itself until it is told to end ----

class Client(threading.Thread):
    """One client of one kind: visits the server again and again and counts what becomes of its requests."""
    kind = None

    def __init__(self, address, counts, is_over, options):
        super().__init__(daemon=True)
        self.address = address
        self.counts = counts
        self.is_over = is_over
        self.options = options
        self.context = trusting(random.choice(VERSIONS)) if options.tls else None
        self.wire = None

    def connect(self, receive_buffer=None):
        """Within TLS with the session that the last connection has left."""
        session = self.wire.session if self.wire is not None else None
        self.wire = Wire(self.address, receive_buffer, self.context, session)
        return self.wire

    def count(self, outcome, times=1):
        self.counts[OUTCOMES.index(outcome)] += times

    def run(self):
        while not self.is_over.is_set():
            try:
                self.visit()
            except Lost as lost:
                self.count(lost.outcome)
                if lost.said:
                    print(f"A wrong answer to {self.kind}: {lost.said}", file=sys.stderr)
            if self.options.pause:
                time.sleep(self.options.pause)

    def visit(self):
        raise NotImplementedError


class New(Client):
    """A connection for each request."""
    kind = "new"

    def visit(self):
        with self.connect() as wire:
            wire.send(get("/", "Connection: close"))
            wire.read_answer(HELLO)
            self.count("served")


class KeepAlive(Client):
    """One request after the other on a connection, as long as the server lets it."""
    kind = "keep-alive"

    def visit(self):
        with self.connect() as wire:
            persists = True
            while persists and not self.is_over.is_set():
                asked = time.monotonic()
                wire.send(get())
                persists = wire.read_answer(HELLO)
                self.count("served")
                if self.options.pause:
                    time.sleep(self.options.pause)
                persists = persists and wire.is_promised(asked)


class Thinking(Client):
    """Thinks between two requests up to twice as long as the server promises to wait."""
    kind = "think"

    def visit(self):
        with self.connect() as wire:
            while not self.is_over.is_set():
                asked = time.monotonic()
                wire.send(get())
                persists = wire.read_answer(HELLO)
                self.count("served")
                if not persists or wire.promised is None:
                    return
                self.is_over.wait(random.uniform(0, 2 * wire.promised))
                if not wire.is_promised(asked):
                    return


class Pipelining(Client):
    """Several requests at once; what comes behind a last answer is asked again."""
    kind = "pipelined"

    def visit(self):
        with self.connect() as wire:
            persists = True
            while persists and not self.is_over.is_set():
                asked = time.monotonic()
                persists = self.ask_many(wire)
                if self.options.pause:
                    time.sleep(self.options.pause)
                persists = persists and wire.is_promised(asked)

    def ask_many(self, wire):
        wire.send(get() * DEPTH)
        for answered in range(DEPTH):
            try:
                persists = wire.read_answer(HELLO)
            except Lost as lost:
                # The one that this is about is counted by who catches it.
                self.count(lost.outcome, DEPTH - answered - 1)
                raise
            self.count("served")
            if not persists:
                return False
        return True


class Uploading(Client):
    """Sends a body slowly."""
    kind = "upload"

    def visit(self):
        pause = random.uniform(0, self.options.slowness) / UPLOAD_PIECES
        method, answer = self.options.upload
        with self.connect() as wire:
            wire.send(f"{method} /len HTTP/1.1\r\nHost: load\r\nConnection: close\r\n"
                      f"Content-Length: {len(UPLOAD)}\r\n\r\n".encode())
            step = len(UPLOAD) // UPLOAD_PIECES
            for begin in range(0, len(UPLOAD), step):
                time.sleep(pause)
                wire.send(UPLOAD[begin:begin + step])
            wire.read_answer(answer)
            self.count("served")


class Downloading(Client):
    """Reads a large answer slowly."""
    kind = "download"
    expected = string.ascii_lowercase.encode() * (DOWNLOAD_SIZE // 26)

    def visit(self):
        with self.connect(RECEIVE_BUFFER) as wire:
            wire.send(get(f"/large?bytes={DOWNLOAD_SIZE}", "Connection: close"))
            wire.read_answer(self.expected, random.uniform(0, self.options.slowness))
            self.count("served")


KINDS = {client.kind: client for client in (New, KeepAlive, Thinking, Pipelining, Uploading, Downloading)}


class Options:
    """`pause`: seconds between two visits or requests; `slowness`: the most that an upload or a download takes; `upload`: how
    a body is sent, and what is answered; `tls`: within TLS, half of the clients in each version."""

    def __init__(self, pause=0.0, slowness=3.0, upload=("POST", str(len(UPLOAD)).encode()), tls=False):
        self.pause = pause
        self.slowness = slowness
        self.upload = upload
        self.tls = tls


class Load:
    """So many clients of each kind, as threads of this process; a context manager. `counts` may be memory that others see."""

    def __init__(self, address, mix, options=None, counts=None):
        self.is_over = threading.Event()
        self.mix = mix
        kinds = [kind for kind, number in mix.items() for _ in range(number)]
        width = len(OUTCOMES)
        self.counts = memoryview(array("Q", [0] * len(kinds) * width)) if counts is None else counts
        self.clients = [KINDS[kind](address, self.counts[row * width:(row + 1) * width], self.is_over, options or Options())
                        for row, kind in enumerate(kinds)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Lets every client finish what it has begun."""
        self.is_over.set()
        for client in self.clients:
            client.join()

    def table(self):
        return table_of(self.mix, self.counts)

    def served(self):
        return sum(row["served"] for row in self.table().values())

    def losses(self):
        """What was lost, by kind; empty if nothing was."""
        found = {kind: {name: row[name] for name in LOSSES if row[name]} for kind, row in self.table().items()}
        return {kind: lost for kind, lost in found.items() if lost}


def table_of(mix, counts):
    """{kind: {outcome: number}} of all clients of this kind."""
    kinds = [kind for kind, number in mix.items() for _ in range(number)]
    table = {kind: dict.fromkeys(OUTCOMES, 0) for kind in mix}
    for row, kind in enumerate(kinds):
        for column, outcome in enumerate(OUTCOMES):
            table[kind][outcome] += counts[row * len(OUTCOMES) + column]
    return table
