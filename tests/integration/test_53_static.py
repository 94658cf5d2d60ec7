"""Files: the application static against the real binary - what is served, what is not, and what a client may ask for."""
import email.utils
import hashlib
import itertools
import os
import random
import shutil
import socket
import subprocess
import time

import pytest

from harness import processes, wait_until
from harness.deploying import Link
from harness_faults.strace import Injection

OLD = 1_600_000_000  # 2020-09-13 12:26:40
OLD_DATE = "Sun, 13 Sep 2020 12:26:40 GMT"
SECRET = b"the secret of the pond\n"
PAGE = b"<!doctype html><title>pond</title>\n"
DIGITS = b"0123456789"
# More than the sockets between a server and a client that does not read will hold.
LARGE = 48 << 20


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


# ---- What is there ----

@pytest.mark.promise("APP-3", "CON-4")
def test_a_file_comes_with_all_that_a_client_wants_to_know(serve):
    answer = get(serve(), "/digits.txt")
    assert (answer.status, answer.body) == (200, DIGITS)
    fields = fields_of(answer)
    tag = fields.pop("etag")
    assert tag.startswith('"') and tag.endswith('"')
    assert fields == {"content-type": "text/plain; charset=utf-8", "content-length": "10", "last-modified": OLD_DATE,
                      "accept-ranges": "bytes"}


@pytest.mark.promise("APP-3", "CON-4")
def test_head_says_what_get_says(serve):
    server = serve()
    for path in ("/digits.txt", "/", "/empty.css", "/pond", "/missing"):
        head, whole = get(server, path, method="HEAD"), get(server, path)
        assert (head.status, fields_of(head), head.body) == (whole.status, fields_of(whole), b""), path


@pytest.mark.promise("APP-3")
def test_names_are_bytes(serve, root):
    names = ["a b", "100%", "qu?estion", "ha#sh", "f\u00fc\u00dfe", "plus+and&and=", "'\"<>", "semi;colon", "back\\slash", "new\nline",
             "..dots..", "x" * 255, "~", "%2e%2e", "[]{}|^`"]
    server = serve(dotfiles=1)
    for name in names:
        put(root / name, name.encode())
        target = "/" + "".join(f"%{byte:02x}" for byte in name.encode())
        assert get(server, target).body == name.encode(), name
    put(root / b"\xff\xfe".decode(errors="surrogateescape"), b"no text")
    assert get(server, "/%ff%FE").body == b"no text"


@pytest.mark.promise("APP-3", "CON-4")
def test_types_follow_the_names(serve, root):
    server = serve()
    for name, expected in {"a.HTML": "text/html; charset=utf-8", "b.js": "text/javascript; charset=utf-8", "c.png": "image/png",
                           "d.json": "application/json", "e": "application/octet-stream",
                           "f.unknown": "application/octet-stream"}.items():
        put(root / name, b"x")
        assert get(server, "/" + name).field("Content-Type") == expected


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("size", [0, 1, 4095, 65536, 65537, 5_000_000])
def test_files_of_any_size_come_whole(serve, root, size):
    data = random_bytes(size)
    put(root / "data.bin", data)
    answer = get(serve(), "/data.bin")
    assert answer.field("Content-Length") == str(size)
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(data).digest()


@pytest.mark.promise("APP-3", "CON-4")
def test_many_questions_on_one_connection_are_answered_in_order(serve):
    server = serve({"keep_alive_requests": 1000, "workers": 1})
    targets = ["/digits.txt", "/missing", "/pond/", "/empty.css", "/pond", "/bare/leaf"] * 20
    bodies = {"/digits.txt": DIGITS, "/pond/": b"in the pond", "/empty.css": b"", "/bare/leaf": b"leaf"}
    with server.connect() as connection:
        connection.send(b"".join(f"GET {target} HTTP/1.1\r\nHost: test\r\n\r\n".encode() for target in targets))
        for target in targets:
            answer = connection.read_answer()
            assert answer.status == {"/missing": 404, "/pond": 301}.get(target, 200)
            assert answer.body == bodies.get(target, answer.body)


# ---- Directories ----

@pytest.mark.promise("APP-3")
def test_a_directory_is_its_index(serve):
    server = serve()
    assert get(server, "/").body == PAGE
    assert get(server, "/?a=b").body == PAGE
    assert get(server, "/pond/").body == b"in the pond"
    assert get(server, "/").field("Content-Type") == "text/html; charset=utf-8"


