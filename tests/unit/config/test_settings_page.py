"""docs/settings.md is what settings.def says."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_the_page_of_settings_is_the_list_of_settings():
    # Promise CFG-7
    printed = subprocess.run([os.environ["CONFIG_DUMP"], "--settings"], capture_output=True, check=True).stdout
    assert printed.decode() == (ROOT / "docs/settings.md").read_text()
