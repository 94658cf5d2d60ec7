"""Real clients: curl, Python's http.client, wrk, and what a person with a browser sees."""
import concurrent.futures
import http.client
import json
import re
import subprocess

import pytest


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=60).stdout


def url(server, path="/"):
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.mark.promise("CLI-1", "CON-4")
def test_curl_gets_hello_world(start):
    server = start("hello")
    head, _, body = run("curl", "-sS", "-i", url(server)).partition("\n\n")
    assert body == "Hello World"
    assert head.startswith("HTTP/1.1 200 OK")
    assert re.search(r"^Content-Type: text/plain\b", head, re.MULTILINE | re.IGNORECASE)
    assert re.search(r"^Content-Length: 11$", head, re.MULTILINE | re.IGNORECASE)
    assert re.search(r"^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$", head, re.MULTILINE | re.IGNORECASE)


@pytest.mark.promise("CON-4")
def test_curl_reuses_its_connection(start):
    used = run("curl", "-sS", "-I", "-w", "connects=%{num_connects}\n", *[url(start("hello"))] * 10)
    assert re.findall(r"connects=(\d+)", used) == ["1"] + ["0"] * 9


@pytest.mark.promise("CON-4")
def test_curl_gets_only_the_head_with_head(start):
    shown = run("curl", "-sS", "-I", url(start("hello")))
    assert "HTTP/1.1 200 OK" in shown and "Content-Length: 11" in shown


@pytest.mark.promise("CON-4")
def test_curl_speaks_http_1_0(start):
    assert run("curl", "-sS", "-0", url(start("hello"))) == "Hello World"


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("size", [0, 1, 1023, 1025, 1000000])
def test_curl_posts_a_body(start, tmp_path, size):
    """Above 1,024 bytes curl asks with `Expect: 100-continue` first."""
    body = tmp_path / "body"
    body.write_bytes(b"x" * size)
    assert run("curl", "-sS", "--data-binary", f"@{body}", url(start(), "/len")) == str(size)


@pytest.mark.promise("CON-4")
def test_curl_posts_in_chunks(start, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * 300000)
    assert run("curl", "-sS", "-H", "Transfer-Encoding: chunked", "--data-binary", f"@{body}", url(start(), "/len")) == "300000"


@pytest.mark.promise("CON-4")
def test_curl_downloads_much(start, tmp_path):
    target = tmp_path / "large"
    run("curl", "-sS", "-o", target, url(start(), "/large?bytes=10000000"))
    data = target.read_bytes()
    assert len(data) == 10000000 and data[:52] == b"abcdefghijklmnopqrstuvwxyz" * 2


@pytest.mark.promise("CON-4")
@pytest.mark.parametrize("path, status", [("/missing", 404), ("/slow?s=x", 400), ("/len", 405), ("/crash", 400)])
def test_curl_sees_the_applications_statuses(start, path, status):
    assert run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", url(start(), path)) == str(status)


@pytest.mark.promise("CON-4")
def test_python_keeps_its_connection(start):
    server = start()
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    pids = set()
    for _ in range(20):
        client.request("GET", "/pid")
        pids.add(client.getresponse().read())
    client.request("POST", "/len", body=b"x" * 1000)
    answer = client.getresponse()
    assert (answer.status, answer.read()) == (200, b"1000")
    assert len(pids) == 1, "one connection, one worker"
    client.close()


@pytest.mark.promise("CON-4", "LSN-1")
def test_the_application_sees_the_request_as_it_came(start):
    server = start()
    with server.connect() as connection:
        connection.ask("/info?a=1&b=%20", "PUT", ["X-Toad: All Glory", "x-toad: again", "Accept: */*"], b"body")
        seen = json.loads(connection.read_answer().text)
        mine = connection.socket.getsockname()
    assert (seen["method"], seen["path"], seen["query"], seen["version"]) == ("PUT", "/info", "a=1&b=%20", "1.1")
    assert (seen["remote_address"], seen["remote_port"], seen["scheme"], seen["host"]) == (mine[0], mine[1], "http", "test")
    assert [value for name, value in seen["headers"] if name.lower() == "x-toad"] == ["All Glory", "again"]


@pytest.mark.promise("CON-4", "MGR-1")
def test_many_clients_at_once_are_all_served(start):
    server = start("probe", workers=4)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.get("/pid"), range(400)))
    assert {answer.status for answer in answers} == {200}
    assert {answer.number for answer in answers} <= set(server.workers())


def wrk(server, *options):
    """Requests and errors of two seconds."""
    shown = run("wrk", "-t1", "-d2s", "--timeout", "20s", *options, url(server))
    assert "Socket errors" not in shown and "Non-2xx" not in shown, shown
    return int(re.search(r"(\d+) requests in", shown)[1])


@pytest.mark.promise("CON-1", "CON-4", "WRK-10", "MGR-11")
def test_wrk_sees_no_error_although_workers_come_and_go(start):
    """With the default settings: 25 requests a connection and 1,000 connections a worker, so workers are replaced meanwhile."""
    server = start("hello", workers=4, accepts=200)
    assert wrk(server, "-c32") > 100
    assert not [end for end in server.trace.worker_ends() if end.get("status") != 0]


@pytest.mark.promise("CON-4", "CON-1")
@pytest.mark.parametrize("settings", [{}, {"keep_alive_requests": 0, "accepts": 0}], ids=["defaults", "unlimited"])
def test_wrk_sees_no_error(start, settings):
    assert wrk(start("hello", workers=4, **settings), "-c64") > 100


@pytest.mark.promise("CON-4")
def test_wrk_sees_no_error_with_a_connection_for_each_request(start):
    server = start("hello", workers=4)
    assert wrk(server, "-c16", "-H", "Connection: close") > 100


@pytest.mark.promise("APP-3")
def test_a_person_sees_which_worker_answered(start):
    server = start("demo")
    answer = server.get("/")
    assert answer.status == 200 and answer.field("Content-Type").startswith("text/html")
    with server.connect() as connection:
        page = connection.get("/").text
    assert any(str(pid) in page for pid in server.workers()), "the worker's PID is on the page"
    assert "<html" in page.lower() and "</html>" in page.lower()
