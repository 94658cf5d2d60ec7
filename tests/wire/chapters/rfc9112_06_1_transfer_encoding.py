"""RFC 9112 6.1: Transfer-Encoding"""
from wire.case import REFUSED, SERVED, SMUGGLED, Case, get, post, request

END = b"0\r\n\r\n"
ABC = b"3\r\nabc\r\n0\r\n\r\n"
UNKNOWN = "501 close"


def coded(value, body=END):
    return post(b"Transfer-Encoding: " + value, body=body)


CASES = [
    Case("HTTP-9112-6.1-1", "chunked", coded(b"chunked", ABC), SERVED, body=b"3"),
    Case("HTTP-9112-6.1-2", "chunked in another case", coded(b"cHuNkEd", ABC), SERVED, body=b"3"),
    Case("HTTP-9112-6.1-3", "white space around", coded(b"  chunked  ", ABC), SERVED, body=b"3"),
    Case("HTTP-9112-6.1-4", "of a GET", get(b"Transfer-Encoding: chunked") + ABC, (SERVED, "200 close")),
    Case("HTTP-9112-6.1-5", "gzip, then chunked", coded(b"gzip, chunked"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-6", "deflate, then chunked", coded(b"deflate, chunked"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-7", "gzip alone", coded(b"gzip"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-8", "identity", coded(b"identity"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-9", "identity, then chunked", coded(b"identity, chunked"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-10", "an unknown one", coded(b"tea"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-11", "an unknown one with a parameter", coded(b"tea;milk=no, chunked"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-12", "more than chunked", coded(b"chunkedx"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-13", "less than chunked", coded(b"chunke"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-14", "xchunked", coded(b"xchunked"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-15", "chunked-", coded(b"chunked-"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-16", "chunked, then gzip", coded(b"chunked, gzip"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-17", "chunked, then identity", coded(b"chunked, identity"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-18", "chunked twice", coded(b"chunked, chunked"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-19", "chunked in two fields",
         post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=END), REFUSED),
    Case("HTTP-9112-6.1-20", "identity, then chunked in a second field",
         post(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked", body=END), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-21", "chunked, then identity in a second field",
         post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=END), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-22", "chunked, then nothing in a second field",
         post(b"Transfer-Encoding: chunked", b"Transfer-Encoding:", body=END), REFUSED, also=SERVED),
    Case("HTTP-9112-6.1-23", "a parameter of chunked", coded(b"chunked;a=b"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-24", "a semicolon behind chunked", coded(b"chunked;"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-25", "empty", coded(b""), REFUSED, also=(SERVED, UNKNOWN)),
    Case("HTTP-9112-6.1-26", "a comma in front", coded(b",chunked"), REFUSED, also=(SERVED, UNKNOWN)),
    Case("HTTP-9112-6.1-27", "a comma behind", coded(b"chunked,"), REFUSED, also=(SERVED, UNKNOWN)),
    Case("HTTP-9112-6.1-28", "a comma alone", coded(b","), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-29", "quotes", coded(b'"chunked"'), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-30", "apostrophes", coded(b"'chunked'"), UNKNOWN, also=REFUSED),
    Case("HTTP-9112-6.1-31", "two words", coded(b"gzip chunked"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-32", "a vertical TAB in front", coded(b"\vchunked"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-33", "a NUL behind", coded(b"chunked\0"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-34", "a bare CR in front", coded(b"\rchunked"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-35", "a no-break space behind", coded(b"chunked\xa0"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-36", "a control byte in the middle", coded(b"chu\x01nked"), REFUSED, also=UNKNOWN),
    Case("HTTP-9112-6.1-37", "in HTTP/1.0", request(b"POST /len HTTP/1.0", b"Transfer-Encoding: chunked") + ABC, REFUSED,
         also="200 close"),
    Case("HTTP-9112-6.1-38", "in HTTP/1.0 that persists",
         request(b"POST /len HTTP/1.0", b"Connection: keep-alive", b"Transfer-Encoding: chunked") + ABC, REFUSED,
         also="200 close"),
    Case("HTTP-9112-6.1-39", "a TE field is another one", post(b"TE: chunked", b"Content-Length: 3", body=b"abc"), SERVED,
         body=b"3"),
    Case("HTTP-9112-6.1-40", "Transfer_Encoding is another one",
         post(b"Transfer_Encoding: chunked", b"Content-Length: 3", body=b"abc"), SERVED, body=b"3"),
    Case("HTTP-9112-6.1-41", "X-Transfer-Encoding is another one", post(b"X-Transfer-Encoding: chunked") + SMUGGLED,
         "200 404 open"),
    Case("HTTP-9112-6.1-42", "Content-Encoding is no framing",
         post(b"Content-Encoding: chunked", b"Content-Length: 3", body=b"abc"), SERVED, body=b"3"),
    Case("HTTP-9112-7.4-1", "TE: trailers changes nothing", get(b"TE: trailers", b"Connection: TE"), SERVED,
         fields=("-Transfer-Encoding",)),
    Case("HTTP-9112-7.4-2", "TE with weights changes nothing", get(b"TE: trailers, deflate;q=0.5", b"Connection: TE"),
         SERVED),
]
