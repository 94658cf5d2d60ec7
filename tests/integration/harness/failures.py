"""failures - the scene for a hot deployment that fails: a server under load whose parts can be exchanged, and what must hold of
every failure."""
import pytest

from harness import processes, wait_until
from harness.deploying import MIX, Link
from harness.sampler import Sampler
from load.traffic import Load, Options

GENTLE = Options(pause=0.003, slowness=1.0)
PLAIN = {"new": 2, "keep-alive": 2, "pipelined": 1}
DIED = "ended before it took over"


class Stage:
    """A server whose executable, application and configuration can be exchanged, under load."""

    def __init__(self, server, command, program, app):
        self.server = server
        self.command = command
        self.program = program
        self.app = app
        self.old = server.manager
        self.workers = server.await_workers(server.settings["workers"])
        self.sockets = server.sockets & processes.listening_sockets()
        server.excuse("generations", "they fail on purpose")
        server.excuse("log", "what a generation says before it has a log stands there as it is")

    def deploy(self, limit=60):
        """Asks as the user does, and looks at what the user sees: one failure, with its reason."""
        result = self.command(*self.server.options, "--config", self.server.config_file, self.server.app, limit=limit)
        assert result.status == 1, result
        assert result.stdout == f"Starting hot deployment for Hypnotoad server {self.old}.\n"
        assert f"the hot deployment of server {self.old} failed" in result.stderr
        return result

    def signal(self):
        count = len(self.server.trace.find(action="end_upgrade"))
        self.server.signal("USR2")
        wait_until(lambda: len(self.server.trace.find(action="end_upgrade")) > count, "the end of the new generation",
                   seen=self.server.describe)

    def is_unharmed(self):
        """The same manager, the same workers, the same sockets, the same PID file; nobody else is left."""
        server = self.server
        wait_until(lambda: sorted(processes.marked(server.mark)) == sorted([self.old, *self.workers]), "the rest to be gone",
                   seen=server.describe)
        assert server.workers() == self.workers
        assert server.pid_text() == f"{self.old}\n"
        assert server.sockets & processes.listening_sockets() == self.sockets
        assert server.get("/").status == 200

    def recovers(self):
        """The next deployment works."""
        self.server.upgrade()
        assert self.server.trace.one(event="start")["predecessor"] == self.old
        assert self.server.get("/").status == 200
        self.server.await_workers(self.server.settings["workers"])


@pytest.fixture
def stage(prepare, command, build, tmp_path):
    """stage(...) is the scene for a failure."""

    def make(app="probe", **settings):
        program, link = Link(tmp_path / "hypnotoad", build.hypnotoad), Link(tmp_path / "app.so", build.app(app))
        # However long it takes, no worker leaves because it has accepted so many.
        server = prepare(link, **{"accepts": 0, **settings})
        server.program = program
        return Stage(server.start(), command, program, link)

    return make


def judge(stage, told, repair, mix=None):
    """What must hold of every failure, whoever asks for the deployment. `told` are pieces of the reason."""
    load = Load(stage.server.address, MIX if mix is None else mix, GENTLE)
    with Sampler(stage.server) as sampler, load:
        result = stage.deploy()
        for text in told:
            assert text in result.stderr, f"the terminal says {result.stderr!r}"
            assert text in stage.server.stderr, f"the log says {stage.server.stderr!r}"
        stage.is_unharmed()
        stage.signal()
        stage.is_unharmed()
        assert sampler.named == [stage.old]
        repair()
        stage.recovers()
    assert load.losses() == {}
    assert load.served() > 0
