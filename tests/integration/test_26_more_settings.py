"""Settings beyond the original's."""
import pytest

from harness.client import ConnectionEnded


@pytest.mark.promise("CFG-7", "CON-1")
def test_requests_is_another_name_of_keep_alive_requests(start):
    with start("hello", requests=3).connect() as connection:
        assert [connection.get("/").closes for _ in range(3)] == [False, False, True]


@pytest.mark.promise("CFG-7", "CFG-4")
def test_both_names_at_once_are_an_error(command, build):
    result = command(*command.configure(requests=3, keep_alive_requests=3), "--test", build.app("hello"))
    assert result.status == 1 and "keep_alive_requests" in result.stderr


@pytest.mark.promise("CFG-7", "CON-3")
@pytest.mark.parametrize("data", [b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx", b"GET /slow?s=60 HTTP/1.1\r\nHost: a\r\n\r\n"],
                         ids=["half_a_body", "slow_application"])
def test_a_request_that_moves_no_byte_is_given_up_after_its_time_and_not_before(start, data):
    server = start(workers=1, inactivity_timeout=1, keep_alive_timeout=60)
    with server.connect() as connection:
        connection.send(data)
        assert connection.wait_closed() - connection.sent_at >= 1.0
    assert server.get("/").status == 200


@pytest.mark.promise("CFG-7", "CON-3")
def test_each_byte_begins_the_inactivity_anew(start):
    """Altogether much longer than the timeout, but never silent so long."""
    server = start(workers=1, inactivity_timeout=2, keep_alive_timeout=60)
    with server.connect() as connection:
        connection.send(b"POST /len HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n")
        for _ in range(12):
            assert connection.is_silent_for(0.25)
            connection.send(b"x")
        assert connection.read_answer().number == 12


@pytest.mark.promise("CFG-6", "CFG-7", "CON-6")
@pytest.mark.parametrize("how", ["length", "chunked"])
def test_message_max_is_the_largest_body(start, how):
    """That size is taken, one byte more is not."""
    server = start(workers=1, message_max=1000, keep_alive_requests=0)
    for size, status in ((1000, 200), (1001, 413)):
        with server.connect() as connection:
            if how == "length":
                connection.ask("/len", method="POST", body=b"x" * size)
            else:
                head = b"POST /len HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                connection.send(head + b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
            answer = connection.read_answer()
            assert (answer.status, answer.closes) == (status, status == 413)
            if status == 413:
                with pytest.raises(ConnectionEnded):
                    connection.read_some()