@pytest.mark.promise("APP-3", "CON-10")
@pytest.mark.parametrize("target, location", [
    ("/pond", "/pond/"), ("/pond?a=%2F&b", "/pond/?a=%2F&b"), ("/%70ond", "/pond/"), ("/big%20pond", "/big%20pond/"),
    ("/a%0d%0aX-Evil:%201", "/a%0D%0AX-Evil%3A%201/"), ("/%5cevil.example", "/%5Cevil.example/"), ("http://other/pond", "/pond/"),
])
def test_a_directory_without_its_slash_is_elsewhere(serve, root, target, location):
    for name in ("big pond", "a\r\nX-Evil: 1", "\\evil.example"):
        (root / name).mkdir()
    answer = get(serve(), target)
    assert (answer.status, answer.field("Location"), answer.field("X-Evil")) == (301, location, None)


@pytest.mark.promise("APP-3")
def test_no_directory_is_listed(serve, root):
    put(root / "odd/index.html/x", b"")
    server = serve()
    for target in ("/bare/", "/odd/", "/odd/index.html/"):
        answer = get(server, target)
        assert answer.status == 404 and b"leaf" not in answer.body, target
    assert get(server, "/bare").status == 301


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("target", [
    "/missing", "/missing/", "/pond/missing", "/digits.txt/", "/digits.txt/x", "//", "//digits.txt", "/pond//frog.txt", "/pond//",
    "/" + "x" * 256, "/" + "x/" * 2500, "/Digits.txt", "/digits.txt%20", "/digits.txt.", "//evil.example/", "/pond%2ffrog.txt",
    "/%2fpond/frog.txt", "/pond%2F", "/pond/%2e/frog.txt",
])
def test_what_is_not_there_is_not_found(serve, target):
    answer = get(serve(), target)
    assert (answer.status, answer.text) == (404, "Not Found\n")
    assert answer.field("ETag") is None and answer.field("Location") is None


# ---- Methods ----

@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_not_allowed(serve, root, method):
    server = serve()
    for target in ("/digits.txt", "/new.txt", "/pond/"):
        answer = get(server, target, method=method)
        assert (answer.status, answer.field("Allow")) == (405, "GET, HEAD, OPTIONS")
    assert (root / "digits.txt").read_bytes() == DIGITS and not (root / "new.txt").exists()


@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.parametrize("target", ["/digits.txt", "/", "*"])
def test_options_names_the_methods(serve, target):
    server = serve()
    with server.connect() as connection:
        connection.ask(target, "OPTIONS", ["Connection: close"])
        answer = connection.read_answer(has_body=False)
        connection.wait_closed()
    assert (answer.status, answer.field("Allow")) == (204, "GET, HEAD, OPTIONS")


# ---- No way out ----

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


# ---- Conditions ----

@pytest.mark.promise("CON-4", "APP-3")
def test_conditions_are_looked_at_in_the_order_of_the_standard(serve):
    """RFC 9110 13.2.2; the whole table stands in the test of the pure part."""
    server = serve({"keep_alive_requests": 0})
    before, after = (email.utils.formatdate(OLD + seconds, usegmt=True) for seconds in (-1, 1))
    tag = get(server, "/digits.txt").field("ETag")
    rows = [
        ([f"If-None-Match: {tag}"], 304), ([f"If-None-Match: W/{tag}"], 304), (["If-None-Match: *"], 304),
        ([f'If-None-Match: "a", {tag}'], 304), (['If-None-Match: "a"'], 200), (['If-None-Match: "a"', f"If-None-Match: {tag}"], 304),
        ([f"If-Modified-Since: {OLD_DATE}"], 304), ([f"If-Modified-Since: {after}"], 304), ([f"If-Modified-Since: {before}"], 200),
        (["If-Modified-Since: Sunday, 13-Sep-20 12:26:40 GMT"], 304), (["If-Modified-Since: Sun Sep 13 12:26:40 2020"], 304),
        (["If-Modified-Since: yesterday"], 200), ([f"If-Modified-Since: {OLD_DATE}"] * 2, 200),
        (['If-None-Match: "a"', f"If-Modified-Since: {after}"], 200),
        ([f"If-Match: {tag}"], 200), (["If-Match: *"], 200), (['If-Match: "a"'], 412), ([f"If-Match: W/{tag}"], 412),
        ([f"If-Unmodified-Since: {OLD_DATE}"], 200), ([f"If-Unmodified-Since: {before}"], 412),
        ([f"If-Match: {tag}", f"If-Unmodified-Since: {before}"], 200), ([f"If-Match: {tag}", f"If-None-Match: {tag}"], 304),
        (['If-Match: "a"', f"If-None-Match: {tag}"], 412), ([f"if-none-match:{tag}"], 304),
    ]
    for method, (fields, status) in itertools.product(("GET", "HEAD"), rows):
        with server.connect() as connection:
            connection.ask("/digits.txt", method, ["Connection: close", *fields])
            has_body = method == "GET" and status != 304
            answer = connection.read_answer(has_body)
            connection.wait_closed()
        assert answer.status == status, (method, fields)
        assert answer.body == ({200: DIGITS, 412: b"Precondition Failed\n"}[status] if has_body else b"")


