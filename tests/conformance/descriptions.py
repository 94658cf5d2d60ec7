"""descriptions - what a target is, read from a file (TOML or JSON; target-1.schema.json):

    name = "mine"
    command = "/opt/mine/hypnotoad {options} --config {config} {app}"
    kind = "c"                              # which adapter drives it: c, perl
    capabilities = ["trace", "lock_file"]   # without it, those of the kind
    lacks = ["trace"]                       # or those of the kind without these
    simulator = "/opt/mine/hypnotoad-sim"   # what the virtual tier drives

    [[expected_failures]]
    check = "HBT-4.torn-lines"              # an id or a glob of ids, or a list of them
    observation = "the worker was stopped"  # found in what the check says; * stands for anything; or a list
    reason = "torn lines are lost"
    kind = "defect"                         # or "differs"

In commands {build} is the directory of the build (HYPNOTOAD_BUILD or build/release), {here} that of the file, {root} that of
the repository; {options}, {config} and {app} are what the adapter gives."""
import json
import os
import pathlib
import shlex
import tomllib
from dataclasses import dataclass

import jsonschema

from conformance import HERE, ROOT
from conformance.verdicts import Expected

SCHEMA = HERE / "target-1.schema.json"


class BadDescription(Exception):
    """The file, and what is wrong with it."""


@dataclass(frozen=True)
class Description:
    name: str
    title: str
    kind: str
    command: tuple
    simulator: tuple
    capabilities: frozenset
    lacks: frozenset    # what it says that it has not
    notes: dict         # of a capability or a setting that is lacking: why
    environment: dict
    expected: tuple
    path: str

    def expected_of(self, identifier):
        """The first that names this check."""
        return next((known for known in self.expected if known.names(identifier)), None)


def build_path():
    return pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release")).resolve()


def words_of(command, folder):
    """The command's words; {options}, {config} and {app} are left for the adapter."""
    places = {"{build}": str(build_path()), "{here}": str(folder), "{root}": str(ROOT)}
    words = shlex.split(command)
    for place, path in places.items():
        words = [word.replace(place, path) for word in words]
    return tuple(words)


def read(path):
    path = pathlib.Path(path)
    try:
        text = path.read_text()
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadDescription(f"{path}: {error}") from error


def check(path, members):
    """Complains about the first thing that is wrong with them."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    wrong = jsonschema.exceptions.best_match(validator.iter_errors(members))
    if wrong is not None:
        raise BadDescription(": ".join((str(path), *places(wrong.absolute_path), wrong.message)))


def places(steps):
    """Members by their names, those of a list by their number."""
    return [f"number {step + 1}" if isinstance(step, int) else step for step in steps]


def expected_failures(rows):
    for row in rows:
        names = [row["check"]] if isinstance(row["check"], str) else row["check"]
        yield Expected(**row | {"check": tuple(names)})


def load(name, kinds):
    """The description of `c`, `perl` or a file. `kinds` are the adapters by name."""
    path = HERE / "targets" / f"{name}.toml"
    path = path if path.exists() else pathlib.Path(name)
    members = read(path)
    check(path, members)
    kind = members.get("kind", "c")
    if kind not in kinds:
        raise BadDescription(f"{path}: kind is {kind!r}, not one of {sorted(kinds)}")
    adapter = kinds[kind]
    lacks = frozenset(members.get("lacks", ()))
    folder = path.resolve().parent
    return Description(
        name=members.get("name") or path.stem, title=members.get("title") or members.get("name") or path.stem, kind=kind,
        command=words_of(members.get("command", adapter.COMMAND), folder),
        simulator=words_of(members.get("simulator", adapter.SIMULATOR), folder),
        capabilities=frozenset(members.get("capabilities", adapter.CAPABILITIES)) - lacks, lacks=lacks,
        notes=members.get("notes", {}), environment=members.get("environment", {}),
        expected=tuple(expected_failures(members.get("expected_failures", ()))), path=str(path))
