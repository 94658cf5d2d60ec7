"""The rows of tests/unit/ws over a socket: which frames come, however they are cut, and what the server makes of them."""
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from harness import frames

MESSAGE_MAX = 1000
AT_ONCE = 8
# The server's messages and the client's never refer to earlier ones.
NOT_OFFERED = {"WITH_CONTEXT"}
FILES = {name: {table: rows for table, rows in frames.tables(name).items() if table not in NOT_OFFERED}
         for name in ("rfc6455_frames", "rfc6455_control", "rfc6455_text", "rfc7692_messages")}


@pytest.fixture(params=["ws", "wss"])
def connect(request, start):
    """connect() is a connection to the server, over TLS as well."""
    is_secure = request.param == "wss"
    server = start(listen=[f"http{'s' * is_secure}://127.0.0.1:0"], workers=1, accepts=0, keep_alive_requests=0,
                   websocket_max=MESSAGE_MAX)
    return partial(frames.Secure if is_secure else frames.Plain, server.address)


def failures(connect, rows, is_deflated):
    def play(case):
        return frames.failure(connect, *case, is_deflated)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(filter(None, pool.map(play, [(row, way) for row in rows for way in frames.WAYS])))


@pytest.mark.promise("CON-8", "LSN-3")
@pytest.mark.parametrize("name", FILES)
def test_frames_are_answered_as_their_table_says(connect, name):
    rows = [row for table in FILES[name].values() for row in table]
    found = failures(connect, rows, is_deflated=name.startswith("rfc7692"))
    assert not found, "\n".join(found)


@pytest.mark.promise("CON-8")
def test_there_are_enough_rows_and_each_names_its_clause():
    rows = [row for tables in FILES.values() for rows in tables.values() for row in rows]
    assert len(rows) >= 120 and len({row.id for row in rows}) == len(rows)
    assert all(row.id.split("-")[:2] in (["WS", "6455"], ["WS", "7692"]) for row in rows)


@pytest.mark.promise("CON-8")
@pytest.mark.parametrize("sent, expected", [
    ("text:a", "TEXT b"), ("text:a", "BINARY a"), ("text:a", ""), ("", "TEXT a"), ("ping:a", "PING a > pong:"),
    ("close:1000", "CLOSE 1000 > close:1001"), ("op3:", "FAILED 1002 > close:"), ("text:a | text:b", "TEXT b | TEXT a"),
    ("raw:%81", "TEXT"),
])
def test_a_row_that_is_wrong_is_seen(connect, sent, expected):
    assert frames.failure(connect, frames.Row("WS-0-0-1", "wrong", sent, expected), frames.whole, False)
