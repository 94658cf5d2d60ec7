#!/usr/bin/python3
"""idle_connections - what a connection costs that has asked once and then keeps silent, beside nginx and a bare epoll loop.

    tests/bench/idle_connections.py [--connections N] [--build DIRECTORY]

Opens N connections to one worker of each server, asks once over each, waits until all are answered, and shows the memory
of the server's own per connection (user space; the kernel's is the same for all), the memory that is left when all have
closed, and the CPU time of a request of others meanwhile (keep-alive, as cpu_per_request.py has it). Needs wrk and nginx."""
import argparse
import pathlib
import resource
import socket
import sys
import tempfile
import time

from cpu_per_request import CASES
from cpu_per_request import measure as measure_requests
from servers import PATIENCE, STARTS, add_arguments, memory_bytes, stop

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
SECONDS = 3


def ask(connection):
    connection.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"Hello World"):
        part = connection.recv(4096)
        if not part:
            raise ConnectionError("the server closed an idle connection")
        answer += part


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def open_at_server(port):
    """Connections that the server has not closed: ESTABLISHED or CLOSE_WAIT at its end."""
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] in ("01", "08") for row in rows)


def await_closed(peer):
    """Waits until the server has closed what its clients have, and is done with it."""
    end = time.monotonic() + PATIENCE
    while open_at_server(peer.port) > 0:
        if time.monotonic() > end:
            sys.exit(f"{peer.name} keeps connections whose clients have gone")
        time.sleep(0.05)
    with connect(peer.port) as connection:
        ask(connection)


def measure(peer, count, home):
    await_closed(peer)
    alone = measure_requests(peer, CASES[0], SECONDS, home).microseconds
    await_closed(peer)
    empty = memory_bytes(peer)
    connections = []
    for _ in range(count):
        connections.append(connect(peer.port))
        ask(connections[-1])
    full = memory_bytes(peer)
    beside = measure_requests(peer, CASES[0], SECONDS, home).microseconds
    for connection in connections:
        connection.close()
    await_closed(peer)
    left = memory_bytes(peer)
    print(f"{peer.name:<14}{(full - empty) / count:>22.0f}{(left - empty) / count:>22.0f}{alone:>18.2f}{beside:>22.2f}")


def options_of(doc):
    """The arguments of a script with this docstring; as many descriptors may be open as the system lets us."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--connections", type=int, default=10000, help="idle ones, at most 16000")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return parser.parse_args()


def main():
    options = options_of(__doc__)
    print(f"{options.connections} idle connections, {options.workers} worker(s)\n")
    print(f"{'':<14}{'bytes/connection':>22}{'left when closed':>22}{'µs alone':>18}{'µs beside them':>22}")
    with tempfile.TemporaryDirectory() as name:
        for start in STARTS:
            peer = start(options, pathlib.Path(name))
            try:
                measure(peer, options.connections, pathlib.Path(name))
            finally:
                stop(peer.process)


if __name__ == "__main__":
    main()
