#!/usr/bin/python3
"""cpu_per_request - what one request costs the server, beside nginx on the same machine in the same run.

    tests/bench/cpu_per_request.py [--seconds N] [--workers N] [--rounds N] [--build DIRECTORY] [--only NAME...]

A load generator fills its own core before a fast server fills its one, so requests per second hide the differences: what
counts is the CPU time of the server's whole process tree, to the nanosecond, divided by the requests that wrk counted.
Both servers answer the same few bytes with the same number of workers; rounds alternate between them, and the median is
shown. Differences under 8 % are noise. Needs wrk and nginx; everything runs in a temporary directory on ports of its own."""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 15
DEPTH = 16

Case = namedtuple("Case", "name connections options script")
Peer = namedtuple("Peer", "name process port")
Measure = namedtuple("Measure", "microseconds rate errors")

PIPELINE = f"""
init = function(args)
    local r = {{}}
    for i = 1, {DEPTH} do r[i] = wrk.format(nil, "/") end
    req = table.concat(r)
end
request = function() return req end
"""

CASES = [
    Case("keep-alive", 64, [], None),
    Case("keep-alive-512", 512, [], None),
    Case(f"pipelined-{DEPTH}", 64, [], PIPELINE),
    Case("connection-per-request", 64, ["-H", "Connection: close"], None),
]

HYPNOTOAD = """{{
    listen => 'http://127.0.0.1:{port}', workers => {workers}, pid_file => '{home}/hypnotoad.pid',
    accepts => 0, keep_alive_requests => 0, keep_alive_timeout => 60, clients => 4096,
}};
"""

NGINX = """
daemon off; worker_processes {workers}; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 60s; default_type text/plain;
    client_body_temp_path {home}/1; proxy_temp_path {home}/2; fastcgi_temp_path {home}/3; uwsgi_temp_path {home}/4;
    scgi_temp_path {home}/5;
    server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "Hello World"; }} }}
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


def cpu_seconds(root):
    total = 0
    for pid in tree(root):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def launch(name, home, command, port):
    """Starts a server and waits until it answers."""
    with open(home / f"{name}.log", "wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.sendall(b"GET / HTTP/1.0\r\n\r\n")
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


def start_hypnotoad(options, home):
    port, config = free_port(), home / "hypnotoad.conf"
    config.write_text(HYPNOTOAD.format(port=port, workers=options.workers, home=home))
    command = [options.build / "hypnotoad", "--foreground", "--config", config, options.build / "apps/hello.so"]
    return launch("hypnotoad", home, command, port)


def start_nginx(options, home):
    port, config = free_port(), home / "nginx.conf"
    config.write_text(NGINX.format(port=port, workers=options.workers, home=home))
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or sys.exit("nginx is not installed")
    return launch("nginx", home, [program, "-e", home / "early.log", "-c", config], port)


def measure(peer, case, seconds, home):
    command = ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s", *case.options,
               f"http://127.0.0.1:{peer.port}/"]
    if case.script is not None:
        script = home / "pipeline.lua"
        script.write_text(case.script)
        command[1:1] = ["-s", str(script)]
    before = cpu_seconds(peer.process.pid)
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(peer.process.pid) - before
    requests = int(re.search(r"(\d+) requests in", shown)[1])
    errors = [line.strip() for line in shown.splitlines() if "Socket errors" in line or "Non-2xx" in line]
    return Measure(spent / max(requests, 1) * 1e6, requests / seconds, errors)


def compare(peers, case, options, home):
    """Rounds alternate, so that what the machine does besides hits both alike."""
    measures = {peer.name: [] for peer in peers}
    for _ in range(options.rounds):
        for peer in peers:
            measures[peer.name].append(measure(peer, case, options.seconds, home))
    return measures


def show(case, measures):
    ours, theirs = (statistics.median(one.microseconds for one in measures[name]) for name in ("hypnotoad", "nginx"))
    rates = [statistics.median(one.rate for one in measures[name]) for name in ("hypnotoad", "nginx")]
    print(f"{case.name:<24}{case.connections:>6}{ours:>12.2f}{theirs:>10.2f}{ours / theirs:>9.2f}"
          f"{rates[0]:>13.0f}{rates[1]:>12.0f}")
    for name, found in measures.items():
        for error in {line for one in found for line in one.errors}:
            print(f"    {name}: {error}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--workers", type=int, default=1, help="of each server")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES], help="these cases alone")
    return parser.parse_args()


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        home, peers = pathlib.Path(name), []
        try:
            for start in (start_hypnotoad, start_nginx):
                peers.append(start(options, home))
            how = f"{options.workers} worker(s), {options.rounds} x {options.seconds} s"
            print(f"CPU time of the server in µs per request, {how}\n")
            print(f"{'case':<24}{'conns':>6}{'hypnotoad':>12}{'nginx':>10}{'ratio':>9}{'hypnotoad/s':>13}{'nginx/s':>12}")
            for case in CASES:
                if options.only is None or case.name in options.only:
                    show(case, compare(peers, case, options, home))
        finally:
            for peer in peers:
                stop(peer.process)


if __name__ == "__main__":
    main()
