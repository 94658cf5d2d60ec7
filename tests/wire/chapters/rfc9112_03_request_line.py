"""RFC 9112 3, 3.1: the parts of the request line, and the method as a word"""
from wire.case import REFUSED, SERVED, SMUGGLED, Case, request


def with_line(line):
    return request(line, b"Host: h")


UNKNOWN = "501 close"

CASES = [
    Case("HTTP-9112-3-1", "three parts with one space between", with_line(b"GET / HTTP/1.1"), SERVED),
    Case("HTTP-9112-3-2", "two spaces behind the method", with_line(b"GET  / HTTP/1.1"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-3", "two spaces behind the target", with_line(b"GET /  HTTP/1.1"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-4", "a space behind the version", with_line(b"GET / HTTP/1.1 "), REFUSED, also=SERVED),
    Case("HTTP-9112-3-5", "a TAB behind the method", with_line(b"GET\t/ HTTP/1.1"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-6", "a TAB behind the target", with_line(b"GET /\tHTTP/1.1"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-7", "a TAB behind the version", with_line(b"GET / HTTP/1.1\t"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-8", "a vertical TAB behind the method", with_line(b"GET\v/ HTTP/1.1"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-9", "a form feed behind the target", with_line(b"GET /\fHTTP/1.1"), REFUSED, also=SERVED),
    Case("HTTP-9112-3-10", "a space in the target", with_line(b"GET /a b HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-11", "a version in the target", with_line(b"GET / HTTP/1.1 HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-12", "a whole request line in the target", with_line(b"GET /x HTTP/1.1 GET / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-13", "no target", with_line(b"GET HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-14", "an empty target", with_line(b"GET  HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-15", "no method", with_line(b"/ HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-16", "a space for a method", with_line(b" / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3-17", "no version", with_line(b"GET /"), REFUSED, also="end"),
    Case("HTTP-9112-3-18", "no version but a space", with_line(b"GET / "), REFUSED, also="end"),
    Case("HTTP-9112-3-19", "one word", with_line(b"GET"), REFUSED),
    Case("HTTP-9112-3-20", "two request lines", b"GET / HTTP/1.1\r\n" + SMUGGLED, REFUSED),
    Case("HTTP-9112-3-21", "a field for a request line", b"Host: h\r\n\r\n", REFUSED),
    Case("HTTP-9112-3.1-1", "a method in lower case is another method", with_line(b"get / HTTP/1.1"), UNKNOWN,
         also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-2", "a method in mixed case", with_line(b"Get / HTTP/1.1"), UNKNOWN, also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-3", "the beginning of a method", with_line(b"GE / HTTP/1.1"), UNKNOWN, also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-4", "more than a method", with_line(b"GETS / HTTP/1.1"), UNKNOWN, also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-5", "a method of one letter", with_line(b"G / HTTP/1.1"), UNKNOWN, also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-6", "a method with a digit", with_line(b"GET1 / HTTP/1.1"), UNKNOWN, also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-7", "a method with an underscore", with_line(b"_GET / HTTP/1.1"), UNKNOWN, also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-8", "a token of punctuation", with_line(b"!#$%&'*+-.^_`|~ / HTTP/1.1"), UNKNOWN,
         also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-9", "a method of a thousand letters", with_line(b"A" * 1000 + b" / HTTP/1.1"), UNKNOWN,
         also=(REFUSED, SERVED)),
    Case("HTTP-9112-3.1-10", "a method that is no token", with_line(b"GE(T / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-11", "a method in quotes", with_line(b'"GET" / HTTP/1.1'), REFUSED),
    Case("HTTP-9112-3.1-12", "a method with a colon", with_line(b"GET: / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-13", "a method with a slash", with_line(b"G/T / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-14", "a NUL in the method", with_line(b"G\0T / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-15", "a NUL behind the method", with_line(b"GET\0 / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-16", "DEL in the method", with_line(b"GE\x7fT / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-17", "a byte above 0x7f in the method", with_line(b"G\xc3\x84T / HTTP/1.1"), REFUSED),
    Case("HTTP-9112-3.1-18", "a TAB in front of the method", with_line(b"\tGET / HTTP/1.1"), REFUSED),
]
