"""The ids hold: every promise has a check, every check a promise, and the lint sees what does not fit."""
import json
import re

import pytest

from conformance import adapters, clauses, descriptions, lint, registry
from conformance.registry import Registry


def planted(*rows):
    """A registry with these checks: (id, options)."""
    made = Registry()
    for identifier, options in rows:
        made.add(identifier, lambda case: None, title="planted", **options)
    return made


PROMISES = {"CLI-1": None, "CLI-2": None}
GOOD = (("CLI-1.a", {}), ("CLI-2.b", {}))
FAULTS = {
    "CLI-2 has no check, and elsewhere.toml does not say why": ((GOOD[0],), {}),
    "CLI-9.x: CLI-9 is neither a promise nor a section": ((*GOOD, ("CLI-9.x", {})), {}),
    "CLI-1.c: XYZ-1 is neither a promise nor a section": ((*GOOD, ("CLI-1.c", {"also": ("XYZ-1",)})), {}),
    "CLI-1.c: 'slow' is no tier": ((*GOOD, ("CLI-1.c", {"tiers": ("slow",)})), {}),
    "CLI-1.c: 'wings' is no capability": ((*GOOD, ("CLI-1.c", {"needs": ("wings",)})), {}),
    "CLI-1.c: it has no tier": ((*GOOD, ("CLI-1.c", {"tiers": ()})), {}),
    "CLI-1: an id is a clause and a name of its own": ((*GOOD, ("CLI-1", {})), {}),
    "CLI-2 has a check, and elsewhere.toml says that it cannot have one": (GOOD, {"CLI-2": "because nobody can see it from outside"}),
    "elsewhere.toml names CLI-7, which is no promise": (GOOD, {"CLI-7": "because nobody can see it from outside"}),
    "elsewhere.toml gives no reason for CLI-2": ((GOOD[0],), {"CLI-2": "because"}),
}


def complaints(rows, excused):
    return list(lint.complaints(planted(*rows), PROMISES, excused, []))


def test_a_good_spine_gives_no_complaint():
    assert complaints(GOOD, {}) == []
    assert complaints((*GOOD, ("HTTP-9112-6.3-1", {}), ("WS-6455-5.2.x", {})), {}) == []


