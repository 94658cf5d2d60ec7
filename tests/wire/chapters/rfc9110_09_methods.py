"""RFC 9110 9, 15 and RFC 9112 6.3: methods, and what their answers look like"""
from wire.case import SERVED, Case, get, post, request, sized


def ask(method, target=b"/info", *fields):
    return request(method + b" " + target + b" HTTP/1.1", b"Host: h", *fields)


UNKNOWN = "501 close"
# RFC 9110 9.1 asks for 501 or 405, but which methods there are is the server's own matter.
ANY = (SERVED, "405 open", "405 close", "400 close")

CASES = [
    Case("HTTP-9110-9.1-1", "GET", ask(b"GET"), SERVED, says={"method": "GET"}),
    Case("HTTP-9110-9.1-2", "POST without a body", ask(b"POST"), SERVED, says={"method": "POST"}),
    Case("HTTP-9110-9.1-3", "PUT", ask(b"PUT"), SERVED, also=ANY, says={"method": "PUT"}),
    Case("HTTP-9110-9.1-4", "PATCH", ask(b"PATCH"), SERVED, also=ANY, says={"method": "PATCH"}),
    Case("HTTP-9110-9.1-5", "DELETE", ask(b"DELETE"), SERVED, also=ANY, says={"method": "DELETE"}),
    Case("HTTP-9110-9.1-6", "OPTIONS", ask(b"OPTIONS"), SERVED, also=ANY, says={"method": "OPTIONS"}),
    Case("HTTP-9110-9.1-7", "PROPFIND", ask(b"PROPFIND"), SERVED, also=ANY, says={"method": "PROPFIND"}),
    Case("HTTP-9110-9.1-8", "M-SEARCH", ask(b"M-SEARCH"), SERVED, also=(*ANY, UNKNOWN), says={"method": "M-SEARCH"}),
    Case("HTTP-9110-9.1-9", "an unknown method", ask(b"HELLO"), UNKNOWN, also=ANY),
    Case("HTTP-9110-9.1-10", "an unknown method with a body",
         request(b"HELLO /info HTTP/1.1", b"Host: h", b"Content-Length: 3") + b"abc", UNKNOWN, also=ANY),
    Case("HTTP-9110-9.1-11", "a method of RTSP", ask(b"SETUP"), UNKNOWN, also=ANY),
    Case("HTTP-9110-9.1-12", "another method of RTSP", ask(b"ANNOUNCE"), UNKNOWN, also=ANY),
    Case("HTTP-9110-9.1-13", "the method of HTTP/2's preface", ask(b"PRI"), ("400 close", UNKNOWN), also=ANY),
    Case("HTTP-9110-9.3.6-1", "CONNECT to an authority", request(b"CONNECT h:443 HTTP/1.1", b"Host: h:443"), UNKNOWN,
         also=ANY),
    Case("HTTP-9110-9.3.6-2", "CONNECT does not become a tunnel",
         request(b"CONNECT h:443 HTTP/1.1", b"Host: h:443") + b"\x16\x03\x01\0\1\0", UNKNOWN, also=ANY),
    Case("HTTP-9110-9.3.8-1", "TRACE is not reflected", ask(b"TRACE", b"/info", b"Cookie: secret"), UNKNOWN, also=ANY),
    Case("HTTP-9110-9.3.8-2", "TRACE with a body", request(b"TRACE / HTTP/1.1", b"Host: h", b"Content-Length: 3") + b"abc",
         UNKNOWN, also=ANY),
    Case("HTTP-9110-9.3.1-1", "the body of a GET does no harm",
         request(b"GET /info HTTP/1.1", b"Host: h", b"Content-Length: 3") + b"abc", (SERVED, "200 close")),
    Case("HTTP-9110-9.3.2-1", "HEAD has no body", ask(b"HEAD", b"/"), SERVED,
         fields=("Content-Length", "Content-Type", "Date")),
    Case("HTTP-9110-9.3.2-2", "HEAD of something large", ask(b"HEAD", b"/large?bytes=100000"), SERVED, also="404 open"),
    Case("HTTP-9110-9.3.2-3", "HEAD of what is not there", ask(b"HEAD", b"/smuggled"), "404 open",
         fields=("Content-Length",)),
    Case("HTTP-9110-9.3.2-4", "HEAD with close", ask(b"HEAD", b"/", b"Connection: close"), "200 close"),
    Case("HTTP-9110-9.3.2-5", "HEAD in HTTP/1.0", b"HEAD / HTTP/1.0\r\n\r\n", "200 close", fields=("Content-Length",)),
    Case("HTTP-9110-9.3.2-6", "HEAD, HEAD, GET", ask(b"HEAD", b"/") * 2 + get(), "200 200 200 open", heads=(0, 1),
         body=b"Hello World"),
    Case("HTTP-9110-8.6-1", "the length of a GET", get(), SERVED, body=b"Hello World", fields=("Content-Length",)),
    Case("HTTP-9110-8.6-2", "the length of an error", ask(b"GET", b"/smuggled"), "404 open", fields=("Content-Length",)),
    Case("HTTP-9110-8.6-3", "the length of a refusal", request(b"GET / HTTP/1.1"), "400 close", fields=("Content-Length",)),
    Case("HTTP-9110-8.6-4", "the length of an answer to HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n", "200 close",
         fields=("Content-Length",)),
    Case("HTTP-9110-6.6.1-1", "an answer has a Date", get(), SERVED, fields=("Date",)),
    Case("HTTP-9110-6.6.1-2", "an error has a Date", ask(b"GET", b"/smuggled"), "404 open", fields=("Date",)),
    Case("HTTP-9110-6.6.1-3", "a refusal has a Date", request(b"GET / HTTP/1.1"), "400 close", fields=("Date",)),
    Case("HTTP-9110-6.6.1-4", "a refused method has a Date", ask(b"HELLO"), UNKNOWN, also=ANY, fields=("Date",)),
    Case("HTTP-9110-6.6.1-5", "a refused version has a Date", request(b"GET / HTTP/2.0", b"Host: h"), "505 close",
         fields=("Date",)),
    Case("HTTP-9110-8.3-1", "an answer has a type", get(), SERVED, fields=("Content-Type",)),
    Case("HTTP-9110-8.3-2", "a refusal has a type", request(b"GET / HTTP/1.1"), "400 close", fields=("Content-Type",)),
    Case("HTTP-9110-8.4-1", "a coding that is asked for is not applied by itself", get(b"Accept-Encoding: gzip"), SERVED,
         body=b"Hello World", fields=("-Content-Encoding",)),
    Case("HTTP-9110-14.2-1", "a Range is the application's business", get(b"Range: bytes=0-4"), (SERVED, "206 open")),
    Case("HTTP-9110-15.5.6-1", "a method that a path does not take", ask(b"DELETE", b"/"), ("405 open",), also=SERVED),
    Case("HTTP-9110-8.1-1", "a type of the request is the application's business", sized(b"abc", b"Content-Type: x/y;z"),
         SERVED, body=b"3"),
    Case("HTTP-9110-8.6-5", "a POST without a length has no body", post(), SERVED, body=b"0"),
]
