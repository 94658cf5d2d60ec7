"""Files: what a client may ask for - conditions and parts."""
import email.utils
import itertools
import os
import time

import pytest

from harness.static_site import DIGITS, OLD, OLD_DATE, ask, fields_of, get, put, root, serve


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
