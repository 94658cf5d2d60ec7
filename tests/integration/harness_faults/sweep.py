"""sweep - one signal at one system call, again and again: which calls there are, which of them a run takes, what must hold after each."""
import itertools
import os
import signal
import socket

from harness import Connection, LIMIT, wait_until
from harness.client import ConnectionEnded
from harness.processes import children_of, marked, reap
from harness.server import Server
from harness.tls import SecureConnection, trusting
from harness_faults.tracer import STOPPED, lead_from_start

IS_FULL = os.environ.get("HYPNOTOAD_SWEEP") == "full"
# A test has a time limit, so a sweep is several tests; each takes every n-th position of those that are due.
SHARES = 12 if IS_FULL else 3
# Far more calls than the end of a server or the start of a worker makes.
CALLS_MAX = 5000
# One after the other for all sweeps of this process: what a server leaves in TIME_WAIT hinders none that follows.
ADDRESSES = itertools.count()
PORT_FIRST, PORTS = 8000, 20000


def is_free(address):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
        return True


def share_of(positions, share):
    return positions[share::SHARES]


def every(positions, step):
    return list(positions if IS_FULL else positions[::step])


class Range:
    """Servers of a sweep, one after the other, each in a directory of its own and at an address that nobody else uses."""

    def __init__(self, build, directory, **settings):
        self.build = build
        self.directory = directory
        pid = os.getpid()
        self.host = f"127.{pid >> 14 & 0xFF}.{pid >> 6 & 0xFF}.{1 + (pid & 0x3F)}"
        self.settings = settings
        self.count = 0
        self.complaints = []

    def prepare(self, app="hello", options=("--foreground",), scheme="http", **settings):
        place = self.directory / f"shot{self.count}"
        self.count += 1
        (place / "temporary").mkdir(parents=True)
        address = (self.host, PORT_FIRST + next(ADDRESSES) % PORTS)
        settings = {"listen": f"{scheme}://{address[0]}:{address[1]}", "heartbeat_interval": 60, **self.settings, **settings}
        server = Server(self.build, place, app, settings, None, {"MOJO_TMPDIR": str(place / "temporary")}, options)
        server.given_address = address
        server.given_scheme = scheme
        # The search for leaks leads the process by itself, which only one can do at a time.
        server.environment["ASAN_OPTIONS"] += ":detect_leaks=0"
        server.excuse("log", "a server that is not ready may end with a line of its own")
        server.expected_files.add("temporary")
        return server

    def record(self, way, **options):
        """What way(server) finds out with a server that nothing happens to."""
        server = self.prepare(**options)
        found = []
        self.judge(server, "unharmed", lambda: found.append(way(server)))
        self.end()
        return found[0]

    def judge(self, server, what, check):
        """Runs the check and looks at what is left; a complaint names the position."""
        try:
            check()
        except (AssertionError, ConnectionEnded, OSError) as error:
            self.complaints.append(f"{what}: {error!r}")
        finally:
            self.complaints.extend(f"{what}: {complaint}" for complaint in self.leftovers(server))

    @staticmethod
    def leftovers(server):
        if server.manager is None and server.process.poll() is None:
            # Whatever the check complained of is still there: it must not outlive the test.
            server.process.kill()
        if server.trace.path.exists() and not server.trace.lines():
            server.excuse("replay", "it ended before its first event")
        yield from server.finish()
        for path in (server.directory / "temporary").iterdir():
            if "files" not in server.excuses:
                yield f"the server left {path.name} in the temporary directory"
        if "address" not in server.excuses and not is_free(server.given_address):
            yield f"{server.given_address} is not free"

    def end(self):
        assert not self.complaints, f"{len(self.complaints)} complaints:\n" + "\n".join(self.complaints)


# ---- The start of the manager ----

def record_start(server):
    """The calls from the first of the program to the one after which it waits with its announcement behind it."""
    server.before = list(STOPPED)
    server.launch()
    with lead_from_start(server.process) as tracee:
        calls = follow(tracee, lambda call, count: call.name == "poll" and server.stdout != "")
    server.await_ready()
    return calls


def fire_during_start(server, position, name):
    """Sends the signal at the entry of that call; the calls up to it."""
    server.before = list(STOPPED)
    server.launch()
    with lead_from_start(server.process) as tracee:
        calls = follow(tracee, lambda call, count: count > position)
        assert len(calls) > position, server.describe()
        server.signal(name, server.process.pid)
    return calls


def is_handling(calls):
    """The manager has its signals in hand: one that comes during the last of these calls waits for it."""
    return any(call.name == "rt_sigprocmask" and call.arguments[0] == signal.SIG_BLOCK for call in calls)


# ---- Any process ----

def follow(tracee, is_over):
    """Leads a process until is_over(call, calls so far) or its end; its calls."""
    calls = []
    while len(calls) < CALLS_MAX:
        call = tracee.next_call()
        if call is None:
            return calls
        calls.append(call)
        if is_over(call, len(calls)):
            return calls
    raise AssertionError(f"{CALLS_MAX} system calls and no end")


def await_end(server, status):
    """Waits for the end of the command that was launched."""
    wait_until(lambda: server.process.poll() is not None, "the server to end", seen=server.describe)
    assert server.process.returncode == status, f"exit status {server.process.returncode}, not {status}\n{server.describe()}"


def visit(server):
    """A connection, within TLS where the server wants it."""
    if server.given_scheme == "https":
        return SecureConnection(server.given_address, trusting())
    return Connection(server.given_address)


def end_serving(server):
    """The server serves and ends when it is asked to."""
    with visit(server) as connection:
        assert connection.get("/", "Connection: close").status == 200
    status = server.stop("QUIT")
    assert status == 0, f"QUIT ended it with {status}"


def await_nobody(server):
    """Waits until no process carries the server's mark; adopted ones that have ended are reaped."""
    wait_until(lambda: not marked(server.mark), "every process to end", seen=server.describe)
    for child in children_of(os.getpid()):
        if child.state == "Z" and child.name == server.build.hypnotoad.name:
            reap(child.pid)


def name_of(position, calls):
    return f"call {position} ({calls[position].name} {calls[position].path})"