@pytest.mark.parametrize("told", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(told):
    assert complaints(*FAULTS[told]) == [told]


def test_the_real_spine_holds():
    checks = registry.load()
    assert list(lint.complaints(checks)) == []
    assert sum(not clauses.is_section(check.clause) for check in checks.checks.values()) >= 150


def test_every_promise_of_the_page_is_read():
    """The page has as many rows as there are clauses."""
    from conformance import ROOT
    rows = re.findall(r"^\| [A-Z]{3}-\d+ \|", (ROOT / "docs/promises.md").read_text(), re.MULTILINE)
    assert len(rows) == len(clauses.promises()) > 90


@pytest.mark.parametrize("identifier, clause", [("HBT-2.silent-worker", "HBT-2"), ("HTTP-9112-6.3-4", "HTTP-9112-6.3"),
                                                ("WS-6455-5.5.1.close", "WS-6455-5.5.1"),
                                                ("WS-6455-7.4.2.code-999", "WS-6455-7.4.2"), ("HTTP-9112-9.6.says-close", "HTTP-9112-9.6")])
def test_an_id_begins_with_its_clause(identifier, clause):
    assert clauses.clause_of(identifier) == clause


def test_an_id_stands_once():
    with pytest.raises(AssertionError, match="stands twice"):
        planted(GOOD[0], GOOD[0])


def test_a_selection_is_by_glob_clause_or_area():
    checks = planted(("CLI-1.a", {}), ("CLI-10.b", {}), ("CFG-1.c", {"tiers": ("virtual", "scaled")}))
    assert [check.id for check, _ in checks.select(["CLI-1"])] == ["CLI-1.a"]
    assert [check.id for check, _ in checks.select(["cli"])] == ["CLI-1.a", "CLI-10.b"]
    assert [tier for _, tier in checks.select(["*.c"])] == ["virtual", "scaled"]
    assert checks.unknown(["CLI-2", "CFG"]) == ["CLI-2"]


def test_a_clause_takes_every_check_that_cites_it():
    checks = planted(("CLI-1.a", {"also": ("CLI-2",)}), ("CLI-2.b", {}), ("CLI-3.c", {}))
    assert [check.id for check, _ in checks.select(["CLI-2"])] == ["CLI-1.a", "CLI-2.b"]


# ---- Descriptions ----

SOUND = {"name": "x", "kind": "c"}
FAILURE = {"check": "CLI-1.a", "observation": "x", "reason": "x"}


def expecting(**members):
    """With a second failure, which differs from the sound one in these members; None: it is missing."""
    second = {name: value for name, value in (FAILURE | members).items() if value is not None}
    return SOUND | {"expected_failures": [FAILURE, second]}


BROKEN = {
    "('colour' was unexpected)": SOUND | {"colour": "green"},
    "kind is 'cobol'": SOUND | {"kind": "cobol"},
    "command: 5 is not of type 'string'": SOUND | {"command": 5},
    "lacks: 'trace' is not of type 'array'": SOUND | {"lacks": "trace"},
    "capabilities: number 2: 7 is not of type 'string'": SOUND | {"capabilities": ["trace", 7]},
    "notes: trace: ['x'] is not of type 'string'": SOUND | {"notes": {"trace": ["x"]}},
    "environment: A: 1 is not of type 'string'": SOUND | {"environment": {"A": 1}},
    "expected_failures: {} is not of type 'array'": SOUND | {"expected_failures": {}},
    "expected_failures: number 1: 'x' is not of type 'object'": SOUND | {"expected_failures": ["x"]},
    "expected_failures: number 2: 'observation' is a required": expecting(observation=None),
    "expected_failures: number 2: observation: 5 is not of type 'string', 'array'": expecting(observation=5),
    "expected_failures: number 2: observation: [] is too short": expecting(observation=[]),
    "expected_failures: number 2: observation: number 2: None is not": expecting(observation=["x", None]),
    "expected_failures: number 2: check: number 1: {} is not of type 'string'": expecting(check=[{}]),
    "expected_failures: number 2: sometimes: 'no' is not of type 'boolean'": expecting(sometimes="no"),
    "expected_failures: number 2: Additional": expecting(because="x"),
    "expected_failures: number 2: kind: 'feature' is not one of ['differs', 'defect']": expecting(kind="feature"),
    "[] is not of type 'object'": [],
}


@pytest.mark.parametrize("told", BROKEN)
def test_a_broken_description_is_refused(tmp_path, told):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(BROKEN[told]))
    with pytest.raises(descriptions.BadDescription) as refusal:
        descriptions.load(path, adapters.KINDS)
    assert told in str(refusal.value) and str(path) in str(refusal.value)


def test_a_description_may_be_toml_and_finds_its_places(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\ncommand = "{here}/x {options} --config {config} {app}"\nlacks = ["trace"]\n')
    found = descriptions.load(path, adapters.KINDS)
    assert found.command == (f"{tmp_path}/x", "{options}", "--config", "{config}", "{app}")
    assert "trace" not in found.capabilities and "lock_file" in found.capabilities


@pytest.mark.parametrize("told, members", [
    ("an expected failure names 'CLI-9.gone', which fits no check", {"expected_failures": [FAILURE | {"check": "CLI-9.gone"}]}),
    ("'colour' is no capability", {"capabilities": ["trace", "colour"]}),
    ("'traec' is no capability", {"lacks": ["traec"]}),
    ("a note for 'traec', which is no capability", {"notes": {"traec": "It has none."}}),
])
def test_a_name_that_stands_for_nothing_is_found(tmp_path, told, members):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(SOUND | members))
    target = descriptions.load(path, adapters.KINDS)
    assert list(lint.target_complaints(target, planted(*GOOD))) == [f"{path}: {told}"]
