#!/usr/bin/python3
"""handshakes - how long others wait while hundreds shake hands with the same worker.

    tests/load/handshakes.py [--handshakes N] [--seconds N] [--beside nginx] [--build DIRECTORY]

Hundreds of clients, in a process of their own, send a hello each, all at once, reset their connections when they are answered,
and come again: the server has done the costly part by then, and they nothing. Meanwhile another one asks GET / without TLS on a
connection that it keeps and that the same worker serves, and the time of each request is taken, before and while they shake
hands. The exit status is 0 if nothing was lost and 99 of 100 requests were answered in less than 50 ms. On a machine that does
other things as well the figure says little."""
import argparse
import multiprocessing
import os
import pathlib
import socket
import struct
import sys
import tempfile
import time

from knockers import hello
from peers import Hypnotoad, Nginx, free_port
from traffic import HELLO, Lost, Wire, get
from tricklers import allow_descriptors

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_MS = 50.0
QUIET_SECONDS = 2
RESET = struct.pack("ii", 1, 0)

HYPNOTOAD = """{{
    listen => ['{url}', 'http://127.0.0.1:{plain}'], workers => {workers}, pid_file => '{home}/hypnotoad.pid', accepts => 0,
    keep_alive_requests => 0, clients => 10000, log_file => '{home}/hypnotoad.log',
}};
"""
NGINX = """
worker_processes {workers}; pid {home}/nginx.pid; error_log {home}/error.log; user root;
events {{ worker_connections 10000; }}
http {{
    access_log off; keepalive_requests 1000000000; default_type text/plain; client_body_temp_path {home}/1;
    proxy_temp_path {home}/2; fastcgi_temp_path {home}/3; uwsgi_temp_path {home}/4; scgi_temp_path {home}/5;
    server {{
        listen 127.0.0.1:{plain} backlog=4096; listen 127.0.0.1:{port} backlog=4096{tls};
        location = / {{ return 200 "Hello World"; }}
    }}
}}
"""


class Both:
    """A peer that serves with and without TLS."""

    def __init__(self, home, build):
        super().__init__(home, 1, build, True)
        self.plain = free_port()

    def fill(self, template):
        return super().fill(template.replace("{plain}", str(self.plain)))


class BothHypnotoad(Both, Hypnotoad):
    def launch(self):
        config = self.home / "hypnotoad.conf"
        config.write_text(self.fill(HYPNOTOAD))
        self.run([self.build / "hypnotoad", "--config", config, self.build / "apps/probe.so"])


class BothNginx(Both, Nginx):
    def launch(self):
        config = self.home / "nginx.conf"
        config.write_text(self.fill(NGINX))
        self.run([self.program, "-e", self.home / "early.log", "-c", config])


class Crowd:
    """So many clients that say their hellos at the same time, wave after wave."""

    def __init__(self, address, count):
        self.address = address
        self.count = count
        self.hello = hello()
        self.answered = self.refused = 0

    def connect(self):
        made = socket.create_connection(self.address, 30)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return made

    def come(self):
        """One wave."""
        clients = [self.connect() for _ in range(self.count)]
        for client in clients:
            client.send(self.hello)
        for client in clients:
            is_answered = client.recv(16384)[:1] == b"\x16"
            self.answered += is_answered
            self.refused += not is_answered
            client.close()

    def run(self, is_over):
        while not is_over.is_set() and os.getppid() != 1:
            self.come()


def crowd(address, count, is_over, result):
    """In a process of its own."""
    clients = Crowd(address, count)
    began = time.monotonic()
    clients.run(is_over)
    result.send((clients.answered / (time.monotonic() - began), clients.refused))


def measure(port, seconds):
    times = []
    end = time.monotonic() + seconds
    with Wire(("127.0.0.1", port)) as wire:
        while time.monotonic() < end:
            began = time.perf_counter()
            wire.send(get())
            wire.read_answer(HELLO)
            times.append(time.perf_counter() - began)
            time.sleep(0.001)
    return times


def torment(peer, options):
    """(times of the other, handshakes per second, connections that ended without an answer)"""
    context = multiprocessing.get_context("fork")
    is_over = context.Event()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=crowd, args=(peer.address, options.handshakes, is_over, sender))
    process.start()
    try:
        times = measure(peer.plain, options.seconds)
    finally:
        is_over.set()
        report = receiver.recv() if receiver.poll(10) else (0, 0)
        process.join()
    return times, *report


def percentile(times, share):
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def show(name, times, rate, refused):
    print(f"{name:<34}{len(times):>9}{percentile(times, 0.5):>9.2f}{percentile(times, 0.99):>9.2f}{1000 * max(times):>9.2f}"
          f"{rate:>14.0f}{refused:>10}", flush=True)


def try_out(peer_class, options):
    """The 99th percentile, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="handshakes") as home:
        peer = peer_class(pathlib.Path(home), options.build)
        try:
            peer.start()
            show(f"{peer.name} alone", measure(peer.plain, QUIET_SECONDS), 0, 0)
            times, rate, refused = torment(peer, options)
            show(f"{peer.name}, {options.handshakes} shake hands", times, rate, refused)
            assert peer.answers(), "it serves as before"
        finally:
            peer.stop()
    return percentile(times, 0.99)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--handshakes", type=int, default=500, help="at a time")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--beside", default="nginx", choices=["nginx", ""], help="who else; empty: nobody")
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def main():
    options = arguments()
    allow_descriptors(options.handshakes + 200)
    print(f"{'milliseconds':<34}{'requests':>9}{'half':>9}{'99 %':>9}{'most':>9}{'handshakes/s':>14}{'refused':>10}", flush=True)
    try:
        found = try_out(BothHypnotoad, options)
    except Lost as lost:
        print(f"A request was lost: {lost.outcome}")
        return 1
    if options.beside and BothNginx.missing() is None:
        try_out(BothNginx, options)
    print(f"The 99th percentile is {found:.2f} ms: {'good' if found < LIMIT_MS else 'too much'}.")
    return 0 if found < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
