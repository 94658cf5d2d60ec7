"""case - what a check gets: its target, its tier, servers to start, and where to write down what it saw."""
import contextlib
import pathlib
import re
import tempfile

from conformance.registry import DEFAULT
from conformance.subject import Subject
from conformance.virtual import Virtual
from harness.waiting import stays_so, wait_until


def shown(value):
    """A value as one reads it: the seconds of virtual time are Decimals."""
    return re.sub(r"Decimal\('([^']*)'\)", r"\1", repr(value))


class Case:
    def __init__(self, check, tier, target, evidence, directory, shared):
        self.check, self.tier, self.target, self.evidence, self.directory = check, tier, target, evidence, directory
        self.times = target.DEFAULTS if tier == DEFAULT else target.SCALED
        self.subjects = []
        self.shared_servers = shared
        self.places = []

    # ---- Servers ----

    def prepare(self, app="probe", options=("--foreground",), environment=None, before=(), **settings):
        """A server that is not started yet."""
        directory = self.directory / f"server{len(self.subjects)}"
        directory.mkdir(parents=True)
        self.subjects.append(Subject(self.target, self.evidence, directory, settings, options, environment or {}, app, before))
        return self.subjects[-1]

    def start(self, *arguments, **settings):
        """A server that is ready."""
        return self.prepare(*arguments, **settings).start()

    def borrow(self, **settings):
        """A server that is ready and that other checks use as well: only ask it."""
        return self.shared_servers.get(self.evidence, settings)

    def short_directory(self):
        """A directory whose name leaves room for a socket's; gone with the check."""
        self.places.append(tempfile.TemporaryDirectory(prefix="toad"))
        return pathlib.Path(self.places[-1].name)

    def virtual(self, settings=None, **options):
        return Virtual(self.target, self.evidence, settings, **options)

    def needs(self, capability):
        self.target.needs(capability)

    def has(self, capability):
        return capability in self.target.description.capabilities

    # ---- Saying ----

    def measured(self, what, seconds, at_least=None, at_most=None):
        """Notes a time, and fails if it is out of bounds."""
        self.evidence.measure(what, seconds, at_least, at_most)
        assert at_least is None or seconds >= at_least, f"{what}: {seconds:.3f} s, less than {at_least} s"
        assert at_most is None or seconds <= at_most, f"{what}: {seconds:.3f} s, more than {at_most} s"

    def equal(self, seen, expected, what):
        self.evidence.saw(f"{what}: {shown(seen)}")
        assert seen == expected, f"{what}: {shown(seen)}, not {shown(expected)}"

    def holds(self, condition, what):
        self.evidence.saw(f"{'yes' if condition else 'no'}: {what}")
        assert condition, f"not so: {what}"

    def until(self, condition, what, limit=30.0, seen=None):
        return wait_until(condition, what, limit, seen)

    def stays(self, condition, seconds, what):
        stays_so(condition, seconds, what)
        self.evidence.saw(f"for {seconds:g} s: {what}")

    def finish(self):
        for subject in self.subjects:
            with contextlib.suppress(ProcessLookupError):
                subject.finish()
        for place in self.places:
            place.cleanup()
