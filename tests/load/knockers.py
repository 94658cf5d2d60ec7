"""knockers - clients that never speak TLS at a listener for it: noise, hellos that are not whole or not right, records of
anything, resets, HTTP without TLS. Which one comes when is a matter of a seed."""
import random
import socket
import ssl
import struct
import threading

PATIENCE = 30.0
RESET = struct.pack("ii", 1, 0)


def hello(version=None, name=None, protocols=()):
    """What a client of this library says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(list(protocols))
    outgoing = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


HELLOS = [hello(), hello(ssl.TLSVersion.TLSv1_2), hello(ssl.TLSVersion.TLSv1_3, "server.test", ("h2", "http/1.1")),
          hello(None, "x" * 63 + ".test"), hello(ssl.TLSVersion.TLSv1_2, "server.test", ("http/1.1",))]
PLAIN = [b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"POST /len HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", b"NONSENSE", b"\r\n\r\n"]


def noise(dice):
    return dice.randbytes(dice.randrange(1, 600))


def record(dice):
    """A record of any kind with anything in it, sometimes several."""
    return b"".join(struct.pack("!BHH", dice.choice([20, 21, 22, 22, 22, 23, 24]), dice.choice([0x301, 0x303, 0x304, 0x7f1c]), size)
                    + dice.randbytes(size) for size in [dice.choice([0, 1, 4, 100, 600])] * dice.randrange(1, 4))


def mutated(dice):
    """A real one with some bytes changed, most of them in its lengths and names."""
    data = bytearray(dice.choice(HELLOS))
    for _ in range(dice.randrange(1, 8)):
        data[dice.randrange(5, len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


def stretched(dice):
    """A real one with something cut out or put in."""
    data = dice.choice(HELLOS)
    begin = dice.randrange(5, len(data))
    return data[:begin] + (noise(dice) if dice.random() < 0.5 else b"") + data[begin + dice.randrange(20):]


def half(dice):
    data = dice.choice(HELLOS)
    return data[:dice.randrange(1, len(data))]


KINDS = {"noise": noise, "records": record, "mutated": mutated, "stretched": stretched, "half": half,
         "plain HTTP": lambda dice: dice.choice(PLAIN)}


def knock(address, data, resets):
    """Sends this and goes, or waits until the server has gone; what it said."""
    with socket.create_connection(address, PATIENCE) as made:
        said = b""
        try:
            made.sendall(data)
            if resets:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return said
            made.shutdown(socket.SHUT_WR)
            while part := made.recv(65536):
                said += part
        except TimeoutError:
            raise
        except OSError:
            pass  # the server was faster
        return said


class Knockers:
    """So many threads of this process knock so often altogether; `counts` says how often which kind, `failures` what should
    not have happened."""

    def __init__(self, address, count, seed, threads=16):
        self.address = address
        self.seed = seed
        self.shares = [count // threads + (number < count % threads) for number in range(threads)]
        self.counts = dict.fromkeys(KINDS, 0)
        self.failures = []
        self.lock = threading.Lock()

    def run(self):
        threads = [threading.Thread(target=self.knock_often, args=(number, share), daemon=True)
                   for number, share in enumerate(self.shares)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def knock_often(self, number, share):
        dice = random.Random(f"{self.seed} {number}")
        for _ in range(share):
            kind = dice.choice(list(KINDS))
            data, resets = KINDS[kind](dice), dice.random() < 0.3
            try:
                said = knock(self.address, data, resets)
                with self.lock:
                    self.counts[kind] += 1
                    if said.startswith(b"HTTP") and not said.startswith(b"HTTP/1.1 400 "):
                        self.failures.append((kind, data, said[:100]))
            except OSError as error:
                with self.lock:
                    self.failures.append((kind, data, error))
