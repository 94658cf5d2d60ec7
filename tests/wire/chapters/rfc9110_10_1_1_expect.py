"""RFC 9110 10.1.1: Expect"""
from wire.case import SERVED, SMUGGLED, Case, chunked, get, post, request, sized

ASKED = "100 200 open"
FAILED = "417 close"
# The second 100 is left out if the second body comes together with its head.
TWICE = "100 200 100 200 open"
CONTINUE = b"Expect: 100-continue"

CASES = [
    Case("HTTP-9110-10.1.1-1", "a client that waits is asked for the body", (post(CONTINUE, b"Content-Length: 3"), b"abc"),
         ASKED, body=b"3"),
    Case("HTTP-9110-10.1.1-2", "in another case", (post(b"expect: 100-Continue", b"Content-Length: 3"), b"abc"), ASKED,
         body=b"3"),
    Case("HTTP-9110-10.1.1-3", "with chunks", (post(CONTINUE, b"Transfer-Encoding: chunked"), b"3\r\nabc\r\n0\r\n\r\n"),
         ASKED, body=b"3"),
    Case("HTTP-9110-10.1.1-4", "twice on one connection",
         (post(CONTINUE, b"Content-Length: 1"), b"a" + post(CONTINUE, b"Content-Length: 2"), b"bc"),
         (TWICE, "100 200 200 open"), body=b"2"),
    Case("HTTP-9110-10.1.1-5", "a client that does not wait", sized(b"abc", CONTINUE), (SERVED, ASKED), body=b"3"),
    Case("HTTP-9110-10.1.1-6", "100 comes once", (post(CONTINUE, CONTINUE, b"Content-Length: 3"), b"abc"), ASKED,
         also=(FAILED, "400 close"), body=b"3"),
    Case("HTTP-9110-10.1.1-7", "without a body there is nothing to wait for", get(CONTINUE), SERVED, also=ASKED),
    Case("HTTP-9110-10.1.1-8", "with a body of no bytes", post(CONTINUE, b"Content-Length: 0"), SERVED, also=ASKED,
         body=b"0"),
    Case("HTTP-9110-10.1.1-9", "in HTTP/1.0 it is ignored",
         request(b"POST /len HTTP/1.0", CONTINUE, b"Content-Length: 3") + b"abc", "200 close", body=b"3"),
    Case("HTTP-9110-10.1.1-10", "a body that is not wanted is not asked for",
         (request(b"POST /smuggled HTTP/1.1", b"Host: h", CONTINUE, b"Content-Length: 3"), b""), "404 close",
         also=("404 open", "100 404 end"), has_marker=False),
    Case("HTTP-9110-10.1.1-11", "what follows such an answer is no request",
         (request(b"POST /smuggled HTTP/1.1", b"Host: h", CONTINUE, b"Content-Length: %d" % len(SMUGGLED)), SMUGGLED),
         "404 close", also=("404 open", "100 404 open")),
    Case("HTTP-9110-10.1.1-12", "a body above the limit is refused before it is sent",
         (post(CONTINUE, b"Content-Length: 9999999"), b""), "413 close", has_marker=False),
    Case("HTTP-9110-10.1.1-13", "a malformed head is refused before the body is sent",
         (post(CONTINUE, b"Content-Length: 3", b"Host: g"), b""), "400 close", has_marker=False),
    Case("HTTP-9110-10.1.1-14", "another expectation", sized(b"abc", b"Expect: 200-ok"), FAILED, also=SERVED),
    Case("HTTP-9110-10.1.1-15", "another one beside it", sized(b"abc", b"Expect: 100-continue, tea"), FAILED,
         also=(SERVED, ASKED)),
    Case("HTTP-9110-10.1.1-16", "another one in a second field", sized(b"abc", CONTINUE, b"Expect: tea"), FAILED,
         also=(SERVED, ASKED, "400 close")),
    Case("HTTP-9110-10.1.1-17", "a parameter", sized(b"abc", b"Expect: 100-continue;a=b"), FAILED, also=(SERVED, ASKED)),
    Case("HTTP-9110-10.1.1-18", "a value", sized(b"abc", b"Expect: 100-continue=1"), FAILED, also=(SERVED, ASKED)),
    Case("HTTP-9110-10.1.1-19", "more than 100-continue", sized(b"abc", b"Expect: 100-continued"), FAILED, also=SERVED),
    Case("HTTP-9110-10.1.1-20", "another one without a body", get(b"Expect: tea"), FAILED, also=SERVED),
    Case("HTTP-9110-10.1.1-21", "another one with chunks", chunked(b"0\r\n\r\n", b"Expect: tea"), FAILED, also=SERVED),
    Case("HTTP-9110-10.1.1-22", "another one in HTTP/1.0 is ignored", request(b"GET / HTTP/1.0", b"Expect: tea"),
         "200 close", also=FAILED),
    Case("HTTP-9110-10.1.1-23", "an empty one", get(b"Expect:"), SERVED),
]
