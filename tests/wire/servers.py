"""servers - the server under test and nginx, each on a port of its own, and all cases against them.

nginx runs as Debian configures it, but for what makes the two comparable: the same paths answer the same, bodies of up to
1 MiB are taken, and what waits for more bytes gives up after a second, so that nobody waits for a minute to see it.
`/len` passes requests on, as nginx does for a living: a body is read to its end before anybody answers."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from harness.build import Build
from harness.server import Server
from harness.waiting import wait_until
from wire.judge import judge
from wire.play import WAYS, WHOLE, play

BODY_MAX = 1 << 20
AT_ONCE = 8
# What the server under test is told; the bodies as nginx has them by default, and no end to the requests of a connection.
SETTINGS = {"workers": 1, "accepts": 0, "keep_alive_requests": 0, "message_max": BODY_MAX, "header_timeout": 60,
            "inactivity_timeout": 60, "keep_alive_timeout": 60}

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
CONFIGURATION = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; default_type text/plain; keepalive_requests 100000;
    client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; lingering_timeout 1s; client_max_body_size 1m;
    client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
    uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
    map $http_content_length $size {{ "" 0; default $http_content_length; }}
    server {{
        listen 127.0.0.1:{port};
        location = / {{ return 200 "Hello World"; }}
        location = /mode {{ return 200 "production"; }}
        location = /info {{
            return 200 '{{"method": "$request_method", "path": "$uri", "query": "$args", "host": "$host"}}';
        }}
        location = /len {{ proxy_pass http://127.0.0.1:{behind}; }}
        location / {{ return 404 "Not Found"; }}
    }}
    server {{
        listen 127.0.0.1:{behind};
        location / {{ return 200 "$size"; }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers_at(address):
    try:
        socket.create_connection(address, 1).close()
        return True
    except OSError:
        return False


@contextlib.contextmanager
def nginx():
    """Yields the address of an nginx of its own."""
    with tempfile.TemporaryDirectory(prefix="wire-nginx-") as name:
        home = pathlib.Path(name)
        address = ("127.0.0.1", free_port())
        text = CONFIGURATION.format(home=home, port=address[1], behind=free_port())
        (home / "nginx.conf").write_text(text)
        home.chmod(0o755)
        process = subprocess.Popen([NGINX, "-e", home / "error.log", "-c", home / "nginx.conf"], stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: process.poll() is not None or answers_at(address), "nginx to listen")
            assert process.poll() is None, f"nginx ended: {(home / 'error.log').read_text()}"
            yield address
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def ours():
    """Yields the address of the server under test, which must leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="wire-ours-") as name:
        server = Server(Build(), pathlib.Path(name), "probe", SETTINGS)
        try:
            yield server.start().address
        finally:
            with contextlib.redirect_stdout(None):
                complaints = list(server.finish())
        assert not complaints, complaints


def judge_all(cases, address, ways):
    """{case: its first verdict that is not right, or that of the last way}; several cases at once, one behind the other."""

    def judge_one(case):
        for way in ways:
            verdict = judge(case, play(case, address, way))
            if not verdict.is_right:
                return verdict._replace(faults=[*verdict.faults, f"sent {way}"])
        return verdict

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip([case.id for case in cases], pool.map(judge_one, cases)))


def judge_ours(cases, address):
    """Every case whole, byte by byte and at random cuts: the verdict is the same."""
    return judge_all(cases, address, WAYS)


def judge_nginx(cases, address):
    return judge_all(cases, address, (WHOLE,))
