"""verdicts - what became of a check. Pure.

A check passes, fails, cannot be asked of this target (UNSUPPORTED), or could not be carried out (ERROR). A failure that the
target's description expects, with the observation that it names, is XFAIL; a pass where it expects one is XPASS."""
import fnmatch
import re
from dataclasses import dataclass

PASS, FAIL, XFAIL, XPASS, UNSUPPORTED, ERROR = VERDICTS = ("PASS", "FAIL", "XFAIL", "XPASS", "UNSUPPORTED", "ERROR")
RED = (FAIL, XPASS, ERROR)
# The worst of several runs of one check counts.
BY_WEIGHT = (UNSUPPORTED, PASS, XFAIL, XPASS, FAIL, ERROR)


class Lacks(Exception):
    """The target has no such thing, and does not claim to."""


class TargetLost(Exception):
    """There is no target: it never became ready, whatever was asked of it."""


@dataclass(frozen=True)
class Verdict:
    verdict: str
    message: str = ""
    reason: str = ""
    kind: str = ""      # of an expected failure: differs, defect


@dataclass(frozen=True)
class Expected:
    """A failure that is known. `observation`, or one of several, is found in the message; `*` in it stands for anything.
    `sometimes`: it depends on chance, and a pass is one, too."""
    check: tuple        # globs
    observation: str | list
    reason: str
    kind: str = "differs"
    link: str = ""
    sometimes: bool = False

    def names(self, identifier):
        return any(fnmatch.fnmatchcase(identifier, pattern) for pattern in self.check)

    def fits(self, message):
        observations = [self.observation] if isinstance(self.observation, str) else self.observation
        patterns = (".*".join(map(re.escape, observation.split("*"))) for observation in observations)
        return any(re.search(pattern, message, re.DOTALL) for pattern in patterns)


def decide(verdict, message, expected):
    """`expected` is the Expected of this check, or None."""
    if expected is None or verdict in (UNSUPPORTED, ERROR):
        return Verdict(verdict, message)
    if verdict == PASS and expected.sometimes:
        return Verdict(PASS, "", f"it may fail: {expected.reason}", expected.kind)
    if verdict == PASS:
        return Verdict(XPASS, f"it was expected to fail with {expected.observation!r}", expected.reason, expected.kind)
    if not expected.fits(message):
        return Verdict(FAIL, f"{message}\n(expected was another failure: {expected.observation!r})")
    return Verdict(XFAIL, message, expected.reason, expected.kind)


def worst(verdicts):
    return max(verdicts, key=BY_WEIGHT.index)
