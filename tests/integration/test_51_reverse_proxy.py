"""Behind a reverse proxy: whom the server believes, and a real nginx and a real haproxy in front of it."""
import json

import pytest

from harness import Connection, wait_until
from harness.front import Haproxy, Nginx
from load.traffic import Load, Options

FORGED = ["X-Forwarded-For: 203.0.113.66", "X-Forwarded-Proto: https", "X-Forwarded-Host: forged.example"]
# What the harness's client says of itself.
PLAIN = {"remote_address": "127.0.0.1", "scheme": "http", "host": "test", "peer_address": "127.0.0.1"}
TOLD = PLAIN | {"remote_address": "203.0.113.66", "remote_port": 0, "scheme": "https", "host": "forged.example"}
LASTING = {"keep_alive_requests": 0, "keep_alive_timeout": 60, "inactivity_timeout": 60, "workers": 2}


def client(server, *fields):
    answer = server.get("/client", *fields)
    assert answer.status == 200, answer
    return json.loads(answer.text)


def expect(server, fields, **wanted):
    seen = client(server, *fields)
    assert seen.items() >= (PLAIN | wanted).items(), (fields, seen)
    return seen


# ---- Who is believed ----

@pytest.mark.promise("CON-9")
@pytest.mark.parametrize("settings", [{}, {"proxy": 0}, {"trusted_proxies": ["127.0.0.1"]},
                                      {"proxy": 1, "trusted_proxies": ["10.0.0.0/8", "127.0.0.2/32", "::1", "::/0"]}])
def test_nobody_is_believed_who_is_not_to_be(start, settings):
    server = start(**settings)
    with server.connect() as connection:
        connection.ask("/client", fields=[*FORGED, "Forwarded: for=203.0.113.66;proto=https;host=forged.example"])
        seen = json.loads(connection.read_answer().text)
        assert seen.items() >= (PLAIN | {"remote_port": connection.socket.getsockname()[1]}).items()


@pytest.mark.promise("CON-9")
@pytest.mark.parametrize("settings", [{"proxy": 1}, {"proxy": 1, "trusted_proxies": ["10.0.0.0/8", "127.0.0.0/8"]},
                                      {"proxy": 1, "trusted_proxies": "127.0.0.1"},
                                      {"proxy": 1, "trusted_proxies": "::ffff:127.0.0.0/104"}])
def test_a_proxy_that_is_trusted_is_believed(start, settings):
    server = start(**settings)
    assert client(server, *FORGED).items() >= TOLD.items()
    assert client(server, 'Forwarded: for="203.0.113.66:9";proto=https;host=forged.example').items() >= \
        (TOLD | {"remote_port": 9}).items()
    expect(server, [])


@pytest.mark.promise("CON-9", "CFG-5", "CFG-6")
@pytest.mark.parametrize("value, settings, is_believed", [
    ("1", {}, True), ("yes", {}, True), ("0", {}, False), ("", {}, False), ("1", {"proxy": 0}, False), ("0", {"proxy": 1}, True)])
def test_the_environment_says_what_the_file_does_not(start, value, settings, is_believed):
    server = start(environment={"MOJO_REVERSE_PROXY": value}, **settings)
    assert client(server, *FORGED).items() >= (TOLD if is_believed else PLAIN).items()


@pytest.mark.promise("CON-9", "CFG-9")
def test_a_deployment_may_change_whom_to_believe(start):
    server = start(proxy=1)
    for settings, seen in [({"proxy": 0}, PLAIN), ({"proxy": 1, "trusted_proxies": "127.0.0.1"}, TOLD),
                           ({"trusted_proxies": "10.0.0.1"}, PLAIN)]:
        server.settings.update(settings)
        server.write_config()
        server.upgrade()
        assert client(server, *FORGED).items() >= seen.items(), settings


# ---- What is believed ----

@pytest.mark.promise("CON-9")
def test_without_networks_the_last_entry_is_the_client(start):
    server = start(proxy=1)
    expect(server, ["X-Forwarded-For: 203.0.113.66, 198.51.100.7"], remote_address="198.51.100.7")
    expect(server, ["X-Forwarded-For: 203.0.113.66", "X-Forwarded-For: 198.51.100.7:80"], remote_address="198.51.100.7",
           remote_port=80)
    expect(server, ["X-Forwarded-For: 2001:DB8::1"], remote_address="2001:db8::1", remote_port=0)
    expect(server, ["X-Forwarded-HTTPS: on"], scheme="https")
    expect(server, ["X-Forwarded-Proto: https, http"], scheme="http")


