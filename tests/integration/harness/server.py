"""server - one server under test: its directory, its configuration, its processes, and what must be left when it is gone."""
import os
import re
import subprocess
import time
import urllib.parse
import uuid

from harness import processes
from harness.client import Connection
from harness.perl import perl_file
from harness.sanitizer import sanitizer_environment, sanitizer_reports
from harness.trace import Trace
from harness.waiting import LIMIT, wait_until

AVAILABLE = re.compile(r"^Server available at (?:https?://(.+):(\d+)|(?:file|http\+unix)://(.+))\.$", re.MULTILINE)
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[\d+\] (info|warn|error) \S.*$")
# What the process that publishes is called.
HERALD = "hypnotoad-mdns"
# How a worker may end unless the test says otherwise: by itself, or told to.
ORDERLY = [{"status": 0}, {"signal": 15}, {"signal": 9}, {"signal": 2}]


def is_orderly(end):
    return any(end.items() >= orderly.items() for orderly in ORDERLY)


class Server:
    """Not started yet. `config` is the text of the file; without it, `settings` are written as Perl data."""

    def __init__(self, build, directory, app="probe", settings=None, config=None, environment=None,
                 options=("--foreground",), before=(), umask=-1):
        self.build = build
        self.directory = directory
        self.app = build.app(app) if isinstance(app, str) else app
        self.options = list(options)
        self.before = list(map(str, before))
        self.umask = umask
        self.mark = uuid.uuid4().hex
        self.settings = {"listen": ["http://127.0.0.1:0"], "workers": 2, "pid_file": str(directory / "hypnotoad.pid")}
        self.settings.update(settings or {})
        self.config_file = directory / "server.conf"
        self.write_config(config)
        self.pid_file = directory / "hypnotoad.pid"
        self.program = build.hypnotoad
        self.trace = self.first_trace = Trace(directory / "trace.jsonl")
        self.stdout_file = directory / "stdout"
        self.stderr_file = directory / "stderr"
        self.inherited = ()
        # Nothing of the tests is for the network of the machine that they run on.
        self.environment = {**os.environ, **sanitizer_environment(directory), "HYPNOTOAD_TRACE": str(self.trace.path),
                            "MOJO_NO_BONJOUR": "1", **(environment or {}), processes.MARK: self.mark}
        self.expected_files = {"server.conf", "trace.jsonl", "stdout", "stderr"}
        self.excuses = {}
        self.process = None
        self.manager = None
        self.sockets = set()

    def write_config(self, text=None):
        """Writes the settings, or this text."""
        self.config_file.write_text(perl_file(self.settings) if text is None else text)

    # ---- Starting ----

    @property
    def stays_in_foreground(self):
        asked = any(option.startswith(("--f", "-f")) for option in self.options)
        return asked or bool({"HYPNOTOAD_DEBUG", "HYPNOTOAD_FOREGROUND"} & set(self.environment))

    def launch(self):
        """Starts the command and waits for nothing."""
        return self.launch_bare(*self.options, "--config", self.config_file, self.app)

    def launch_bare(self, *arguments):
        """The same with these arguments alone."""
        self.expected_files.update(path.name for path in self.directory.iterdir())
        command = [*self.before, self.program, *arguments]
        with open(self.stdout_file, "wb") as stdout, open(self.stderr_file, "wb") as stderr:
            self.process = subprocess.Popen(list(map(str, command)), env=self.environment, cwd=self.directory,
                                            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                            start_new_session=True, umask=self.umask, pass_fds=self.inherited)
        return self

    def will_end_traced(self):
        """LeakSanitizer cannot look for leaks in a process that ends under strace."""
        self.environment |= sanitizer_environment(self.directory, leaks=False)

    def start(self):
        self.launch()
        return self.await_ready()

    def await_ready(self):
        self.manager = wait_until(self.ready_manager, "the server to be ready", seen=self.describe)
        self.note_sockets()
        return self

    def note_sockets(self):
        self.sockets |= {link for link in processes.descriptors_of(self.manager).values() if link.startswith("socket:")}

    def is_refused(self):
        """Waits until the server is ready or has ended; true if it has ended."""
        wait_until(lambda: self.process.poll() is not None or AVAILABLE.search(self.stdout), "a decision", seen=self.describe)
        return self.process.poll() is not None

    def ready_manager(self):
        ended = self.process.poll()
        if ended is not None and (ended != 0 or self.stays_in_foreground):
            raise AssertionError(f"the command ended with {ended} before the server was ready: {self.describe()}")
        text = self.pid_text()
        if not re.fullmatch(r"\d+\n", text) or not AVAILABLE.search(self.stdout):
            return None
        return int(text) if int(text) in processes.marked(self.mark) else None

    # ---- What can be seen ----

    @property
    def stdout(self):
        return self.stdout_file.read_text(errors="replace")

    @property
    def stderr(self):
        return self.stderr_file.read_text(errors="replace")

    def pid_text(self):
        try:
            return self.pid_file.read_text()
        except FileNotFoundError:
            return ""

    def addresses(self):
        """(host, port) or path of each listener, as announced."""
        return [urllib.parse.unquote(path) or (host.strip("[]"), int(port))
                for host, port, path in AVAILABLE.findall(self.stdout)]

    @property
    def address(self):
        return self.addresses()[0]

    @property
    def port(self):
        return self.address[1]

    @property
    def is_secure(self):
        """The first listener has TLS."""
        return AVAILABLE.search(self.stdout)[0].startswith("Server available at https:")

    def workers(self):
        """PIDs of the workers that live, in the order in which they started."""
        program = processes.executable_of(self.manager)
        successors = {line["pid"] for line in self.trace.find(event="upgrade_spawned")}
        return [stat.pid for stat in processes.children_of(self.manager) if stat.pid not in successors
                and stat.name != HERALD and processes.lives(stat.pid) and processes.executable_of(stat.pid) == program]

    def heralds(self):
        """Processes of all generations that publish by Bonjour; there is one at most."""
        return [pid for pid in processes.marked(self.mark) if processes.name_of(pid) == HERALD]

    def ready_workers(self):
        """Workers that live and have sent a heartbeat."""
        return [pid for pid in self.workers() if self.trace.beats(pid)]

    def traces(self):
        """What each generation has recorded, the first one first. A generation that failed was overwritten by the next."""
        numbers = sorted(int(path.suffix[1:]) for path in self.directory.glob(self.first_trace.path.name + ".*"))
        later = [Trace(self.first_trace.path.with_name(f"{self.first_trace.path.name}.{number}")) for number in numbers]
        return [trace for trace in (self.first_trace, *later) if trace.path.exists()]

    def describe(self):
        lines = [f"processes {processes.marked(self.mark)}, PID file {self.pid_text()!r}"]
        for path in (self.stdout_file, self.stderr_file, *(trace.path for trace in self.traces()[-3:])):
            if path.exists():
                lines.append(f"-- {path.name}:\n{path.read_text(errors='replace')[-4000:]}")
        return "\n".join(lines)

    # ---- What can be done ----

    def connect(self, **options):
        return Connection(self.address, **options)

    def get(self, path="/", *fields):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.get(path, "Connection: close", *fields)

    def signal(self, name, pid=None):
        """Signals the manager, or the process `pid`; returns the time just before."""
        before = time.monotonic()
        processes.send(pid or self.manager, name)
        return before

    def freeze(self, pid=None):
        """Stops the manager, or the process `pid`, and waits until it stands still; returns the time just before."""
        pid = pid or self.manager
        before = self.signal("STOP", pid)
        wait_until(lambda: processes.stat_of(pid).state == "T", f"process {pid} to stand still")
        return before

    def await_signals(self, name, count):
        """Waits until the manager has seen this signal so often; signals that come faster melt into one."""
        wait_until(lambda: len(self.trace.find(event="signal", signal=name)) >= count, f"{name} number {count}",
                   seen=self.describe)

    def await_workers(self, count, what="workers"):
        """Waits until exactly so many workers are there, all heard of; returns them."""
        wait_until(lambda: len(self.workers()) == count and len(self.ready_workers()) == count, f"{count} {what}",
                   seen=self.describe)
        return self.workers()

    def await_beats(self, pids, count):
        """Waits until each of these workers has been heard of so many times more."""
        before = {pid: len(self.trace.beats(pid)) for pid in pids}
        wait_until(lambda: all(len(self.trace.beats(pid)) >= before[pid] + count for pid in pids),
                   f"{count} more heartbeats of {pids}", seen=self.describe)

    def await_gone(self, pid, limit=LIMIT):
        """Waits until the process has ended; returns when it was seen."""
        wait_until(lambda: not processes.lives(pid), f"process {pid} to end", limit, seen=self.describe)
        return time.monotonic()

    def await_trace(self, limit=LIMIT, **wanted):
        """Waits for a line in the trace and returns the first one."""
        return wait_until(lambda: self.trace.find(**wanted), f"{wanted} in the trace", limit, seen=self.describe)[0]

    def await_log(self, text, limit=LIMIT):
        wait_until(lambda: text in self.stderr, f"{text!r} in the log", limit, seen=self.describe)

    # ---- Generations ----

    def successor(self):
        """The manager that the PID file names, if it is another one than before."""
        text = self.pid_text()
        if not re.fullmatch(r"\d+\n", text) or int(text) == self.manager or not processes.lives(int(text)):
            return None
        return int(text)

    def follow(self, manager):
        """From here on this manager is meant, and its trace."""
        files = processes.descriptors_of(manager).values()
        name = next(path for path in files if path.startswith(str(self.first_trace.path)))
        self.manager, self.trace = manager, Trace(self.first_trace.path.with_name(os.path.basename(name)))
        self.note_sockets()
        return self

    def await_successor(self, limit=LIMIT):
        """Waits until another generation serves than before, and follows it."""
        return self.follow(wait_until(self.successor, "a new generation", limit, seen=self.describe))

    def upgrade(self, name="USR2"):
        """A hot deployment from the signal to the end of the old generation; returns the old manager."""
        old = self.manager
        self.signal(name)
        self.await_successor()
        self.await_gone(old)
        return old

    def follow_last(self):
        """Whatever has happened: the manager that the PID file names now."""
        while (successor := self.successor()) in processes.marked(self.mark):
            self.follow(successor)

    def await_end(self, limit=LIMIT):
        """Waits for the manager to end; returns its exit status."""
        if self.stays_in_foreground and self.trace.path == self.first_trace.path:
            wait_until(lambda: self.process.poll() is not None, "the server to end", limit, seen=self.describe)
            return self.process.returncode
        self.await_gone(self.manager, limit)
        # As long as the launcher is there, what it has started is its child.
        if not self.stays_in_foreground:
            self.process.wait(limit)
        return wait_until(self.status_of_the_end, "the status of its end", limit, seen=self.describe)[0]

    def status_of_the_end(self):
        """The manager's, alone in a tuple; None as long as it is not known. A predecessor that had still connections was its
        parent, and writes it down."""
        ends = [end for trace in self.traces() for end in trace.find(event="exited", pid=self.manager)]
        if ends:
            return (ends[0].get("status", -ends[0].get("signal", 0)),)
        try:
            status = processes.reap(self.manager)
        except ChildProcessError:
            return None
        return None if status is None else (status,)

    def stop(self, name="TERM", limit=LIMIT):
        self.signal(name)
        return self.await_end(limit)

    # ---- The end ----

    def excuse(self, check, reason):
        """Leaves out one of the checks at the end ("replay", "deaths", "generations", "log", "files"); the reason says why."""
        assert reason
        self.excuses[check] = reason

    def finish(self):
        """Ends what is still there and yields every complaint about what it left."""
        yield from self.end_manager()
        yield from self.end_leftovers()
        print(f"== the server in {self.directory}\n{self.describe()}")
        checks = {"files": self.file_complaints, "replay": self.replay_complaints, "deaths": self.death_complaints,
                  "generations": self.generation_complaints, "log": self.log_complaints}
        for name, check in checks.items():
            if name not in self.excuses:
                yield from check()
        still = self.sockets & processes.listening_sockets()
        if still:
            yield f"sockets that still listen: {still}"
        yield from sanitizer_reports(self.directory, self.stderr if self.stderr_file.exists() else "")

    def end_manager(self):
        if self.manager is not None:
            self.follow_last()
        if self.manager is None or not processes.lives(self.manager):
            return
        if self.manager not in processes.marked(self.mark):
            return
        try:
            status = self.stop()
            if status != 0:
                yield f"TERM ended the manager with {status}, not 0"
        except AssertionError as error:
            yield str(error)

    def end_leftovers(self):
        """Kills what carries this server's mark; there must have been nothing to kill."""
        if self.process is not None and self.process.poll() is None:
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                yield f"process {self.process.pid} (the command) is still there"
        for pid in processes.marked(self.mark):
            yield f"process {pid} is left: {processes.stat_of(pid)}"
            processes.send(pid, "KILL")
        if self.process is not None:
            self.process.wait(10)
        for child in processes.children_of(os.getpid()):
            if child.state == "Z" and child.name == self.build.hypnotoad.name:
                processes.reap(child.pid)

    def file_complaints(self):
        found = {path.name for path in self.directory.iterdir() if not path.name.startswith("sanitizer.")}
        expected = self.expected_files | {trace.path.name for trace in self.traces()}
        for name in sorted(found - expected):
            yield f"the server left the file {name}"

    def replay_complaints(self):
        if self.manager is not None and not self.traces():
            yield "the server wrote no trace"
        for trace in self.traces():
            complaint = self.build.replay(trace.path)
            if complaint:
                yield f"{trace.path.name} is not what was promised: {complaint}"

    def ends(self):
        """How each child of each generation ended: (line of the trace, whether it was a new generation)."""
        for trace in self.traces():
            successors = {line["pid"] for line in trace.find(event="upgrade_spawned")}
            for end in trace.worker_ends():
                yield end, end["pid"] in successors

    def death_complaints(self):
        for end, is_generation in self.ends():
            if not is_generation and not is_orderly(end):
                yield f"a worker died: {end}"

    def generation_complaints(self):
        for end, is_generation in self.ends():
            if is_generation and not is_orderly(end):
                yield f"a generation failed: {end}"

    def log_complaints(self):
        if not self.stderr_file.exists():
            return
        for line in self.stderr.splitlines():
            if not LOG_LINE.match(line):
                yield f"no line of the log: {line!r}"
