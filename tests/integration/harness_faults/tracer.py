"""tracer - leads a process from system call to system call, exactly, and lets it go wherever the test wants.

A signal or a stop that is sent while the process stands at the entry of a call arrives during that very call. As soon
as the process is let go it runs on untraced, as any other."""
import ctypes
import os
import pathlib
import re
import signal
import struct
import time
from collections import namedtuple

SEIZE, INTERRUPT, DETACH, SYSCALL = 0x4206, 0x4207, 17, 24
GET_SYSCALL_INFO, GET_EVENT_MESSAGE, SET_OPTIONS = 0x420E, 0x4201, 0x4200
OPTION_SYSGOOD, OPTION_FORK, OPTION_VFORK, OPTION_CLONE, OPTION_EXEC = 0x01, 0x02, 0x04, 0x08, 0x10
EVENT_FORKS, EVENT_EXEC = (1, 2, 3), 4
WALL = 0x40000000
ENTRY = 1
STEPS_MAX = 200000
# One of these is where the processor's own table of system calls stands.
TABLES = ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h")

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

Call = namedtuple("Call", "name arguments path")
Stop = namedtuple("Stop", "kind value")  # kind: "call", "back", "signal", "event", "end"


def read_names():
    table = next(path for path in map(pathlib.Path, TABLES) if path.exists())
    return {int(number): name for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", table.read_text())}


NAMES = read_names()


def ptrace(request, pid, address=0, data=0):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise ProcessLookupError(ctypes.get_errno(), f"ptrace({request:#x}, {pid}): {os.strerror(ctypes.get_errno())}")
    return result


class Tracee:
    """A process that this one leads. It is let go, at the latest, at the end of a with statement."""

    def __init__(self, pid, follows_forks=False, is_attached=False):
        self.pid = pid
        self.is_over = False
        self.pending = 0
        options = OPTION_SYSGOOD | OPTION_EXEC
        if follows_forks:
            options |= OPTION_FORK | OPTION_VFORK | OPTION_CLONE
        if not is_attached:
            ptrace(SEIZE, pid, 0, options)
            ptrace(INTERRUPT, pid)
        self.wait()
        if is_attached:
            # Its parent's options came with it; its own children are nobody's concern.
            ptrace(SET_OPTIONS, pid, 0, options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()

    # ---- Stops ----

    def wait(self):
        """The next stop. The end of the process is left to its parent if that is this process."""
        found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT | WALL)
        if found.si_code in (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED):
            self.is_over = True
            if not self.is_child():
                os.waitpid(self.pid, WALL)
            return Stop("end", found.si_status)
        _, status = os.waitpid(self.pid, WALL)
        return self.understand(status)

    def is_child(self):
        text = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        return int(text.rpartition(")")[2].split()[1]) == os.getpid()

    def understand(self, status):
        number, event = status >> 8 & 0xFF, status >> 16
        self.pending = 0
        if number == signal.SIGTRAP | 0x80:
            call = self.call()
            return Stop("call", call) if call else Stop("back", None)
        if event:
            return Stop("event", event)
        self.pending = number
        return Stop("signal", number)

    def resume(self):
        """Goes on to the next stop."""
        ptrace(SYSCALL, self.pid, 0, self.pending)
        return self.wait()

    def call(self):
        """The system call at whose entry the process stands; None at the end of one."""
        space = ctypes.create_string_buffer(96)
        ptrace(GET_SYSCALL_INFO, self.pid, len(space), ctypes.addressof(space))
        if space.raw[0] != ENTRY:
            return None
        number, *arguments = struct.unpack_from("<7Q", space.raw, 24)
        name = NAMES.get(number, f"call{number}")
        return Call(name, arguments, self.path_of(name, arguments))

    def result(self):
        """Leads the process, which stands at the entry of a call, to its end: what the call gives."""
        stop = self.resume()
        assert stop.kind == "back", stop
        space = ctypes.create_string_buffer(96)
        ptrace(GET_SYSCALL_INFO, self.pid, len(space), ctypes.addressof(space))
        return struct.unpack_from("<q", space.raw, 24)[0]

    def path_of(self, name, arguments):
        place = {"openat": 1, "open": 0, "unlink": 0, "unlinkat": 1, "link": 1, "linkat": 3}.get(name)
        return "" if place is None else self.text_at(arguments[place])

    def text_at(self, address):
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for size in (4096 - address % 4096 + 4096, 4096 - address % 4096):
                try:
                    return os.pread(memory.fileno(), size, address).partition(b"\0")[0].decode(errors="replace")
                except OSError:
                    continue
        return ""

    # ---- Ways ----

    def next_call(self):
        """Leads the process to the entry of its next system call; None if it ends before."""
        for _ in range(STEPS_MAX):
            stop = self.resume()
            if stop.kind == "call":
                return stop.value
            if stop.kind == "end":
                return None
        raise AssertionError(f"process {self.pid} makes no system call")

    def run_to_exec(self):
        """Leads the process into the program that it becomes."""
        while True:
            stop = self.resume()
            assert stop.kind != "end", f"process {self.pid} ended before it became another program"
            if stop == Stop("event", EVENT_EXEC):
                return

    def run_to_fork(self):
        """Leads the process on until it has forked; the child, which has not moved yet."""
        while True:
            stop = self.resume()
            assert stop.kind != "end", f"process {self.pid} ended before it forked"
            if stop.kind == "event" and stop.value in EVENT_FORKS:
                child = ctypes.c_ulong()
                ptrace(GET_EVENT_MESSAGE, self.pid, 0, ctypes.addressof(child))
                return Tracee(child.value, is_attached=True)

    def let_go(self):
        """The process runs on by itself."""
        if self.is_over:
            return
        self.is_over = True
        try:
            ptrace(DETACH, self.pid, 0, self.pending)
        except ProcessLookupError:
            self.wait()  # it was killed meanwhile; its parent hears of it when its tracer has


# A shell stops itself and becomes the program when it is continued: the way to lead a program from its first call on.
STOPPED = ("sh", "-c", 'kill -STOP $$; exec "$@"', "sh")


def lead_from_start(process, limit=30):
    """The program of a process that was started with STOPPED before it, at its first instruction."""
    end = time.monotonic() + limit
    while pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert process.poll() is None and time.monotonic() < end, f"process {process.pid} does not stop itself"
        time.sleep(0.001)
    tracee = Tracee(process.pid)
    os.kill(process.pid, signal.SIGCONT)
    tracee.run_to_exec()
    return tracee
