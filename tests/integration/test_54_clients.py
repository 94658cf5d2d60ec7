"""More real clients: h11 as the strict judge of long conversations, http.client, httpx, curl, ab and wrk."""
import asyncio
import http.client
import random
import re
import socket
import string
import subprocess
from collections import namedtuple

import h11
import httpx
import pytest

TARGET = "/large?bytes={}"


def alphabet(size):
    """The content of TARGET."""
    return (string.ascii_lowercase * (size // 26 + 1)).encode()[:size]


def url(server, path="/"):
    return f"http://127.0.0.1:{server.port}{path}"


def run(*command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=60, **options)


# ---- h11 ----

class Ask(namedtuple("Ask", "method path fields body chunks status expected", defaults=((), b"", None, 200, None))):
    """A request and what must come back. `chunks`: sizes of the body's chunks; None: it has a Content-Length. `expected`: the
    content, None: any."""

    @property
    def head(self):
        fields = [("Host", "judge"), *self.fields]
        if self.chunks is not None:
            fields.append(("Transfer-Encoding", "chunked"))
        elif self.body:
            fields.append(("Content-Length", str(len(self.body))))
        return h11.Request(method=self.method, target=self.path, headers=fields)

    @property
    def waits(self):
        return ("Expect", "100-continue") in self.fields

    def body_events(self):
        rest = self.body
        for size in self.chunks or ():
            yield h11.Data(data=rest[:size])
            rest = rest[size:]
        if rest:
            yield h11.Data(data=rest)
        yield h11.EndOfMessage()

    def data(self):
        """All of it at once, as bytes."""
        maker = h11.Connection(our_role=h11.CLIENT)
        return b"".join(maker.send(event) for event in (self.head, *self.body_events()))


class Judge:
    """A connection whose every byte h11 looks at; what is not allowed raises h11.RemoteProtocolError."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.protocol = h11.Connection(our_role=h11.CLIENT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next_event(self):
        while (event := self.protocol.next_event()) is h11.NEED_DATA:
            self.protocol.receive_data(self.socket.recv(1 << 16))
        return event

    def ask(self, ask):
        """One after the other; false if the connection is over."""
        self.socket.sendall(self.protocol.send(ask.head))
        interim = self.next_event() if ask.waits else None
        assert interim is None or (type(interim), interim.status_code) == (h11.InformationalResponse, 100)
        for event in ask.body_events():
            self.socket.sendall(self.protocol.send(event))
        return self.judge(ask)

    def ask_at_once(self, asks):
        """Pipelined; yields what judge() says of each."""
        self.socket.sendall(b"".join(ask.data() for ask in asks))
        for ask in asks:
            # h11 has to know what was asked; its bytes are with the server already.
            for event in (ask.head, *ask.body_events()):
                self.protocol.send(event)
            yield self.judge(ask)

    def judge(self, ask):
        response = self.next_event()
        assert (type(response), response.status_code, response.http_version) == (h11.Response, ask.status, b"1.1")
        fields = dict(response.headers)
        assert len(fields) == len(response.headers) and b"date" in fields, "no field comes twice"
        content = b""
        while isinstance(event := self.next_event(), h11.Data):
            content += event.data
        assert isinstance(event, h11.EndOfMessage)
        assert ask.expected is None or content == (b"" if ask.method == "HEAD" else ask.expected)
        if ask.method == "HEAD" and ask.expected is not None:
            assert int(fields[b"content-length"]) == len(ask.expected)
        if fields.get(b"connection") != b"close":
            self.protocol.start_next_cycle()
            return True
        assert isinstance(self.next_event(), h11.ConnectionClosed), "nothing comes behind the last answer"
        return False


def any_ask(chance, may_wait=True):
    """A request of any kind."""
    size = chance.choice([0, 1, 25, 26, 1000, 70000, chance.randrange(300000)])
    body = chance.randbytes(size)
    chunks = chance.choice([None, [], [1] * min(size, 20), [size // 3 + 1, size // 3 + 1]])
    fields = [("Expect", "100-continue")] if may_wait and body and chance.random() < 0.5 else []
    length = str(size).encode()
    return chance.choice([
        Ask("GET", "/", expected=b"Hello World"),
        Ask("HEAD", "/", expected=b"Hello World"),
        Ask(chance.choice(["GET", "HEAD"]), TARGET.format(size), expected=alphabet(size)),
        Ask("POST", "/len", tuple(fields), body, chunks, expected=length),
        Ask("POST", "/len", tuple(fields), body, chunks, expected=length),
        Ask(chance.choice(["PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]), "/info?q=%20", (("X-Toad", "All Glory"),)),
        Ask("GET", "/missing", status=404),
        Ask("GET", "/len", status=405),
        Ask("GET", "/slow?s=0.01", expected=b"slow"),
    ])


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("seed", [1, 2])
def test_h11_agrees_with_every_answer_of_a_long_conversation(start, seed):
    server = start(keep_alive_requests=60, accepts=0)
    chance = random.Random(seed)
    connections = asked = 0
    while asked < 300:
        connections += 1
        with Judge(server.address) as judge:
            goes_on = True
            while goes_on:
                ask = any_ask(chance)
                closes = chance.random() < 0.02
                goes_on = judge.ask(ask._replace(fields=(*ask.fields, ("Connection", "close"))) if closes else ask)
                asked += 1
                assert not (goes_on and closes)
    assert connections < asked / 10, "connections live"


@pytest.mark.promise("CON-4", "CON-1")
@pytest.mark.parametrize("seed", [3, 4])
def test_h11_agrees_with_pipelined_answers(start, seed):
    server = start(keep_alive_requests=100, accepts=0)
    chance = random.Random(seed)
    with Judge(server.address) as judge:
        outcomes = []
        for count in (1, 2, 3, 5, 8, 13, 21, 34, 13):
            outcomes += judge.ask_at_once([any_ask(chance, may_wait=False) for _ in range(count)])
    assert outcomes == [True] * 99 + [False]


@pytest.mark.promise("CON-4", "CON-6")
def test_h11_sees_a_refusal_before_it_has_sent_its_body(start):
    """A client that waits for 100 Continue learns that its body is not wanted."""
    with Judge(start(message_max=1000).address) as judge:
        ask = Ask("POST", "/len", (("Expect", "100-continue"),), b"x" * 1001, status=413)
        judge.socket.sendall(judge.protocol.send(ask.head))
        response = judge.next_event()
        assert (type(response), response.status_code) == (h11.Response, 413)
        assert dict(response.headers)[b"connection"] == b"close"


# ---- http.client ----

@pytest.fixture
def python(start):
    """A client of one connection, which the server keeps."""
    client = http.client.HTTPConnection("127.0.0.1", start(keep_alive_requests=0, accepts=0).port, timeout=30)
    client.connect()
    yield client
    client.close()


def python_ask(client, method, path, *arguments, **options):
    kept = client.sock
    client.request(method, path, *arguments, **options)
    answer = client.getresponse()
    content = answer.read()
    assert kept is None or client.sock is kept, "the connection is kept"
    return answer.status, content


@pytest.mark.promise("CON-4")
def test_python_asks_in_every_way_on_one_connection(python):
    for size in (0, 1, 26, 65536, 300000):
        body = b"x" * size
        pieces = [body[:7], body[7:]] if size > 7 else [b"", body]
        assert python_ask(python, "GET", TARGET.format(size)) == (200, alphabet(size))
        assert python_ask(python, "HEAD", TARGET.format(size)) == (200, b"")
        assert python_ask(python, "POST", "/len", body) == (200, str(size).encode())
        assert python_ask(python, "POST", "/len", iter(pieces), encode_chunked=True) == (200, str(size).encode())
        assert python_ask(python, "GET", "/missing")[0] == 404


@pytest.mark.promise("CON-4")
def test_python_speaks_http_1_0_and_keeps_the_connection(python):
    python._http_vsn, python._http_vsn_str = 10, "HTTP/1.0"
    for _ in range(10):
        assert python_ask(python, "GET", "/", headers={"Connection": "keep-alive"}) == (200, b"Hello World")
    python.request("GET", "/")
    answer = python.getresponse()
    assert (answer.read(), answer.will_close, answer.getheader("Connection")) == (b"Hello World", True, "close")


# ---- httpx ----

@pytest.mark.promise("CON-4")
def test_httpx_streams_both_ways(start):
    server = start(keep_alive_requests=0)
    with httpx.Client(base_url=url(server), timeout=30) as client:
        for size in (0, 1, 100000):
            pieces = (b"x" * size for _ in range(10))
            assert client.post("/len", content=pieces).text == str(10 * size)
            with client.stream("GET", TARGET.format(size)) as answer:
                assert b"".join(answer.iter_bytes(1000)) == alphabet(size)
            assert client.head(TARGET.format(size)).headers["Content-Length"] == str(size)
            assert client.get("/missing").status_code == 404


@pytest.mark.promise("CON-4")
def test_httpx_asks_many_things_at_once(start):
    server = start(keep_alive_requests=0)

    async def ask_all():
        async with httpx.AsyncClient(base_url=url(server), timeout=30) as client:
            return await asyncio.gather(*[client.get(TARGET.format(size * 100)) for size in range(200)])

    assert [answer.content for answer in asyncio.run(ask_all())] == [alphabet(size * 100) for size in range(200)]


# ---- curl ----

@pytest.fixture
def large_file(tmp_path):
    path = tmp_path / "body"
    path.write_bytes(b"x" * 3000000)
    return path


@pytest.mark.promise("CON-4")
def test_curl_asks_many_times_on_one_connection(start):
    server = start(keep_alive_requests=0)
    used = run("curl", "-sS", "-w", "\nconnects=%{num_connects} %{http_code} %{size_download}\n",
               *[url(server, TARGET.format(size)) for size in range(300)]).stdout
    assert re.findall(r"connects=(.*)", used) == [f"{int(size == 0)} 200 {size}" for size in range(300)]


@pytest.mark.promise("CON-4")
def test_curl_keeps_an_http_1_0_connection(start):
    used = run("curl", "-sS", "--http1.0", "-H", "Connection: keep-alive", "-w", " connects=%{num_connects}\n",
               *[url(start())] * 5).stdout
    assert used.splitlines() == [f"Hello World connects={connects}" for connects in (1, 0, 0, 0, 0)]


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("source", ["file", "pipe"], ids=["with_a_length", "in_chunks"])
def test_curl_waits_for_100_continue_before_it_uploads(start, large_file, source):
    with large_file.open("rb") as stdin:
        done = run("curl", "-sSv", "-X", "POST", "-H", "Expect: 100-continue", "--expect100-timeout", "60",
                   "-T", large_file if source == "file" else "-", url(start(), "/len"), stdin=stdin)
    assert done.stdout == "3000000"
    assert "< HTTP/1.1 100 Continue" in done.stderr
    assert ("> Transfer-Encoding: chunked" in done.stderr) == (source == "pipe")


@pytest.mark.promise("CON-4", "CON-6")
def test_curl_does_not_send_a_body_that_is_refused(start, large_file):
    shown = run("curl", "-sSv", "-X", "POST", "-H", "Expect: 100-continue", "--expect100-timeout", "60", "-T", large_file,
                "-w", "%{http_code} %{size_upload}", "-o", "/dev/null", url(start(message_max=1000), "/len"))
    assert shown.stdout == "413 0"
    assert "100 Continue" not in shown.stderr


@pytest.mark.promise("CON-4")
def test_curl_puts_a_file_where_it_is_not_allowed_and_asks_on(start, large_file):
    """The answer overtakes the body, so the connection ends with it; nothing is lost of the next request."""
    server = start()
    used = run("curl", "-sS", "-w", " %{http_code}\n", "-T", large_file, url(server, "/len"), "--next",
               "-sS", "-w", " %{http_code}\n", url(server)).stdout
    assert used.splitlines()[-1] == "Hello World 200" and " 405" in used


@pytest.mark.promise("CON-4")
def test_curl_gets_many_things_at_once(start, tmp_path):
    server = start(workers=4)
    run("curl", "-sS", "-Z", "--parallel-max", "30", "--output-dir", tmp_path, "-o", "got#1",
        url(server, "/large?bytes=[1000-1299]"))
    for size in range(1000, 1300):
        assert (tmp_path / f"got{size}").read_bytes() == alphabet(size)


# ---- ab and wrk ----

def ab(*options):
    """The report as a dictionary: what is counted, and how often."""
    shown = run("ab", "-q", "-n", "1000", "-c", "20", "-s", "30", *options).stdout
    return {name: int(number) for name, number in re.findall(r"^([\w -]+):\s+(\d+)", shown, re.MULTILINE)}


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("options, kept", [((), 0), (("-k",), 1000)], ids=["closing", "keep_alive"])
def test_ab_sees_no_failure(start, options, kept):
    server = start(workers=2, keep_alive_requests=0, accepts=0)
    report = ab(*options, url(server, "/large?bytes=5000"))
    assert (report["Complete requests"], report["Failed requests"]) == (1000, 0)
    assert report.get("Keep-Alive requests", 0) == kept
    assert report["HTML transferred"] == 5000 * 1000 and not {"Non-2xx responses", "Write errors"} & set(report)


@pytest.mark.promise("CON-4")
def test_ab_posts_without_a_failure(start, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * 20000)
    server = start(workers=2, keep_alive_requests=0, accepts=0)
    report = ab("-k", "-p", body, "-T", "text/plain", url(server, "/len"))
    assert (report["Complete requests"], report["Failed requests"], report["HTML transferred"]) == (1000, 0, 5000)
    assert "Non-2xx responses" not in report


PIPELINE = """
request = function()
    return wrk.format("GET", "/"):rep(16)
end
"""


@pytest.mark.promise("CON-4")
def test_wrk_sees_no_error_when_it_pipelines(start, tmp_path):
    script = tmp_path / "pipeline.lua"
    script.write_text(PIPELINE)
    server = start("hello", workers=2, keep_alive_requests=0, accepts=0)
    shown = run("wrk", "-t1", "-c16", "-d2s", "--timeout", "20s", "-s", script, url(server)).stdout
    assert "Socket errors" not in shown and "Non-2xx" not in shown, shown
    assert int(re.search(r"(\d+) requests in", shown)[1]) > 100
