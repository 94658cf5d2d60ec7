"""What a run of the checks needs; ci/conform (runner.py) says which target, tier and checks by HYPNOTOAD_CONFORM."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pytest

from conformance.session import Session
from harness import processes


def pytest_sessionstart(session):
    processes.heed_signals()


@pytest.fixture(scope="session")
def session(tmp_path_factory):
    made = Session.from_environment(tmp_path_factory.mktemp("shared"))
    yield made
    made.end()
