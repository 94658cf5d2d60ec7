"""play - sends the bytes of a case and takes everything that comes back, to the end of the connection."""
import random
import socket

from wire.case import MARKER

PATIENCE = 30.0
SEED = 20260

WHOLE, BYTES, RANDOM = "whole", "byte by byte", "at random cuts"
WAYS = (WHOLE, BYTES, RANDOM)
# Of more than that, only the bytes at both ends come one by one.
SINGLE_MAX = 30000


def single(data):
    return [data[i:i + 1] for i in range(len(data))]


def pieces(data, way):
    """Cuts the bytes; the random cuts are the same in every run."""
    if way == WHOLE:
        return [data]
    if way == BYTES and len(data) <= SINGLE_MAX:
        return single(data)
    if way == BYTES:
        return [*single(data[:500]), data[500:-500], *single(data[-500:])]
    dice = random.Random(SEED + len(data))
    cuts = sorted(dice.sample(range(1, len(data)), min(7, len(data) - 1))) if len(data) > 1 else []
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)])]


class Silence(Exception):
    """Nothing came, not even the end."""


def receive(connection):
    try:
        return connection.recv(1 << 16)
    except ConnectionResetError:
        return b""
    except TimeoutError:
        raise Silence from None


def send(connection, data, way):
    """A server that refuses early may have closed already: what it said is still there to be read."""
    try:
        for piece in pieces(data, way):
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass


def play(case, address, way=WHOLE, patience=PATIENCE):
    """Everything that the server sent until it closed, or None if it fell silent instead."""
    with socket.create_connection(address, patience) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            for part in case.parts[:-1]:
                send(connection, part, way)
                received += receive(connection)
            send(connection, case.parts[-1] + (MARKER if case.has_marker else b""), way)
            if case.half_closes:
                connection.shutdown(socket.SHUT_WR)
            while data := receive(connection):
                received += data
        except Silence:
            return None
        except OSError as error:
            raise AssertionError(f"{case.id}: {error}") from error
        return received
