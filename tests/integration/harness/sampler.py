"""sampler - looks at a server without a pause, as others see it: its PID file and its listening sockets."""
import os
import re
import threading
import time

from harness import processes

# Looking at all processes costs more than looking at a file.
ROUNDS_PER_LOOK = 50


class Sampler:
    """A context manager; at its end nothing may have been wrong at any time.

    The PID file is there, complete, and names a manager of this server that lives (invariants I24, I25); it never goes back
    to a manager that it has named before, unless `may_return` says so; and every listening socket that was there at the
    beginning is still there (I22)."""

    def __init__(self, server, may_return=False):
        self.server = server
        self.may_return = may_return
        self.is_over = threading.Event()
        self.sockets = server.sockets & processes.listening_sockets()
        self.named = []
        self.rounds = 0
        self.looks = 0
        self.complaints = []
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        assert self.sockets, "the server listens"
        self.look_at_pid_file()
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over.set()
        self.thread.join()
        if kind is None:
            assert self.rounds > 0 and self.looks > 0
            assert not self.complaints, f"in {self.rounds} rounds: {self.complaints[:5]}"

    def run(self):
        is_last = False
        while not is_last:
            # One more round begins when it is over, however long this thread had to wait.
            is_last = self.is_over.is_set()
            self.look_at_pid_file()
            if self.rounds % ROUNDS_PER_LOOK == 0:
                self.look_at_sockets()
            self.rounds += 1

    def complain(self, text):
        self.complaints.append(f"{time.monotonic():.3f}: {text}")

    def look_at_pid_file(self):
        try:
            with open(self.server.pid_file, "rb", buffering=0) as file:
                content = file.read(64)
        except FileNotFoundError:
            self.complain("there is no PID file")
            return
        if not re.fullmatch(rb"\d+\n", content):
            self.complain(f"the PID file holds {content!r}")
            return
        pid = int(content)
        if not self.named or self.named[-1] != pid:
            self.meet(pid)
        if not exists(pid) and self.server.pid_text() == content.decode():
            self.complain(f"the PID file names {pid}, which does not live")

    def meet(self, pid):
        if pid in self.named and not self.may_return:
            self.complain(f"the PID file names {pid} again after {self.named[-1]}")
        self.named.append(pid)
        mark = f"{processes.MARK}={self.server.mark}".encode()
        # What has ended meanwhile has no environment any more.
        if mark not in processes.read(pid, "environ").split(b"\0") and exists(pid):
            self.complain(f"the PID file names {pid}, which is no process of this server")

    def look_at_sockets(self):
        self.looks += 1
        missing = self.sockets - processes.listening_sockets()
        if missing:
            self.complain(f"{missing} listens no more")


def exists(pid):
    """Cheaper than /proc; a zombie is looked at there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return processes.lives(pid)
