"""Addresses: which ones can be listened on, how they are announced, which values are refused."""
import pathlib
import socket
import subprocess

import pytest

from harness import Connection
from harness.namespaces import unshared

HAS_IPV6 = pathlib.Path("/proc/net/if_inet6").exists()


def answer_at(*address):
    with Connection(address) as connection:
        return connection.get("/").text


@pytest.mark.promise("LSN-1", "LSN-8")
def test_an_ipv4_address(start, ports):
    # A port that the kernel chose might be another server's at the other address.
    server = start("hello", listen=f"http://127.0.0.2:{ports()}")
    assert server.address[0] == "127.0.0.2"
    assert answer_at(*server.address) == "Hello World"
    with pytest.raises(ConnectionRefusedError):
        answer_at("127.0.0.1", server.port)


@pytest.mark.promise("LSN-1", "LSN-8")
def test_an_ipv6_address(start):
    server = start("hello", listen="http://[::1]:0")
    assert f"Server available at http://[::1]:{server.port}." in server.stdout
    assert answer_at("::1", server.port) == "Hello World"


@pytest.mark.promise("LSN-1")
def test_a_name(start):
    server = start("hello", listen="http://localhost:0")
    assert server.address[0] == "localhost"
    found = {info[4][:2] for info in socket.getaddrinfo("localhost", server.port, type=socket.SOCK_STREAM)}
    assert [answer_at(*address) for address in found] == ["Hello World"] * len(found)


@pytest.mark.promise("LSN-1", "LSN-8")
def test_a_star_is_every_address_of_both_families(start, ports):
    port = ports()
    server = start("hello", listen=f"http://*:{port}")
    assert server.stdout == f"Server available at http://127.0.0.1:{port}.\n"
    assert answer_at("127.0.0.1", port) == answer_at("127.0.0.3", port) == "Hello World"
    if HAS_IPV6:
        assert answer_at("::1", port) == "Hello World"


@pytest.mark.promise("LSN-1", "LSN-7", "LSN-8")
def test_a_star_has_one_port_in_both_families_even_if_the_kernel_chooses(start):
    server = start("hello", listen="http://*:0")
    assert [host for host, _ in server.addresses()] == ["127.0.0.1"]
    assert answer_at("127.0.0.1", server.port) == "Hello World"
    if HAS_IPV6:
        assert answer_at("::1", server.port) == "Hello World"


@pytest.mark.promise("LSN-1", "LSN-8", "CFG-1")
def test_several_at_once_are_announced_in_order(start, ports):
    wanted = [f"http://127.0.0.1:{ports()}", f"http://[::1]:{ports()}", f"http://*:{ports()}", f"http://localhost:{ports()}"]
    server = start("hello", listen=wanted)
    assert server.stdout == "".join(f"Server available at {value.replace('*', '127.0.0.1')}.\n" for value in wanted)
    for host, port in server.addresses():
        assert answer_at(host, port) == "Hello World"


@pytest.mark.promise("LSN-7", "LSN-8")
def test_port_0_asks_the_kernel_and_the_message_names_the_port(start):
    server = start("hello", listen="http://127.0.0.1:0")
    assert server.port not in (0, 3000)
    assert answer_at("127.0.0.1", server.port) == "Hello World"


@pytest.mark.promise("LSN-7", "CLI-5")
@pytest.mark.parametrize("value, reason", [
    ("http://127.0.0.1:99999", "65535"), ("http://127.0.0.1:65536", "65535"), ("http://127.0.0.1:-1", ""),
    ("http://127.0.0.1:http", ""),
    ("http://127.0.0.1:", "port"), ("http://:8080", ""), ("http://", ""),
    ("127.0.0.1:8080", ""), ("8080", ""),
    ("ftp://127.0.0.1:21", "http"), ("HTTP//127.0.0.1:80", ""), ("http://[::1:8080", ""), ("http://[]:8080", ""),
    ("http://[zz]:8080", ""),
    ("http://::1:8080", ""), ("http://127.0.0.1:8080/path", ""), ("http://a b:8080", ""), ("http://127.0.0.1: 80", ""),
    ("http://127.0.0.1:8080?unknown=1", ""), ("http://no.such.name.invalid:8080", "no.such.name.invalid"),
    ("http://" + "a" * 5000 + ":80", ""),
])
def test_a_value_that_is_none_is_refused_with_the_reason(command, build, value, reason):
    result = command(*command.configure(listen=["http://127.0.0.1:0", value]), build.app("hello"))
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("hypnotoad: ") and result.stderr.count("\n") == 1, result.stderr
    assert 'Invalid listen value "' in result.stderr and reason in result.stderr
    assert value[:60] in result.stderr


@pytest.mark.promise("LSN-7")
def test_an_address_that_is_not_this_machines_is_refused(command, build):
    result = command(*command.configure(listen="http://192.0.2.1:8080"), build.app("hello"))
    assert result.status == 1 and "192.0.2.1" in result.stderr