@pytest.mark.promise("CON-4")
def test_not_modified_says_what_a_cache_needs(serve):
    server = serve(max_age=60)
    tag = get(server, "/digits.txt").field("ETag")
    with server.connect() as connection:
        connection.ask("/digits.txt", fields=[f"If-None-Match: {tag}"])
        answer = connection.read_answer(has_body=False)
        assert fields_of(answer) == {"etag": tag, "cache-control": "max-age=60"}
        assert ask(connection, "/digits.txt").body == DIGITS, "nothing followed the head"


@pytest.mark.promise("CON-4")
def test_what_is_not_there_has_no_conditions(serve):
    server = serve()
    for target, status in (("/missing", 404), ("/pond", 301)):
        for field in ("If-Match: *", 'If-Match: "a"', "If-None-Match: *", f"If-Modified-Since: {OLD_DATE}", "Range: bytes=0-1"):
            assert get(server, target, field).status == status


@pytest.mark.promise("CON-4")
def test_another_version_has_another_tag(serve, root):
    server = serve()
    path, tags = root / "digits.txt", []

    def look():
        tags.append(get(server, "/digits.txt").field("ETag"))

    look()
    look()
    assert tags[0] == tags[1]
    put(path, DIGITS[::-1], OLD + 1)
    look()
    put(path, DIGITS + DIGITS, OLD + 1)
    look()
    os.utime(path, ns=(OLD * 10**9, OLD * 10**9 + 1))
    look()
    put(root / "new", DIGITS + DIGITS)
    os.utime(root / "new", ns=(OLD * 10**9, OLD * 10**9 + 1))
    os.rename(root / "new", path)
    look()
    assert len(set(tags)) == 5, tags


@pytest.mark.promise("CON-4")
def test_a_file_that_may_still_change_has_a_weak_tag(serve, root):
    """RFC 9110 8.8.1; a date ahead of the clock is such a case at any time, and it is not repeated (8.8.2.1)."""
    put(root / "digits.txt", DIGITS, int(time.time()) + 1000)
    server = serve()
    answer = get(server, "/digits.txt")
    tag, modified = answer.field("ETag"), answer.field("Last-Modified")
    assert tag.startswith('W/"') and email.utils.parsedate(modified) <= email.utils.parsedate(answer.field("Date"))
    for validator in (tag, tag[2:], modified):
        assert get(server, "/digits.txt", "Range: bytes=1-2", f"If-Range: {validator}").status == 200
    assert get(server, "/digits.txt", "Range: bytes=1-2").status == 206
    assert get(server, "/digits.txt", f"If-Match: {tag}").status == 412
    with server.connect() as connection:
        connection.ask("/digits.txt", fields=[f"If-None-Match: {tag}"])
        assert connection.read_answer(has_body=False).status == 304


@pytest.mark.promise("CON-4")
def test_a_client_is_told_how_long_it_need_not_ask(serve):
    server = serve(max_age=3600)
    assert get(server, "/digits.txt").field("Cache-Control") == "max-age=3600"
    assert get(server, "/digits.txt", "Range: bytes=1-2").field("Cache-Control") == "max-age=3600"
    assert get(server, "/missing").field("Cache-Control") is None


# ---- Parts ----

