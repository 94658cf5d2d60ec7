"""What the house checks look at: the repository, the build, and small trees with a planted fault.

Each check is a function that takes a root directory and returns complaints, so that a test can hand it the real tree,
which must give none, or a planted one, which must give exactly the fault."""
import os
import pathlib
import textwrap

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def build():
    """The build directory whose archives are examined."""
    return pathlib.Path(os.environ["HYPNOTOAD_BUILD"])


@pytest.fixture
def plant(tmp_path):
    """plant({path: text}) writes a small tree and returns its root."""

    def write(files):
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text))
        return tmp_path

    return write