@pytest.mark.promise("CON-9")
def test_with_networks_the_last_stranger_is_the_client(start):
    server = start(proxy=1, trusted_proxies=["127.0.0.0/8", "2001:db8::/32"])
    chain = "X-Forwarded-For: 203.0.113.66, 198.51.100.7, 2001:db8::5, 127.0.0.9"
    expect(server, [chain], remote_address="198.51.100.7")
    # Scheme and host are those that the same proxy told.
    expect(server, [chain, "X-Forwarded-Proto: http, https, http, http", "X-Forwarded-Host: a, b, c, d"],
           remote_address="198.51.100.7", scheme="https", host="b")
    expect(server, ["X-Forwarded-For: 203.0.113.66, unknown, 127.0.0.9"], remote_address="127.0.0.9")
    expect(server, ['Forwarded: for=203.0.113.66;proto=https, for="[2001:db8::5]:80";proto=http, for=127.0.0.9'],
           remote_address="203.0.113.66", scheme="https")
    # A client that opens quotation marks does not hide from the proxy that adds to its field.
    expect(server, ['Forwarded: for="203.0.113.66, for=198.51.100.7'], remote_address="198.51.100.7")


@pytest.mark.promise("CON-9")
@pytest.mark.parametrize("field", [
    "X-Forwarded-For: unknown", "X-Forwarded-For: _hidden", "X-Forwarded-For:", "X-Forwarded-For: ,,,", "X-Forwarded-For: 1.2.3",
    "X-Forwarded-For: 203.0.113.66:99999", "X-Forwarded-For: [::1", "X-Forwarded-For: fe80::1%eth0", "X-Forwarded-For: a\tb\xff",
    "X-Forwarded-For: " + "," * 10240, "X-Forwarded-For: " + "1" * 10240, "X-Forwarded-Proto: javascript",
    "X-Forwarded-Proto: https://", "X-Forwarded-HTTPS: perhaps", "X-Forwarded-Host: a b", "X-Forwarded-Host: http://a/",
    "X-Forwarded-Host: <script>", "X-Forwarded-Host: a:99999", "Forwarded: for=", 'Forwarded: for="203.0.113.66',
    "Forwarded: for=203.0.113.66;for=203.0.113.67", "Forwarded: for=203.0.113.66:80", "Forwarded: ;;=,=;",
    'Forwarded: for="' + "\\" * 10240, "Forwarded: for=unknown;proto=wss;host=a/b"])
def test_what_is_not_valid_is_as_if_it_were_not_there(start, field):
    server = start(proxy=1)
    with server.connect() as connection:
        connection.send(f"GET /client HTTP/1.1\r\nHost: test\r\n{field}\r\n\r\n".encode("latin-1"))
        answer = connection.read_answer()
        assert answer.status == 200, answer
        assert json.loads(answer.text).items() >= (PLAIN | {"remote_port": connection.socket.getsockname()[1]}).items()


@pytest.mark.promise("CON-9")
def test_forwarded_is_not_looked_at_beside_the_other_fields(start):
    """Most proxies add X-Forwarded-For and let Forwarded through as the client sent it."""
    server = start(proxy=1)
    forged = "Forwarded: for=203.0.113.66;proto=https;host=forged.example"
    expect(server, [forged, "X-Forwarded-For: 198.51.100.7"], remote_address="198.51.100.7")
    expect(server, ["X-Forwarded-Proto: http", forged])
    expect(server, ["X-Forwarded-For: unknown", forged])


@pytest.mark.promise("CON-9")
def test_the_host_is_the_one_that_the_proxy_was_asked_for(start):
    server = start(proxy=1)
    with server.connect() as connection:
        connection.send(b"GET http://inner.example/client HTTP/1.1\r\nHost: inner.example\r\n"
                        b"X-Forwarded-Host: outer.example:8443\r\n\r\n")
        assert json.loads(connection.read_answer().text)["host"] == "outer.example:8443"
        connection.send(b"GET http://inner.example:81/client HTTP/1.1\r\nHost: inner.example:81\r\n\r\n")
        assert json.loads(connection.read_answer().text)["host"] == "inner.example:81"


