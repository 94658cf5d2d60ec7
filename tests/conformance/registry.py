"""registry - the checks: functions with a stable id, the clause that it begins with, the tiers of time, what they need.

    @check("HBT-2.silent-worker", tiers=(SCALED, DEFAULT), also=("MGR-4",), needs=("processes",))
    def a_silent_worker_is_asked_to_leave(case):

An id is the clause and a name (`HBT-2.silent-worker`), or that of a row of tests/wire; it never changes and is never used
again. The function's name is the sentence that the report shows."""
import fnmatch
import importlib
import pkgutil
from dataclasses import dataclass

from conformance.clauses import clause_of

VIRTUAL, SCALED, DEFAULT = TIERS = ("virtual", "scaled", "default")


@dataclass(frozen=True)
class Check:
    id: str
    title: str
    about: str
    tiers: tuple
    needs: tuple
    also: tuple
    run: object

    @property
    def clause(self):
        return clause_of(self.id)

    @property
    def clauses(self):
        return (self.clause, *self.also)

    @property
    def area(self):
        return self.id.partition("-")[0]


class Registry:
    def __init__(self):
        self.checks = {}

    def add(self, identifier, run, title=None, tiers=(SCALED,), needs=(), also=()):
        assert identifier not in self.checks, f"{identifier} stands twice"
        title = title or run.__name__.replace("_", " ")
        about = " ".join((run.__doc__ or "").split())
        self.checks[identifier] = Check(identifier, title, about, tuple(tiers), tuple(needs), tuple(also), run)

    def check(self, identifier, **options):
        def keep(run):
            self.add(identifier, run, **options)
            return run
        return keep

    def select(self, patterns=("*",), tiers=TIERS):
        """[(check, tier)]: an id, a glob of ids or an area takes a check; each tier that it has and that is asked for."""
        wanted = [check for check in self.checks.values() if any(fits(check, pattern) for pattern in patterns)]
        return [(check, tier) for check in wanted for tier in check.tiers if tier in tiers]

    def unknown(self, patterns):
        """Patterns that fit no check at all."""
        return [pattern for pattern in patterns if not any(fits(check, pattern) for check in self.checks.values())]


def fits(check, pattern):
    """A clause takes every check that cites it."""
    return fnmatch.fnmatchcase(check.id, pattern) or pattern in (*check.clauses, check.area, check.area.lower())


REGISTRY = Registry()
check = REGISTRY.check


def load(package="conformance.checks"):
    """All checks of the package, in the order of its modules."""
    found = importlib.import_module(package)
    for module in sorted(module.name for module in pkgutil.iter_modules(found.__path__)):
        importlib.import_module(f"{package}.{module}")
    return REGISTRY
