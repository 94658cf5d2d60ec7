"""logs - a place for logs and a server that writes there, and what is read in them."""
import os
import pathlib
import re
import shutil
import tempfile

import pytest

from harness.waiting import wait_until

COMBINED = re.compile(r'(\S+) - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000)\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"')
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def place():
    """A directory for logs that every user can get into; only its owner makes files there."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hypnotoad-logs."))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def logging(start, place):
    """logging(...) is a running server that writes place/access and place/log."""
    return lambda **settings: start(access_log=str(place / "access"), log_file=str(place / "log"), **settings)


def lines_of(path):
    """The lines of a file, each of which must be whole."""
    text = path.read_bytes().decode() if path.exists() else ""
    assert text == "" or text.endswith("\n"), text[-200:]
    return text.splitlines()


def await_lines(path, count):
    """A line is written after its answer; returns exactly so many."""
    wait_until(lambda: len(lines_of(path)) >= count, f"{count} lines in {path}", seen=lambda: lines_of(path))
    assert len(lines_of(path)) == count, lines_of(path)
    return lines_of(path)


def combined(line):
    """(address, date, request, status, size, referer, agent)"""
    found = COMBINED.fullmatch(line)
    assert found, line
    return found.groups()
