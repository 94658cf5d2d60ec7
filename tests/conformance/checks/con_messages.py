"""CON: requests and answers: what is understood, what is refused, and what an application cannot send."""
import json
import re
import socket

from conformance.asking import LASTING, request
from conformance.registry import check
from harness.client import ConnectionEnded


# ---- CON-4 ----

@check("CON-4.persistent")
def a_connection_persists(case):
    server = case.borrow(**LASTING)
    with server.connect() as connection:
        case.equal({connection.get("/").text for _ in range(20)}, {"Hello World"}, "answers")


@check("CON-4.pipelined")
def pipelined_requests_are_answered_in_order(case):
    server = case.borrow(**LASTING)
    with server.connect() as connection:
        connection.send(request("/slow?s=0.3") + request("/pid") + request("/") + request("/large?bytes=30"))
        answers = [connection.read_answer().text for _ in range(4)]
    case.equal([answers[0], answers[1].isdigit(), answers[2], len(answers[3])], ["slow", True, "Hello World", 30], "the answers")


@check("CON-4.chunked-answer")
def an_answer_of_unknown_size_is_chunked(case):
    with case.borrow(**LASTING).connect() as connection:
        answer = connection.get("/stream?n=5&size=1000")
        case.equal((answer.field("Transfer-Encoding"), len(answer.body)), ("chunked", 5000), "coding and size")
        case.equal(connection.get("/").status, 200, "status of the next request")


