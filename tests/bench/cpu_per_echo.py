#!/usr/bin/python3
"""cpu_per_echo - what one WebSocket message that comes back costs the server, beside a bare epoll loop, in one run.

    tests/bench/cpu_per_echo.py [--seconds N] [--workers N] [--rounds N] [--build DIRECTORY] [--only NAME...]

Texts of a few sizes go to and fro over 64 connections (tests/bench/echo_load.c). What counts is the CPU time of the server's whole
process tree, divided by the echoes. The bare loop (tests/bench/bare_websocket.c) unmasks and sends back, and looks at nothing; nginx
is not there, as it has no WebSocket of its own. Rounds alternate, and the median is shown. Differences under 8 % are noise."""
import pathlib
import statistics
import subprocess
import tempfile
from collections import namedtuple

from cpu_per_request import options_of
from servers import cpu_seconds, start_bare_websocket, start_hypnotoad, stop

CONNECTIONS = 64

Case = namedtuple("Case", "name size depth")
Measure = namedtuple("Measure", "microseconds rate")

CASES = [Case("32 bytes", 32, 1), Case("32 bytes, 16 at once", 32, 16), Case("4 KiB", 4096, 1)]


def measure(peer, case, options):
    command = [options.build / "tests/bench/echo_load", peer.port, CONNECTIONS, case.size, case.depth, options.seconds]
    before = cpu_seconds(peer)
    echoes = int(subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout)
    return Measure((cpu_seconds(peer) - before) / max(echoes, 1) * 1e6, echoes / options.seconds)


def compare(peers, case, options):
    measures = {peer.name: [] for peer in peers}
    for _ in range(options.rounds):
        for peer in peers:
            measures[peer.name].append(measure(peer, case, options))
    return measures


def show(case, measures):
    ours, bare = (statistics.median(one.microseconds for one in found) for found in measures.values())
    rate = statistics.median(one.rate for one in measures["hypnotoad"])
    print(f"{case.name:<24}{ours:>12.2f}{bare:>14.2f}{ours / bare:>10.2f}{rate:>14.0f}", flush=True)


def main():
    options = options_of(__doc__, CASES, 2)
    with tempfile.TemporaryDirectory() as name:
        home, peers = pathlib.Path(name), []
        try:
            peers = [start_hypnotoad(options, home, app="probe"), start_bare_websocket(options, home)]
            how = f"{options.workers} worker(s), {CONNECTIONS} connections, {options.rounds} x {options.seconds} s"
            print(f"CPU time of the server in µs per echo, {how}\n")
            print(f"{'texts of':<24}{'hypnotoad':>12}{'bare epoll':>14}{'of bare':>10}{'hypnotoad/s':>14}")
            for case in CASES:
                if options.only is None or case.name in options.only:
                    show(case, compare(peers, case, options))
        finally:
            for peer in peers:
                stop(peer.process)


if __name__ == "__main__":
    main()
