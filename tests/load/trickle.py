#!/usr/bin/python3
"""trickle - how long others wait while thousands of connections trickle.

    tests/load/trickle.py [--connections N] [--seconds N] [--interval N] [--workers N] [--build DIRECTORY]

Thousands of clients send a byte a second each of heads that never end (tests/load/tricklers.py), from a process of their own.
Meanwhile another one asks GET / again and again, in turn on a connection that is kept and on a new one, and the time of each
request is taken, before and while they trickle. The exit status is 0 if nothing was lost, by neither, and 99 of 100 requests
were answered in less than 100 ms. On a machine that does other things as well the figure says little."""
import argparse
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

from peers import Hypnotoad
from traffic import HELLO, Wire, get
from tricklers import Tricklers, allow_descriptors

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_MS = 100.0
SECONDS_MAX = 40
QUIET_SECONDS = 3
OPENING_SECONDS_MAX = 15

CONFIG = """{{
    listen => 'http://127.0.0.1:{port}', workers => {workers}, pid_file => '{home}/hypnotoad.pid', accepts => 0,
    keep_alive_requests => 0, keep_alive_timeout => 60, header_timeout => 3600, clients => 100000, log_file => '{home}/hypnotoad.log',
}};
"""


class Patient(Hypnotoad):
    """A server that lets them trickle."""

    def launch(self):
        config = self.home / "hypnotoad.conf"
        config.write_text(self.fill(CONFIG))
        self.run([self.build / "hypnotoad", "--config", config, self.build / "apps/probe.so"])


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def ask_on(wire):
    wire.send(get())
    assert wire.read_answer(HELLO), "the connection lives on"


def ask_anew(address):
    with Wire(address) as wire:
        wire.send(get("/", "Connection: close"))
        wire.read_answer(HELLO)


def measure(address, seconds):
    """The times of all requests in so many seconds; one that is lost ends it all."""
    times = []
    end = time.monotonic() + seconds
    with Wire(address) as wire:
        while time.monotonic() < end:
            times.append(timed(lambda: ask_on(wire)))
            times.append(timed(lambda: ask_anew(address)))
            time.sleep(0.001)
    return times


def percentile(times, share):
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def show(name, times):
    print(f"{name:<24}{len(times):>9}{percentile(times, 0.5):>9.2f}{percentile(times, 0.99):>9.2f}{1000 * max(times):>9.2f}",
          flush=True)


def trickle(address, options, has_begun, is_over, result):
    """In a process of its own: says what became of the tricklers."""
    with Tricklers(address, options.connections, options.interval) as tricklers:
        has_begun.set()
        while not is_over.wait(1) and os.getppid() != 1:
            continue
        result.send((tricklers.sent, tricklers.lost + tricklers.answered(), tricklers.longest))


def torment(address, options):
    """(times of the others, bytes sent, connections lost, longest round)"""
    context = multiprocessing.get_context("fork")
    has_begun, is_over = context.Event(), context.Event()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=trickle, args=(address, options, has_begun, is_over, sender))
    process.start()
    try:
        if not has_begun.wait(OPENING_SECONDS_MAX):
            raise SystemExit(f"{options.connections} connections could not be opened in {OPENING_SECONDS_MAX} s")
        # The first bytes of all of them are on their way.
        time.sleep(options.interval)
        times = measure(address, options.seconds)
    finally:
        is_over.set()
        report = receiver.recv() if receiver.poll(10) else (0, options.connections, 0.0)
        process.join()
    return times, *report


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10000, help="that trickle")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two bytes of one of them")
    parser.add_argument("--seconds", type=int, default=20, help=f"of the measurement, at most {SECONDS_MAX}")
    parser.add_argument("--workers", type=int, default=2)
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    if not 1 <= options.seconds <= SECONDS_MAX:
        parser.error(f"--seconds is a number from 1 to {SECONDS_MAX}")
    options.build = options.build.resolve()
    return options


def main():
    options = arguments()
    allow_descriptors(options.connections + 200)
    with tempfile.TemporaryDirectory(prefix="trickle") as home:
        peer = Patient(pathlib.Path(home), options.workers, options.build)
        try:
            peer.start()
            print(f"{'milliseconds':<24}{'requests':>9}{'half':>9}{'99 %':>9}{'most':>9}", flush=True)
            show("nobody trickles", measure(peer.address, QUIET_SECONDS))
            times, sent, lost, longest = torment(peer.address, options)
            show(f"{options.connections} trickle", times)
        finally:
            peer.stop()
    print(f"{sent} bytes trickled, {lost} connections lost, a round took {longest:.2f} s at most")
    found = percentile(times, 0.99)
    is_good = found < LIMIT_MS and lost == 0 and sent > options.connections
    print(f"The 99th percentile is {found:.2f} ms; {'good' if is_good else 'too much' if lost == 0 else 'and some were lost'}.")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
