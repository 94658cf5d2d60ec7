"""unix_sockets - paths for sockets, how a configuration names them, and who listens there."""
import pathlib
import shutil
import socket
import stat
import tempfile

import pytest

from harness import Connection

IN_USE = "Address already in use"


@pytest.fixture(autouse=True)
def sockets():
    """A directory whose name leaves room for a socket's; the servers of the test, which end before it, leave nothing in it."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="toad"))
    directory.chmod(0o755)
    yield directory
    left = [path.name for path in directory.iterdir()]
    shutil.rmtree(directory)
    assert not left, f"files are left: {left}"


def file_value(path, *parameters):
    return f"file://{path}" + "".join(f"?{parameter}" for parameter in parameters)


def encoded_value(path, *parameters):
    return "http+unix://" + str(path).replace("/", "%2F") + "".join(f"?{parameter}" for parameter in parameters)


def answers(path):
    with Connection(str(path)) as connection:
        return connection.get("/", "Connection: close").text == "Hello World"


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def identity(path):
    return path.lstat().st_dev, path.lstat().st_ino


def foreign(path, kind=socket.SOCK_STREAM):
    """Somebody else's socket under this path."""
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(str(path))
    if kind != socket.SOCK_DGRAM:
        made.listen(5)
    return made
