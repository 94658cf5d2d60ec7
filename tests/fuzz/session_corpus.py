#!/usr/bin/python3
"""session_corpus - writes the seeds of fuzz_http_session: conversations that reach every route of session_app.h.

    tests/fuzz/session_corpus.py [DIRECTORY]        default: corpus/http_session beside this file

The seeds are named after what they are about; a file that is there already is written anew."""
import pathlib
import sys

HOST = "Host: h\r\n"


def get(path="/", *fields, method="GET", version="1.1", host=HOST):
    return f"{method} {path} HTTP/{version}\r\n{host}{''.join(field + chr(13) + chr(10) for field in fields)}\r\n".encode()


def post(path="/", body=b"hello", *fields):
    return get(path, f"Content-Length: {len(body)}", *fields, method="POST") + body


def chunked(path="/", *chunks, trailers=b"", fields=()):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return get(path, "Transfer-Encoding: chunked", *fields, method="POST") + body + b"0\r\n" + trailers + b"\r\n"


EXPECT = "Expect: 100-continue"
CLOSE = "Connection: close"

# Every letter of session_app.h.
LETTERS = "abcdefghijklmnostuvwx"

SEEDS = {
    # Every route, alone and with a body, and one more request behind it.
    **{f"route_{letter}": get(f"/{letter}") + get("/") for letter in LETTERS},
    **{f"route_{letter}_body": post(f"/{letter}") + get("/") for letter in LETTERS},
    **{f"route_{letter}_head": get(f"/{letter}", method="HEAD") + get("/") for letter in LETTERS},
    **{f"route_{letter}_chunked": chunked(f"/{letter}", b"abc", b"d" * 40) + get("/") for letter in "abcdehlos"},
    # Bodies.
    "chunked": chunked("/", b"a", b"bc", b"def" * 30),
    "chunked_extension": get("/", "Transfer-Encoding: chunked", method="PUT") + b"3;a=\"b\"\r\nabc\r\n0\r\n\r\n",
    "chunked_trailers": chunked("/", b"abc", trailers=b"X-Sum: 1\r\nX-Other: 2\r\n") + get("/"),
    "chunked_empty": chunked("/") + get("/"),
    "chunked_malformed": get("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n",
    "chunked_malformed_head": get("/", "Transfer-Encoding: chunked", method="HEAD") + b"zz\r\n",
    "chunked_malformed_held": get("/h", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabcd\r\n",
    "body_empty": post("/", b"") + get("/"),
    "body_cut_off": post("/", b"x" * 10)[:-5],
    "body_large": post("/", b"x" * 9000) + get("/"),
    "body_two_reads": post("/", b"x" * 30000) + get("/"),
    "body_too_large": post("/", b"x" * 41),
    "body_small_route": post("/s", b"x" * 10) + post("/s", b"x" * 11) + get("/"),
    "body_small_chunked": chunked("/s", b"x" * 6, b"y" * 6),
    # 100 Continue.
    "expect": post("/", b"hello", EXPECT) + get("/"),
    "expect_chunked": chunked("/", b"abc", fields=(EXPECT,)),
    "expect_held": post("/d", b"hello", EXPECT) + get("/"),
    "expect_parts": post("/b", b"hello", EXPECT) + chunked("/b", b"abc", fields=(EXPECT,)) + get("/"),
    "body_parts": post("/b", b"x" * 30000) + chunked("/b", *[b"y" * 500] * 40) + get("/"),
    "body_echo": chunked("/c", *[b"y" * 500] * 40) + get("/"),
    "body_parts_malformed": get("/b", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\nzz\r\n",
    "body_echo_malformed": get("/c", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\nzz\r\n",
    "expect_refused": get("/e", EXPECT, "Content-Length: 5", method="POST"),
    "expect_old": get("/", EXPECT, "Content-Length: 3", method="POST", version="1.0") + b"abc",
    "expect_other": get("/", "Expect: more"),
    # The end of the connection.
    "close": get("/", CLOSE) + get("/"),
    "close_behind": get("/") + get("/", CLOSE) + b"more",
    "old": get("/", version="1.0"),
    "old_keep_alive": get("/", "Connection: keep-alive", version="1.0") * 2,
    "old_without_host": get("/", version="1.0", host=""),
    **{f"old_{letter}": get(f"/{letter}", version="1.0") for letter in "abcgklovw"},
    "old_parts_keep_alive": get("/a", "Connection: keep-alive", version="1.0") + get("/o", version="1.0"),
    "trailers": get("/a", "TE: trailers") + get("/c", "TE: trailers", "Connection: TE") + get("/"),
    "last_of_three": get("/") * 7,
    # Many at once.
    "pipeline": get("/") * 40,
    "pipeline_held": get("/h") * 12 + get("/t") * 5 + get("/"),
    "pipeline_large": get("/l") * 9 + get("/"),
    "pipeline_parts": get("/a") * 9 + get("/o") + get("/k") * 3 + get("/"),
    "pipeline_mixed": get("/l") + post("/") + get("/h") + chunked("/d", b"abc") + get("/m") + get("/n") + get("/t") + get("/"),
    "early_input": get("/h") + post("/", b"y" * 20000) + get("/"),
    # A client that vanishes in the middle while the application works, with an answer unread.
    "vanished": get("/") + get("/h") + get("/", "X: " + "x" * 200),
    "vanished_behind_body": get("/") + post("/d") + get("/", "X: " + "x" * 200),
    "vanished_unread": get("/l") * 5 + get("/h") + get("/", "X: " + "x" * 300),
    # What is refused.
    "bare_lf": b"GET / HTTP/1.1\nHost: h\n\n",
    "two_lengths": get("/", "Content-Length: 1", "Content-Length: 2"),
    "length_and_coding": get("/", "Content-Length: 1", "Transfer-Encoding: chunked"),
    "coding_unknown": get("/", "Transfer-Encoding: gzip"),
    "folded": get("/", "X: a\r\n b"),
    "no_host": get("/", host=""),
    "two_hosts": get("/", HOST.strip()),
    "version": get("/", version="2.0"),
    "version_old": b"GET /\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "space_before_colon": get("/", "X : y"),
    "nul": get("/", "X: a\0b"),
    "long_line": get("/" + "x" * 8200),
    "long_head": get("/", *[f"X-{number}: {'y' * 200}" for number in range(90)]),
    "many_fields": get("/", *["A: b"] * 101),
    "escape_malformed": get("/%zz"),
    "escape_malformed_head": get("/%zz", method="HEAD"),
    "escape_nul": get("/%00"),
    "connect": get("h:1", method="CONNECT"),
    "trace": get("/", method="TRACE"),
    "refused_behind": get("/h") + get("/") + b"GET / HTTP/1.1\r\n\r\n" + get("/"),
    # Forms.
    "asterisk": get("*", method="OPTIONS") + get("/"),
    "absolute": get("http://h/a?q=1%20b#") + get("http://other/?q=2"),
    "query": get("/?q=a%26b&q=c") + get("/?x&q") + get("/a%20b?q=%C3%A4"),
    "empty_lines": b"\r\n\r\n" + get("/") + b"\r\n" + get("/"),
    "unfinished": get("/") + b"GET / HTT",
}


def main():
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus/http_session"
    directory.mkdir(parents=True, exist_ok=True)
    for name, stream in SEEDS.items():
        (directory / name).write_bytes(stream)
    print(f"{directory}: {len(SEEDS)} seeds")


if __name__ == "__main__":
    main()
