"""answers - reads what a server sent as the RFCs have it (9112 4, 5, 6; 9110 6.6.1), and notes every fault."""
import re
from collections import namedtuple
from email.utils import parsedate_to_datetime

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*)?)")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
ONCE = ("content-length", "transfer-encoding", "date", "content-type", "connection")

Answer = namedtuple("Answer", "status fields body")


class Garbled(Exception):
    """What came is no answer."""


class Reader:
    """Reads all answers off a stream. `faults` are those of answers that could be read nevertheless."""

    def __init__(self, received, head_answers):
        self.rest = received
        self.head_answers = head_answers
        self.faults = []
        self.answers = []
        final = 0
        while self.rest:
            answer = self.read_answer(final in head_answers)
            self.answers.append(answer)
            final += answer.status >= 200

    def read_answer(self, is_for_head):
        head, mark, rest = self.rest.partition(b"\r\n\r\n")
        if not mark:
            raise Garbled(f"no head of an answer: {self.rest[:60]!r}")
        line, *lines = head.split(b"\r\n")
        status = STATUS_LINE.fullmatch(line)
        fields = [FIELD.fullmatch(field) for field in lines]
        if not status or not all(fields):
            raise Garbled(f"a malformed head: {head[:200]!r}")
        self.rest = rest
        fields = [(field[1].decode().lower(), field[2].decode("latin-1").rstrip(" \t")) for field in fields]
        status = int(status[1])
        self.check_fields(status, fields)
        return Answer(status, fields, self.read_body(status, dict(fields), is_for_head))

    def check_fields(self, status, fields):
        names = [name for name, _ in fields]
        for name in ONCE:
            if names.count(name) > 1:
                self.faults.append(f"{name} came {names.count(name)} times")
        if "content-length" in names and "transfer-encoding" in names:
            self.faults.append("both a length and a coding")
        if (status < 200 or status == 204) and {"content-length", "transfer-encoding"} & set(names):
            self.faults.append(f"a {status} says how long its body is")
        # RFC 9110 7.6.1
        if "keep-alive" in names and "keep-alive" not in dict(fields).get("connection", "").lower():
            self.faults.append("Keep-Alive is not listed in Connection")
        date = dict(fields).get("date")
        if status >= 200 and (date is None or not DATE.fullmatch(date) or parsedate_to_datetime(date) is None):
            self.faults.append(f"a {status} with the date {date!r}")

    def read_body(self, status, fields, is_for_head):
        if is_for_head or status < 200 or status in (204, 304):
            return b""
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return self.read_chunks()
        length = fields.get("content-length")
        if length is not None and not re.fullmatch(r"\d+", length):
            raise Garbled(f"the length {length!r}")
        if length is None and fields.get("connection", "").lower() != "close":
            self.faults.append("neither a length nor a coding nor a close")
        return self.take(len(self.rest) if length is None else int(length))

    def read_chunks(self):
        body = b""
        while True:
            line, _, self.rest = self.rest.partition(b"\r\n")
            if not re.fullmatch(rb"[0-9a-fA-F]{1,16}", line):
                raise Garbled(f"the chunk size {line[:40]!r}")
            body += self.take(int(line, 16))
            if self.take(2) != b"\r\n":
                raise Garbled("a chunk that does not end")
            if int(line, 16) == 0:
                return body

    def take(self, size):
        taken, self.rest = self.rest[:size], self.rest[size:]
        if len(taken) < size:
            raise Garbled(f"{len(taken)} of {size} bytes of a body")
        return taken
