"""Files: no way out of the root, by no name and no link, and what is not to be read."""
import itertools
import os
import socket

import pytest

from harness import processes
from harness.static_site import DIGITS, PAGE, SECRET, await_given_back, get, put, root, serve
from harness_faults.strace import Injection


def escapes():
    """Ways to write ../secret.txt from here and there."""
    dots = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "..%00", "%uff0e%uff0e", "....", "..;", ". .", "..%20", "\\.."]
    slashes = ["/", "//", "/./", "%2f", "%2F", "%252f", "\\", "%5c", "%c0%af", "/%2e/"]
    for start, dot, slash in itertools.product(["/", "/pond/", "/../www/", "/pond/../"], dots, slashes):
        for times in (1, 2):
            yield start + (dot + slash) * times + "secret.txt"


@pytest.mark.promise("APP-3", "CON-5")
def test_no_name_leads_out(serve, root):
    assert (root / "../secret.txt").read_bytes() == SECRET, "it is there"
    targets = list(escapes()) + [str(root.parent / "secret.txt"), "/" + str(root.parent / "secret.txt"), "/../../../../../../etc/passwd",
                                 "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/proc/self/environ",
                                 "/..", "/../", "/.", "/./", "/pond/..", "/pond/../", "/pond/../digits.txt", "/./digits.txt"]
    assert len(targets) > 1000
    for options in ({}, {"dotfiles": 1}):
        server = serve({"keep_alive_requests": 0}, **options)
        for target in targets:
            answer = get(server, target)
            assert answer.status in (400, 404), target
            assert SECRET not in answer.body and b"root:" not in answer.body, target
        assert not server.trace.worker_ends()


@pytest.fixture
def linked(root):
    """Symbolic links of every kind."""
    os.symlink("digits.txt", root / "inside")
    os.symlink("../digits.txt", root / "pond/up")
    os.symlink("pond", root / "lake")
    os.symlink("../secret.txt", root / "out")
    os.symlink("..", root / "above")
    os.symlink("pond/../../secret.txt", root / "around")
    os.symlink("out", root / "chain")
    os.symlink(root / "digits.txt", root / "absolute")
    os.symlink("/etc", root / "etc")
    os.symlink("/proc/self/root", root / "proc")
    os.symlink("loop", root / "loop")
    os.symlink("nothing", root / "dangling")
    return root


INSIDE = ["/inside", "/pond/up", "/lake/frog.txt"]
OUTSIDE = ["/out", "/above/secret.txt", "/above/www/digits.txt", "/around", "/chain", "/absolute", "/etc/passwd", "/proc/etc/passwd",
           "/loop", "/dangling", "/above/", "/etc/", "/above", "/etc"]


@pytest.mark.promise("APP-3")
def test_links_lead_about_below_the_root_and_not_out(serve, linked):
    server = serve()
    for target in INSIDE:
        assert get(server, target).body in (DIGITS, b"frog"), target
    assert get(server, "/lake").status == 301
    for target in OUTSIDE:
        assert get(server, target).status == 404, target


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_without_the_newer_call_no_link_is_followed(serve, linked, tmp_path, error):
    server = serve({"workers": 1})
    with Injection(server.workers()[0], tmp_path / "strace", f"openat2:error={error}") as injection:
        assert get(server, "/digits.txt").body == DIGITS
        assert get(server, "/pond/frog.txt").body == b"frog"
        assert get(server, "/").body == PAGE
        assert get(server, "/pond").status == 301
        for target in INSIDE + OUTSIDE:
            assert get(server, target).status == 404, target
        assert injection.count() >= 4 + len(INSIDE + OUTSIDE)


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("asked", [None, 0, 1])
def test_names_with_a_dot_in_front_are_served_if_asked(serve, root, asked):
    put(root / ".htpasswd", b"hidden")
    put(root / ".git/config", b"hidden")
    put(root / "pond/.../x", b"hidden")
    server = serve(**({} if asked is None else {"dotfiles": asked}))
    for target in ("/.htpasswd", "/%2ehtpasswd", "/.git/config", "/pond/.../x"):
        answer = get(server, target)
        assert (answer.status, answer.body == b"hidden") == ((200, True) if asked else (404, False)), target


@pytest.mark.promise("APP-3")
def test_what_is_no_file_keeps_nobody_waiting(serve, root):
    os.mkfifo(root / "fifo")
    os.mknod(root / "null", 0o666 | 0o020000, os.makedev(1, 3))
    os.mknod(root / "zero", 0o666 | 0o020000, os.makedev(1, 5))
    with socket.socket(socket.AF_UNIX) as unix:
        os.chdir(root)
        try:
            unix.bind("socket")
        finally:
            os.chdir("/")
        server = serve({"workers": 1})
        for target in ("/fifo", "/null", "/zero", "/socket", "/fifo/", "/socket/x"):
            assert get(server, target).status == 404, target
        assert get(server, "/digits.txt").body == DIGITS


@pytest.mark.promise("APP-3", "WRK-8")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_the_worker_may_not_read_is_forbidden(serve, root):
    put(root / "private", b"mine").chmod(0o600)
    put(root / "closed/x", b"mine")
    (root / "closed").chmod(0o700)
    server = serve({"user": "nobody"})
    assert get(server, "/digits.txt").status == 200
    for target in ("/private", "/closed/x", "/closed/"):
        answer = get(server, target)
        assert (answer.status, answer.text) == (403, "Forbidden\n"), target


@pytest.mark.promise("APP-3", "OBS-3")
@pytest.mark.parametrize("error, status, text", [
    ("EMFILE", 503, "warn static: cannot open a file: Too many open files"), ("ENOMEM", 503, "warn static: cannot open a file: "),
    ("EAGAIN", 503, "warn static: cannot open a file: "), ("EIO", 500, "error static: cannot open a file: Input/output error"),
])
def test_a_server_in_trouble_says_so(serve, tmp_path, error, status, text):
    server = serve({"workers": 1})
    worker, = server.workers()
    with Injection(worker, tmp_path / "strace", f"openat2:error={error}"):
        assert get(server, "/digits.txt").status == status
    server.await_log(f"[{worker}] {text}")
    assert get(server, "/digits.txt").body == DIGITS


@pytest.mark.promise("APP-3")
def test_no_descriptor_is_left_behind(serve, root):
    os.mkfifo(root / "fifo")
    server = serve({"workers": 1})
    worker, = server.workers()
    tag = get(server, "/digits.txt").field("ETag")
    before = processes.descriptors_of(worker)
    for _ in range(3):
        for target in ("/digits.txt", "/empty.css", "/pond", "/pond/", "/bare/", "/missing", "/fifo", "/"):
            for fields in ((), ("Range: bytes=1-2",), ("Range: bytes=99-",), (f"If-None-Match: {tag}",), ('If-Match: "x"',)):
                for method in ("GET", "HEAD", "POST"):
                    with server.connect() as connection:
                        connection.ask(target, method, ["Connection: close", *fields])
                        connection.read_rest()
    await_given_back(worker, before)
