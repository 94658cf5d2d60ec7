"""A kept promise has a test, and a number that is cited exists."""
import pytest

import promises

GOOD = {
    "docs/promises.md": """\
        | id | promise | source | state |
        |---|---|---|---|
        | CLI-1 | It starts, `a \\|\\| b`. | POD | kept |
        | CLI-2 | It flies. | OURS | planned |
        """,
    "tests/unit/main/test_options.c": "/* Promise CLI-1 */\nTest(options, are_read)\n{\n}\n",
    "tests/fuzz/fuzz_options.c": "/* text in UTF-8, no SHA-1 */\n",
    "src/main/options.c": "/* Promise CLI-2 */\n",
}


def complaints(root):
    return [complaint for check in promises.CHECKS for complaint in check(root)]


@pytest.mark.parametrize("check", promises.CHECKS, ids=lambda check: check.__name__)
def test_promises_and_tests_agree(root, check):
    assert list(check(root)) == []


def test_a_good_tree_gives_no_complaint(plant):
    assert complaints(plant(GOOD)) == []


PYTHON = "import pytest\n\n\n@pytest.mark.promise('CLI-1')\ndef test_it_starts():\n    pass\n"


def test_a_python_test_counts_as_well(plant):
    root = plant({**GOOD, "tests/unit/main/test_options.c": "\n", "tests/integration/test_01_start.py": PYTHON})
    assert complaints(root) == []


HEAD = "| id | promise | source | state |\n|---|---|---|---|\n"
FAULTS = {
    "CLI-1 is kept, but no test cites it":
        {"tests/unit/main/test_options.c": "Test(options, are_read)\n{\n}\n"},
    "CLI-2 is kept, but no test cites it":
        {"docs/promises.md": HEAD + "| CLI-1 | a | POD | kept |\n| CLI-2 | b | POD | kept |\n",
         "tests/unit/main/helper.h": "/* Promise CLI-2, but nothing is tested here */\n"},
    "docs/promises.md: CLI-1 stands twice":
        {"docs/promises.md": HEAD + "| CLI-1 | a | POD | kept |\n| CLI-2 | b | POD | planned |\n| CLI-1 | c | POD | kept |\n"},
    "docs/promises.md: CLI-2 has the state 'soon', not one of ['kept', 'planned']":
        {"docs/promises.md": HEAD + "| CLI-1 | a | POD | kept |\n| CLI-2 | b | POD | soon |\n"},
    "src/main/options.c: cites CLI-3, which docs/promises.md does not have":
        {"src/main/options.c": "/* Promise CLI-3 */\n"},
    "tests/unit/main/test_main.c: cites CLI-9, which docs/promises.md does not have":
        {"tests/unit/main/test_main.c": "/* CLI-9 */\nTest(main, ends)\n{\n}\n"},
    "src/main/options.c: cites XYZ-1, which docs/promises.md does not have":
        {"src/main/options.c": "/* Promise XYZ-1 */\n"},
}


@pytest.mark.parametrize("expected", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(plant, expected):
    assert complaints(plant({**GOOD, **FAULTS[expected]})) == [expected]


def test_a_page_without_promises_is_not_taken_for_order(plant):
    assert "docs/promises.md: holds no promise" in complaints(plant({**GOOD, "docs/promises.md": "nothing\n"}))
