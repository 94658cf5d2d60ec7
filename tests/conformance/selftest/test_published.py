"""docs/conformance.md has the structure of what there is now: every promise, every clause, every known failure."""
import re

from conformance import ROOT, adapters, clauses, descriptions, publish, registry

PAGE = (ROOT / "docs/conformance.md").read_text()
ROW = re.compile(r"^\| ([A-Z]{2,4}-[\d.-]+) \|(.*)\|$", re.MULTILINE)
AGAIN = "write it again: ci/conform --target c --target perl --publish docs/conformance.md"


def checks_by_clause():
    counts = {}
    for check in registry.load().checks.values():
        counts[check.clause] = counts.get(check.clause, 0) + 1
    return counts


def counts_of_page():
    found = {}
    for clause, rest in ROW.findall(PAGE):
        found[clause] = next(int(column) for column in rest.split(" | ") if column.strip().isdigit())
    return found


def test_every_clause_stands_there_with_its_number_of_checks():
    assert counts_of_page() == checks_by_clause(), AGAIN


def test_promises_read_as_they_do_now():
    for number, clause in clauses.promises().items():
        if number in checks_by_clause():
            assert f"| {number} | {clause.text} |" in PAGE, f"{number}: {AGAIN}"


def test_everything_that_is_known_of_perls_server_is_told():
    perl = descriptions.load("perl", adapters.KINDS)
    for known in perl.expected:
        if publish.is_of_promises(known):
            assert f"| `{publish.cell(known.observation)}` | {publish.cell(known.reason)}" in PAGE, f"{known.check}: {AGAIN}"
    for why in perl.notes.values():
        assert publish.cell(why) in PAGE, AGAIN


def test_what_perls_server_lacks_has_a_reason():
    perl = descriptions.load("perl", adapters.KINDS)
    assert set(adapters.CAPABILITIES) - perl.capabilities == set(perl.notes)


def test_this_server_fails_nothing_there():
    row = next(line for line in PAGE.splitlines() if line.startswith("| Hypnotoad in C |"))
    _, _, _, passed, *others, _ = [column.strip() for column in row.split("|")]
    assert int(passed) > 150 and others == ["0"] * 5, row
