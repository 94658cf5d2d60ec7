"""promises - docs/promises.md and the tests agree: what is kept is tested, what is cited exists."""
import re

ROW = re.compile(r"^\| *([A-Z]{3}-\d+) *\|.*\| *(\S*) *\|$", re.MULTILINE)
STATES = {"kept", "planned"}
# What makes a file a test: Criterion, pytest, a fuzz target, or a program of its own.
TEST = re.compile(r"^(Test\(|ParameterizedTest\(| *(async )?def test_|int main\(|int LLVMFuzzerTestOneInput\()", re.MULTILINE)
KINDS = ("unit", "simulation", "integration", "fuzz", "abi")
NAMED = re.compile(r"[Pp]romises? ([A-Z]{3}-\d+)")


def rows(root):
    return ROW.findall((root / "docs/promises.md").read_text())


def texts(root, folder, *suffixes):
    """Yields (path, text) of the files below a folder."""
    for path in sorted((root / folder).rglob("*")):
        if path.suffix in suffixes and path.is_file() and "corpus" not in path.parts:
            yield path, path.read_text()


def page_complaints(root):
    """Every id stands once and every state is known."""
    seen = set()
    for number, state in rows(root):
        if number in seen:
            yield f"docs/promises.md: {number} stands twice"
        if state not in STATES:
            yield f"docs/promises.md: {number} has the state {state!r}, not one of {sorted(STATES)}"
        seen.add(number)
    if not seen:
        yield "docs/promises.md: holds no promise"


def kept_complaints(root):
    """Every kept promise is cited by a file that holds tests."""
    cited = set()
    for kind in KINDS:
        for _, text in texts(root, f"tests/{kind}", ".c", ".h", ".py"):
            if TEST.search(text):
                cited.update(re.findall(r"\b[A-Z]{3}-\d+\b", text))
    for number, state in rows(root):
        if state == "kept" and number not in cited:
            yield f"{number} is kept, but no test cites it"


def cited_complaints(root):
    """Every number that is cited in code, tests or pages exists."""
    known = {number for number, _ in rows(root)}
    areas = "|".join(sorted({number[:3] for number in known}))
    number = re.compile(rf"\b(?:{areas})-\d+\b")
    for folder in ("src", "include", "tests", "docs"):
        for path, text in texts(root, folder, ".c", ".h", ".def", ".py", ".md"):
            if "house" in path.relative_to(root).parts:
                continue
            cited = set(number.findall(text)) | set(NAMED.findall(text))
            for unknown in sorted(cited - known):
                yield f"{path.relative_to(root)}: cites {unknown}, which docs/promises.md does not have"


CHECKS = [page_complaints, kept_complaints, cited_complaints]
