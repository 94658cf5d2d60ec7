"""strace - lets system calls of a process fail, or take long, as long as a test wants."""
import os
import subprocess

from harness import processes, wait_until

FORKS = "clone,clone3,fork,vfork"


def options(log, injections, calls="none"):
    """Arguments of strace: "accept4:error=EMFILE:when=1" is an injection."""
    names = ",".join([calls, *(injection.split(":")[0] for injection in injections)])
    return ["-q", "-o", str(log), "-e", f"trace={names.removeprefix('none,')}", *(word for injection in injections
                                                                               for word in ("-e", f"inject={injection}"))]


class Injection:
    """In a with statement: the calls of the running process `pid`, or of its children too, are what the injections make of them."""

    def __init__(self, pid, log, *injections, calls="none", follows=False, more=()):
        self.pid = pid
        self.log = log
        self.command = ["strace", *options(log, injections, calls), *more, *(["-f"] if follows else []), "-p", str(pid)]

    def __enter__(self):
        self.tracer = subprocess.Popen(self.command)
        wait_until(lambda: b"TracerPid:\t%d\n" % self.tracer.pid in processes.read(self.pid, "status"), "strace to attach")
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """From now on the calls are what they were."""
        self.tracer.terminate()
        self.tracer.wait(10)

    def lines(self):
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def count(self, text="(INJECTED"):
        return sum(text in line for line in self.lines())


def start_under(server, *injections, calls="none", more=(), log="strace"):
    """The server will be started with these injections from its first call on; the path of the log of calls."""
    path = server.directory / log
    server.before = ["strace", *options(path, injections, calls), *more]
    server.expected_files.add(log)
    # The search for leaks would have to lead a process that strace leads already.
    server.environment["ASAN_OPTIONS"] += ":detect_leaks=0"
    return path
