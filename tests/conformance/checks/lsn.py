"""LSN: listening."""
import os
import pathlib
import re
import socket
import ssl
import stat
import subprocess
import sys
import urllib.parse
import warnings

from conformance.registry import check
from conformance.verdicts import Lacks
from harness import processes
from harness.client import Connection, ConnectionEnded
from harness.tls import Authority, SecureConnection, trusting

HAS_IPV6 = pathlib.Path("/proc/net/if_inet6").exists()


def answers(address):
    with Connection(address) as connection:
        return connection.get("/", "Connection: close").text == "Hello World"


def need_ipv6():
    if not HAS_IPV6:
        raise Lacks("this machine has no IPv6")


@check("LSN-1.ipv4")
def an_ipv4_address(case):
    port = case.target.port()
    server = case.start(listen=[f"http://127.0.0.1:{port}"], workers=1)
    case.equal(server.get("/").text, "Hello World", "the answer")
    try:
        socket.create_connection(("127.0.0.2", port), 5).close()
        raise AssertionError("it listens at 127.0.0.2 as well")
    except ConnectionRefusedError:
        pass


@check("LSN-1.ipv6")
def an_ipv6_address_in_brackets(case):
    need_ipv6()
    port = case.target.port()
    case.start(listen=[f"http://[::1]:{port}"], workers=1)
    case.equal(answers(("::1", port)), True, "an answer at ::1")


@check("LSN-1.name")
def a_name(case):
    port = case.target.port()
    case.start(listen=[f"http://localhost:{port}"], workers=1)
    case.equal(answers(("localhost", port)), True, "an answer at localhost")


@check("LSN-1.star")
def the_star_is_every_ipv4_address(case):
    port = case.target.port()
    case.start(listen=[f"http://*:{port}"], workers=1)
    case.equal([answers(("127.0.0.1", port)), answers(("127.0.0.2", port))], [True, True], "answers at 127.0.0.1 and 127.0.0.2")


@check("LSN-1.star-ipv6")
def the_star_is_ipv6_as_well(case):
    need_ipv6()
    port = case.target.port()
    case.start(listen=[f"http://*:{port}"], workers=1)
    case.equal(answers(("::1", port)), True, "an answer at ::1")


@check("LSN-1.several", also=("CFG-8",))
def several_at_once(case):
    ports = [case.target.port() for _ in range(3)]
    case.start(listen=[f"http://127.0.0.1:{port}" for port in ports], workers=1)
    case.equal([answers(("127.0.0.1", port)) for port in ports], [True] * 3, "answers at three ports")


# ---- Paths ----

def path_of(case):
    return case.short_directory() / "a.sock"


def unix(path):
    return "http+unix://" + urllib.parse.quote(str(path), safe="")


@check("LSN-2.unix", needs=("unix_sockets",))
def a_path_is_a_unix_socket(case):
    path = path_of(case)
    server = case.start(listen=[unix(path)], workers=1)
    case.equal((server.get("/").text, stat.S_ISSOCK(path.stat().st_mode)), ("Hello World", True), "the answer, and whether it is a socket")
    server.stop("QUIT")
    case.equal(path.exists(), False, "the socket is there at the end")


@check("LSN-2.file-spelling", needs=("unix_sockets", "config_option"))
def file_is_another_spelling(case):
    path = path_of(case)
    server = case.prepare(listen=[f"file://{path}"], workers=1)
    server.launch()
    case.until(lambda: path.exists() and server.answers(str(path)), "an answer at the path")


@check("LSN-2.stale", needs=("unix_sockets",))
def a_stale_socket_is_replaced(case):
    path = path_of(case)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    server = case.start(listen=[unix(path)], workers=1)
    case.equal(server.get("/").text, "Hello World", "the answer")


@check("LSN-2.live", needs=("unix_sockets",))
def a_live_socket_is_an_address_in_use(case):
    path = path_of(case)
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen()
        server = case.prepare(listen=[unix(path)], workers=1).launch()
        try:
            server.process.wait(6)
        except subprocess.TimeoutExpired:
            raise AssertionError("it started although somebody listens at the path") from None
        case.holds(server.process.returncode != 0, "the exit status is not 0")
        case.equal(path.exists(), True, "the socket is still there")