@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.parametrize("asked, first, last", [
    ("0-3", 0, 3), ("4-6", 4, 6), ("4-", 4, 9), ("-3", 7, 9), ("0-0", 0, 0), ("9-9", 9, 9), ("9-", 9, 9), ("-1", 9, 9), ("0-", 0, 9),
    ("0-9", 0, 9), ("0-999", 0, 9), ("-999", 0, 9), ("-99999999999999999999", 0, 9), ("3-99999999999999999999", 3, 9), ("4-6,", 4, 6),
])
def test_a_part_is_sent_as_such(serve, asked, first, last):
    answer = get(serve(), "/digits.txt", f"Range: bytes={asked}")
    assert (answer.status, answer.body) == (206, DIGITS[first:last + 1])
    assert answer.field("Content-Range") == f"bytes {first}-{last}/10"
    assert answer.field("Content-Type") == "text/plain; charset=utf-8" and answer.field("ETag")


@pytest.mark.promise("CON-4")
def test_a_part_behind_the_end_cannot_be_had(serve):
    server = serve()
    for target, asked, size in (("/digits.txt", "10-", 10), ("/digits.txt", "99-100", 10), ("/digits.txt", "-0", 10),
                                ("/digits.txt", "99999999999999999999-", 10), ("/empty.css", "0-", 0)):
        answer = get(server, target, f"Range: bytes={asked}")
        assert (answer.status, answer.field("Content-Range")) == (416, f"bytes */{size}"), asked
        assert answer.field("ETag") is None


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("field", ["bytes=0-1,4-5", "bytes=", "bytes=5-3", "bytes=a-b", "lines=1-2", "0-3", "bytes=0-1\r\nRange: bytes=2-3"])
def test_other_ranges_are_ignored(serve, field):
    answer = get(serve(), "/digits.txt", f"Range: {field}")
    assert (answer.status, answer.body, answer.field("Content-Range")) == (200, DIGITS, None)


@pytest.mark.promise("CON-4")
def test_head_and_other_methods_know_no_ranges(serve):
    server = serve()
    for field in ("bytes=1-2", "bytes=99-"):
        answer = get(server, "/digits.txt", f"Range: {field}", method="HEAD")
        assert (answer.status, answer.field("Content-Length"), answer.field("Content-Range")) == (200, "10", None)
        assert get(server, "/digits.txt", f"Range: {field}", method="POST").status == 405


@pytest.mark.promise("CON-4")
def test_a_part_is_of_use_beside_the_rest_of_the_same_version(serve):
    server = serve()
    tag = get(server, "/digits.txt").field("ETag")
    for validator, status in ((tag, 206), (OLD_DATE, 206), ('"other"', 200), (f"W/{tag}", 200), (f'"other", {tag}', 200), ("*", 200),
                              (email.utils.formatdate(OLD + 1, usegmt=True), 200), ("never", 200)):
        answer = get(server, "/digits.txt", "Range: bytes=2-3", f"If-Range: {validator}")
        assert (answer.status, answer.body) == (status, DIGITS if status == 200 else b"23"), validator


@pytest.mark.promise("CON-4", "CON-7")
def test_a_gibibyte_costs_what_is_asked_of_it(serve, root):
    size = (1 << 30) + 7
    with open(root / "sparse.bin", "wb") as file:
        file.truncate(size)
        file.seek(1 << 29)
        file.write(b"middle")
        file.seek(size - 3)
        file.write(b"end")
    server = serve()
    assert get(server, "/sparse.bin", method="HEAD").field("Content-Length") == str(size)
    for asked, body in ((f"{1 << 29}-{(1 << 29) + 5}", b"middle"), ("-3", b"end"), (f"{size - 5}-", b"\0\0end")):
        answer = get(server, "/sparse.bin", f"Range: bytes={asked}")
        assert (answer.status, answer.body) == (206, body)
        assert answer.field("Content-Range").endswith(f"/{size}")


# ---- Files that change ----

def begin(server, target, *fields):
    """A download of which only the head and the first bytes have been read; sockets hold little of the rest."""
    connection = server.connect()
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    connection.ask(target, fields=["Connection: close", *fields])
    head = connection.read_through(b"\r\n\r\n")
    assert b"\r\nContent-Length: %d\r\n" % LARGE in head
    return connection, connection.read_exactly(1000)


def rest_of(connection):
    """What is still to come of a download, up to its end or to a reset."""
    rest, connection.received = bytearray(connection.received), b""
    try:
        while part := connection.socket.recv(1 << 20):
            rest += part
    except ConnectionResetError:
        pass
    return bytes(rest)


