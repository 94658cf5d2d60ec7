"""static_site - a directory that the application static serves, and how the tests ask for what is in it."""
import os
import random

import pytest

from harness import processes, wait_until

OLD = 1_600_000_000  # 2020-09-13 12:26:40
OLD_DATE = "Sun, 13 Sep 2020 12:26:40 GMT"
SECRET = b"the secret of the pond\n"
PAGE = b"<!doctype html><title>pond</title>\n"
DIGITS = b"0123456789"


def put(path, data=b"", modified=OLD):
    """A file of which the server may be sure that it does not change any more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified, modified))
    return path


def random_bytes(size):
    return random.Random(size).randbytes(size)


@pytest.fixture
def root(tmp_path):
    """The directory that is served, and a secret beside it."""
    root = tmp_path / "www"
    put(root / "index.html", PAGE)
    put(root / "digits.txt", DIGITS)
    put(root / "empty.css")
    put(root / "pond/index.html", b"in the pond")
    put(root / "pond/frog.txt", b"frog")
    put(root / "bare/leaf", b"leaf")
    put(tmp_path / "secret.txt", SECRET)
    return root


@pytest.fixture
def serve(prepare, root):
    """serve(option=value, ...) is a server of the root; `settings` are those of the server itself."""

    def make(settings=None, **options):
        server = prepare("static", **(settings or {}))
        server.settings["app"] = {"root": str(root), **options}
        server.write_config()
        return server.start()

    return make


def ask(connection, target, *fields, method="GET"):
    connection.ask(target, method, fields)
    return connection.read_answer(has_body=method != "HEAD")


def get(server, target, *fields, method="GET"):
    with server.connect() as connection:
        return ask(connection, target, "Connection: close", *fields, method=method)


def await_given_back(pid, before):
    """Waits until the process holds nothing that it did not hold before."""
    wait_until(lambda: not processes.descriptors_of(pid).items() - before.items(), "the descriptors to be given back",
               seen=lambda: processes.descriptors_of(pid))


def fields_of(answer):
    """All but those that no two answers share."""
    return {name.lower(): value for name, value in answer.fields if name.lower() not in ("date", "connection", "keep-alive")}
