"""watch - the lives of a server's processes, as sampled from outside while a check runs; what the timeline draws."""
import os
import pathlib
import threading
import time

from harness import processes

STEP = 0.02


def belongs(pid, mark, directory):
    """Whether it is a process of the server in this directory: it has the mark of its start in its environment, or - since
    Perl writes a process's title over its environment - it names a file of the directory in its command line."""
    if f"{processes.MARK}={mark}".encode() in processes.read(pid, "environ").split(b"\0"):
        return True
    return f"{directory}/".encode() in processes.read(pid, "cmdline")


def image_of(pid):
    """Where the kernel has put stack and environment: the same in a process and what it has forked, another after exec."""
    stat = processes.read(pid, "stat")
    columns = stat[stat.rindex(b")") + 2:].split() if stat else []
    return (columns[25], columns[47]) if len(columns) > 47 else None


class Life:
    def __init__(self, pid, parent, began):
        self.pid, self.parent, self.began, self.ended = pid, parent, began, None
        self.role = "process"


class Watch:
    """Follows the children of this process that carry the mark, and theirs."""

    def __init__(self, mark, directory):
        self.mark, self.directory = mark, directory
        self.lives = {}
        self.strangers = set()
        self.roles = {}
        self.began = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def begin(self):
        if self.began is None:
            self.began = time.monotonic()
            self.thread.start()

    def end(self):
        if self.began is not None and not self.is_over.is_set():
            self.is_over.set()
            self.thread.join()

    def name(self, pid, role):
        self.roles[pid] = role

    def run(self):
        while not self.is_over.wait(STEP):
            self.look()

    def look(self):
        now = time.monotonic()
        found = set()
        waiting = [(os.getpid(), pid) for pid in children(os.getpid()) if self.is_ours(pid)]
        while waiting:
            parent, pid = waiting.pop()
            if not is_alive(pid):
                continue
            found.add(pid)
            self.lives.setdefault(pid, Life(pid, parent, now))
            waiting += [(pid, child) for child in children(pid)]
        for pid, life in self.lives.items():
            if pid not in found and life.ended is None:
                life.ended = now

    def is_ours(self, pid):
        if pid in self.lives:
            return True
        if pid in self.strangers:
            return False
        is_ours = belongs(pid, self.mark, self.directory)
        if not is_ours:
            # A child that is between fork and exec is looked at again.
            if processes.read(pid, "comm").strip() != processes.read(os.getpid(), "comm").strip():
                self.strangers.add(pid)
        return is_ours


def children(pid):
    """Of a process with one thread that forks, or of all its threads."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            pass
    return found


def is_alive(pid):
    stat = processes.read(pid, "stat")
    return bool(stat) and stat[stat.rindex(b")") + 2:][:1] not in (b"Z", b"X")