@pytest.mark.promise("CON-9")
def test_each_request_of_a_connection_has_a_client_of_its_own(start):
    server = start(proxy=1)
    with server.connect() as connection:
        for number in range(1, 4):
            seen = json.loads(connection.get("/client", f"X-Forwarded-For: 198.51.100.{number}").text)
            assert (seen["remote_address"], seen["request_number"]) == (f"198.51.100.{number}", number)
        seen = json.loads(connection.get("/client").text)
        assert (seen["remote_address"], seen["remote_port"]) == ("127.0.0.1", connection.socket.getsockname()[1])


@pytest.mark.promise("CON-9")
def test_the_access_log_has_the_client_that_is_believed(prepare):
    server = prepare(proxy=1, trusted_proxies="127.0.0.1", workers=1)
    log = server.directory / "access"
    server.expected_files.add("access")
    server.settings["access_log"] = str(log)
    server.write_config()
    server.start()
    server.get("/", "X-Forwarded-For: 203.0.113.66, 198.51.100.7")
    server.get("/")
    server.get("/", "X-Forwarded-For: 198.51.100.7", "Host: twice")
    server.stop("QUIT")
    lines = [(line.split()[0], line.split('"')[2].split()[0]) for line in log.read_text().splitlines()]
    assert sorted(lines) == [("127.0.0.1", "200"), ("127.0.0.1", "400"), ("198.51.100.7", "200")]


@pytest.mark.promise("CON-9", "LSN-1")
def test_both_ends_of_the_connection_are_told_whatever_a_proxy_says(start):
    server = start(listen=["http://127.0.0.1:0", "http://127.0.0.2:0", "http://[::1]:0"], proxy=1)
    for host, port in server.addresses():
        peer = "::1" if host == "::1" else "127.0.0.1"
        with Connection((host, port)) as connection:
            seen = json.loads(connection.get("/client", *FORGED).text)
        assert (seen["local_address"], seen["local_port"]) == (host, port)
        assert (seen["remote_address"], seen["peer_address"]) == ("203.0.113.66", peer)


# ---- Real proxies ----

@pytest.fixture(params=[Nginx, Haproxy])
def front(request, tmp_path, ports):
    """front(server) is a proxy in front of it."""
    return lambda server: request.param(tmp_path / "front", ports(), server.port)


@pytest.mark.promise("CON-9", "CON-1")
def test_a_real_proxy_names_its_clients_over_connections_that_last(start, front):
    server = start(proxy=1, trusted_proxies="127.0.0.1", **LASTING)
    answers = []
    with front(server) as proxy:
        for visitor in range(10):
            address = f"127.0.0.{10 + visitor}"
            with Connection(proxy.address, source=address) as connection:
                for number in range(20):
                    # Half of them try to pass for somebody else, also for the proxy.
                    forged = [*FORGED, "X-Forwarded-For: 127.0.0.1", "Forwarded: for=203.0.113.66"] if number % 2 else []
                    answer = connection.get("/client", *forged)
                    assert answer.status == 200, answer
                    answers.append((address, json.loads(answer.text)))
    assert len(answers) == 200
    for address, seen in answers:
        assert seen.items() >= (PLAIN | {"remote_address": address, "remote_port": 0}).items()
    # Each connection has one first request.
    opened = sum(seen["request_number"] == 1 for _, seen in answers)
    assert opened <= 10, f"the proxy opened {opened} connections for 200 requests"
    assert max(seen["request_number"] for _, seen in answers) >= 20


@pytest.mark.promise("CON-9", "CON-1", "WRK-3")
def test_a_real_proxy_is_told_of_the_last_answer_on_a_connection(start, front):
    """keep_alive_requests ends a connection in a way that the proxy understands: nobody is sent a 502."""
    server = start(proxy=1, **(LASTING | {"keep_alive_requests": 7, "workers": 1}))
    with front(server) as proxy, Connection(proxy.address) as connection:
        numbers = []
        for _ in range(60):
            answer = connection.get("/client")
            assert answer.status == 200, answer
            numbers.append(json.loads(answer.text)["request_number"])
    assert max(numbers) == 7 and numbers.count(7) >= 6


@pytest.mark.promise("CON-9", "UPG-3", "WRK-3")
def test_a_deployment_behind_a_real_proxy_loses_no_request(start, front):
    """The proxy tries nothing twice: whatever the server dropped would be seen."""
    server = start(proxy=1, **LASTING)
    with front(server) as proxy, Load(proxy.address, {"new": 1, "keep-alive": 2}, Options(pause=0.002)) as load:
        for _ in range(4):
            enough = load.served() + 50
            wait_until(lambda: load.served() >= enough, "requests of this generation", seen=load.table)
            server.upgrade()
    assert load.losses() == {}, load.table()
