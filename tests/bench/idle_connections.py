#!/usr/bin/python3
"""idle_connections - what a connection costs that has asked once and then keeps silent, beside nginx and a bare epoll loop.

    tests/bench/idle_connections.py [--connections N] [--build DIRECTORY]

Opens N connections to one worker of each server, asks once over each, waits until all are answered, and shows the memory
of the server's own per connection (user space; the kernel's is the same for all), the memory that is left when all have
closed, and what a request costs over one busy connection meanwhile. Needs nginx."""
import argparse
import pathlib
import resource
import socket
import tempfile
import time

from servers import PATIENCE, STARTS, add_arguments, cpu_seconds, memory_bytes, stop

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
BUSY_REQUESTS = 20000


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


def busy_microseconds(peer):
    with connect(peer.port) as connection:
        before = cpu_seconds(peer)
        for _ in range(BUSY_REQUESTS):
            ask(connection)
        return (cpu_seconds(peer) - before) / BUSY_REQUESTS * 1e6


def settled_memory(peer, is_settled):
    """Memory once it has stopped to move in the wanted direction."""
    end = time.monotonic() + PATIENCE
    before = memory_bytes(peer)
    while time.monotonic() < end:
        time.sleep(0.2)
        after = memory_bytes(peer)
        if is_settled(before, after):
            return after
        before = after
    return before


def measure(peer, count):
    with connect(peer.port) as connection:
        ask(connection)
    empty = memory_bytes(peer)
    alone = busy_microseconds(peer)
    connections = []
    for _ in range(count):
        connections.append(connect(peer.port))
        ask(connections[-1])
    full = memory_bytes(peer)
    beside = busy_microseconds(peer)
    for connection in connections:
        connection.close()
    left = settled_memory(peer, lambda before, after: after >= before)
    print(f"{peer.name:<14}{(full - empty) / count:>22.0f}{(left - empty) / count:>22.0f}{alone:>18.2f}{beside:>22.2f}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--connections", type=int, default=10000, help="idle ones, at most 16000")
    return parser.parse_args()


def main():
    options = arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f"{options.connections} idle connections, {options.workers} worker(s)\n")
    print(f"{'':<14}{'bytes/connection':>22}{'left when closed':>22}{'µs alone':>18}{'µs beside them':>22}")
    with tempfile.TemporaryDirectory() as name:
        for start in STARTS:
            peer = start(options, pathlib.Path(name))
            try:
                measure(peer, options.connections)
            finally:
                stop(peer.process)


if __name__ == "__main__":
    main()
