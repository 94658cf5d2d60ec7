"""frames - the rows of tests/unit/ws, played to the server over a socket: frames as tests/unit/ws/notation.h writes them, and what
comes back for them."""
import ast
import random
import re
import socket
import ssl
import struct
import zlib
from collections import namedtuple

from harness.build import ROOT
from harness.tls import Duplex, trusting
from harness.waiting import LIMIT

TABLES = ROOT / "tests/unit/ws"
DEFINE = re.compile(r'^#define (\w+) (".*")$', re.MULTILINE)
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|,')

OPCODES = {"more": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}
FRAME = re.compile(r"(more|text|binary|close|ping|pong|raw|op[0-9a-f])([^:]*):(.*)", re.DOTALL)
MASK = bytes.fromhex("37fa213d")
TAIL = b"\0\0\xff\xff"

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
OPENING = (b"GET /echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
ACCEPTED = b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
# The most bytes that come one by one.
SINGLE_MAX = 3000

Row = namedtuple("Row", "id about sent expected")


# ---- The tables ----

def values(text, defines):
    """The arguments of a row: string literals and defined names, one behind the other."""
    found = [""]
    for token in TOKEN.findall(text):
        if token == ",":
            found.append("")
        else:
            found[-1] += ast.literal_eval(token) if token[0] == '"' else defines[token]
    return found


def tables(name):
    """{table: its rows} of a file of rows."""
    text = (TABLES / f"{name}.def").read_text()
    defines = {key: ast.literal_eval(value) for key, value in DEFINE.findall(text)}
    found = {}
    for table, body in re.findall(r"^#ifdef (\w+)\n(.*?)^#endif$", text, re.MULTILINE | re.DOTALL):
        rows = body.split(f"\n{table}(")
        rows[0] = rows[0].removeprefix(f"{table}(")
        found[table] = [Row(*values(row.rstrip().removesuffix(")"), defines)) for row in rows]
    return found


# ---- The notation ----

def read_bytes(text):
    text, _, times = text.partition("*")
    return re.sub(rb"%(..)", lambda match: bytes.fromhex(match[1].decode()), text.encode()) * int(times or 1)


def read_payload(word, text):
    code, comma, reason = text.partition(",")
    if word == "close" and code.isdigit():
        return struct.pack(">H", int(code)) + (read_bytes(reason) if comma else b"")
    return read_bytes(text)


def length_of(size, flags):
    bits = 16 if "L" in flags else 64 if "Q" in flags else 0 if size < 126 else 16 if size < 65536 else 64
    return (size, b"") if bits == 0 else (126, struct.pack(">H", size)) if bits == 16 else (127, struct.pack(">Q", size))


def write_frame(text):
    """The bytes of one frame of the notation."""
    word, flags, payload = FRAME.fullmatch(text).groups()
    payload = read_payload(word, payload)
    if word == "raw":
        return payload
    flags = re.findall(r"=\d+|.", flags)
    claim = next((int(flag[1:]) for flag in flags if flag[0] == "="), len(payload))
    opcode = OPCODES[word] if word in OPCODES else int(word[2:], 16)
    first = (0 if "-" in flags else 0x80) | sum(0x80 >> int(flag) for flag in flags if flag in "123") | opcode
    short, rest = length_of(claim, flags)
    mask = b"" if "u" in flags else bytes(4) if "z" in flags else MASK
    mixed = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
    return bytes([first, (0x80 if mask else 0) | short]) + rest + mask + mixed


def write_frames(text):
    return b"".join(write_frame(frame) for frame in text.split(" | ") if frame)


def answers_to(transcript):
    """The frames that an echo sends for what a session makes of its input, as (opcode, payload)."""
    for event in filter(None, transcript.split(" | ")):
        event, _, answer = event.partition(" > ")
        kind, _, payload = event.partition(" ")
        if answer:
            word, _, payload = answer.partition(":")
            yield OPCODES[word], read_payload(word, payload)
        elif kind in ("TEXT", "BINARY"):
            yield OPCODES[kind.lower()], read_bytes(payload)


# ---- What came back ----

def take_frame(data):
    """One frame as a server may send it, and what is behind it: whole, not masked, its length in the least form."""
    first, size = data[0], data[1]
    head = {126: 4, 127: 10}.get(size, 2)
    assert first & 0xb0 == 0x80 and size < 128 and len(data) >= head, f"a malformed frame: {data[:20]!r}"
    if head > 2:
        size = int.from_bytes(data[2:head], "big")
        assert size > (125 if head == 4 else 65535), "a length is not in its least form"
    payload, rest = data[head:head + size], data[head + size:]
    assert len(payload) == size, f"a frame is cut: {data[:20]!r}"
    if first & 0x40:
        payload = zlib.decompressobj(-15).decompress(payload + TAIL)
    return (first & 15, payload), rest


def read_answers(received):
    """The frames behind the answer 101."""
    head, mark, rest = received[received.find(b"HTTP/1.1 101 "):].partition(b"\r\n\r\n")
    assert mark and ACCEPTED in head + b"\r\n", f"no WebSocket: {received[:200]!r}"
    frames = []
    while rest:
        frame, rest = take_frame(rest)
        frames.append(frame)
    return frames


# ---- Connections ----

class Plain:
    def __init__(self, address):
        self.socket = socket.create_connection(address, LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish(self):
        self.socket.shutdown(socket.SHUT_WR)

    def read_all(self):
        return b"".join(iter(lambda: self.socket.recv(1 << 16), b""))


class Secure(Duplex):
    """Whoever ends without a close frame is ended without a word of TLS, and is not complained about."""

    def __init__(self, address):
        super().__init__(address, trusting())
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_all(self):
        received = b""
        try:
            while data := self.play(lambda: self.tls.read(1 << 16)):
                received += data
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            pass
        return received


# ---- Playing a row ----

def cut(data, cuts):
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)])]


def whole(opening, frames):
    return [opening, frames]


def with_the_opening(opening, frames):
    return [opening + frames]


def behind_a_request(opening, frames):
    return [REQUEST + opening + frames]


def byte_by_byte(opening, frames):
    return [opening, *(frames[i:i + 1] for i in range(min(len(frames), SINGLE_MAX))), frames[SINGLE_MAX:]]


def at_random_cuts(opening, frames):
    dice = random.Random(len(frames))
    return [opening, *cut(frames, sorted(dice.sample(range(len(frames) + 1), min(7, len(frames)))))]


WAYS = (whole, with_the_opening, behind_a_request, byte_by_byte, at_random_cuts)


def play(connect, row, way, is_deflated):
    """The frames that come back for a row until the server, whose client says then that it has no more, ends."""
    opening = OPENING + (DEFLATE if is_deflated else b"") + b"\r\n"
    with connect() as connection:
        try:
            for piece in filter(None, way(opening, write_frames(row.sent))):
                connection.send(piece)
            connection.finish()
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said before is still there to be read
        return read_answers(connection.read_all())


def failure(connect, row, way, is_deflated):
    """What is wrong with what comes back; None if nothing is."""
    try:
        came = play(connect, row, way, is_deflated)
    except (AssertionError, OSError, zlib.error) as error:
        return f"{row.id} ({row.about}), {way.__name__}: {error!r}"
    wanted = list(answers_to(row.expected))
    return None if came == wanted else f"{row.id} ({row.about}), {way.__name__}: {came!r}, not {wanted!r}"