@check("LSN-2.survives-deployments", needs=("unix_sockets",), also=("UPG-3",))
def it_survives_deployments(case):
    path = path_of(case)
    server = case.start(listen=[unix(path)], workers=1)
    inode = path.stat().st_ino
    for _ in range(2):
        server.upgrade()
        case.equal((path.exists() and path.stat().st_ino, server.answers()), (inode, True), "its inode, and whether it answers")


# ---- TLS ----

def authority(case):
    return Authority(case.directory / "authority")


@check("LSN-3.certificate", needs=("tls",))
def a_certificate_is_served(case):
    made = authority(case)
    pair = made.certify("server.test")
    port = case.target.port()
    server = case.prepare(listen=[f"https://127.0.0.1:{port}?{pair.query()}"], workers=1).launch()
    await_listening(case, port)
    with SecureConnection(("127.0.0.1", port), made.client(), "server.test") as connection:
        case.equal(connection.get("/").text, "Hello World", "the answer")
    assert server.process.poll() is None


def await_listening(case, port):
    def accepts():
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return True
        except OSError:
            return False
    case.until(accepts, f"somebody to listen at {port}")


@check("LSN-3.client-certificate", needs=("tls",))
def with_a_ca_client_certificates_are_required(case):
    made = authority(case)
    pair, client = made.certify("server.test"), made.certify("client.test")
    port = case.target.port()
    case.prepare(listen=[f"https://127.0.0.1:{port}?{pair.query()}&ca={made.path}"], workers=1).launch()
    await_listening(case, port)
    with SecureConnection(("127.0.0.1", port), made.client(pair=client), "server.test") as connection:
        case.equal(connection.get("/").text, "Hello World", "the answer with a certificate")
    try:
        with SecureConnection(("127.0.0.1", port), made.client(), "server.test") as connection:
            connection.get("/")
    except (OSError, ConnectionEnded) as refusal:
        case.evidence.saw(f"without one: {refusal!r}")
        return
    raise AssertionError("a client without a certificate was served")


@check("LSN-4.generated", needs=("generated_certificate",))
def without_a_certificate_one_is_there(case):
    port = case.target.port()
    case.prepare(listen=[f"https://127.0.0.1:{port}"], workers=1).launch()
    await_listening(case, port)
    with SecureConnection(("127.0.0.1", port), trusting(), "localhost") as connection:
        case.equal(connection.get("/").text, "Hello World", "the answer")


@check("LSN-4.warning", needs=("generated_certificate", "logged_causes"))
def and_a_warning_names_the_listener(case):
    port = case.target.port()
    server = case.prepare(listen=[f"https://127.0.0.1:{port}"], workers=1).launch()
    await_listening(case, port)
    case.until(lambda: re.search(rf"warn.*{port}", server.stderr), "the warning", seen=lambda: server.stderr)


