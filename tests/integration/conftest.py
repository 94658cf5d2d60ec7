"""What every integration test gets: a way to start servers that are checked and ended for it, and a way to run commands.

HYPNOTOAD_BUILD names the build under test; without it build/release. A missing build is a failure, not a skip."""
import os
import pathlib
import re
import resource
import sys
import time
import uuid
import zlib

import pytest

# The clients of tests/load are used here as well.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

from harness import processes
from harness.browser import Browser, Page
from harness.build import Build, run_marked
from harness.perl import perl_file
from harness.ports import Ports
from harness.sanitizer import is_sanitized, sanitizer_environment, sanitizer_reports
from harness.server import Server
from harness.waiting import LIMIT, STEP

TEST_SECONDS_MAX = 100
# Fixtures that a module's tests share: these tests stay together.
SHARED = {"authority", "browser"}


def pytest_configure(config):
    config.addinivalue_line("markers", "promise(*numbers): the promises of docs/promises.md that the test proves")


def pytest_sessionstart(session):
    missing = Build().missing()
    if missing:
        raise pytest.UsageError("nothing to test: " + ", ".join(missing) + " is missing (HYPNOTOAD_BUILD names a build)")
    processes.become_subreaper()
    processes.heed_signals()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.timeout(TEST_SECONDS_MAX), append=False)
        numbers = [number for marker in item.iter_markers("promise") for number in marker.args]
        if not numbers or not all(re.fullmatch(r"[A-Z]{3}-\d+", number) for number in numbers):
            raise pytest.UsageError(f"{item.nodeid} proves no promise")
    items.sort(key=place_of)


def place_of(item):
    """By chance, but always the same: neighbours go to one process of pytest-xdist, and those that take long are neighbours."""
    return zlib.crc32((item.module.__name__ if SHARED & set(item.fixturenames) else item.nodeid).encode())


@pytest.fixture(scope="session")
def build():
    return Build()


@pytest.fixture(scope="session")
def ports():
    """ports() is a free port, another one each time."""
    return Ports()


@pytest.fixture
def prepare(build, tmp_path):
    """prepare(app, ..., **settings) is a server that is not started yet. At the end of the test it must have left
    nothing: no process, no socket, no file, no sanitizer's report, and a trace that the simulator replays."""
    servers = []

    def make(app="probe", config=None, environment=None, options=("--foreground",), before=(), umask=-1, **settings):
        directory = tmp_path / f"server{len(servers)}"
        directory.mkdir()
        servers.append(Server(build, directory, app, settings, config, environment, options, before, umask))
        return servers[-1]

    yield make
    complaints = [complaint for server in servers for complaint in server.finish()]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def start(prepare):
    """start(...) is prepare(...), started and ready."""
    return lambda *arguments, **settings: prepare(*arguments, **settings).start()


class Command:
    """Runs `hypnotoad ARGUMENT...` to its end in an empty directory and checks that it leaves nothing."""

    def __init__(self, build, directory):
        self.build = build
        self.directory = directory
        self.config_file = directory / "test.conf"
        self.pid_file = directory / "hypnotoad.pid"

    def configure(self, text=None, **settings):
        """Writes a configuration: the text, or sound settings with these changes."""
        sound = {"listen": ["http://127.0.0.1:0"], "workers": 2, "pid_file": str(self.pid_file)}
        self.config_file.write_text(perl_file(sound | settings) if text is None else text)
        return ["--config", self.config_file]

    def __call__(self, *arguments, environment=None, before=(), limit=60):
        mark = uuid.uuid4().hex
        kept = {path: path.stat() for path in self.directory.rglob("*")}
        full = {**os.environ, **sanitizer_environment(self.directory), "MOJO_NO_BONJOUR": "1", **(environment or {})}
        result = run_marked([*before, self.build.hypnotoad, *arguments], full, self.directory, mark, limit)
        self.check_leftovers(mark, kept, result.stderr)
        return result

    def check_leftovers(self, mark, kept, stderr):
        reports = list(sanitizer_reports(self.directory, stderr))
        assert not reports, reports
        # The leak checker of a worker is a process of its own, and ends a little behind one that was killed.
        end = time.monotonic() + (LIMIT if is_sanitized(self.build.hypnotoad) else 0)
        while (left := processes.marked(mark)) and time.monotonic() < end:
            time.sleep(STEP)
        for pid in left:
            processes.send(pid, "KILL")
        assert not left, f"processes are left: {left}"
        new = [str(path) for path in self.directory.rglob("*") if path not in kept]
        assert not new, f"files are left: {new}"
        for path, before in kept.items():
            now = path.stat()
            assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns) or path.is_dir(), \
                f"{path} was touched"


@pytest.fixture
def command(build, tmp_path):
    directory = tmp_path / "command"
    directory.mkdir()
    return Command(build, directory)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.end()


@pytest.fixture
def visit(browser):
    """visit(server, path) is a page that has loaded; at the end nothing may have been wrong with it."""
    pages = []

    def load(server, path="/"):
        pages.append(Page(browser, f"http://127.0.0.1:{server.port}{path}"))
        return pages[-1]

    yield load
    complaints = [complaint for page in pages for complaint in page.complaints()]
    for page in pages:
        page.close()
    assert not complaints, complaints
