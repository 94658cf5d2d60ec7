"""Limits: RFC 9110 15.5.14 and 15.5.15, RFC 6585 5, RFC 9112 3 and 7.1.1"""
from wire.case import SERVED, Case, chunked, get, post, request, sized

LONG = "414 close"
LARGE = "431 close"
TOO_MUCH = "413 close"
# nginx answers 400 to what is too large for its buffers.
OTHERS = "400 close"


def line_of(size):
    """A request line of so many bytes, its CRLF not among them."""
    return b"/info?" + b"a" * (size - len(b"GET /info? HTTP/1.1"))


def field_of(size):
    return b"A: " + b"b" * (size - 3)


def head_of(size):
    """A whole head of so many bytes."""
    return get(field_of(size - len(get()) - 2))


CASES = [
    Case("HTTP-9112-3-22", "a request line of 8,000 bytes", get(target=line_of(8000)), SERVED),
    Case("HTTP-9112-3-23", "a request line of 8,192 bytes", get(target=line_of(8192)), SERVED, also=LONG),
    Case("HTTP-9110-15.5.15-1", "a request line of 8,193 bytes", get(target=line_of(8193)), LONG, also=SERVED),
    Case("HTTP-9110-15.5.15-2", "a request line of 20,000 bytes", get(target=line_of(20000)), LONG, also=SERVED),
    Case("HTTP-9110-15.5.15-3", "a request line that does not end", b"GET /" + b"a" * 30000, LONG, has_marker=False),
    Case("HTTP-9110-15.5.15-4", "a method that does not end", b"A" * 30000, (LONG, "400 close", "501 close"),
         has_marker=False),
    Case("HTTP-6585-5-1", "a head of 8,000 bytes", head_of(8000), SERVED),
    Case("HTTP-6585-5-2", "a head of 16,384 bytes", head_of(16384), SERVED, also=(LARGE, OTHERS)),
    Case("HTTP-6585-5-3", "a head of 16,385 bytes", head_of(16385), LARGE, also=(SERVED, OTHERS)),
    Case("HTTP-6585-5-4", "a field of 30,000 bytes", get(field_of(30000)), LARGE, also=(SERVED, OTHERS)),
    Case("HTTP-6585-5-5", "a field that does not end", b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"b" * 60000, LARGE,
         also=OTHERS, has_marker=False),
    Case("HTTP-6585-5-6", "a name that does not end", b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A" * 60000, LARGE, also=OTHERS,
         has_marker=False),
    Case("HTTP-6585-5-7", "fields that do not end", b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A: 1\r\n" * 10000, LARGE,
         also=OTHERS, has_marker=False),
    Case("HTTP-6585-5-8", "a hundred fields", get(*[b"A: 1"] * 99), SERVED, also=(LARGE, OTHERS)),
    Case("HTTP-6585-5-9", "a hundred and one fields", get(*[b"A: 1"] * 100), LARGE, also=(SERVED, OTHERS)),
    Case("HTTP-6585-5-10", "a second head that is too large", get() + head_of(20000), "200 431 close",
         also=("200 200 open", "200 400 close")),
    Case("HTTP-9110-15.5.14-1", "a body of 1 MiB", sized(b"x" * (1 << 20)), SERVED, body=b"1048576"),
    Case("HTTP-9110-15.5.14-2", "a length one byte above the limit", post(b"Content-Length: 1048577"), TOO_MUCH),
    Case("HTTP-9110-15.5.14-3", "a body one byte above the limit", sized(b"x" * ((1 << 20) + 1)), TOO_MUCH),
    Case("HTTP-9110-15.5.14-4", "a chunk above the limit", chunked(b"100001\r\nabc"), TOO_MUCH),
    Case("HTTP-9110-15.5.14-5", "chunks that are above the limit together",
         chunked(b"80000\r\n" + b"x" * 0x80000 + b"\r\n80001\r\nabc"), TOO_MUCH),
    Case("HTTP-9110-15.5.14-6", "chunks up to the limit",
         chunked((b"80000\r\n" + b"x" * 0x80000 + b"\r\n") * 2 + b"0\r\n\r\n"), SERVED, body=b"1048576"),
    Case("HTTP-9110-15.5.14-7", "a length above the limit of a GET", get(b"Content-Length: 9999999"), TOO_MUCH,
         also=("200 close", SERVED)),
    Case("HTTP-9110-15.6.6-1", "a version that is not known", request(b"GET / HTTP/4.2", b"Host: h"), "505 close",
         also=OTHERS),
    Case("HTTP-9110-15.6.2-1", "a method that is not known", request(b"BREW / HTTP/1.1", b"Host: h"), "501 close",
         also=("405 close", OTHERS, SERVED)),
]
