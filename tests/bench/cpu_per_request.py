#!/usr/bin/python3
"""cpu_per_request - what one request costs the server, beside nginx and a bare epoll loop, in one run on one machine.

    tests/bench/cpu_per_request.py [--seconds N] [--workers N] [--rounds N] [--deferred] [--build DIRECTORY] [--only NAME...]

A load generator fills its own core before a fast server fills its one, so requests per second hide the differences: what
counts is the CPU time of the server's whole process tree, to the nanosecond, divided by the requests that wrk counted.
All servers answer the same few bytes; rounds alternate between them, and the median is shown. Differences under 8 % are
noise. Needs wrk and nginx; everything runs in a temporary directory on ports of its own."""
import argparse
import pathlib
import re
import statistics
import subprocess
import tempfile
from collections import namedtuple

from servers import STARTS, add_arguments, cpu_seconds, stop

DEPTH = 16

Case = namedtuple("Case", "name connections options script")
Measure = namedtuple("Measure", "microseconds rate errors")

PIPELINE = f"""
init = function(args)
    local r = {{}}
    for i = 1, {DEPTH} do r[i] = wrk.format(nil, "/") end
    req = table.concat(r)
end
request = function() return req end
"""

CASES = [
    Case("keep-alive", 64, [], None),
    Case("keep-alive-512", 512, [], None),
    Case(f"pipelined-{DEPTH}", 64, [], PIPELINE),
    Case("connection-per-request", 64, ["-H", "Connection: close"], None),
]


def measure(peer, case, seconds, home):
    command = ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s", *case.options,
               f"http://127.0.0.1:{peer.port}/"]
    if case.script is not None:
        script = home / "pipeline.lua"
        script.write_text(case.script)
        command[1:1] = ["-s", str(script)]
    before = cpu_seconds(peer)
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(peer) - before
    requests = int(re.search(r"(\d+) requests in", shown)[1])
    errors = [line.strip() for line in shown.splitlines() if "Socket errors" in line or "Non-2xx" in line]
    return Measure(spent / max(requests, 1) * 1e6, requests / seconds, errors)


def compare(peers, case, options, home):
    """Rounds alternate, so that what the machine does besides hits all alike."""
    measures = {peer.name: [] for peer in peers}
    for _ in range(options.rounds):
        for peer in peers:
            measures[peer.name].append(measure(peer, case, options.seconds, home))
    return measures


def show(case, measures):
    ours, theirs, bare = (statistics.median(one.microseconds for one in found) for found in measures.values())
    rate = statistics.median(one.rate for one in measures["hypnotoad"])
    print(f"{case.name:<24}{case.connections:>6}{ours:>12.2f}{theirs:>10.2f}{bare:>12.2f}{ours / theirs:>11.2f}"
          f"{ours / bare:>10.2f}{rate:>14.0f}")
    for name, found in measures.items():
        for error in {line for one in found for line in one.errors}:
            print(f"    {name}: {error}")


def options_of(doc, cases, seconds):
    """The arguments of a script with this docstring and these cases, each measured for so many seconds unless told otherwise."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--seconds", type=int, default=seconds, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--only", nargs="+", choices=[case.name for case in cases], help="these cases alone")
    return parser.parse_args()


def main():
    options = options_of(__doc__, CASES, 3)
    with tempfile.TemporaryDirectory() as name:
        home, peers = pathlib.Path(name), []
        try:
            for start in STARTS:
                peers.append(start(options, home))
            how = f"{options.workers} worker(s), {options.rounds} x {options.seconds} s"
            print(f"CPU time of the server in µs per request, {how}\n")
            print(f"{'case':<24}{'conns':>6}{'hypnotoad':>12}{'nginx':>10}{'bare epoll':>12}{'of nginx':>11}{'of bare':>10}"
                  f"{'hypnotoad/s':>14}")
            for case in CASES:
                if options.only is None or case.name in options.only:
                    show(case, compare(peers, case, options, home))
        finally:
            for peer in peers:
                stop(peer.process)


if __name__ == "__main__":
    main()
