"""clauses - what is on trial: the promises of docs/promises.md, and sections of RFCs as HTTP-9112-6.3 or WS-6455-5.5."""
import re
from collections import namedtuple

from conformance import ROOT

Clause = namedtuple("Clause", "id text source")

ROW = re.compile(r"^\| *([A-Z]{3}-\d+) *\| *(.*?) *\| *([^|]*?(?:`\\\|\\\|`[^|]*)?) *\| *\w+ *\|$", re.MULTILINE)
PROMISE = re.compile(r"[A-Z]{3}-\d+")
SECTION = re.compile(r"(HTTP|WS)-(\d{4})-(\d+(?:\.\d+)*)")


def promises(root=ROOT):
    """{id: Clause} in the order of the page."""
    text = (root / "docs/promises.md").read_text()
    return {number: Clause(number, words, source) for number, words, source in ROW.findall(text)}


def clause_of(identifier):
    """HBT-2 of HBT-2.late-worker, HTTP-9112-6.3 of HTTP-9112-6.3-4."""
    if section := SECTION.match(identifier):
        return section.group()
    return identifier.partition(".")[0]


def is_section(clause):
    return SECTION.fullmatch(clause) is not None


def describe_section(clause):
    _, number, section = SECTION.fullmatch(clause).groups()
    return Clause(clause, f"RFC {number}, section {section}", "RFC")
