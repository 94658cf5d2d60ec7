"""servers - what the benchmarks measure: Hypnotoad, nginx and a bare epoll loop, each on a port of its own, with the
same answer, as it is or within TLS. Needs nginx; everything is kept in a directory that the caller gives."""
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import namedtuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
PATIENCE = 15
CLIENTS_MAX = 16384

Peer = namedtuple("Peer", "name process port")
Pair = namedtuple("Pair", "certificate key")

HYPNOTOAD = """{{
    listen => '{scheme}://127.0.0.1:{port}?{query}', workers => {workers}, pid_file => '{home}/hypnotoad.pid',
    accepts => 0, keep_alive_requests => 0, keep_alive_timeout => 600, clients => {clients},
}};
"""

NGINX = """
daemon off; worker_processes {workers}; pid {home}/nginx.pid; error_log {home}/error.log; worker_rlimit_nofile 65536;
events {{ worker_connections {clients}; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; default_type text/plain;
    client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3; uwsgi_temp_path {home}/4;
    scgi_temp_path {home}/5; {tls}
    server {{ listen 127.0.0.1:{port} backlog=4096{parameters}; location / {{ return 200 "Hello World"; }} }}
}}
"""

# What Hypnotoad does by itself.
NGINX_TLS = """
    ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305;
    ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_session_cache off; ssl_session_tickets on; ssl_session_timeout 2h;
"""


def make_pair(home):
    """A certificate as most have it: ECDSA, P-256."""
    pair = Pair(home / "certificate.pem", home / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench",
                    "-days", "30", "-keyout", pair.key, "-out", pair.certificate], check=True, capture_output=True)
    return pair


def trusting(version=None):
    """A client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(root):
    """A process and all that descend from it."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(pathlib.Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            pass
    found = [root]
    for pid in found:
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found


def cpu_seconds(peer):
    """The processor time of the whole process tree, to the nanosecond."""
    total = 0
    for pid in tree(peer.process.pid):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def memory_bytes(peer):
    """What the process tree holds in memory of its own, in user space."""
    total = 0
    for pid in tree(peer.process.pid):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1]) * 1024
    return total


def asks(port, has_tls):
    """What a server says at once to who asks for the least."""
    with socket.create_connection(("127.0.0.1", port), 1) as plain:
        probe = trusting().wrap_socket(plain) if has_tls else plain
        probe.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return probe.recv(4096) + probe.recv(4096)


def launch(name, home, command, port, has_tls=False):
    """Starts a server and waits until it answers."""
    with open(home / f"{name}.log", "wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if b"Hello World" in asks(port, has_tls):
                return Peer(name, process, port)
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > end:
            stop(process)
            sys.exit(f"{name} did not start:\n{(home / f'{name}.log').read_text()}")
        time.sleep(0.05)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_hypnotoad(options, home, pair=None, app="hello"):
    port, config, build = free_port(), home / "hypnotoad.conf", options.build
    query = f"defer_accept={options.deferred:d}" + (f"&cert={pair.certificate}&key={pair.key}" if pair else "")
    config.write_text(HYPNOTOAD.format(port=port, workers=options.workers, home=home, clients=CLIENTS_MAX, query=query,
                                       scheme="https" if pair else "http"))
    command = [build / "hypnotoad", "--foreground", "--config", config, build / f"apps/{app}.so"]
    return launch("hypnotoad", home, command, port, pair is not None)


def start_nginx(options, home, pair=None):
    port, config = free_port(), home / "nginx.conf"
    parameters = (" deferred" if options.deferred else "") + (" ssl" if pair else "")
    config.write_text(NGINX.format(port=port, workers=options.workers, home=home, clients=CLIENTS_MAX, parameters=parameters,
                                   tls=NGINX_TLS.format(**pair._asdict()) if pair else ""))
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or sys.exit("nginx is not installed")
    return launch("nginx", home, [program, "-e", home / "early.log", "-c", config], port, pair is not None)


def start_bare(options, home, pair=None):
    """One process, however many workers the others have, and never deferred."""
    port = free_port()
    if pair is None:
        return launch("bare epoll", home, [options.build / "tests/bench/bare_epoll", port], port)
    return launch("bare OpenSSL", home, [options.build / "tests/bench/bare_tls", port, *pair], port, True)


def start_bare_websocket(options, home):
    """One process as well."""
    port = free_port()
    return launch("bare websocket", home, [options.build / "tests/bench/bare_websocket", port], port)


STARTS = (start_hypnotoad, start_nginx, start_bare)


def add_arguments(parser):
    parser.add_argument("--workers", type=int, default=1, help="of each server")
    parser.add_argument("--deferred", action="store_true", help="connections wait for their first bytes, but at the bare loop")
    parser.add_argument("--build", type=pathlib.Path, default=BUILD, help="the build directory; default: HYPNOTOAD_BUILD")
