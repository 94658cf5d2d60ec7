"""peers - the servers that are compared: how each is started, deployed anew and ended.

Each serves GET / (Hello World), GET /large (the alphabet, again and again) and takes a body at /len."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from traffic import DOWNLOAD_SIZE, HELLO, Downloading, Lost, Options, Wire, get, trusting

PATIENCE = 30.0
KEEP_ALIVE = 3
PROBES = []

HYPNOTOAD = """{{
    listen => '{url}', workers => {workers}, pid_file => '{home}/hypnotoad.pid', accepts => 0,
    keep_alive_requests => 1000, keep_alive_timeout => {keep_alive}, clients => 4096, log_file => '{home}/hypnotoad.log',
}};
"""

# A keep-alive connection is promised a second less than it has, as Hypnotoad does it.
NGINX = """
worker_processes {workers}; pid {home}/nginx.pid; error_log {home}/error.log; user root;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000; keepalive_timeout {keep_alive}s {promised}s; default_type text/plain;
    client_max_body_size 16m; client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3;
    uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
    server {{
        listen 127.0.0.1:{port} backlog=4096{tls}; root {home};
        location = / {{ return 200 "Hello World"; }}
        location = /len {{ dav_methods PUT; }}
    }}
}}
"""

PERL = """
use Mojolicious::Lite;
app->config(hypnotoad => {{listen => ['{url}'], workers => {workers}, pid_file => '{home}/perl.pid',
    accepts => 0, requests => 1000, keep_alive_timeout => {keep_alive}, backlog => 4096}});
app->log->level('fatal');
get '/' => sub {{ shift->render(text => 'Hello World') }};
app->start;
"""


def until(condition, what):
    """The first true value of condition()."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"waited {PATIENCE:g} s for {what}")
        time.sleep(0.005)
    return value


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def parent_of(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def has_children(pid):
    return any(parent_of(int(name)) == pid for name in os.listdir("/proc") if name.isdigit())


def free_port():
    """Nobody else gets it as long as this process lives: what holds it is bound beside the server, but does not listen."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    PROBES.append(probe)
    return probe.getsockname()[1]


def make_pair(home):
    """A certificate and its key."""
    pair = home / "certificate.pem", home / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=load",
                    "-days", "30", "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True)
    return pair


class Peer:
    name = None
    kinds = ()

    def __init__(self, home, workers, build, tls=False):
        self.home = home
        self.workers = workers
        self.build = build
        self.pair = make_pair(home) if tls else None
        self.context = trusting() if tls else None
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.pid_file = home / f"{self.name}.pid"

    def fill(self, template):
        scheme, query, tls = "http", "", ""
        if self.pair is not None:
            certificate, key = self.pair
            scheme, query = "https", f"?cert={certificate}&key={key}"
            tls = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3"
        return template.format(port=self.port, workers=self.workers, home=self.home, keep_alive=KEEP_ALIVE, promised=KEEP_ALIVE - 1,
                               url=f"{scheme}://127.0.0.1:{self.port}{query}", tls=tls)

    def run(self, command, **options):
        """Runs a command that goes to the background."""
        log = self.home / f"{self.name}.out"
        with open(log, "ab") as out:
            status = subprocess.call(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.home,
                                     **options)
        if status != 0:
            raise SystemExit(f"{command} ended with {status}: {log.read_text()}")

    def pid(self):
        try:
            text = self.pid_file.read_text()
        except FileNotFoundError:
            return 0
        return int(text) if text.strip().isdigit() else 0

    def start(self):
        self.launch()
        until(lambda: self.pid() and self.answers(), f"{self.name} to serve")

    def answers(self):
        try:
            with Wire(self.address, context=self.context) as wire:
                wire.send(get("/", "Connection: close"))
                wire.read_answer(HELLO)
                return True
        except Lost:
            return False

    def await_successor(self, old):
        return until(lambda: self.pid() not in (0, old) and lives(self.pid()) and self.pid(), f"the next generation of {self.name}")

    def stop(self):
        pid = self.pid()
        if pid and lives(pid):
            os.kill(pid, signal.SIGTERM)
            until(lambda: not lives(pid), f"{self.name} to end")

    def options(self, slowness):
        return Options(slowness=slowness, tls=self.pair is not None)

    @staticmethod
    def missing():
        """What keeps it from being compared; None if nothing does."""
        return None


class Hypnotoad(Peer):
    name = "hypnotoad"
    kinds = ("new", "keep-alive", "think", "pipelined", "upload", "download")

    def launch(self):
        config = self.home / "hypnotoad.conf"
        config.write_text(self.fill(HYPNOTOAD))
        self.run([self.build / "hypnotoad", "--config", config, self.build / "apps/probe.so"])

    def deploy(self):
        old = self.pid()
        os.kill(old, signal.SIGUSR2)
        self.await_successor(old)


class Nginx(Peer):
    name = "nginx"
    kinds = Hypnotoad.kinds
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")

    def launch(self):
        config = self.home / "nginx.conf"
        config.write_text(self.fill(NGINX))
        (self.home / "large").write_bytes(Downloading.expected)
        assert len(Downloading.expected) == DOWNLOAD_SIZE
        self.run([self.program, "-e", self.home / "early.log", "-c", config])

    def deploy(self):
        """As its manual has it: USR2, and QUIT to the old master when the new one has its workers."""
        old = self.pid()
        os.kill(old, signal.SIGUSR2)
        new = self.await_successor(old)
        until(lambda: has_children(new), "the workers of nginx")
        os.kill(old, signal.SIGQUIT)
        # It takes no further USR2 before.
        until(lambda: not lives(old), "the old master of nginx to end")

    def options(self, slowness):
        return Options(slowness=slowness, upload=("PUT", b""), tls=self.pair is not None)

    @staticmethod
    def missing():
        return None if Nginx.program else "nginx is not installed"


class Perl(Peer):
    """It promises no time for which a connection lives, so nobody can think and honour it."""
    name = "perl"
    kinds = ("new", "keep-alive", "pipelined")
    program = shutil.which("hypnotoad", path="/usr/bin")

    def launch(self):
        self.app = self.home / "app.pl"
        self.app.write_text(self.fill(PERL))
        self.run([self.program, self.app])

    def deploy(self):
        old = self.pid()
        self.run([self.program, self.app])
        self.await_successor(old)

    @staticmethod
    def missing():
        return None if Perl.program else "Mojolicious is not installed"


PEERS = {peer.name: peer for peer in (Hypnotoad, Nginx, Perl)}
