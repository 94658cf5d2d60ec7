#!/usr/bin/python3
"""zero_loss - how many requests are lost while a server is deployed anew, again and again.

    tests/load/zero_loss.py [--upgrades N] [--requests N] [--beside nginx,perl] [--beside-requests N] [--tls] [--build DIRECTORY]

Clients of several kinds (tests/load/traffic.py says which, and what counts as lost) keep each server busy until it has been
deployed so many times, evenly spread over so many requests. One table shows what became of all of them: Hypnotoad, which must
lose none, and beside it nginx (USR2, then QUIT to the old master) and Perl's hypnotoad (its command, once more) where they are
installed. Everything runs in a temporary directory on ports of its own. The exit status is 0 if Hypnotoad lost nothing."""
import argparse
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
from collections import Counter

from peers import PEERS, Hypnotoad
from traffic import LOSSES, OUTCOMES, Load, table_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIX = {"new": 3, "keep-alive": 4, "think": 16, "pipelined": 2, "upload": 6, "download": 4}
COLUMNS = f"{'server':<11}{'clients':<12}{'requests':>10}{'lost':>8}" + "".join(f"{name:>11}" for name in LOSSES)


class Swarm:
    """Processes full of clients; what they count is read while they run. `mix`: how many of each kind in one of them."""

    def __init__(self, peer, options, mix):
        self.mix = mix
        size = sum(self.mix.values()) * len(OUTCOMES)
        context = multiprocessing.get_context("fork")
        self.is_over = context.Event()
        self.counts = [multiprocessing.RawArray("Q", size) for _ in range(options.processes)]
        self.processes = [context.Process(target=self.run, args=(peer, counts, options.slowness)) for counts in self.counts]
        for process in self.processes:
            process.start()

    def run(self, peer, counts, slowness):
        with Load(peer.address, self.mix, peer.options(slowness), memoryview(counts).cast("B").cast("Q")):
            while not self.is_over.wait(1):
                if os.getppid() == 1:
                    return

    def end(self):
        self.is_over.set()
        for process in self.processes:
            process.join()
        if any(process.exitcode != 0 for process in self.processes):
            raise SystemExit("a process of the clients failed")

    def total(self):
        return sum(map(sum, self.counts))

    def table(self):
        """{kind: Counter of outcomes}"""
        table = {kind: Counter() for kind in self.mix}
        for counts in self.counts:
            for kind, row in table_of(self.mix, counts).items():
                table[kind].update(row)
        return table


def torment(peer, requests, options):
    """Deploys at even distances of requests, and as fast as it can where it is behind; (table, deployments, seconds)."""
    swarm = Swarm(peer, options, {kind: MIX[kind] for kind in peer.kinds})
    began, done = time.monotonic(), 0
    try:
        while done < options.upgrades or swarm.total() < requests:
            if done < options.upgrades and swarm.total() >= (done + 1) * requests // (options.upgrades + 1):
                peer.deploy()
                done += 1
            time.sleep(0.002)
    finally:
        seconds = time.monotonic() - began
        swarm.end()
    return swarm.table(), done, seconds


def show(name, table):
    """Prints a row for each kind and their sum; returns how many were lost."""
    total = sum(table.values(), Counter())
    for kind, row in [*table.items(), ("all", total)]:
        lost = sum(row[loss] for loss in LOSSES)
        print(f"{name:<11}{kind:<12}{sum(row.values()):>10}{lost:>8}" + "".join(f"{row[loss]:>11}" for loss in LOSSES))
    print(flush=True)
    return sum(total[loss] for loss in LOSSES)


def measure(name, requests, options):
    peer_class = PEERS[name]
    if missing := peer_class.missing():
        print(f"{name:<11}{missing}\n", flush=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="zero-loss") as home:
        peer = peer_class(pathlib.Path(home), options.workers, options.build, options.tls)
        try:
            peer.start()
            table, done, seconds = torment(peer, requests, options)
        finally:
            peer.stop()
    print(f"{name}: {done} deployments in {seconds:.0f} s", file=sys.stderr, flush=True)
    return show(name, table)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrades", type=int, default=100, help="deployments of each server")
    parser.add_argument("--requests", type=int, default=1000000, help="requests to Hypnotoad, at least")
    parser.add_argument("--beside", default="nginx,perl", help="who else: nginx, perl; empty: nobody")
    parser.add_argument("--beside-requests", type=int, help="requests to each of the others, at least; default: a fifth")
    parser.add_argument("--tls", action="store_true", help="within TLS, half of the clients in 1.2, half in 1.3")
    parser.add_argument("--workers", type=int, default=2, help="of each server")
    parser.add_argument("--processes", type=int, default=2, help="full of clients")
    parser.add_argument("--slowness", type=float, default=1.5, help="seconds that an upload or a download takes at most")
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.beside = [name for name in options.beside.split(",") if name]
    if unknown := set(options.beside) - (set(PEERS) - {Hypnotoad.name}):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


def main():
    options = arguments()
    print(f"{options.upgrades} deployments of each server\n\n{COLUMNS}", flush=True)
    lost = measure(Hypnotoad.name, options.requests, options)
    for name in options.beside:
        measure(name, options.beside_requests or options.requests // 5, options)
    print(f"Hypnotoad lost {lost} requests.")
    return 0 if lost == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
