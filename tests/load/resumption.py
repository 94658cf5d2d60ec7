#!/usr/bin/python3
"""resumption - how often a client is known again, whichever worker of whichever generation it finds.

    tests/load/resumption.py [--visits N] [--deployments N] [--workers N] [--build DIRECTORY]

One client of TLS 1.2 and one of TLS 1.3 connect again and again, each time with the session that the visit before has left,
while others keep the server busy within TLS, while it is deployed anew, and while the keys of tickets are replaced by those of
the next period (the wall clock of the server is moved: tests/integration/harness_faults/clocks.c). The exit status is 0 if 98 of
100 visits of each are resumed, nobody lost a request, and more than one worker was found."""
import argparse
import mmap
import os
import pathlib
import ssl
import struct
import subprocess
import sys
import tempfile
import time

from peers import Hypnotoad
from traffic import Load, Wire, get, trusting

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERIOD = 8 * 3600
BEFORE = 600
SHARE = 0.98
MIX = {"new": 2, "keep-alive": 2, "pipelined": 1}
VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}


class Clock:
    """The wall clock of what is started with this environment."""
    source = ROOT / "tests/integration/harness_faults/clocks.c"

    def __init__(self, directory):
        library, path = directory / "clocks.so", directory / "clocks"
        subprocess.run(["cc", "-std=c17", "-O1", "-shared", "-fPIC", "-o", library, self.source], check=True)
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self.space = mmap.mmap(file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(library), "CLOCKS_FILE": str(path)}

    def move(self, seconds):
        struct.pack_into("<q", self.space, 0, int(seconds * 1e9))


class Timed(Hypnotoad):
    """A server with a wall clock of its own, ten minutes before the keys of tickets become others."""

    def __init__(self, *rest):
        super().__init__(*rest)
        self.clock = Clock(self.home)
        # Ahead, never back: the certificate is valid from now on.
        self.shift = (PERIOD - BEFORE - time.time()) % PERIOD
        self.clock.move(self.shift)

    def run(self, command, **options):
        super().run(command, env=os.environ | self.clock.environment, **options)

    def rotate(self):
        self.shift += BEFORE + 1
        self.clock.move(self.shift)


class Guest:
    """Comes again and again with the session of its last visit."""

    def __init__(self, peer, version):
        self.peer = peer
        self.context = trusting(version)
        self.session = None
        self.visits = self.resumed = 0
        self.workers = set()

    def visit(self):
        with Wire(self.peer.address, context=self.context, session=self.session) as wire:
            self.visits += self.session is not None
            self.resumed += wire.socket.session_reused
            wire.send(get("/pid", "Connection: close"))
            begin, size, _ = wire.read_head()
            while len(wire.received) < begin + size:
                wire.read_some()
            self.workers.add(bytes(wire.received[begin:begin + size]))
        self.session = wire.session


def torment(peer, options):
    """Deployments and the change of keys at even distances."""
    guests = {name: Guest(peer, version) for name, version in VERSIONS.items()}
    parts = 2 * (options.deployments + 1)
    marks = {number * options.visits // parts: number for number in range(1, parts)}
    for visit in range(options.visits + 1):
        mark = marks.get(visit)
        if mark is not None and mark % 2 == 0:
            peer.deploy()
        elif mark == parts // 2 // 2 * 2 + 1:
            peer.rotate()
        for guest in guests.values():
            guest.visit()
    return guests


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=1000, help="of each of the two")
    parser.add_argument("--deployments", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="resumption") as home:
        peer = Timed(pathlib.Path(home), options.workers, options.build, True)
        try:
            peer.start()
            with Load(peer.address, MIX, peer.options(1)) as load:
                guests = torment(peer, options)
        finally:
            peer.stop()
    is_good = not load.losses()
    for name, guest in guests.items():
        print(f"{name}: {guest.resumed} of {guest.visits} visits resumed, {len(guest.workers)} workers found")
        is_good = is_good and guest.resumed >= SHARE * guest.visits and len(guest.workers) > options.deployments + 1
    print(f"{options.deployments} deployments, one change of keys, {load.served()} requests beside them, lost: {load.losses() or 0}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
