#!/usr/bin/python3
"""garbage - what it costs a listener with TLS that most who knock do not speak it.

    tests/load/garbage.py [--knocks N] [--seed N] [--workers N] [--more-kib N] [--build DIRECTORY]

Clients (tests/load/knockers.py) knock with noise, with hellos that were changed, cut or stretched, with records of anything,
with HTTP without TLS; a third of them resets. Meanwhile another one asks GET / within TLS on a connection that is kept and on
new ones. The exit status is 0 if

- each of them was got rid of in time, and none got an answer but 400 without TLS;
- nobody else lost a request;
- every process has as many descriptors as before, and the workers no more than --more-kib of their own memory more.

Shown as well: the processor time of the server for each of them."""
import argparse
import os
import pathlib
import sys
import tempfile
import threading
import time

from knockers import Knockers
from peers import Hypnotoad, parent_of, until
from traffic import HELLO, Lost, Wire, get

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARM_UP = 20000
SERVED_LEAST = 12
PATIENCE = 60


class Watched(Hypnotoad):
    def processes(self):
        manager = self.pid()
        return [manager] + sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and parent_of(int(name)) == manager)

    def cpu_seconds(self):
        return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in self.processes()) / 1e9

    def descriptors(self):
        return {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in self.processes()}

    def memory_kib(self):
        """Of their own, of all workers."""
        total = 0
        for pid in self.processes()[1:]:
            rows = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            total += sum(int(row.split()[1]) for row in rows if row.startswith("RssAnon:"))
        return total


class Guest(threading.Thread):
    """Somebody who does speak TLS, and is counted."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self.peer = peer
        self.is_over = threading.Event()
        self.served, self.lost = 0, []

    def ask(self, wire, *fields):
        wire.send(get("/", *fields))
        wire.read_answer(HELLO)
        self.served += 1

    def run(self):
        while not self.is_over.wait(0.01):
            try:
                with Wire(self.peer.address, context=self.peer.context) as wire:
                    for _ in range(5):
                        self.ask(wire)
                    self.ask(wire, "Connection: close")
            except Lost as lost:
                self.lost.append(lost.outcome)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--knocks", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--more-kib", type=int, default=256, help="so much more memory the workers may have afterwards")
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def steady(look):
    """What can be seen, if it stays so for a while."""
    seen = look()
    time.sleep(0.3)
    return seen if look() == seen else None


def torment(peer, options):
    """What was done, what it cost, and what is left of it."""
    # Memory that is taken once, by whatever comes.
    Knockers(peer.address, min(WARM_UP, options.knocks), f"{options.seed} warm-up").run()
    descriptors = until(lambda: steady(peer.descriptors), "the connections to be closed")
    memory, spent = peer.memory_kib(), peer.cpu_seconds()
    knockers = Knockers(peer.address, options.knocks, options.seed)
    began = time.monotonic()
    knockers.run()
    seconds, spent = time.monotonic() - began, peer.cpu_seconds() - spent
    until(lambda: peer.descriptors() == descriptors, "the connections to be closed")
    return knockers, seconds, spent, peer.memory_kib() - memory


def knock_beside(guest, peer, options):
    """Knocks until the guest has been served often enough; all of them."""
    guest.start()
    end = time.monotonic() + PATIENCE
    beside = []
    while not beside or (guest.served < SERVED_LEAST and not guest.lost and time.monotonic() < end):
        beside.append(Knockers(peer.address, options.knocks // 10, f"{options.seed} beside {len(beside)}"))
        beside[-1].run()
    guest.is_over.set()
    guest.join()
    return beside


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="garbage") as home:
        peer = Watched(pathlib.Path(home), options.workers, options.build, True)
        try:
            peer.start()
            guest = Guest(peer)
            knockers, seconds, spent, more = torment(peer, options)
            cost = spent / options.knocks
            # Again, with somebody beside them: his own costs would be counted as theirs.
            beside = knock_beside(guest, peer, options)
            serves = peer.answers()
        finally:
            peer.stop()
    failures = [failure for some in (knockers, *beside) for failure in some.failures]
    for kind, number in knockers.counts.items():
        print(f"{kind:<12}{number:>10}")
    print(f"{options.knocks} knocks in {seconds:.0f} s, {cost * 1e6:.1f} µs of the server's for each; {more} KiB more memory, "
          f"no descriptor more;\nbeside {len(beside) * (options.knocks // 10)} more of them {guest.served} requests were served, "
          f"{len(guest.lost)} lost; {len(failures)} knocks went wrong")
    for failure in failures[:5]:
        print(*failure)
    is_good = serves and not failures and not guest.lost and guest.served >= SERVED_LEAST and more <= options.more_kib
    print("good" if is_good else "not good")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