@check("LSN-3.versions", needs=("tls",))
def tls_1_1_is_refused(case):
    port = case.target.port()
    case.prepare(listen=[f"https://127.0.0.1:{port}"], workers=1).launch()
    await_listening(case, port)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = trusting(ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0")
    try:
        SecureConnection(("127.0.0.1", port), context, "localhost").close()
    except OSError as refusal:
        case.evidence.saw(repr(refusal))
        return
    raise AssertionError("a handshake in TLS 1.1 succeeded")


# ---- Inherited sockets ----

@check("LSN-5.fd", needs=("inherited_sockets",))
def an_inherited_socket_is_taken_by_its_number(case):
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        server = case.prepare(listen=[f"http://127.0.0.1:{port}?fd={ours.fileno()}"], workers=1)
        server.inherited = (ours.fileno(),)
        server.start()
        inode = os.fstat(ours.fileno()).st_ino
        case.equal(f"socket:[{inode}]" in processes.descriptors_of(server.manager).values(), True, "the manager holds that socket")


@check("LSN-5.activation", needs=("activated_sockets",))
def sockets_of_a_service_manager_are_taken(case):
    program = ("import os,sys; fd=int(sys.argv[1]); os.dup2(fd,3); os.environ.update(LISTEN_FDS='1',LISTEN_PID=str(os.getpid()));"
               "os.execv(sys.argv[2],sys.argv[2:])")
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        server = case.prepare(listen=[f"http://127.0.0.1:{port}"], workers=1, before=[sys.executable, "-c", program, str(ours.fileno())])
        server.inherited = (ours.fileno(),)
        server.start()
        case.equal(server.get("/").text, "Hello World", "the answer")


# ---- The rest ----

@check("LSN-6.reuse", needs=("reuse",))
def reuse_sets_so_reuseport(case):
    port = case.target.port()
    case.start(listen=[f"http://127.0.0.1:{port}?reuse=1"], workers=1)
    with socket.socket() as second:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        second.bind(("127.0.0.1", port))


@check("LSN-6.not-reused", needs=("reuse",))
def without_it_nobody_else_can_bind(case):
    port = case.target.port()
    case.start(listen=[f"http://127.0.0.1:{port}"], workers=1)
    with socket.socket() as second:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            second.bind(("127.0.0.1", port))
        except OSError:
            return
    raise AssertionError("another socket could be bound to the port")


@check("LSN-6.single-accept", needs=("single_accept",))
def single_accept_serves_as_well(case):
    port = case.target.port()
    server = case.start(listen=[f"http://127.0.0.1:{port}?single_accept=1"], workers=2)
    case.equal({server.get("/").status for _ in range(20)}, {200}, "statuses")


@check("LSN-6.sni", needs=("tls", "config_option"))
def certificates_are_chosen_by_name(case):
    made = authority(case)
    one, two = made.certify("one.test"), made.certify("two.test")
    port = case.target.port()
    query = f"{one.query()}&{one.query('one.test')}&{two.query('two.test')}"
    case.prepare(listen=[f"https://127.0.0.1:{port}?{query}"], workers=1).launch()
    await_listening(case, port)
    for name in ("one.test", "two.test"):
        with SecureConnection(("127.0.0.1", port), made.client(), name) as connection:
            case.equal(connection.get("/").status, 200, f"status at {name}")


@check("LSN-7.invalid")
def an_invalid_value_is_an_error_that_names_it(case):
    for value in ("http://127.0.0.1:99999", "ftp://127.0.0.1:3000", "127.0.0.1", "http://127.0.0.1:http"):
        server = case.prepare(workers=1)
        server.configure(listen=[value])
        result = server.run("--foreground", limit=8)
        case.holds(result.status != 0, f"{value} ends the start")
        assert value in result.stderr, f"stderr does not name {value}: {result.stderr!r}"


@check("LSN-7.port-0", needs=("port_0",))
def port_0_is_chosen_by_the_kernel_and_named(case):
    server = case.prepare(listen=["http://127.0.0.1:0"], workers=1).launch()
    found = case.until(lambda: re.search(r"at http://127\.0\.0\.1:([1-9]\d*)\b", server.stdout), "the message", seen=lambda: server.stdout)
    case.equal(answers(("127.0.0.1", int(found[1]))), True, "an answer at that port")


@check("LSN-7.port-0-is-kept", needs=("port_0",), also=("UPG-1", "CFG-9"))
def the_port_is_the_same_behind_a_deployment(case):
    server = case.prepare(listen=["http://127.0.0.1:0"], workers=1).launch()
    found = case.until(lambda: re.search(r"at http://127\.0\.0\.1:([1-9]\d*)\b", server.stdout), "the message", seen=lambda: server.stdout)
    # The file goes on saying 0.
    server.settings["listen"] = [f"http://127.0.0.1:{found[1]}"]
    server.await_ready()
    server.upgrade()
    case.equal(server.answers(), True, f"an answer at port {found[1]}")


@check("LSN-8.announced", needs=("announcement",))
def each_listener_is_announced(case):
    ports = [case.target.port() for _ in range(2)]
    server = case.start(listen=[f"http://127.0.0.1:{ports[0]}", f"http://*:{ports[1]}"], workers=1)
    case.equal(server.stdout, "".join(f"Server available at http://127.0.0.1:{port}.\n" for port in ports), "stdout")


@check("LSN-10.backlog")
def the_backlog_is_the_setting(case):
    for settings, expected in (({"backlog": 17}, "17"), ({}, pathlib.Path("/proc/sys/net/core/somaxconn").read_text().strip())):
        server = case.start(workers=1, **settings)
        shown = subprocess.run(["ss", "-Hltn", f"sport = :{server.address[1]}"], capture_output=True, text=True, check=True).stdout
        case.evidence.saw(shown)
        case.equal(shown.split()[2], expected, f"the backlog with {settings}")
