"""CON: how long connections live, who hinders whom, WebSocket, and proxies; the clauses of the RFCs are in http_clauses.py and
ws.py."""
import json
import socket
import time

from conformance.checks.ws import open_websocket
from conformance.asking import LASTING, request
from conformance.registry import DEFAULT, SCALED, check
from harness import processes


# ---- CON-1 ----

@check("CON-1.last-answer-says-close")
def the_last_answer_of_keep_alive_requests_says_close(case):
    server = case.start(workers=1, keep_alive_requests=3)
    with server.connect() as connection:
        case.equal([connection.get("/").closes for _ in range(3)], [False, False, True], "Connection: close")
        connection.wait_closed()


@check("CON-1.pipelined")
def a_pipelining_client_gets_no_more_than_that(case):
    server = case.start(workers=1, keep_alive_requests=3)
    with server.connect() as connection:
        connection.send(request("/pid") * 6)
        received = connection.read_rest_or_reset()
    case.equal(received.count(b"HTTP/1.1 200"), 3, "answers")


@check("CON-1.without-limit", also=("CFG-6",))
def keep_alive_requests_0_is_without_limit(case):
    server = case.start(workers=1, keep_alive_requests=0)
    with server.connect() as connection:
        case.equal({connection.get("/").closes for _ in range(150)}, {False}, "Connection: close")


# ---- CON-2 ----

@check("CON-2.silent-connection", tiers=(SCALED, DEFAULT))
def a_silent_connection_is_closed_after_keep_alive_timeout(case):
    timeout = case.times.keep_alive
    server = case.start(workers=1, keep_alive_timeout=timeout)
    with server.connect() as connection:
        connection.get("/")
        closed = connection.wait_closed()
        # A loop that rounds its timers to milliseconds may be early by one.
        case.measured("from the request to the end", closed - connection.sent_at, timeout - 0.01, timeout + case.times.margin)


@check("CON-2.never-used", tiers=(SCALED,))
def a_connection_that_never_asks_is_closed(case):
    timeout = case.times.keep_alive
    server = case.start(workers=1, keep_alive_timeout=timeout, inactivity_timeout=timeout)
    with server.connect() as connection:
        case.measured("until the end", connection.wait_closed() - connection.began, timeout - 0.01, timeout + case.times.margin)


@check("CON-2.active-request", tiers=(SCALED,))
def a_request_that_the_application_works_on_is_not_dropped(case):
    timeout = case.times.keep_alive
    server = case.start(workers=1, keep_alive_timeout=timeout, inactivity_timeout=60)
    with server.connect() as connection:
        connection.get("/")
        connection.ask(f"/slow?s={2 * timeout:g}")
        case.equal(connection.read_answer().text, "slow", "the answer")


@check("CON-2.without-limit", also=("CFG-6",))
def keep_alive_timeout_0_is_without_limit(case):
    server = case.start(workers=1, keep_alive_timeout=0)
    with server.connect() as connection:
        connection.get("/")
        case.holds(connection.is_silent_for(6.5), "the connection stays open for longer than the default")
        case.equal(connection.get("/").status, 200, "status")


# ---- CON-3 ----

@check("CON-3.inactivity", tiers=(SCALED,))
def a_connection_with_an_active_request_that_moves_nothing_is_closed(case):
    timeout = case.times.keep_alive
    server = case.start(workers=1, inactivity_timeout=timeout)
    with server.connect() as connection:
        connection.ask("/slow?s=40")
        closed = connection.wait_closed()
        case.measured("from the request to the end", closed - connection.sent_at, timeout - 0.01, timeout + case.times.margin)


@check("CON-3.stalled-body", tiers=(SCALED,))
def a_body_that_stalls_ends_the_connection(case):
    timeout = case.times.keep_alive
    server = case.start(workers=1, inactivity_timeout=timeout)
    with server.connect() as connection:
        connection.send(b"POST /len HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf")
        connection.read_rest_or_reset()
        case.measured("from the last byte to the end", time.monotonic() - connection.sent_at, timeout - 0.01, timeout + case.times.margin)


@check("CON-3.moving", tiers=(SCALED,))
def an_answer_that_moves_is_not_cut(case):
    timeout = case.times.keep_alive
    server = case.start(workers=1, inactivity_timeout=timeout)
    with server.connect() as connection:
        connection.ask(f"/drip?n=8&s={timeout / 2:g}")
        answer = connection.read_answer()
    case.equal(len(answer.body), 8 * 26, "size of the body")


