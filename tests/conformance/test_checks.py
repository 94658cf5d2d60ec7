"""Every check that was selected, as a test of its own. Run by ci/conform; by itself it has nothing to do."""
import json
import os
import pathlib

import pytest

from conformance.session import VARIABLE, report_to_pytest


def selected():
    if VARIABLE not in os.environ:
        return []
    return [tuple(item) for item in json.loads(pathlib.Path(os.environ[VARIABLE]).read_text())["selected"]]


@pytest.mark.parametrize("identifier, tier, repetition", selected(), ids=lambda part: str(part))
def test_check(session, tmp_path, identifier, tier, repetition):
    report_to_pytest(session.run(identifier, tier, repetition, tmp_path / "check"))
