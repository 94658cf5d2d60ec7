"""conformance - any Hypnotoad on trial: checks by promise and clause, targets behind adapters, verdicts, reports."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# harness is shared with tests/integration, wire with the tables of tests/wire.
for folder in (ROOT / "tests", ROOT / "tests/integration"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