@pytest.mark.promise("APP-3", "CON-7")
def test_a_download_goes_on_with_the_file_that_it_began_with(serve, root):
    old, new = random_bytes(LARGE), b"new"
    put(root / "large.bin", old)
    server = serve()
    connection, first = begin(server, "/large.bin")
    with connection:
        put(root / "new", new)
        os.rename(root / "new", root / "large.bin")
        assert get(server, "/large.bin").body == new
        rest = rest_of(connection)
    assert first + rest == old


@pytest.mark.promise("APP-3", "CON-7")
def test_a_file_that_becomes_shorter_cuts_the_connection(serve, root):
    path = put(root / "large.bin", random_bytes(LARGE))
    server = serve({"workers": 1})
    worker, = server.workers()
    connection, _ = begin(server, "/large.bin")
    with connection:
        os.truncate(path, 2000)
        assert get(server, "/large.bin").field("Content-Length") == "2000"
        rest = rest_of(connection)
    assert 1000 + len(rest) < LARGE
    assert server.workers() == [worker] and not server.trace.worker_ends()


@pytest.mark.promise("APP-3")
def test_a_file_that_becomes_longer_is_sent_as_it_was_announced(serve, root):
    data = random_bytes(LARGE)
    path = put(root / "large.bin", data)
    server = serve()
    connection, first = begin(server, "/large.bin")
    with connection:
        with open(path, "ab") as file:
            file.write(b"more")
        assert first + rest_of(connection) == data


@pytest.mark.promise("APP-3", "CON-7")
def test_a_client_that_goes_away_leaves_nothing(serve, root):
    put(root / "large.bin", random_bytes(LARGE))
    server = serve({"workers": 1})
    worker, = server.workers()
    before = processes.descriptors_of(worker)
    for number in range(6):
        connection, _ = begin(server, "/large.bin")
        if number % 2:
            connection.reset_on_close()
        connection.close()
    await_given_back(worker, before)
    assert server.workers() == [worker]


@pytest.mark.promise("APP-3")
def test_files_that_are_replaced_all_the_time_are_never_mixed(serve, root):
    """Each version is one letter; every answer is one of them, whole, under its own tag."""
    server = serve({"keep_alive_requests": 0})
    seen = {}
    with server.connect() as connection:
        for number in range(200):
            letter = b"abc"[number % 3:number % 3 + 1]
            put(root / "new", letter * (50_000 + 1000 * (number % 3)), OLD + number % 3)
            os.rename(root / "new", root / "large.txt")
            connection.ask("/large.txt")
            answer = connection.read_answer()
            assert answer.body == letter * (50_000 + 1000 * (number % 3))
            assert seen.setdefault(answer.field("ETag"), letter) == letter


@pytest.mark.promise("UPG-1", "UPG-2", "APP-3")
def test_a_download_outlives_a_hot_deployment(serve, root, tmp_path):
    """And the new generation serves the directory to which the root's name leads by then, the old one its own."""
    data = random_bytes(LARGE)
    put(root / "large.bin", data)
    put(tmp_path / "next/digits.txt", b"next")
    link = Link(tmp_path / "current", root)
    server = serve(root=str(link))
    connection, first = begin(server, "/large.bin")
    with connection:
        link.switch(tmp_path / "next")
        assert get(server, "/digits.txt").body == DIGITS, "a generation keeps its root"
        old = server.manager
        server.signal("USR2")
        server.await_successor()
        wait_until(lambda: get(server, "/digits.txt").body == b"next", "the old workers to accept no more")
        assert processes.lives(old), "it has a file to send"
        assert first + rest_of(connection) == data
    server.await_gone(old)


# ---- Real clients ----

def curl(server, *arguments):
    url = f"http://{server.address[0]}:{server.port}/large.bin"
    return subprocess.run(["curl", "--silent", "--show-error", "--fail", "--max-time", "60", *map(str, arguments), url],
                          capture_output=True, text=True, timeout=90, check=False)


@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("there", [1, 999_999, LARGE - 1])
def test_curl_resumes_a_download(serve, root, tmp_path, there):
    data = random_bytes(LARGE)
    put(root / "large.bin", data)
    server = serve()
    mine = tmp_path / "mine"
    mine.write_bytes(data[:there])
    result = curl(server, "-C", "-", "-o", mine, "-w", "%{http_code} %{size_download}")
    assert (result.returncode, result.stdout) == (0, f"206 {LARGE - there}"), result.stderr
    assert mine.read_bytes() == data


