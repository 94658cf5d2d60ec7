"""processes - what /proc knows about processes: whose they are, what they hold, what they cost."""
import ctypes
import os
import pathlib
import signal
from collections import namedtuple

MARK = "HYPNOTOAD_TEST_ID"
PR_SET_CHILD_SUBREAPER = 36
# The kernel's flag of a socket that listens, in /proc/net/unix.
SO_ACCEPTCON = 0x10000

Stat = namedtuple("Stat", "pid name state parent group session terminal started")


def become_subreaper():
    """Daemonized managers become children of the tests, which can then see how they ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def interrupt_once(*_):
    """Whoever ends a process group may send the same to its members one by one; what is being ended is not to be interrupted."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def heed_signals():
    """TERM ends tests as INT does, with all that they have started. A shell starts what it puts into the background deaf to INT
    and QUIT, and servers would inherit it."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, interrupt_once)


def read(pid, name):
    """Bytes of /proc/PID/NAME; none if the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def stat_of(pid):
    text = read(pid, "stat").decode(errors="replace")
    if not text:
        return None
    name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return Stat(pid, name, rest[0], int(rest[1]), int(rest[2]), int(rest[3]), int(rest[4]), int(rest[19]))


def name_of(pid):
    """What the process calls itself; "" if it is gone."""
    stat = stat_of(pid)
    return stat.name if stat is not None else ""


def lives(pid):
    """A zombie does not live."""
    stat = stat_of(pid)
    return stat is not None and stat.state not in "ZX"


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children_of(parent):
    """Children, zombies too, in the order in which they started."""
    stats = [stat for stat in map(stat_of, all_pids()) if stat is not None and stat.parent == parent]
    return sorted(stats, key=lambda stat: (stat.started, stat.pid))


def marked(mark):
    """Living processes that carry this mark in the environment that they were started with."""
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in all_pids() if wanted in read(pid, "environ").split(b"\0") and lives(pid)]


def executable_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def descriptors_of(pid):
    """{descriptor: what it refers to}"""
    found = {}
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(path.name)] = os.readlink(path)
        except OSError:
            pass
    return found


def cpu_seconds(pid):
    """CPU time of all threads, user and kernel, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return total / 1e9


def pending_signals(pid):
    """Signals that wait for the process: those that a stopped one was sent."""
    for line in read(pid, "status").decode().splitlines():
        if line.startswith("ShdPnd:"):
            bits = int(line.split()[1], 16)
            return {signal.Signals(number) for number in range(1, 32) if bits >> (number - 1) & 1}
    return set()


def send(pid, name):
    """send(pid, "QUIT")"""
    os.kill(pid, getattr(signal, "SIG" + name))


def reap(pid):
    """The exit status (negative: by that signal) of an adopted child that has ended; None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found == pid else None


def listening_sockets():
    """Inodes of all sockets that listen: those of TCP, and those that are found under a path."""
    found = set()
    for name in ("tcp", "tcp6"):
        for line in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A":
                found.add(f"socket:[{columns[9]}]")
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        columns = line.split(maxsplit=7)
        if int(columns[3], 16) & SO_ACCEPTCON and columns[7:] and columns[7].startswith("/"):
            found.add(f"socket:[{columns[6]}]")
    return found
