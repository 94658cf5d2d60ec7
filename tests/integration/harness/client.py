"""client - an HTTP client that sends exactly the bytes that it is given, and says exactly what came back and when."""
import fcntl
import pathlib
import socket
import struct
import termios
import time
from collections import namedtuple

from harness.waiting import wait_until

TIMEOUT = 30.0


class Answer(namedtuple("Answer", "version status reason fields body seconds")):
    """`fields` is a list of (name, value) as they came; `seconds` from the last byte sent to the end of the answer."""

    def field(self, name):
        """The value of the only field of that name, or None."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def closes(self):
        return (self.field("Connection") or "").lower() == "close"

    @property
    def text(self):
        return self.body.decode()

    @property
    def number(self):
        return int(self.body)


class ConnectionEnded(Exception):
    """The server closed before the answer was complete."""


NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def connected(address, timeout, source, options):
    """A socket of the address's family."""
    if isinstance(address, str):
        family, kind, protocol, name = socket.AF_UNIX, socket.SOCK_STREAM, 0, address
    else:
        family, kind, protocol, _, name = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        options = [*options, NO_DELAY]
    made = socket.socket(family, kind, protocol)
    try:
        made.settimeout(timeout)
        for option in options:
            made.setsockopt(*option)
        if source is not None:
            made.bind((source, 0))
        made.connect(name)
    except OSError:
        made.close()
        raise
    return made


class Connection:
    """One connection to (host, port), from the address `source` if it is given, or to a path; a context manager. `options` are
    set before it connects: (level, option, value)."""

    def __init__(self, address, timeout=TIMEOUT, source=None, options=()):
        self.began = time.monotonic()
        self.socket = connected(address, timeout, source, options)
        self.timeout = timeout
        self.sent_at = self.began
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset_on_close(self):
        """The server gets a reset, not a half that was closed and could still be answered."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def send(self, data):
        self.sent_at = time.monotonic()
        self.socket.sendall(data)

    def ask(self, path="/", method="GET", fields=(), body=b""):
        """Sends a request; read_answer() reads what comes back."""
        lines = [f"{method} {path} HTTP/1.1", "Host: test", *fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def await_taken(self):
        """Waits until the server has read all that was sent, so that the request is with the application."""
        wait_until(lambda: self.unconfirmed() == 0 == self.unread_by_server(), "the server to read the request",
                   seen=lambda: (self.unconfirmed(), self.unread_by_server()))

    def unconfirmed(self):
        """What the other end's system has not confirmed: it need not be in the other end's queue yet."""
        return struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4))[0]

    def unread_by_server(self):
        """The receive queue of the other end, which is on this machine."""
        if self.socket.family == socket.AF_UNIX:
            return self.unconfirmed()
        ends = [f":{port:04X}" for port in (self.socket.getpeername()[1], self.socket.getsockname()[1])]
        for row in map(str.split, pathlib.Path("/proc/net/tcp").read_text().splitlines()):
            if row[1].endswith(ends[0]) and row[2].endswith(ends[1]):
                return int(row[4].split(":")[1], 16)
        return None

    def get(self, path="/", *fields):
        self.ask(path, fields=fields)
        return self.read_answer()

    def read_answer(self, has_body=True):
        head = self.read_through(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        version, status, reason = head[0].split(" ", 2)
        fields = [tuple(part.strip(" \t") for part in line.split(":", 1)) for line in head[1:]]
        answer = Answer(version, int(status), reason, fields, b"", 0.0)
        body = self.read_body(answer) if has_body else b""
        return answer._replace(body=body, seconds=time.monotonic() - self.sent_at)

    def read_body(self, answer):
        if answer.field("Transfer-Encoding") == "chunked":
            return b"".join(self.read_chunks()[0])
        assert answer.field("Transfer-Encoding") is None, answer
        size = answer.field("Content-Length")
        return self.read_rest() if size is None else self.read_exactly(int(size))

    def read_chunks(self):
        """The chunks of a body, and its trailer lines. Sizes are hexadecimal digits and nothing else."""
        chunks = []
        while True:
            line = self.read_through(b"\r\n")[:-2]
            assert line and set(line) <= set(b"0123456789abcdef"), line
            size = int(line, 16)
            if size == 0:
                break
            chunks.append(self.read_exactly(size))
            assert self.read_exactly(2) == b"\r\n"
        trailers = []
        while line := self.read_through(b"\r\n")[:-2]:
            trailers.append(line.decode("latin-1"))
        return chunks, trailers

    def read_through(self, mark):
        while mark not in self.received:
            self.read_some()
        end = self.received.index(mark) + len(mark)
        found, self.received = self.received[:end], self.received[end:]
        return found

    def read_exactly(self, size):
        parts, missing = [], size
        while missing > 0:
            if not self.received:
                self.read_some()
            part, self.received = self.received[:missing], self.received[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def read_some(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionEnded(f"the server closed; unread {len(self.received)} bytes: {self.received[:500]!r}")
        self.received += data

    def read_rest(self):
        """Everything up to the end of the connection."""
        try:
            while True:
                self.read_some()
        except ConnectionEnded:
            found, self.received = self.received, b""
            return found

    def read_rest_or_reset(self):
        """As read_rest(); a reset ends it, too."""
        try:
            return self.read_rest()
        except ConnectionResetError:
            return self.received

    def wait_closed(self):
        """Waits for the server to close without another byte; returns when it did."""
        rest = self.read_rest_or_reset()
        assert rest == b"", f"bytes before the end: {rest!r}"
        return time.monotonic()

    def is_silent_for(self, seconds):
        """Nothing comes, not even the end, for exactly that long."""
        assert self.received == b"", f"unread: {self.received!r}"
        self.socket.settimeout(seconds)
        try:
            self.received = self.socket.recv(1 << 16)
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(self.timeout)
