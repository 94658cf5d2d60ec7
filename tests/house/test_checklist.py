"""The checklist of the RFCs names tests that exist, and all wire cases."""
import pytest

import checklist

HEAD = "| id | level | requirement | here | shown by |\n|---|---|---|---|---|\n"
ROW = "| 9112-2.2a | MUST | Lines end. | They do. | HTTP-9112-2.2-1..2, tests/unit/http/test_a.c::a.b, tests/integration/test_b.py::test_c |\n"
NOBODY = "| 9112-2.2b | SHOULD | A proxy waits. | Not applicable: no proxy. | - |\n"
GOOD = {
    "docs/rfc-checklist.md": HEAD + ROW + NOBODY,
    "tests/wire/chapters/a.py": 'CASES = [\n    Case("HTTP-9112-2.2-1", "a"),\n    Case("HTTP-9112-2.2-2", "b"),\n]\n',
    "tests/unit/http/test_a.c": "Test(a, b)\n{\n}\n",
    "tests/integration/test_b.py": "def test_c():\n    pass\n",
}


def complaints(root):
    return [complaint for check in checklist.CHECKS for complaint in check(root)]


@pytest.mark.parametrize("check", checklist.CHECKS, ids=lambda check: check.__name__)
def test_checklist_tests_and_cases_agree(root, check):
    assert list(check(root)) == []


def test_a_good_tree_gives_no_complaint(plant):
    assert complaints(plant(GOOD)) == []


PAGE = "docs/rfc-checklist.md"
FAULTS = {
    "docs/rfc-checklist.md: 9112-2.2a stands 2 times": {PAGE: HEAD + ROW + ROW},
    "docs/rfc-checklist.md: 9112-2.2a has the level 'WILL'": {PAGE: HEAD + ROW.replace("MUST", "WILL")},
    "docs/rfc-checklist.md: nothing shows 9112-2.2b": {PAGE: HEAD + ROW + NOBODY.replace("Not applicable: no proxy.", "It does.")},
    "docs/rfc-checklist.md: 9112-2.2a names the case HTTP-9112-2.2-3, which does not exist":
        {PAGE: HEAD + ROW.replace("1..2", "1..3")},
    "docs/rfc-checklist.md: 9112-2.2a names the test tests/unit/http/test_a.c::a.c, which does not exist":
        {PAGE: HEAD + ROW.replace("a.b", "a.c")},
    "docs/rfc-checklist.md: 9112-2.2a names the test tests/unit/http/test_z.c::a.b, which does not exist":
        {PAGE: HEAD + ROW.replace("test_a.c", "test_z.c")},
    "docs/rfc-checklist.md: 9112-2.2a names the test tests/integration/test_b.py::test_cc, which does not exist":
        {PAGE: HEAD + ROW.replace("test_c", "test_cc")},
    "HTTP-9112-2.2-2: docs/rfc-checklist.md does not name this wire case": {PAGE: HEAD + ROW.replace("1..2", "1")},
    "HTTP-9112-2.2-1: 2 wire cases have this id":
        {"tests/wire/chapters/b.py": 'Case("HTTP-9112-2.2-1", "c")\n'},
}


@pytest.mark.parametrize("expected", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(plant, expected):
    assert complaints(plant({**GOOD, **FAULTS[expected]})) == [expected]


def test_a_page_without_requirements_is_not_taken_for_order(plant):
    assert "docs/rfc-checklist.md: holds no requirement" in complaints(plant({**GOOD, PAGE: "nothing\n"}))
