"""tricklers - clients that send a byte now and then of a head that never ends."""
import resource
import socket
import threading
import time

HEAD = b"GET / HTTP/1.1\r\nHost: load\r\nX-Long: "
FILLING = b"x"


def allow_descriptors(count):
    """As many as the system lets this process have; fails if that is not enough."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < count:
        raise SystemExit(f"{count} descriptors are wanted, and the hard limit of RLIMIT_NOFILE is {most}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Tricklers:
    """So many connections, each of which sends a byte every `interval` seconds, from a thread of this process; a context
    manager. A server that keeps to itself what it thinks of them loses none."""

    def __init__(self, address, count, interval=1.0):
        self.sockets = [self.connect(address) for _ in range(count)]
        self.interval = interval
        self.sent = 0
        self.lost = 0
        self.longest = 0.0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    @staticmethod
    def connect(address):
        made = socket.create_connection(address, 30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        return made

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        for one in self.sockets:
            one.close()

    def run(self):
        """Spreads each round evenly over the interval, a hundred connections at a time."""
        position = 0
        while not self.is_over.is_set():
            began = time.monotonic()
            for begin in range(0, len(self.sockets), 100):
                for one in self.sockets[begin:begin + 100]:
                    self.trickle(one, (HEAD + FILLING)[min(position, len(HEAD)):][:1])
                rest = began + self.interval * begin / len(self.sockets) - time.monotonic()
                if self.is_over.wait(max(0.0, rest)):
                    return
            position += 1
            self.is_over.wait(max(0.0, began + self.interval - time.monotonic()))
            self.longest = max(self.longest, time.monotonic() - began)

    def trickle(self, one, data):
        try:
            one.send(data)
            self.sent += 1
        except OSError:
            self.lost += 1

    def answered(self):
        """How many have been answered or closed."""
        return sum(map(self.has_come, self.sockets))

    @staticmethod
    def has_come(one):
        try:
            one.recv(1)
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True
