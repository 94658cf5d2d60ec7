"""WS: RFC 6455 by clause, frame by frame; and the client for WebSockets that other checks use."""
import base64
import contextlib
import hashlib
import os
import struct
import zlib

from conformance.registry import check
from harness.client import ConnectionEnded

KEY = base64.b64encode(b"conformance-key!").decode()
ACCEPT = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, length=None):
    """`length` is the marker of the length's form, if it is not to be the shortest: 126 or 127."""
    size = len(payload)
    form = length or (size if size < 126 else 126 if size < 65536 else 127)
    head = bytes([fin << 7 | rsv << 4 | opcode, masked << 7 | form])
    if form >= 126:
        head += struct.pack(">H" if form == 126 else ">Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))


class WebSocket:
    """Over a connection whose handshake is done."""

    def __init__(self, connection, answer):
        self.connection, self.answer = connection, answer
        self.inflater = zlib.decompressobj(-15)

    def send(self, *frames):
        self.connection.send(b"".join(frames))

    def text(self, text):
        self.send(frame(TEXT, text.encode()))

    def binary(self, data):
        self.send(frame(BINARY, data))

    def frame(self):
        """(opcode, payload, fin, rsv) of the next frame."""
        first, second = self.connection.read_exactly(2)
        assert not second & 0x80, "a frame of the server is masked (RFC 6455 5.1)"
        size = second & 0x7f
        if size > 125:
            form = ">H" if size == 126 else ">Q"
            size, = struct.unpack(form, self.connection.read_exactly(struct.calcsize(form)))
        return first & 15, self.connection.read_exactly(size), bool(first & 0x80), first >> 4 & 7

    def message(self):
        """The next message; the texts "leaving" of the probe are passed over, control frames, too."""
        parts, kind, is_deflated = [], None, False
        while True:
            opcode, payload, fin, rsv = self.frame()
            if opcode == CLOSE:
                raise AssertionError(f"a close frame: {payload!r}")
            if opcode in (PING, PONG):
                continue
            if opcode != CONTINUATION:
                kind, is_deflated = opcode, bool(rsv & 4)
            parts.append(payload)
            if not fin:
                continue
            data = b"".join(parts)
            if is_deflated:
                data = self.inflater.decompress(data + b"\0\0\xff\xff")
            if data == b"leaving":
                parts = []
                continue
            return readable(data) if kind == TEXT else data

    def close_code(self):
        """Reads to the close frame; its code (1005: none), or 1006 if the connection ends without one."""
        with contextlib.suppress(ConnectionEnded, ConnectionResetError):
            while True:
                opcode, payload, _, _ = self.frame()
                if opcode == CLOSE:
                    return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
        return 1006


def readable(data):
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise AssertionError(f"a text that is not UTF-8: {data[:80]!r}") from error


@contextlib.contextmanager
def open_websocket(case, server, path="/echo", fields=()):
    case.needs("websocket")
    with server.connect(timeout=6) as connection:
        connection.ask(path, fields=(*UPGRADE, *fields))
        answer = connection.read_answer(has_body=False)
        assert answer.status == 101, f"the handshake is answered with {answer.status}"
        yield WebSocket(connection, answer)


LASTING = {"workers": 1, "accepts": 0, "keep_alive_requests": 1000000}


def ends_with(case, code, *frames):
    """These frames end the connection with this close code."""
    codes = code if isinstance(code, tuple) else (code,)
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        try:
            websocket.send(*frames)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            seen = websocket.close_code()
        except TimeoutError:
            seen = "no end"
    assert seen in codes, f"close code {seen}, not {' or '.join(map(str, codes))}"


def echoes(case, expected, *frames):
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        websocket.send(*frames)
        case.equal(websocket.message(), expected, "the echo")


def clause(identifier, title):
    return check(identifier, title=title, needs=("websocket",), also=("CON-8",))


# ---- 4: the handshake ----

@clause("WS-6455-4.2.2.accept", "the handshake is answered with the right key")
def handshake(case):
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        answer = websocket.answer
        case.equal(answer.field("Sec-WebSocket-Accept"), ACCEPT, "Sec-WebSocket-Accept")
        case.equal((answer.field("Upgrade").lower(), "upgrade" in answer.field("Connection").lower()), ("websocket", True), "Upgrade and Connection")


def refused(case, statuses, fields):
    with case.borrow(**LASTING).connect(timeout=5) as connection:
        connection.ask("/echo", fields=fields)
        answer = connection.read_answer(has_body=False)
    assert answer.status in statuses, f"status {answer.status}, not {' or '.join(map(str, statuses))}"
    return answer


@clause("WS-6455-4.4.version", "another version is 426 with the one that is spoken")
def version(case):
    answer = refused(case, (426,), [*UPGRADE[:3], "Sec-WebSocket-Version: 8"])
    case.equal(answer.field("Sec-WebSocket-Version"), "13", "Sec-WebSocket-Version")


@clause("WS-6455-4.2.1.key", "a handshake without a key is refused")
def without_key(case):
    refused(case, (400, 426), [UPGRADE[0], UPGRADE[1], UPGRADE[3]])


@clause("WS-6455-4.2.1.short-key", "a key that is not 16 bytes is refused")
def short_key(case):
    refused(case, (400,), [UPGRADE[0], UPGRADE[1], "Sec-WebSocket-Key: c2hvcnQ=", UPGRADE[3]])


@clause("WS-6455-4.2.2.subprotocol", "a subprotocol that the server does not speak is not named")
def subprotocol(case):
    with open_websocket(case, case.borrow(**LASTING), fields=("Sec-WebSocket-Protocol: unknown",)) as websocket:
        case.equal(websocket.answer.field("Sec-WebSocket-Protocol"), None, "Sec-WebSocket-Protocol")


@clause("WS-6455-4.1.same-packet", "a frame in the same packet as the handshake is heard")
def same_packet(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.send(("\r\n".join(["GET /echo HTTP/1.1", "Host: t", *UPGRADE, "", ""])).encode() + frame(TEXT, b"early"))
        answer = connection.read_answer(has_body=False)
        case.equal((answer.status, WebSocket(connection, answer).message()), (101, "early"), "status and echo")


# ---- 5: frames ----

TABLE = [
    ("WS-6455-5.1.unmasked", "a frame that is not masked ends the connection with 1002", 1002, [frame(TEXT, b"x", masked=False)]),
    ("WS-6455-5.2.reserved-bit", "a reserved bit that was not agreed on is 1002", 1002, [frame(TEXT, b"x", rsv=2)]),
    ("WS-6455-5.2.reserved-bit-1", "RSV1 without an extension is 1002", 1002, [frame(TEXT, b"x", rsv=4)]),
    ("WS-6455-5.2.reserved-opcode", "a reserved opcode is 1002", 1002, [frame(3, b"x")]),
    ("WS-6455-5.2.reserved-control", "a reserved control opcode is 1002", 1002, [frame(11, b"x")]),
    ("WS-6455-5.2.length-not-shortest", "a length that is not in its shortest form is 1002", 1002, [frame(TEXT, b"x", length=126)]),
    ("WS-6455-5.2.length-top-bit", "a length of 64 bits with the highest one set is refused", (1002, 1009),
     [b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"]),
    ("WS-6455-5.4.lone-continuation", "a continuation of nothing is 1002", 1002, [frame(CONTINUATION, b"x")]),
    ("WS-6455-5.4.interleaved", "a message within a fragmented one is 1002", 1002, [frame(TEXT, b"a", fin=False), frame(TEXT, b"b")]),
    ("WS-6455-5.5.fragmented-control", "a fragmented control frame is 1002", 1002, [frame(PING, b"x", fin=False)]),
    ("WS-6455-5.5.long-control", "a control frame of 126 bytes is 1002", 1002, [frame(PING, b"x" * 126)]),
    ("WS-6455-5.5.1.close", "a close frame is answered with its code", 1000, [frame(CLOSE, b"\x03\xe8bye")]),
    ("WS-6455-5.5.1.close-without-code", "a close frame without a code is answered", (1000, 1005), [frame(CLOSE)]),
    ("WS-6455-5.5.1.one-byte", "a close frame of one byte is 1002", 1002, [frame(CLOSE, b"\x03")]),
    ("WS-6455-5.5.1.reason-not-utf8", "a reason that is not UTF-8 is 1007", (1007, 1002), [frame(CLOSE, b"\x03\xe8\xff\xfe")]),
    ("WS-6455-7.4.1.code-1005", "1005 on the wire is 1002", 1002, [frame(CLOSE, struct.pack(">H", 1005))]),
    ("WS-6455-7.4.1.code-1006", "1006 on the wire is 1002", 1002, [frame(CLOSE, struct.pack(">H", 1006))]),
    ("WS-6455-7.4.2.code-999", "a code below 1000 is 1002", 1002, [frame(CLOSE, struct.pack(">H", 999))]),
    ("WS-6455-7.4.2.code-4999", "a code of an application is answered with itself", 4999, [frame(CLOSE, struct.pack(">H", 4999))]),
    ("WS-6455-8.1.text-not-utf8", "a text that is not UTF-8 is 1007", 1007, [frame(TEXT, b"\xff\xfe")]),
    ("WS-6455-8.1.text-surrogate", "a surrogate in a text is 1007", 1007, [frame(TEXT, b"\xed\xa0\x80")]),
    ("WS-6455-8.1.text-cut-short", "a text that ends within a character is 1007", 1007, [frame(TEXT, b"\xe2\x82")]),
    ("WS-6455-10.4.message-too-big", "a message beyond the limit is 1009", 1009,
     [frame(TEXT, b"x" * 100000, fin=False), *[frame(CONTINUATION, b"x" * 100000, fin=False)] * 30]),
]
for identifier, title, code, frames in TABLE:
    clause(identifier, title)(lambda case, code=code, frames=frames: ends_with(case, code, *frames))


@clause("WS-6455-5.2.lengths", "payloads of all three lengths come back")
def lengths(case):
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        for size in (0, 1, 125, 126, 127, 65535, 65536):
            websocket.binary(b"x" * size)
            case.equal(len(websocket.message()), size, "size of the echo")


@clause("WS-6455-5.4.fragments", "fragments are put together")
def fragments(case):
    echoes(case, "a" + "b" * 1000 + "c", frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"b" * 1000, fin=False),
           frame(CONTINUATION, b"", fin=False), frame(CONTINUATION, b"c"))


@clause("WS-6455-5.4.control-between", "a ping between fragments is answered at once")
def control_between(case):
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        websocket.send(frame(TEXT, b"a", fin=False), frame(PING, b"p"))
        case.equal(websocket.frame()[:2], (PONG, b"p"), "the pong")
        websocket.send(frame(CONTINUATION, b"b"))
        case.equal(websocket.message(), "ab", "the echo")


@clause("WS-6455-5.5.2.ping", "a ping is answered with its payload")
def ping(case):
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        for payload in (b"", b"x", b"\0\xff" * 62):
            websocket.send(frame(PING, payload))
            case.equal(websocket.frame()[:2], (PONG, payload), "the pong")


@clause("WS-6455-5.5.3.pong", "a pong that nobody asked for is passed over")
def pong(case):
    echoes(case, "still", frame(PONG, b"x"), frame(TEXT, b"still"))


@clause("WS-6455-5.6.torn", "frames torn at every byte are heard")
def torn(case):
    with open_websocket(case, case.borrow(**LASTING)) as websocket:
        for byte in frame(TEXT, "torn ♥".encode()) + frame(BINARY, b"\0" * 130):
            websocket.connection.socket.sendall(bytes([byte]))
        case.equal((websocket.message(), len(websocket.message())), ("torn ♥", 130), "the echoes")


@clause("WS-6455-8.1.character-across-fragments", "a character cut by fragments is one character")
def character_across_fragments(case):
    echoes(case, "♥", frame(TEXT, "♥".encode()[:1], fin=False), frame(CONTINUATION, "♥".encode()[1:]))


@clause("WS-6455-5.5.1.server-closes", "a close of the server's is a close frame, and it waits for the answer")
def server_closes(case):
    with open_websocket(case, case.borrow(**LASTING), "/close?code=3456") as websocket:
        opcode, payload, _, _ = websocket.frame()
        case.equal((opcode, payload), (CLOSE, struct.pack(">H", 3456) + b"as you wish"), "the frame")
        websocket.send(frame(CLOSE, payload))
        case.equal(websocket.connection.read_rest_or_reset(), b"", "what comes behind it")


@clause("WS-7692-7.2.2.compressed", "a compressed message is inflated")
def compressed(case):
    case.needs("websocket_compression")
    deflater = zlib.compressobj(wbits=-15)
    data = deflater.compress(b"deflated " * 50) + deflater.flush(zlib.Z_SYNC_FLUSH)
    with open_websocket(case, case.borrow(**LASTING), fields=("Sec-WebSocket-Extensions: permessage-deflate",)) as websocket:
        websocket.send(frame(TEXT, data[:-4], rsv=4))
        case.equal(websocket.message(), "deflated " * 50, "the echo")


@clause("WS-7692-5.1.unknown-parameter", "an offer with an unknown parameter is declined")
def unknown_parameter(case):
    with open_websocket(case, case.borrow(**LASTING), fields=("Sec-WebSocket-Extensions: permessage-deflate; unknown=1",)) as websocket:
        case.equal(websocket.answer.field("Sec-WebSocket-Extensions"), None, "Sec-WebSocket-Extensions")
