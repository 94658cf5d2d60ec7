"""The tables of tests/wire: what is sent byte for byte, and what comes back; here and at nginx."""
import pytest

from wire import servers, table
from wire.case import MARKER_BODY, Case
from wire.judge import judge

CHAPTERS = table.load()


def all_cases():
    return [case for _, cases in CHAPTERS.values() for case in cases]


@pytest.fixture
def address(start):
    return start(**servers.SETTINGS).address


@pytest.mark.promise("CON-4", "CON-5", "CON-6")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_case_of_the_chapter_is_answered_as_its_table_says(address, chapter):
    _, cases = CHAPTERS[chapter]
    failures = list(table.failures(cases, servers.judge_ours(cases, address)))
    assert not failures, "\n".join(failures)


DATE = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 2\r\n"
MARKED = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 10\r\nConnection: close\r\n\r\n" + MARKER_BODY
GOOD = OK + b"\r\nok" + MARKED
FAULTY = {
    "no marker": OK + b"\r\nok",
    "a second answer": OK + b"\r\nok" + GOOD,
    "another status": GOOD.replace(b"200 OK", b"404 OK", 1),
    "another body": GOOD.replace(b"ok", b"ko"),
    "another version": GOOD.replace(b"1.1", b"1.0", 1),
    "no status": GOOD.replace(b"200 ", b"", 1),
    "no date": GOOD.replace(DATE, b"", 1),
    "a wrong date": GOOD.replace(b"Sun", b"Son", 1),
    "a bare LF": GOOD.replace(b"OK\r\n", b"OK\n", 1),
    "a space in front of a colon": GOOD.replace(b"Date:", b"Date :", 1),
    "a field without a name": GOOD.replace(b"Date", b"", 1),
    "a body that is too short": GOOD.replace(b"Length: 2", b"Length: 3", 1),
    "a body that is too long": GOOD.replace(b"Length: 2", b"Length: 1", 1),
    "a length that is no number": GOOD.replace(b"Length: 2", b"Length: +2", 1),
    "no length": GOOD.replace(b"Content-Length: 2\r\n", b"", 1),
    "two lengths": GOOD.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2", 1),
    "a length and a coding": GOOD.replace(b"Content-Length: 2", b"Content-Length: 2\r\nTransfer-Encoding: chunked", 1),
    "a close that is not meant": GOOD.replace(b"Content-Length: 2", b"Content-Length: 2\r\nConnection: close", 1),
    "a Keep-Alive that Connection does not list": GOOD.replace(DATE, DATE + b"Keep-Alive: timeout=4\r\n", 1),
    "a 204 with a length": b"HTTP/1.1 204 No\r\n" + DATE + b"Content-Length: 0\r\n\r\n" + MARKED,
    "bytes behind the end": GOOD + b"x",
    "nothing": b"",
    "silence": None,
}


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("fault", FAULTY)
def test_the_judge_sees_what_is_wrong_with_an_answer(fault):
    case = Case("HTTP-0-0-1", "a good answer", b"", "200 open", body=b"ok")
    assert judge(case, GOOD).is_right
    assert not judge(case, FAULTY[fault]).is_allowed


@pytest.mark.promise("CON-4", "CON-5")
@pytest.mark.skipif(servers.NGINX is None, reason="nginx is not installed")
def test_nginx_does_nothing_right_that_is_wrong_here_and_serves_much_that_is_refused_here(address):
    cases = all_cases()
    mine = servers.judge_ours(cases, address)
    with servers.nginx() as other_address:
        other = servers.judge_nginx(cases, other_address)
    assert table.lost_to(cases, mine, other) == []
    assert any(verdict.is_right for verdict in other.values()), "nginx is judged by the same tables"
    assert [case.id for case in cases if table.is_stricter(case, mine[case.id], other[case.id])]
    assert not [case.id for case in cases if table.is_stricter(case, other[case.id], mine[case.id])]
