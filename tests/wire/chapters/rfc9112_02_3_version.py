"""RFC 9112 2.3 and RFC 9110 2.5, 6.2: the version"""
from wire.case import REFUSED, SERVED, Case, get, request


def of(version):
    return request(b"GET / " + version, b"Host: h")


UNSUPPORTED = "505 close"

CASES = [
    Case("HTTP-9112-2.3-1", "HTTP/1.1", of(b"HTTP/1.1"), SERVED),
    Case("HTTP-9112-2.3-2", "HTTP/1.0: the answer is the last one", of(b"HTTP/1.0"), "200 close", body=b"Hello World"),
    Case("HTTP-9112-2.3-3", "HTTP/1.0 without any field", b"GET / HTTP/1.0\r\n\r\n", "200 close", body=b"Hello World"),
    Case("HTTP-9112-2.3-4", "HTTP/0.9 by name", of(b"HTTP/0.9"), UNSUPPORTED, also="400 close"),
    Case("HTTP-9112-2.3-5", "HTTP/0.0", of(b"HTTP/0.0"), UNSUPPORTED, also="400 close"),
    Case("HTTP-9112-2.3-6", "HTTP/1.2", of(b"HTTP/1.2"), UNSUPPORTED, also=(SERVED, "400 close")),
    Case("HTTP-9112-2.3-7", "HTTP/1.9", of(b"HTTP/1.9"), UNSUPPORTED, also=(SERVED, "400 close")),
    Case("HTTP-9112-2.3-8", "HTTP/2.0", of(b"HTTP/2.0"), UNSUPPORTED, also="400 close"),
    Case("HTTP-9112-2.3-9", "HTTP/2.1", of(b"HTTP/2.1"), UNSUPPORTED, also="400 close"),
    Case("HTTP-9112-2.3-10", "HTTP/3.0", of(b"HTTP/3.0"), UNSUPPORTED, also="400 close"),
    Case("HTTP-9112-2.3-11", "HTTP/9.9", of(b"HTTP/9.9"), UNSUPPORTED, also="400 close"),
    Case("HTTP-9112-2.3-12", "an unsupported version comes before an unknown method",
         request(b"HELLO / HTTP/3.0", b"Host: h"), UNSUPPORTED, also=("400 close", "501 close")),
    Case("HTTP-9112-2.3-13", "HTTP/1.10", of(b"HTTP/1.10"), REFUSED),
    Case("HTTP-9112-2.3-14", "HTTP/11.1", of(b"HTTP/11.1"), REFUSED, also=UNSUPPORTED),
    Case("HTTP-9112-2.3-15", "HTTP/01.1", of(b"HTTP/01.1"), REFUSED),
    Case("HTTP-9112-2.3-16", "HTTP/1.01", of(b"HTTP/1.01"), REFUSED),
    Case("HTTP-9112-2.3-17", "HTTP/1", of(b"HTTP/1"), REFUSED),
    Case("HTTP-9112-2.3-18", "HTTP/2", of(b"HTTP/2"), REFUSED, also=UNSUPPORTED),
    Case("HTTP-9112-2.3-19", "HTTP/1.", of(b"HTTP/1."), REFUSED),
    Case("HTTP-9112-2.3-20", "HTTP/.1", of(b"HTTP/.1"), REFUSED),
    Case("HTTP-9112-2.3-21", "HTTP/1,1", of(b"HTTP/1,1"), REFUSED),
    Case("HTTP-9112-2.3-22", "HTTP/1.1.1", of(b"HTTP/1.1.1"), REFUSED),
    Case("HTTP-9112-2.3-23", "HTTP/+1.1", of(b"HTTP/+1.1"), REFUSED),
    Case("HTTP-9112-2.3-24", "HTTP/1.x", of(b"HTTP/1.x"), REFUSED),
    Case("HTTP-9112-2.3-25", "HTTP/a.1", of(b"HTTP/a.1"), REFUSED),
    Case("HTTP-9112-2.3-26", "HTTP/1 .1", of(b"HTTP/1 .1"), REFUSED),
    Case("HTTP-9112-2.3-27", "HTTP /1.1", of(b"HTTP /1.1"), REFUSED),
    Case("HTTP-9112-2.3-28", "HTTP 1.1", of(b"HTTP 1.1"), REFUSED),
    Case("HTTP-9112-2.3-29", "http/1.1: the name has capitals", of(b"http/1.1"), REFUSED),
    Case("HTTP-9112-2.3-30", "Http/1.1", of(b"Http/1.1"), REFUSED),
    Case("HTTP-9112-2.3-31", "HTTPS/1.1", of(b"HTTPS/1.1"), REFUSED),
    Case("HTTP-9112-2.3-32", "HTP/1.1", of(b"HTP/1.1"), REFUSED),
    Case("HTTP-9112-2.3-33", "RTSP/1.0", of(b"RTSP/1.0"), REFUSED),
    Case("HTTP-9112-2.3-34", "ICE/1.0", request(b"SOURCE / ICE/1.0", b"Host: h"), REFUSED, also="501 close"),
    Case("HTTP-9112-2.3-35", "the simple request of HTTP/0.9", b"GET /\r\n", REFUSED, also="end"),
    Case("HTTP-9112-2.3-36", "the version alone", b"HTTP/1.1\r\n\r\n", REFUSED),
    Case("HTTP-9112-2.3-37", "a NUL behind the version", of(b"HTTP/1.1\0"), REFUSED),
    Case("HTTP-9110-6.2-1", "an HTTP/1.0 request is answered as HTTP/1.1",
         request(b"GET / HTTP/1.0", b"Connection: keep-alive"), SERVED, also="200 close"),
    Case("HTTP-9110-6.2-2", "two versions on one connection", get() + request(b"GET / HTTP/1.0", b"Connection: keep-alive"),
         "200 200 open", also="200 200 close"),
]
