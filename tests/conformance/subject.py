"""subject - one server of a target: started, signalled and looked at only as anybody outside can.

An adapter (adapters.py) says what its kind of server needs: how a configuration is written, which command starts it, where its
files are. What is here holds for all of them: a manager is the process that the PID file names, its workers are those of
its children that were forked and not executed, and it is ready when it answers."""
import os
import re
import signal
import subprocess
import time
import uuid

from conformance.watch import Watch, belongs, image_of
from harness import processes
from harness.build import run_marked
from harness.client import Connection, ConnectionEnded
from harness.waiting import LIMIT, wait_until


class NotReady(AssertionError):
    """It was started and did not become ready."""


class RecordedConnection(Connection):
    """Keeps what went over it as evidence."""

    def __init__(self, evidence, address, **options):
        self.evidence = evidence
        super().__init__(address, **options)

    def send(self, data):
        self.evidence.sent(data)
        super().send(data)

    def read_some(self):
        before = len(self.received)
        try:
            super().read_some()
        except (ConnectionEnded, ConnectionResetError, TimeoutError) as error:
            self.evidence.saw({ConnectionEnded: "(the server closed)", ConnectionResetError: "(a reset)"}.get(type(error), "(nothing)"))
            raise
        self.evidence.saw(self.received[before:])

    def read_answer(self, has_body=True):
        try:
            return super().read_answer(has_body)
        except ValueError as error:
            raise AssertionError(f"what came is no answer: {error}") from error

    def wait_closed(self):
        ended = super().wait_closed()
        self.evidence.saw(f"(closed {ended - self.sent_at:.3f} s after the last byte sent)")
        return ended


