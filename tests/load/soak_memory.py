#!/usr/bin/python3
"""soak_memory - whether a server keeps anything of what it has served.

    tests/load/soak_memory.py [--minutes N] [--deploy SECONDS] [--workers N] [--processes N] [--build DIRECTORY]

Clients of all kinds, good and bad ones (traffic.py, hostile.py), keep the server busy. Every second memory (PSS, RSS) and open
descriptors of the manager and of its workers are read, and a row of them is printed every ten. Afterwards, when nobody is
connected any more, the exit status is 0 if

- the floor of the memory does not rise: a line through the least PSS of every ten seconds behind the warm-up, for the manager
  and for all workers together, gains less than 5 % and 2 MiB;
- every process has as many descriptors as it had before anybody came;
- no good client lost a request.

With --deploy the server is deployed anew that often, so that what generations leave to each other shows, too."""
import argparse
import os
import pathlib
import sys
import tempfile
import time
from collections import namedtuple

import hostile
from peers import Hypnotoad, has_children, lives, parent_of, until
from tricklers import allow_descriptors
from zero_loss import Swarm, show as show_losses

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIX = {"new": 2, "keep-alive": 2, "think": 4, "pipelined": 1, "upload": 3, "chunked": 2, hostile.SlowReading.kind: 3,
       hostile.Aborting.kind: 2, hostile.Unreading.kind: 4, hostile.Silent.kind: 2}
TIMEOUT = 3
WINDOW = 10
GROWTH_SHARE_MAX = 0.05
GROWTH_KIB_MAX = 2048

CONFIG = """{{
    listen => 'http://127.0.0.1:{port}', workers => {workers}, pid_file => '{home}/hypnotoad.pid', accepts => 0,
    keep_alive_requests => 100, keep_alive_timeout => {keep_alive}, header_timeout => 3, inactivity_timeout => 3, clients => 4096,
    log_file => '{home}/hypnotoad.log',
}};
"""

Use = namedtuple("Use", "pss rss descriptors")
Sample = namedtuple("Sample", "second manager workers")


class Soaked(Hypnotoad):
    def launch(self):
        config = self.home / "hypnotoad.conf"
        config.write_text(self.fill(CONFIG))
        self.run([self.build / "hypnotoad", "--config", config, self.build / "apps/probe.so"])

    def options(self, slowness):
        made = super().options(slowness)
        made.patience = TIMEOUT
        # Not as fast as it can: what is looked for is what stays, not what is fast.
        made.pause = 0.002
        return made

    def workers_now(self):
        """The workers of the generation that serves."""
        manager = self.pid()
        found = [int(name) for name in os.listdir("/proc") if name.isdigit() and parent_of(int(name)) == manager]
        return sorted(pid for pid in found if lives(pid) and not has_children(pid))


# ---- What there is to see ----

def use_of(pid):
    """In KiB; None if the process has just gone."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}
        return Use(sizes["Pss"], sizes["Rss"], len(os.listdir(f"/proc/{pid}/fd")))
    except (OSError, KeyError):
        return None


def look(peer, second):
    """A sample; None while generations change."""
    manager, workers = use_of(peer.pid()), [use_of(pid) for pid in peer.workers_now()]
    if manager is None or len(workers) != peer.workers or None in workers:
        return None
    return Sample(second, manager, workers)


def total(uses):
    return Use(*map(sum, zip(*uses)))


COLUMNS = f"{'second':>7}{'manager PSS':>13}{'RSS':>8}{'fds':>6}{'workers PSS':>14}{'RSS':>8}{'fds':>6}{'requests':>12}"


def show(sample, requests):
    manager, workers = sample.manager, total(sample.workers)
    print(f"{sample.second:>7.0f}{manager.pss:>13}{manager.rss:>8}{manager.descriptors:>6}{workers.pss:>14}{workers.rss:>8}"
          f"{workers.descriptors:>6}{requests:>12}", flush=True)


# ---- Judgement ----

def growth(points):
    """What a line through (second, KiB) gains from the first to the last."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
    return slope * (points[-1][0] - points[0][0])


def floor(samples, value):
    """(second, least value) of every window."""
    windows = {}
    for sample in samples:
        windows.setdefault(int(sample.second) // WINDOW, []).append((value(sample), sample.second))
    return [(min(window)[1], min(window)[0]) for window in windows.values()]


def memory_complaints(samples, warm_up):
    settled = [sample for sample in samples if sample.second >= warm_up]
    for name, value in (("manager", lambda sample: sample.manager.pss), ("workers", lambda sample: total(sample.workers).pss)):
        points = floor(settled, value)
        gained, most = growth(points), GROWTH_KIB_MAX + GROWTH_SHARE_MAX * points[0][1]
        print(f"{name}: the floor gains {gained:.0f} KiB in {points[-1][0] - points[0][0]:.0f} s, at most {most:.0f} are allowed")
        if gained > most:
            yield f"the memory of the {name} grows"


def descriptor_complaints(before, peer):
    """Whoever waits is answered or given up first."""
    def counts(sample):
        return [sample.manager.descriptors, *(use.descriptors for use in sample.workers)]
    last = None
    end = time.monotonic() + 10 * TIMEOUT
    while time.monotonic() < end:
        last = look(peer, 0)
        if last is not None and counts(last) == counts(before):
            print(f"descriptors: {counts(last)}, as before")
            return
        time.sleep(0.1)
    yield f"descriptors are left: {counts(before)} before, {counts(last) if last else 'nobody'} now"


# ---- The soak ----

def soak(peer, options):
    """(samples, table of the clients)"""
    swarm = Swarm(peer, options, MIX)
    began, samples, deployed = time.monotonic(), [], 0
    try:
        while (second := time.monotonic() - began) < options.seconds:
            if options.deploy and second >= (deployed + 1) * options.deploy:
                peer.deploy()
                deployed += 1
            elif (sample := look(peer, second)) is not None:
                samples.append(sample)
                if len(samples) % WINDOW == 1:
                    show(sample, swarm.total())
            time.sleep(max(0.0, began + int(second) + 1 - time.monotonic()))
    finally:
        swarm.end()
    return samples, swarm.table()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--deploy", type=float, default=0.0, help="seconds between two deployments; 0: none")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--processes", type=int, default=2, help="full of clients")
    parser.add_argument("--slowness", type=float, default=2.0, help="seconds that an upload or a slow reader takes at most")
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    options.seconds = 60 * options.minutes
    if options.seconds < 6 * WINDOW:
        parser.error("a minute at least")
    options.build = options.build.resolve()
    return options


def main():
    options = arguments()
    allow_descriptors(4096)
    complaints = []
    with tempfile.TemporaryDirectory(prefix="soak") as home:
        peer = Soaked(pathlib.Path(home), options.workers, options.build)
        try:
            peer.start()
            before = until(lambda: look(peer, 0), "the workers")
            print(f"KiB\n{COLUMNS}", flush=True)
            samples, table = soak(peer, options)
            print()
            complaints += memory_complaints(samples, options.seconds / 3)
            complaints += descriptor_complaints(before, peer)
        finally:
            peer.stop()
    print()
    lost = show_losses("hypnotoad", table)
    complaints += [f"{lost} requests were lost"] if lost else []
    print("\n".join(complaints) or f"Nothing is kept of {sum(sum(row.values()) for row in table.values())} requests.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
