"""servers - what the benchmarks measure: Hypnotoad, nginx and a bare epoll loop, each on a port of its own, with the
same answer. Needs nginx; everything is kept in a directory that the caller gives."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
PATIENCE = 15
CLIENTS_MAX = 16384

Peer = namedtuple("Peer", "name process port")

HYPNOTOAD = """{{
    listen => 'http://127.0.0.1:{port}?defer_accept={deferred:d}', workers => {workers}, pid_file => '{home}/hypnotoad.pid',
    accepts => 0, keep_alive_requests => 0, keep_alive_timeout => 600, clients => {clients},
}};
"""

NGINX = """
daemon off; worker_processes {workers}; pid {home}/nginx.pid; error_log {home}/error.log; worker_rlimit_nofile 65536;
events {{ worker_connections {clients}; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; default_type text/plain;
    client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3; uwsgi_temp_path {home}/4;
    scgi_temp_path {home}/5;
    server {{ listen 127.0.0.1:{port} backlog=4096{deferred}; location / {{ return 200 "Hello World"; }} }}
}}
"""


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


def launch(name, home, command, port):
    """Starts a server and waits until it answers."""
    with open(home / f"{name}.log", "wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                if b"Hello World" in probe.recv(4096) + probe.recv(4096):
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


def start_hypnotoad(options, home, app="hello"):
    port, config, build = free_port(), home / "hypnotoad.conf", options.build
    config.write_text(HYPNOTOAD.format(port=port, workers=options.workers, home=home, clients=CLIENTS_MAX,
                                       deferred=options.deferred))
    command = [build / "hypnotoad", "--foreground", "--config", config, build / f"apps/{app}.so"]
    return launch("hypnotoad", home, command, port)


def start_nginx(options, home):
    port, config = free_port(), home / "nginx.conf"
    config.write_text(NGINX.format(port=port, workers=options.workers, home=home, clients=CLIENTS_MAX,
                                   deferred=" deferred" if options.deferred else ""))
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or sys.exit("nginx is not installed")
    return launch("nginx", home, [program, "-e", home / "early.log", "-c", config], port)


def start_bare(options, home):
    """One process, however many workers the others have, and never deferred."""
    port = free_port()
    return launch("bare epoll", home, [options.build / "tests/bench/bare_epoll", port], port)


def start_bare_websocket(options, home):
    """One process as well."""
    port = free_port()
    return launch("bare websocket", home, [options.build / "tests/bench/bare_websocket", port], port)


STARTS = (start_hypnotoad, start_nginx, start_bare)


def add_arguments(parser):
    parser.add_argument("--workers", type=int, default=1, help="of each server")
    parser.add_argument("--deferred", action="store_true", help="connections wait for their first bytes, but at the bare loop")
    parser.add_argument("--build", type=pathlib.Path, default=BUILD, help="the build directory; default: HYPNOTOAD_BUILD")