@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_asks_again_only_for_what_is_new(serve, root, tmp_path):
    put(root / "large.bin", b"first")
    server = serve()
    mine, tag = tmp_path / "mine", tmp_path / "tag"
    ask_again = ["-R", "--etag-save", tag, "--etag-compare", tag, "-o", mine, "-w", "%{http_code}"]
    assert [curl(server, *ask_again).stdout for _ in range(2)] == ["200", "304"]
    assert int(mine.stat().st_mtime) == OLD
    assert curl(server, "-z", mine, "-o", tmp_path / "other", "-w", "%{http_code}").stdout == "304"
    put(root / "large.bin", b"later", OLD + 10)
    assert curl(server, *ask_again).stdout == "200" and mine.read_bytes() == b"later"


# ---- Options ----

@pytest.mark.promise("CFG-7", "CLI-4")
@pytest.mark.parametrize("options, said", [
    ({"roof": "x"}, "there is no option roof; static knows dotfiles, index, max_age and root"),
    ({"dotfiles": "yes"}, 'option dotfiles is "yes", it takes 0 or 1'), ({"dotfiles": ""}, 'option dotfiles is ""'),
    ({"dotfiles": 2}, 'option dotfiles is "2"'), ({"index": ""}, 'option index is "", it takes the name of a file'),
    ({"index": "a/b"}, 'option index is "a/b"'), ({"index": ".."}, 'option index is ".."'), ({"max_age": -1}, 'option max_age is "-1"'),
    ({"max_age": 1.5}, 'option max_age is "1.5"'), ({"max_age": ""}, 'option max_age is ""'),
    ({"max_age": "9999999999"}, 'option max_age is "9999999999", it takes a whole number of seconds of up to 9 digits'),
    ({"root": ""}, "option root is empty"), ({"root": "/no/such/pond"}, 'option root: cannot read the directory "/no/such/pond": No such'),
    ({"root": "/etc/passwd"}, 'cannot read the directory "/etc/passwd": Not a directory'),
    ({"root": "x" * 4000}, "File name too long"), ({}, "public\": No such file or directory; the option root names another one"),
])
def test_an_option_that_cannot_be_is_refused(command, build, options, said):
    options = {"root": "/", **options} if options and "root" not in options else options
    result = command(*command.configure(app=options), "--test", build.app("static"))
    assert (result.status, result.stdout) == (1, "")
    assert "refuses to start: " in result.stderr and said in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.promise("CFG-7", "CLI-4")
def test_options_that_are_right_are_taken(command, build, root):
    for options in ({}, {"index": "start.htm"}, {"dotfiles": 0}, {"dotfiles": 1}, {"max_age": 0}, {"max_age": 999999999}):
        result = command(*command.configure(app={"root": str(root), **options}), "--test", build.app("static"))
        assert (result.status, result.stderr) == (0, ""), options


@pytest.mark.promise("CFG-7", "UPG-5")
def test_a_root_that_has_gone_leaves_the_old_generation(serve, root, command):
    server = serve()
    server.excuse("log", "what a generation says before it has a log stands there as it is")
    server.excuse("generations", "one fails on purpose")
    os.rename(root, root.with_name("moved"))
    result = command(*server.options, "--config", server.config_file, server.app)
    assert result.status == 1 and "No such file or directory" in result.stderr
    assert get(server, "/digits.txt").body == DIGITS


@pytest.mark.promise("CFG-7")
@pytest.mark.parametrize("option, directory", [(None, "public"), ("./site", "site"), ("a/b", "a/b")])
def test_a_root_is_looked_for_beside_the_application(prepare, build, tmp_path, option, directory):
    release = tmp_path / "release"
    put(release / directory / "x", b"here")
    server = prepare(shutil.copy(build.app("static"), release / "app.so"))
    if option is not None:
        server.settings["app"] = {"root": option}
        server.write_config()
    assert get(server.start(), "/x").body == b"here"


@pytest.mark.promise("CFG-7")
def test_the_index_may_have_another_name(serve, root):
    put(root / "start.htm", b"start")
    server = serve(index="start.htm")
    assert get(server, "/").body == b"start"
    assert get(server, "/pond/").status == 404