class Subject:
    """Not started yet. `settings` have this project's names; the adapter translates."""

    def __init__(self, adapter, evidence, directory, settings, options, environment, app, before):
        self.adapter, self.evidence, self.directory = adapter, evidence, directory
        self.mark = uuid.uuid4().hex
        self.options, self.before = list(options), list(before)
        self.app = app
        self.pid_file = directory / "hypnotoad.pid"
        self.stdout_file, self.stderr_file = directory / "stdout", directory / "stderr"
        self.settings = {"listen": [f"http://127.0.0.1:{adapter.port()}"], "workers": 2, "pid_file": str(self.pid_file)} | settings
        self.environment = {**os.environ, **adapter.environment(directory), **environment, processes.MARK: self.mark}
        self.environment = {name: value for name, value in self.environment.items() if value is not None}
        self.inherited = ()
        self.process = None
        self.manager = None
        self.watch = Watch(self.mark, directory)
        adapter.install(self)
        self.configure()

    def configure(self, text=None, **settings):
        """Writes the configuration, with these changes, or this text."""
        self.settings |= settings
        self.evidence.did(f"configuration: {self.settings if text is None else text}")
        self.adapter.write_configuration(self, text)

    # ---- Starting ----

    @property
    def stays_in_foreground(self):
        return "--foreground" in self.options or bool({"HYPNOTOAD_DEBUG", "HYPNOTOAD_FOREGROUND"} & set(self.environment))

    def launch(self):
        """Starts the command and waits for nothing."""
        command = [*self.before, *self.adapter.command(self, self.options)]
        self.evidence.did("start: " + " ".join(map(str, command)))
        with open(self.stdout_file, "wb") as stdout, open(self.stderr_file, "wb") as stderr:
            self.process = subprocess.Popen(list(map(str, command)), env=self.environment, cwd=self.directory,
                                            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True,
                                            pass_fds=self.inherited)
        self.watch.begin()
        return self

    def start(self):
        self.launch()
        return self.await_ready()

    def await_ready(self):
        try:
            self.manager = wait_until(self.ready_manager, "the server to be ready", seen=self.describe)
        except NotReady:
            raise
        except AssertionError as error:
            raise NotReady(str(error)) from None
        self.watch.name(self.manager, "manager")
        return self

    def ready_manager(self):
        ended = self.process.poll()
        if ended is not None and (ended != 0 or self.stays_in_foreground):
            raise NotReady(f"the command ended with {ended} before the server was ready: {self.describe()}")
        manager = self.serving_manager()
        if manager is None or not self.answers():
            return None
        self.manager = manager
        return manager if len(self.workers()) >= self.settings["workers"] else None

    def serving_manager(self):
        """The living manager of this server that the PID file names, or None."""
        text = self.pid_text()
        if not re.fullmatch(r"\d+\n", text):
            return None
        pid = int(text)
        return pid if belongs(pid, self.mark, self.directory) and processes.lives(pid) else None

    def answers(self, address=None):
        try:
            with Connection(address or self.address, timeout=5) as connection:
                return connection.get("/", "Connection: close").status == 200
        except (OSError, ConnectionEnded, ValueError):
            return False

    def run(self, *options, limit=60, environment=None, app=None, configured=True):
        """Runs the command to its end with these options, beside the server if it runs; returns its Result."""
        command = self.adapter.command(self, list(options), app=app, configured=configured)
        self.evidence.did("run: " + " ".join(map(str, command)))
        full = self.environment | (environment or {})
        result = run_marked(command, full, self.directory, uuid.uuid4().hex, limit)
        self.evidence.saw(f"exit {result.status} after {result.seconds:.2f} s; stdout {result.stdout!r}; stderr {result.stderr!r}")
        return result

    # ---- What can be seen ----

    @property
    def stdout(self):
        return self.stdout_file.read_text(errors="replace") if self.stdout_file.exists() else ""

    @property
    def stderr(self):
        return self.stderr_file.read_text(errors="replace") if self.stderr_file.exists() else ""

    def pid_text(self):
        try:
            return self.pid_file.read_text()
        except OSError:
            return ""

    @property
    def address(self):
        """Where the first listener is: (host, port) or a path."""
        return self.adapter.address(self.settings["listen"][0])

    def workers(self):
        """PIDs of the workers that live, in the order in which they started: children that were
        forked and not executed."""
        image = image_of(self.manager)
        return [stat.pid for stat in processes.children_of(self.manager) if stat.state not in "ZX" and image_of(stat.pid) == image]

    def describe(self):
        return f"PID file {self.pid_text()!r}, stdout {self.stdout[-600:]!r}, stderr {self.stderr[-1200:]!r}"

    def all_processes(self):
        return [pid for pid in processes.all_pids() if belongs(pid, self.mark, self.directory) and processes.lives(pid)]

    # ---- What can be done ----

    def connect(self, address=None, **options):
        return RecordedConnection(self.evidence, address or self.address, **options)

    def get(self, path="/", *fields, address=None):
        """One request on a connection of its own."""
        with self.connect(address) as connection:
            return connection.get(path, "Connection: close", *fields)

    def worker_of(self, connection):
        """The worker at the other end."""
        return connection.get("/pid").number

    def signal(self, name, pid=None):
        """Signals the manager, or the process `pid`; returns the time just before."""
        pid = pid or self.manager
        self.evidence.did(f"{name} to {'the manager' if pid == self.manager else 'process'} {pid}")
        self.evidence.mark(name, pid)
        before = time.monotonic()
        processes.send(pid, name)
        return before

    def freeze(self, pid=None):
        """Stops a process and waits until it stands still; returns the time just before."""
        pid = pid or self.manager
        before = self.signal("STOP", pid)
        wait_until(lambda: processes.stat_of(pid).state == "T", f"process {pid} to stand still")
        return before

    def is_pending(self, pid, name):
        """Whether this signal waits for a frozen process."""
        return getattr(signal, "SIG" + name) in processes.pending_signals(pid)

    def await_pending(self, pid, name, limit=LIMIT):
        """Waits until this signal waits for a frozen process, or the process is gone; returns when it was seen."""
        wait_until(lambda: self.is_pending(pid, name) or not processes.lives(pid), f"{name} for {pid}", limit,
                   seen=lambda: f"pending {processes.pending_signals(pid)}, {self.describe()}")
        assert processes.lives(pid), f"process {pid} ended before it got {name}"
        seen = time.monotonic()
        self.evidence.saw(f"{name} waits for the frozen process {pid}")
        return seen

    def await_workers(self, count, limit=LIMIT):
        wait_until(lambda: len(self.workers()) == count, f"{count} workers", limit,
                   seen=lambda: f"workers {self.workers()}, {self.describe()}")
        return self.workers()

    def await_gone(self, pid, limit=LIMIT):
        """Waits until the process has ended; returns when it was seen."""
        wait_until(lambda: not processes.lives(pid), f"process {pid} to end", limit,
                   seen=lambda: f"{processes.stat_of(pid)}, pending {processes.pending_signals(pid)}, {self.describe()}")
        self.evidence.saw(f"process {pid} is gone")
        return time.monotonic()

    def await_replaced(self, worker, count, limit=LIMIT):
        """Waits until `worker` is gone and so many others are there."""
        wait_until(lambda: worker not in self.workers() and len(self.workers()) == count, f"{count} workers without {worker}",
                   limit, seen=lambda: f"workers {self.workers()}, {self.describe()}")
        return self.workers()

    def await_log(self, text, limit=LIMIT):
        wait_until(lambda: text in self.stderr, f"{text!r} in the log", limit, seen=lambda: self.stderr[-1500:])

    # ---- Generations ----

    def successor(self):
        manager = self.serving_manager()
        return manager if manager != self.manager else None

    def await_successor(self, limit=LIMIT):
        """Waits until another generation serves than before, and follows it."""
        self.manager = wait_until(self.successor, "a new generation", limit, seen=self.describe)
        self.watch.name(self.manager, "manager")
        self.evidence.saw(f"the PID file names {self.manager}")
        return self.manager

    def upgrade(self, name="USR2", limit=LIMIT):
        """A hot deployment from the signal to the end of the old generation; returns the old manager."""
        old = self.manager
        self.signal(name)
        self.await_successor(limit)
        self.await_gone(old, limit)
        return old

    def await_end(self, limit=LIMIT):
        """Waits for the manager to end; returns its exit status (negative: the signal), None if nobody can know."""
        pid = self.manager
        if self.process.pid == pid:
            wait_until(lambda: self.process.poll() is not None, "the server to end", limit, seen=self.describe)
            status = self.process.returncode
        else:
            self.await_gone(pid, limit)
            if self.process.poll() is None and not self.stays_in_foreground:
                self.process.wait(limit)
            status = reaped(pid)
        self.evidence.saw(f"the manager {pid} ended with {status}")
        return status

    def stop(self, name="TERM", limit=LIMIT):
        self.signal(name)
        return self.await_end(limit)

    # ---- The end ----

    def finish(self):
        """Ends everything that is left of it."""
        self.watch.end()
        manager = self.serving_manager() if self.process is not None else None
        if manager is not None:
            processes.send(manager, "CONT")
            processes.send(manager, "TERM")
            end = time.monotonic() + 3
            while processes.lives(manager) and time.monotonic() < end:
                time.sleep(0.01)
        for _ in range(50):
            left = self.all_processes()
            for pid in left:
                try:
                    processes.send(pid, "KILL")
                except ProcessLookupError:
                    pass
            if not left:
                break
            time.sleep(0.01)
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        for child in processes.children_of(os.getpid()):
            if child.state == "Z" and child.pid in self.watch.lives:
                reaped(child.pid)


def reaped(pid):
    try:
        return processes.reap(pid)
    except ChildProcessError:
        return None