@check("CON-3.trickled-head", tiers=(SCALED,), needs=("header_timeout",))
def a_head_that_trickles_is_answered_408(case):
    server = case.start(workers=1, header_timeout=1, inactivity_timeout=60)
    with server.connect() as connection:
        began = time.monotonic()
        try:
            for byte in b"GET / HTTP/1.1\r\nHost: test\r\nX: " + b"x" * 400:
                connection.socket.sendall(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
        connection.socket.settimeout(10)
        received = connection.read_rest_or_reset()
    case.evidence.saw(received)
    case.holds(received.startswith(b"HTTP/1.1 408 "), "it is answered 408")
    case.measured("until the end", time.monotonic() - began, 1, 60)


# ---- CON-7 ----

@check("CON-7.slow-reader")
def who_does_not_read_hinders_nobody(case):
    server = case.start(**LASTING)
    with server.connect() as lazy:
        lazy.send(request("/large?bytes=8000000"))
        case.holds(lazy.socket.recv(1, socket.MSG_PEEK), "its answer begins")
        case.equal({server.get("/").status for _ in range(20)}, {200}, "statuses of others")
        case.equal(len(lazy.read_answer().body), 8000000, "size of what it reads at last")


@check("CON-7.idle-crowd")
def three_hundred_idle_connections_hinder_nobody(case):
    server = case.start(**LASTING)
    crowd = [server.connect() for _ in range(300)]
    try:
        for connection in crowd[::2]:
            connection.send(b"GET / HT")
        case.equal({server.get("/").status for _ in range(5)}, {200}, "statuses of others")
    finally:
        for connection in crowd:
            connection.close()


@check("CON-7.resets")
def clients_that_vanish_leave_nothing(case):
    server = case.start(**LASTING)
    worker, = server.workers()
    case.equal(server.get("/").status, 200, "status")

    def sockets():
        return {link for link in processes.descriptors_of(worker).values() if link.startswith("socket:")}
    before = sockets()
    for _ in range(50):
        connection = server.connect()
        connection.ask("/slow?s=0.5")
        connection.reset_on_close()
        connection.close()
    case.until(lambda: sockets() <= before, "the sockets to be closed", limit=10, seen=sockets)
    case.equal(server.get("/pid").number, worker, "who answers")


# ---- CON-8 ----

@check("CON-8.echo", needs=("websocket",))
def messages_come_back(case):
    with open_websocket(case, case.start(workers=1)) as websocket:
        for text in ("", "hello", "größer ♥", "x" * 70000):
            websocket.text(text)
            case.equal(websocket.message() == text, True, f"{len(text)} characters came back")
        websocket.binary(b"\0\xff" * 300)
        case.equal(websocket.message(), b"\0\xff" * 300, "the binary message")


@check("CON-8.deflate", needs=("websocket_compression",))
def permessage_deflate_where_both_want_it(case):
    offer = "Sec-WebSocket-Extensions: permessage-deflate"
    with open_websocket(case, case.start(workers=1), fields=(offer,)) as websocket:
        case.holds("permessage-deflate" in (websocket.answer.field("Sec-WebSocket-Extensions") or ""), "it is accepted")
        websocket.text("to and fro " * 200)
        case.equal(websocket.message(), "to and fro " * 200, "the echo")


@check("CON-8.timeout", needs=("websocket_timeout",), tiers=(SCALED,))
def a_silent_websocket_is_closed_with_a_close_frame(case):
    timeout = case.times.keep_alive
    with open_websocket(case, case.start(workers=1, websocket_timeout=timeout)) as websocket:
        websocket.text("hello")
        websocket.message()
        code = websocket.close_code()
        case.measured("until the close frame", time.monotonic() - websocket.connection.sent_at, timeout - 0.01, timeout + case.times.margin)
        case.equal(code, 1001, "the close code")


# ---- CON-9 ----

FORGED = ("X-Forwarded-For: 203.0.113.66", "X-Forwarded-Proto: https")


def told(server, *fields):
    info = json.loads(server.get("/info", *fields).text)
    return info["remote_address"], info["scheme"]


@check("CON-9.off")
def nobody_is_believed_by_default(case):
    case.equal(told(case.start(workers=1), *FORGED), ("127.0.0.1", "http"), "address and scheme")


@check("CON-9.on", needs=("proxy",))
def a_proxy_is_believed(case):
    case.equal(told(case.start(workers=1, proxy=1), *FORGED), ("203.0.113.66", "https"), "address and scheme")


@check("CON-9.variable", needs=("proxy",))
def mojo_reverse_proxy_turns_it_on(case):
    case.equal(told(case.start(workers=1, environment={"MOJO_REVERSE_PROXY": "1"}), *FORGED), ("203.0.113.66", "https"), "address and scheme")


@check("CON-9.trusted", needs=("trusted_proxies",))
def trusted_proxies_are_skipped_from_right_to_left(case):
    server = case.start(workers=1, proxy=1, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"])
    case.equal(told(server, "X-Forwarded-For: 198.51.100.1, 203.0.113.66, 10.1.2.3")[0], "203.0.113.66", "address")


@check("CON-9.untrusted", needs=("trusted_proxies",))
def who_is_not_trusted_is_not_believed(case):
    server = case.start(workers=1, proxy=1, trusted_proxies=["10.0.0.0/8"])
    case.equal(told(server, *FORGED)[0], "127.0.0.1", "address")


@check("CON-9.host", needs=("config_option",))
def the_host_comes_from_x_forwarded_host(case):
    info = json.loads(case.start(workers=1, proxy=1).get("/info", "X-Forwarded-Host: shown.test").text)
    case.equal(info["host"], "shown.test", "host")
