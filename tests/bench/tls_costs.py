#!/usr/bin/python3
"""tls_costs - what TLS costs the server, beside nginx and a bare OpenSSL loop, in one run on one machine.

    tests/bench/tls_costs.py [--seconds N] [--handshakes N] [--rounds N] [--connections N] [--workers N] [--build DIRECTORY]

CPU time of the server's whole process tree in microseconds: for a request over a kept connection (wrk), for a handshake with
one request, in full and resumed, in TLS 1.2 and 1.3 (one client of this process). Then the server's memory for connections
that have asked once and keep silent. All servers have the same certificate (ECDSA, P-256), the same ciphers and tickets, and
answer the same few bytes; rounds alternate between them, and the median is shown. Differences under 8 % are noise. Needs wrk,
nginx and openssl."""
import argparse
import pathlib
import re
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile

from servers import PATIENCE, STARTS, add_arguments, cpu_seconds, make_pair, memory_bytes, stop, trusting

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
KEPT = 64


def connect(port, context, session=None):
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, session=session)


def ask(connection, request):
    """Asks, and reads up to the end of the answer: what TLS 1.3 sends behind its handshake has come by then."""
    connection.sendall(request)
    answer = b""
    while not answer.endswith(b"Hello World"):
        part = connection.recv(4096)
        if not part:
            sys.exit("a server ended a connection without its answer")
        answer += part


def shake(peer, context, count, session):
    """So many connections with one request each, resumed if there is a session, each with the one that it got before."""
    resumed = 0
    for _ in range(count):
        with connect(peer.port, context, session) as connection:
            ask(connection, LAST)
            resumed += connection.session_reused
            session = connection.session if session is not None else None
    return resumed


def first_session(peer, context):
    with connect(peer.port, context) as connection:
        ask(connection, LAST)
        return connection.session


def cost_of_handshakes(peer, version, resumes, options):
    context = trusting(version)
    session = first_session(peer, context) if resumes else None
    before = cpu_seconds(peer)
    resumed = shake(peer, context, options.handshakes, session)
    spent = cpu_seconds(peer) - before
    if resumed != (options.handshakes if resumes else 0):
        sys.exit(f"{peer.name} resumed {resumed} of {options.handshakes} sessions")
    return spent / options.handshakes * 1e6


def cost_of_requests(peer, options):
    before = cpu_seconds(peer)
    shown = subprocess.run(["wrk", "-t1", f"-c{KEPT}", f"-d{options.seconds}s", "--timeout", "10s", f"https://127.0.0.1:{peer.port}/"],
                           capture_output=True, text=True, check=True).stdout
    if "Socket errors" in shown or "Non-2xx" in shown:
        sys.exit(f"{peer.name}: {shown}")
    return (cpu_seconds(peer) - before) / int(re.search(r"(\d+) requests in", shown)[1]) * 1e6


def memory_of_idle(peer, options):
    """Bytes of its own for each connection that keeps silent."""
    context, connections = trusting(), []
    with connect(peer.port, context) as connection:
        ask(connection, LAST)
    empty = memory_bytes(peer)
    for _ in range(options.connections):
        connections.append(connect(peer.port, context))
        ask(connections[-1], REQUEST)
    # Its answer comes behind all that the worker has to do for the others.
    with connect(peer.port, context) as connection:
        ask(connection, LAST)
    full = memory_bytes(peer)
    for connection in connections:
        connection.close()
    return (full - empty) / options.connections


def cases(options):
    yield f"request, {KEPT} kept", lambda peer: cost_of_requests(peer, options)
    for resumes in (False, True):
        for name, version in VERSIONS.items():
            kind = "resumed" if resumes else "full"
            yield f"{kind} handshake, {name}", lambda peer, v=version, r=resumes: cost_of_handshakes(peer, v, r, options)


def compare(peers, measure, rounds):
    """Rounds alternate, so that what the machine does besides hits all alike."""
    found = [[] for _ in peers]
    for _ in range(rounds):
        for row, peer in zip(found, peers):
            row.append(measure(peer))
    return [statistics.median(row) for row in found]


def show(name, found):
    ours, theirs, bare = found
    print(f"{name:<28}{ours:>12.2f}{theirs:>12.2f}{bare:>14.2f}{ours / theirs:>11.2f}{ours / bare:>10.2f}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement of requests")
    parser.add_argument("--handshakes", type=int, default=1000, help="of each measurement of handshakes")
    parser.add_argument("--connections", type=int, default=1000, help="idle ones")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--only", help="the cases whose names contain this text")
    return parser.parse_args()


def main():
    options = arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as name:
        home, peers = pathlib.Path(name), []
        try:
            pair = make_pair(home)
            for start in STARTS:
                peers.append(start(options, home, pair))
            print(f"CPU time of the server in µs, {options.workers} worker(s), {options.rounds} rounds\n")
            print(f"{'':<28}{'hypnotoad':>12}{'nginx':>12}{'bare OpenSSL':>14}{'of nginx':>11}{'of bare':>10}")
            for name, measure in cases(options):
                if options.only is None or options.only in name:
                    show(name, compare(peers, measure, options.rounds))
            if options.connections > 0:
                show("bytes, idle connection", compare(peers, lambda peer: memory_of_idle(peer, options), 1))
        finally:
            for peer in peers:
                stop(peer.process)


if __name__ == "__main__":
    main()