def backlog_of(port):
    """The third column of a listening socket is how many may wait."""
    rows = subprocess.run(["ss", "-Hltn", "sport", "=", f":{port}"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(rows) == 1, rows
    return int(rows[0].split()[2])


@pytest.mark.promise("LSN-10")
@pytest.mark.parametrize("backlog", [1, 17, 128])
def test_the_backlog_is_the_setting(start, backlog):
    assert backlog_of(start("hello", backlog=backlog).port) == backlog


@pytest.mark.promise("LSN-10", "CFG-5")
def test_the_backlog_is_the_largest_by_default(start):
    largest = int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text())
    assert backlog_of(start("hello").port) == min(largest, socket.SOMAXCONN)


@pytest.mark.promise("LSN-1", "CLI-5")
def test_a_port_can_be_used_again_at_once(start, ports):
    """Connections that the last server closed first linger in the kernel; they must not keep the address."""
    port = ports()
    for _ in range(3):
        server = start("hello", listen=f"http://127.0.0.1:{port}", keep_alive_requests=1)
        for _ in range(5):
            assert server.get("/").status == 200
        assert server.stop() == 0


@pytest.mark.promise("LSN-1", "UPG-1")
def test_a_deferred_listener_serves_and_keeps_serving_after_a_deployment(start, ports):
    server = start("hello", listen=f"http://127.0.0.1:{ports()}?defer_accept=1")
    assert answer_at(*server.address) == "Hello World"
    server.upgrade()
    assert answer_at(*server.address) == "Hello World"


@pytest.mark.promise("LSN-1", "LSN-8", "UPG-1")
def test_several_addresses_share_one_port(start, ports):
    port = ports()
    hosts = ["127.0.0.1", "127.0.0.2", *(["[::1]"] if HAS_IPV6 else [])]
    server = start("hello", listen=[f"http://{host}:{port}" for host in hosts])
    for _ in range(2):
        assert server.addresses()[-len(hosts):] == [(host.strip("[]"), port) for host in hosts]
        assert [answer_at(host.strip("[]"), port) for host in hosts] == ["Hello World"] * len(hosts)
        with pytest.raises(ConnectionRefusedError):
            answer_at("127.0.0.3", port)
        server.upgrade()


# A network of its own, with an address that means nothing without its interface.
SCOPE = 'ip link set lo up && ip address add fe80::70ad/64 dev lo nodad && exec "$@"'


@pytest.mark.promise("LSN-1", "LSN-8", "UPG-1")
@pytest.mark.skipif(not HAS_IPV6, reason="there is no IPv6")
@pytest.mark.parametrize("percent", ["%", "%25"])
def test_an_ipv6_address_has_its_scope(prepare, percent):
    server = prepare("hello", listen=f"http://[fe80::70ad{percent}lo]:8080",
                     before=[*unshared("net"), "sh", "-c", SCOPE, "sh"]).start()
    for _ in range(2):
        assert server.addresses()[-1] == ("fe80::70ad%lo", 8080)
        ask = ["nsenter", f"--target={server.manager}", "--net", "curl", "--silent", "--show-error", "--globoff", "--max-time", "30",
               "http://[fe80::70ad%25lo]:8080/"]
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "Hello World", "")
        server.upgrade()


@pytest.mark.promise("LSN-1", "LSN-7")
def test_a_scope_that_is_not_there_is_refused(command, build):
    result = command(*command.configure(listen="http://[fe80::1%toad-none]:8080"), build.app("hello"))
    assert result.status == 1 and "fe80::1%toad-none" in result.stderr


@pytest.mark.promise("LSN-1", "LSN-8", "UPG-1")
def test_a_name_with_several_addresses_listens_on_each(prepare, ports, tmp_path):
    hosts = tmp_path / "hosts"
    # Twice the same is once.
    hosts.write_text("127.0.0.1 localhost\n127.0.0.4 many.test\n127.0.0.5 many.test\n127.0.0.4 many.test\n")
    port = ports()
    server = prepare("hello", listen=f"http://many.test:{port}",
                     before=[*unshared("mount"), "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]).start()
    assert server.stdout == f"Server available at http://many.test:{port}.\n"
    for _ in range(2):
        assert answer_at("127.0.0.4", port) == answer_at("127.0.0.5", port) == "Hello World"
        with pytest.raises(ConnectionRefusedError):
            answer_at("127.0.0.1", port)
        server.upgrade()


@pytest.mark.promise("LSN-6")
def test_a_port_is_shared_by_those_who_say_so(prepare, command, build, ports):
    value = f"http://127.0.0.1:{ports()}?reuse=1"
    servers = [prepare("probe", listen=value).start() for _ in range(2)]
    workers = {worker: server for server in servers for worker in server.workers()}

    def find(server):
        return any(workers.get(int(answer_pid(server.port))) is server for _ in range(100))

    # The kernel deals connections out by the client's port.
    assert all(map(find, servers))
    result = command(*command.configure(listen=value.partition("?")[0]), build.app("probe"))
    assert result.status == 1 and "Address already in use" in result.stderr


def answer_pid(port):
    with Connection(("127.0.0.1", port)) as connection:
        return connection.get("/pid", "Connection: close").text


@pytest.mark.promise("LSN-6", "UPG-1")
def test_a_listener_that_accepts_one_connection_at_a_time_serves_all(start, ports):
    server = start("hello", listen=f"http://127.0.0.1:{ports()}?single_accept=1")
    for _ in range(2):
        connections = [server.connect() for _ in range(20)]
        for connection in connections:
            connection.ask("/")
        for connection in connections:
            with connection:
                assert connection.read_answer().text == "Hello World"
        server.upgrade()
