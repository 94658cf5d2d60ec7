"""docs/settings.md and the manual's page are what settings.def says."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("option, page", [("--settings", "docs/settings.md"), ("--manual", "docs/man/hypnotoad.conf.5")])
def test_the_page_is_the_list_of_settings(option, page):
    # Promise CFG-7
    printed = subprocess.run([os.environ["CONFIG_DUMP"], option], capture_output=True, check=True).stdout
    assert printed.decode() == (ROOT / page).read_text()