@check("CON-4.chunked-request")
def a_chunked_body_is_read(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.send(b"POST /len HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        case.equal(connection.read_answer().text, "11", "the size of the body")


@check("CON-4.body-by-length")
def a_body_with_a_length_is_read(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.ask("/len", "POST", body=b"x" * 200000)
        case.equal(connection.read_answer().text, "200000", "the size of the body")


@check("CON-4.expect")
def expect_100_continue_is_answered(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.send(b"POST /len HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        case.equal(connection.read_answer(has_body=False).status, 100, "the first status")
        connection.send(b"body")
        case.equal(connection.read_answer().text, "4", "the size of the body")


@check("CON-4.head")
def head_has_no_body(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.ask("/", "HEAD")
        answer = connection.read_answer(has_body=False)
        case.equal((answer.status, answer.field("Content-Length")), (200, "11"), "status and length")
        case.equal(connection.get("/").text, "Hello World", "the next answer")


@check("CON-4.http-1.0")
def http_1_0_is_closed_behind_the_answer(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        received = connection.read_rest()
    case.equal(received.partition(b"\r\n\r\n")[2], b"Hello World", "the body")


@check("CON-4.http-1.0-keep-alive")
def http_1_0_is_kept_open_for_who_asks(case):
    with case.borrow(**LASTING).connect() as connection:
        for _ in range(2):
            connection.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            case.equal(connection.read_answer().text, "Hello World", "the answer")


@check("CON-4.absolute-form")
def the_absolute_form_is_understood(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.send(b"GET http://example.test/info HTTP/1.1\r\nHost: example.test\r\n\r\n")
        info = json.loads(connection.read_answer().text)
    case.equal((info["path"], info["host"]), ("/info", "example.test"), "path and host")


@check("CON-4.date")
def every_answer_has_a_date(case):
    server = case.borrow(**LASTING)
    for path in ("/", "/missing"):
        case.holds(server.get(path).field("Date") is not None, f"the answer to {path} has a date")


@check("CON-4.host-missing")
def a_request_without_a_host_is_refused(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\n\r\n")
        case.equal(connection.read_answer().status, 400, "status")


@check("CON-4.half-closed")
def a_client_that_closes_its_half_is_answered(case):
    with case.borrow(**LASTING).connect() as connection:
        connection.ask("/slow?s=0.3")
        connection.socket.shutdown(socket.SHUT_WR)
        case.equal(connection.read_answer().text, "slow", "the answer")


# ---- CON-5: what could be understood in two ways ----

TE = b"Transfer-Encoding: chunked"
AMBIGUOUS = {
    "length-and-coding": ("a length beside a coding", b"POST /len HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n" + TE + b"\r\n\r\n0\r\n\r\n"),
    "two-lengths": ("two lengths that differ", b"POST /len HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "length-with-sign": ("a length with a sign", b"POST /len HTTP/1.1\r\nHost: t\r\nContent-Length: +2\r\n\r\nab"),
    "length-hexadecimal": ("a length that is no number", b"POST /len HTTP/1.1\r\nHost: t\r\nContent-Length: 0x2\r\n\r\nab"),
    "length-huge": ("a length that no number holds", b"POST /len HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
    "bare-lf": ("lines that end with a bare LF", b"GET / HTTP/1.1\nHost: t\n\n"),
    "bare-lf-in-a-field": ("a field behind a bare LF", b"GET / HTTP/1.1\r\nHost: t\r\nA: b\nC: d\r\n\r\n"),
    "bare-cr": ("a bare CR in a field", b"GET / HTTP/1.1\r\nHost: t\r\nA: b\rC: d\r\n\r\n"),
    "obs-fold": ("a folded field", b"GET / HTTP/1.1\r\nHost: t\r\nA: b\r\n c\r\n\r\n"),
    "space-before-colon": ("a space before the colon", b"GET / HTTP/1.1\r\nHost: t\r\nA : b\r\n\r\n"),
    "nul": ("a NUL in a field", b"GET / HTTP/1.1\r\nHost: t\r\nA: b\0c\r\n\r\n"),
    "two-hosts": ("two hosts", b"GET / HTTP/1.1\r\nHost: t\r\nHost: u\r\n\r\n"),
    "field-without-colon": ("a field without a colon", b"GET / HTTP/1.1\r\nHost: t\r\nnothing\r\n\r\n"),
    "empty-name": ("a field without a name", b"GET / HTTP/1.1\r\nHost: t\r\n: x\r\n\r\n"),
    "chunk-size": ("a chunk whose size is no number", b"POST /len HTTP/1.1\r\nHost: t\r\n" + TE + b"\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
    "chunk-longer": ("a chunk that is longer than its size", b"POST /len HTTP/1.1\r\nHost: t\r\n" + TE + b"\r\n\r\n2\r\nabcd\r\n0\r\n\r\n"),
    "coding-twice": ("chunked twice", b"POST /len HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "coding-in-1.0": ("a coding in HTTP/1.0", b"POST /len HTTP/1.0\r\nHost: t\r\n" + TE + b"\r\n\r\n0\r\n\r\n"),
    "garbage": ("bytes that are no request", b"\x16\x03\x01\x02\0\x01\0\r\n\r\n"),
}


def is_refused(case, data):
    """400 and the end, before anybody has to give up; a second request behind it is never answered."""
    server = case.borrow(**LASTING)
    with server.connect(timeout=4) as connection:
        connection.send(data + b"GET /pid HTTP/1.1\r\nHost: smuggled\r\n\r\n")
        end = "the end"
        try:
            received = connection.read_rest_or_reset()
        except TimeoutError:
            received, end = connection.received, "silence"
    seen = [*re.findall(r"HTTP/1\.1 (\d+) ", received.decode("latin-1")), end]
    case.equal(", ".join(seen), "400, the end", "what came")
    case.holds(server.answers(), "the server still serves")


for name, (title, data) in AMBIGUOUS.items():
    check(f"CON-5.{name}", title=f"{title}: refused with 400, and closed")(lambda case, data=data: is_refused(case, data))


# ---- CON-6 ----

def status_of(case, server, data):
    with server.connect(timeout=10) as connection:
        try:
            connection.send(data)
            return connection.read_answer().status
        except (BrokenPipeError, ConnectionResetError, ConnectionEnded, TimeoutError) as end:
            return f"no answer but {type(end).__name__}"


@check("CON-6.request-line")
def a_request_line_that_is_too_long_is_414(case):
    case.equal(status_of(case, case.borrow(**LASTING), b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: t\r\n\r\n"), 414, "status")


@check("CON-6.fields")
def fields_that_are_too_long_are_431(case):
    data = b"GET / HTTP/1.1\r\nHost: t\r\n" + b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(400)) + b"\r\n"
    case.equal(status_of(case, case.borrow(**LASTING), data), 431, "status")


@check("CON-6.body", needs=("message_max",))
def a_body_that_is_too_long_is_413(case):
    server = case.start(message_max=10000, workers=1)
    case.equal(status_of(case, server, b"POST /len HTTP/1.1\r\nHost: t\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20000), 413, "status")


@check("CON-6.version")
def an_unsupported_version_is_505(case):
    case.equal(status_of(case, case.borrow(**LASTING), b"GET / HTTP/2.0\r\nHost: t\r\n\r\n"), 505, "status")


@check("CON-6.coding")
def an_unknown_transfer_coding_is_501(case):
    data = b"POST /len HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    case.equal(status_of(case, case.borrow(**LASTING), data), 501, "status")


# ---- CON-10 ----

@check("CON-10.answers")
def an_application_cannot_send_cr_lf_or_nul(case):
    """The probe adds what it is told as a field: there is no second field and no line of its own."""
    for value in ("a%0d%0aX-Split:%20yes", "a%0aX-Split:%20yes", "a%0dX-Split:%20yes", "a%00b"):
        with case.borrow(**LASTING).connect() as connection:
            answer = connection.get(f"/headers?X-Told={value}")
            names = [name.lower() for name, _ in answer.fields]
            case.holds("x-split" not in names, f"no second field from {value}")
            case.holds(not any(sign in text for _, text in answer.fields for sign in "\r\n\0"), f"no control character from {value}")


@check("CON-10.requests")
def an_application_never_sees_them(case):
    for sign in (b"\0", b"\r", b"\n"):
        server = case.borrow(**LASTING)
        with server.connect(timeout=4) as connection:
            connection.send(b"GET /info HTTP/1.1\r\nHost: t\r\nX-Told: a" + sign + b"b\r\n\r\n")
            try:
                answer = connection.read_answer()
            except (TimeoutError, ConnectionEnded, ConnectionResetError):
                continue
            told_ = [value for name, value in json.loads(answer.text)["headers"] if name == "X-Told"] if answer.status == 200 else []
            case.holds(not any(sign.decode() in value for value in told_), f"the application does not see {sign!r}")
