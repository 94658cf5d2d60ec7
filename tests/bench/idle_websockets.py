#!/usr/bin/python3
"""idle_websockets - what a WebSocket costs that is open and keeps silent.

    tests/bench/idle_websockets.py [--connections N] [--build DIRECTORY]

Opens N WebSockets at one worker, once with the least head that opens one and once with the head of a browser, and shows the memory
of the server's own for each (user space), and what is left of it when all have closed. Only Hypnotoad is there: nginx has no
WebSocket of its own, and the bare loop keeps no state."""
import pathlib
import socket
import tempfile

from idle_connections import await_closed, options_of
from servers import PATIENCE, memory_bytes, start_hypnotoad, stop

LEAST = ("GET /echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
BROWSER = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0\r\nAccept: */*\r\n"
           "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\nOrigin: http://example.test\r\n"
           "Sec-WebSocket-Extensions: permessage-deflate\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n")
HEADS = {"least": LEAST, "browser": LEAST + BROWSER}
# The first ones fill what the worker keeps for all.
FIRST = 200


def open_one(port, head):
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.sendall(head.encode() + b"\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        part = connection.recv(4096)
        if not part:
            raise ConnectionError("the server refused a WebSocket")
        answer += part
    return connection


def measure(peer, head, count):
    first = [open_one(peer.port, head) for _ in range(FIRST)]
    empty = memory_bytes(peer)
    connections = [open_one(peer.port, head) for _ in range(count)]
    full = memory_bytes(peer)
    for connection in connections + first:
        connection.close()
    await_closed(peer)
    return (full - empty) / count, (memory_bytes(peer) - empty) / count


def main():
    options = options_of(__doc__)
    print(f"{options.connections} idle WebSockets, {options.workers} worker(s)\n")
    print(f"{'head':<10}{'its bytes':>10}{'bytes/WebSocket':>18}{'left when closed':>20}")
    for name, head in HEADS.items():
        with tempfile.TemporaryDirectory() as home:
            peer = start_hypnotoad(options, pathlib.Path(home), app="probe")
            try:
                each, left = measure(peer, head, options.connections)
            finally:
                stop(peer.process)
        print(f"{name:<10}{len(head) + 2:>10}{each:>18.0f}{left:>20.0f}", flush=True)


if __name__ == "__main__":
    main()
