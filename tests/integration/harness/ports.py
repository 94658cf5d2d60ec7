"""ports - for tests that must know a port before the server has it. Others listen on port 0 and read which one it got."""
import errno
import os
import random
import socket

# Below the range from which the kernel takes ports of its own.
FIRST, LAST = 20000, 32000


class Ports:
    """Begins somewhere else in each process, so that test runs beside each other do not meet."""

    def __init__(self):
        self.next = random.Random(os.getpid()).randrange(FIRST, LAST)

    def __call__(self):
        while True:
            port = self.next
            self.next = port + 1 if port + 1 < LAST else FIRST
            if all(self.is_free(family, port) for family in (socket.AF_INET, socket.AF_INET6)):
                return port

    @staticmethod
    def is_free(family, port):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(("", port))
        except OSError as error:
            # A system without IPv6 has every port free there.
            return family == socket.AF_INET6 and error.errno != errno.EADDRINUSE
        return True
