"""namespaces - a network or a file system of a command's own."""
import functools
import os
import subprocess

import pytest


@functools.cache
def works(*command):
    return subprocess.run([*command, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def unshared(*kinds):
    """What to put before a command; root needs no user namespace, which a changed root directory would forbid."""
    options = [f"--{kind}" for kind in kinds]
    for command in (["unshare", *options], ["unshare", "--user", "--map-root-user", *options]):
        if works(*command):
            return command
    pytest.skip(f"this machine lets nobody unshare {' and '.join(kinds)}, not even with the id {os.geteuid()}")
