"""HTTP: every row of the tables of tests/wire, byte for byte; what the RFC lets a server do passes.

That a server says `Connection: close` before it closes is a SHOULD (RFC 9112 9.6): there is one check for it, and every
other one is content with the end itself."""
from conformance.registry import REGISTRY, check
from wire import table
from wire.answers import Reader
from wire.case import MARKER_BODY
from wire.judge import content_faults, early_close_faults, judge
from wire.play import RANDOM, WHOLE, play

LASTING = {"workers": 1, "accepts": 0, "keep_alive_requests": 1000000, "message_max": 1 << 20, "inactivity_timeout": 60, "keep_alive_timeout": 60}
# Who has not said anything by then says nothing.
PATIENCE = 5.0


def judge_case(case, row):
    server = case.borrow(**LASTING)
    for part in row.parts:
        case.evidence.sent(part)
    for way in (WHOLE, RANDOM):
        received = play(row, server.address, way, PATIENCE)
        case.evidence.saw(received if received is not None else "(nothing, and no end)")
        verdict = judge(row, received)
        line, faults = verdict.line, verdict.faults
        if not verdict.is_allowed and received is not None and line != "garbled":
            line, faults = judge_end(row, received)
        allowed = " or ".join(map(repr, row.allowed))
        assert line in row.allowed and not faults, f"{line!r}, not {allowed}; sent {way}. {'; '.join(faults)}".rstrip(". ")


def judge_end(row, received):
    """As judge(), for a server that closes without having said so."""
    reader = Reader(received, row.head_answers)
    answers, end = reader.answers, "close"
    if row.has_marker and answers and (answers[-1].status, answers[-1].body) == (200, MARKER_BODY):
        answers, end = answers[:-1], "open"
    line = " ".join([*(str(answer.status) for answer in answers), end if reader.answers else "end"])
    faults = [*reader.faults, *early_close_faults(reader.answers)]
    if line in row.expected:
        faults += content_faults(row, answers)
    return line, faults


def add_rows():
    for _, rows in table.load().values():
        for row in rows:
            REGISTRY.add(row.id, lambda case, row=row: judge_case(case, row), title=row.about)


add_rows()


@check("HTTP-9112-9.6.says-close")
def who_is_asked_to_close_says_so(case):
    """A server that will close behind an answer SHOULD say so in it."""
    answer = case.borrow(**LASTING).get("/")
    case.equal((answer.status, answer.closes), (200, True), "status, and whether it says Connection: close")
