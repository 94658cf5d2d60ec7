"""table - the chapters, and what came of them as text."""
import importlib
import pkgutil

from wire import chapters

RIGHT, ALLOWED, WRONG = "+", "=", "-"


def load():
    """{name of a chapter: (its title, its cases)}, in the order of their names."""
    found = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(chapters.__path__)):
        chapter = importlib.import_module(f"wire.chapters.{module}")
        found[module] = (chapter.__doc__.splitlines()[0], chapter.CASES)
    return found


def is_refusal(line):
    """The connection ends with an error: what the application answers, it goes on."""
    *statuses, end = line.split()
    return end == "close" and statuses[-1][0] in "45" or line == "end"


def is_stricter(case, mine, other):
    """The other one serves what this server refuses."""
    return mine.is_right and is_refusal(mine.line) and not is_refusal(other.line) and other.line != mine.line


def mark(verdict):
    return RIGHT if verdict.is_right else ALLOWED if verdict.is_allowed else WRONG


def rows(cases, verdicts):
    """One line for each case: its id, each server's mark and what it did, what the case is about."""
    for case in cases:
        columns = "".join(f"{mark(of[case.id])} {of[case.id].line:<18}" for of in verdicts.values())
        yield f"{case.id:<22}{columns}{case.about}"


def failures(cases, verdicts):
    for case in cases:
        verdict = verdicts[case.id]
        if not verdict.is_right:
            wanted = " or ".join(map(repr, case.expected))
            yield f"{case.id} ({case.about}): {verdict.line!r}, not {wanted}: {'; '.join(verdict.faults)}"


def lost_to(cases, mine, other):
    """What the other one does right and this server does not."""
    return [case for case in cases if other[case.id].is_right and not mine[case.id].is_right]


def summary(cases, verdicts):
    yield f"{len(cases)} cases"
    for name, of in verdicts.items():
        right = sum(verdict.is_right for verdict in of.values())
        allowed = sum(verdict.is_allowed for verdict in of.values())
        yield (f"{name}: {right} as the table says, {allowed - right} in another way that the RFC leaves open, "
               f"{len(cases) - allowed} in neither")
    if len(verdicts) == 2:
        mine, other = verdicts.values()
        stricter = [case for case in cases if is_stricter(case, mine[case.id], other[case.id])]
        chosen = sum(other[case.id].is_allowed for case in stricter)
        yield (f"stricter: {len(stricter)} that nginx serves are refused; {len(stricter) - chosen} of them are malformed "
               f"or forbidden, {chosen} are left to the server")
        yield f"right at nginx and wrong here: {[case.id for case in lost_to(cases, mine, other)] or 'none'}"
