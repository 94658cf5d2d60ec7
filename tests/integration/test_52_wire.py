"""The tables of tests/wire: what is sent byte for byte, and what comes back; here and at nginx."""
import pytest

from wire import servers, table

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
