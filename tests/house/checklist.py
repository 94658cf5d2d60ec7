"""checklist - docs/rfc-checklist.md and the tests agree: what it names exists, and every wire case has its requirement."""
import re
from collections import Counter

from rules import tables

PAGE = "docs/rfc-checklist.md"
COLUMNS = ["id", "level", "requirement", "here", "shown by"]
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "ought to"}
# What needs no test of the server's.
EXCUSES = ("The application's", "Not applicable:", "Open:")
CASE = re.compile(r'\bCase\(\s*"(HTTP-\d+-[\d.]+-\d+)"')
CASES = re.compile(r"(HTTP-\d+-[\d.]+)-(\d+)(?:\.\.(\d+))?")


def rows(root):
    """Yields the rows of all tables of requirements."""
    for columns, body in tables((root / PAGE).read_text()):
        if columns == COLUMNS:
            yield from body


def cases(root):
    """Ids of all wire cases, as often as they stand there."""
    return [case for path in sorted((root / "tests/wire/chapters").glob("*.py")) for case in CASE.findall(path.read_text())]


def named_cases(cell):
    """Every case that a cell names; `HTTP-9112-2.2-1..3` names three."""
    for section, first, last in CASES.findall(cell):
        for number in range(int(first), int(last or first) + 1):
            yield f"{section}-{number}"


def test_exists(root, name):
    """`PATH::test_name` for pytest, `PATH::suite.name` for Criterion."""
    path, _, test = name.partition("::")
    if not (root / path).is_file():
        return False
    form = rf"^Test\({re.escape(test).replace(re.escape('.'), ', ', 1)}\b" if path.endswith(".c") else rf"^def {re.escape(test)}\("
    return re.search(form, (root / path).read_text(), re.MULTILINE) is not None


def row_complaints(root):
    """Each requirement stands once, has a known level, and a test or an excuse."""
    seen = Counter(row[0] for row in rows(root))
    if not seen:
        yield f"{PAGE}: holds no requirement"
    for number, count in seen.items():
        if count > 1:
            yield f"{PAGE}: {number} stands {count} times"
    for number, level, _, here, shown in rows(root):
        if level not in LEVELS:
            yield f"{PAGE}: {number} has the level {level!r}"
        if shown == "-" and not here.startswith(EXCUSES):
            yield f"{PAGE}: nothing shows {number}"


def name_complaints(root):
    """Every test and every case that the page names exists."""
    known = set(cases(root))
    for number, _, _, _, shown in rows(root):
        for name in [] if shown == "-" else map(str.strip, shown.split(",")):
            if CASES.fullmatch(name):
                for case in named_cases(name):
                    if case not in known:
                        yield f"{PAGE}: {number} names the case {case}, which does not exist"
            elif not test_exists(root, name):
                yield f"{PAGE}: {number} names the test {name}, which does not exist"


def case_complaints(root):
    """Every wire case has an id of its own and stands behind a requirement."""
    used = {case for *_, shown in rows(root) for case in named_cases(shown)}
    for case, count in Counter(cases(root)).items():
        if count > 1:
            yield f"{case}: {count} wire cases have this id"
        if case not in used:
            yield f"{case}: {PAGE} does not name this wire case"


CHECKS = [row_complaints, name_complaints, case_complaints]
