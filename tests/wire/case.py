"""case - a row of a table: bytes that are sent, and what may come back.

What comes back is one line: the statuses of all answers, in order, and how the exchange ends:

    open    the connection goes on: the marker, a request sent behind the case, is answered
    close   the last answer says `Connection: close`, the marker is not answered, the server closes
    end     the server closes without having said so

"400 close" is a refusal, "100 200 open" a body that was asked for, "end" a request that never became one."""
from dataclasses import dataclass

CRLF = b"\r\n"
MARKER = b"GET /mode HTTP/1.1\r\nHost: marker\r\nConnection: close\r\n\r\n"
MARKER_BODY = b"production"

REFUSED = "400 close"
SERVED = "200 open"


@dataclass(frozen=True)
class Case:
    """`id` is HTTP-RFC-SECTION-NUMBER and stays the same for ever. `sent` may be a tuple: each part but the first is held
    back until something has come back. `answers` is what this server does (a tuple: any of it), `also` what the RFC lets
    another one do as well."""
    id: str
    about: str
    sent: object
    answers: object
    also: tuple = ()
    body: bytes = None          # of the last answer, the marker's aside
    says: dict = None           # members of the JSON text that /info answers
    fields: tuple = ()          # names of fields of the last answer, the marker's aside; "-Name": it is not there
    has_marker: bool = True
    half_closes: bool = False   # behind the last byte
    heads: tuple = None         # which answers belong to HEAD; by itself only the first is looked at

    @property
    def parts(self):
        return self.sent if isinstance(self.sent, tuple) else (self.sent,)

    @property
    def expected(self):
        return (self.answers,) if isinstance(self.answers, str) else tuple(self.answers)

    @property
    def allowed(self):
        also = (self.also,) if isinstance(self.also, str) else tuple(self.also)
        return self.expected + also

    @property
    def clause(self):
        _, rfc, section, _ = self.id.split("-")
        return f"RFC {rfc} {section}"

    @property
    def head_answers(self):
        if self.heads is not None:
            return self.heads
        return (0,) if self.parts[0].startswith(b"HEAD ") else ()


def request(line, *fields):
    return CRLF.join([line, *fields, b"", b""])


def get(*fields, target=b"/"):
    """A GET that names its host and has these fields besides."""
    return request(b"GET " + target + b" HTTP/1.1", b"Host: h", *fields)


def to(host, target=b"/info"):
    """A GET with this Host, which /info shows."""
    return request(b"GET " + target + b" HTTP/1.1", b"Host: " + host)


def post(*fields, body=b""):
    """A POST to /len, which reads the body and answers its size."""
    return request(b"POST /len HTTP/1.1", b"Host: h", *fields) + body


def sized(body, *fields):
    return post(b"Content-Length: %d" % len(body), *fields, body=body)


def chunked(stream, *fields):
    """A POST to /len with the chunked coding; `stream` is what stands behind its head."""
    return post(b"Transfer-Encoding: chunked", *fields, body=stream)


# A request that must never be answered where it stands: in a body, or behind a refusal.
SMUGGLED = get(target=b"/smuggled")
