"""RFC 9112 6, 7.1 and RFC 9110 6.4, 9.3.2, 15.5.6: the framing of answers"""
from wire.case import SERVED, Case, chunked, get, post, request

# nginx has no such paths.
ELSEWHERE = ("404 open", "404 close")
STREAM = b"/stream?n=3&size=5"
SIZED = b"/stream?n=3&size=5&length=1"
CODED = ("Transfer-Encoding", "-Content-Length")
MEASURED = ("-Transfer-Encoding", "Content-Length")
NEITHER = ("-Transfer-Encoding", "-Content-Length")
THREE = b"abcde" * 3


def old(target, *fields):
    return request(b"GET " + target + b" HTTP/1.0", *fields)


def echo(*fields, body=b""):
    return request(b"POST /echo HTTP/1.1", b"Host: h", *fields) + body


def head(line, *fields):
    return request(b"HEAD " + line, *fields)


CASES = [
    Case("HTTP-9112-6.1-43", "an answer of unknown length is chunked", get(target=STREAM), SERVED, also=ELSEWHERE,
         body=THREE, fields=CODED),
    Case("HTTP-9112-6.1-44", "three of them in a row", get(target=STREAM) * 3, "200 200 200 open", also="404 404 404 open",
         body=THREE, fields=CODED),
    Case("HTTP-9112-6.1-45", "one without any byte", get(target=b"/stream?n=0&size=5"), SERVED, also=ELSEWHERE, body=b"",
         fields=CODED),
    Case("HTTP-9112-6.1-46", "one of parts of all sizes", get(target=b"/stream?n=2&size=100000"), SERVED, also=ELSEWHERE,
         fields=CODED),
    Case("HTTP-9112-6.1-47", "the last one of a connection", get(b"Connection: close", target=STREAM), "200 close",
         also=ELSEWHERE, body=THREE, fields=CODED),
    Case("HTTP-9112-6.1-48", "HTTP/1.0 gets no chunks", old(STREAM), "200 close", also=ELSEWHERE, body=THREE,
         fields=NEITHER),
    Case("HTTP-9112-6.1-49", "not even if it persists", old(STREAM, b"Connection: keep-alive"), "200 close", also=ELSEWHERE,
         body=THREE, fields=NEITHER),
    Case("HTTP-9112-6.1-50", "HTTP/1.0 persists behind a known length", old(SIZED, b"Connection: keep-alive"), SERVED,
         also=ELSEWHERE, body=THREE, fields=MEASURED),
    Case("HTTP-9112-6.2-12", "an answer in parts of known length", get(target=SIZED), SERVED, also=ELSEWHERE, body=THREE,
         fields=MEASURED),
    Case("HTTP-9112-6.2-13", "a part of a file", get(target=b"/file?size=26"), SERVED, also=ELSEWHERE,
         body=b"abcdefghijklmnopqrstuvwxyz", fields=MEASURED),
    Case("HTTP-9112-7.1-51", "chunks in, chunks out",
         echo(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), SERVED, also=ELSEWHERE,
         body=b"abcde"),
    Case("HTTP-9112-7.1-52", "a length in, the same bytes out",
         echo(b"Content-Length: 3", body=b"abc") + echo(b"Content-Length: 2", body=b"de"), "200 200 open",
         also="404 404 open", body=b"de"),
    Case("HTTP-9112-7.1-53", "a wrong chunk behind the beginning of an answer ends it",
         echo(b"Transfer-Encoding: chunked", body=b"x\r\n"), ("400 close", "garbled", "end"),
         also=("404 open", "404 close")),
    Case("HTTP-9110-9.3.2-7", "HEAD of an answer in parts", head(STREAM + b" HTTP/1.1", b"Host: h"), SERVED, also=ELSEWHERE,
         body=b""),
    Case("HTTP-9110-9.3.2-8", "HEAD of an answer in parts of known length", head(SIZED + b" HTTP/1.1", b"Host: h"), SERVED,
         also=ELSEWHERE, fields=MEASURED),
    Case("HTTP-9110-9.3.2-9", "HEAD of a file", head(b"/file?size=26 HTTP/1.1", b"Host: h"), SERVED, also=ELSEWHERE,
         fields=MEASURED),
    Case("HTTP-9110-9.3.2-10", "a refused HEAD without Host", head(b"/ HTTP/1.1"), "400 close",
         fields=("Content-Length", "Date")),
    Case("HTTP-9110-9.3.2-11", "a refused HEAD of another version", head(b"/ HTTP/3.0", b"Host: h"), "505 close",
         also="400 close"),
    Case("HTTP-9110-9.3.2-12", "a refused HEAD with a bare LF", head(b"/ HTTP/1.1", b"Host: h", b"A: 1\nB: 2"), "400 close",
         also=SERVED),
    Case("HTTP-9110-9.3.2-13", "a refused HEAD that is too long", head(b"/" + b"a" * 9000 + b" HTTP/1.1", b"Host: h"),
         "414 close", also=ELSEWHERE),
    Case("HTTP-9110-9.3.2-14", "a refused HEAD behind an empty line", b"\r\n" + head(b"/ HTTP/1.1"), "400 close",
         heads=(0,)),
    Case("HTTP-9110-9.3.2-15", "a refused HEAD behind a GET", get() + head(b"/ HTTP/1.1"), "200 400 close", heads=(1,)),
    Case("HTTP-9110-9.3.2-16", "a refused GET behind a HEAD", head(b"/ HTTP/1.1", b"Host: h") + request(b"GET / HTTP/1.1"),
         "200 400 close", heads=(0,), fields=("Content-Length",)),
    Case("HTTP-9110-10.2.1-1", "a 405 says what is allowed", request(b"DELETE / HTTP/1.1", b"Host: h"), "405 open",
         also=SERVED, fields=("Allow",)),
    Case("HTTP-9110-10.1.1-24", "a body that is streamed is asked for",
         (echo(b"Expect: 100-continue", b"Content-Length: 3"), b"abc"), "100 200 open", also=(*ELSEWHERE, "100 404 open"),
         body=b"abc"),
]
