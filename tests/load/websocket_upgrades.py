#!/usr/bin/python3
"""websocket_upgrades - how the connections of a thousand WebSocket clients end while the server is deployed anew ten times.

    tests/load/websocket_upgrades.py [--clients N] [--upgrades N] [--tls] [--graceful SECONDS] [--build DIRECTORY]

Each client (tests/load/talkers.py) sends a text, awaits it back and goes on so; half of them stay until the server closes, half
leave when they are told to. A deployment begins when all are connected and have talked, and is over when the old generation has
ended. Every connection must end with a close frame, 1001 by the server or 1000 by the client, every text come back, every client
meet every generation, and nobody be refused: then the exit status is 0. Everything runs in a temporary directory."""
import argparse
import os
import pathlib
import sys
import tempfile
import time

from peers import Hypnotoad, free_port, lives, until
from talkers import GOING_AWAY, KINDS, LEAVES, NORMAL, STAYS, Talkers
from tricklers import allow_descriptors

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRONG_SHOWN = 10

CONFIG = """{{
    listen => ['http://127.0.0.1:{port}', 'https://127.0.0.1:{secure_port}'], workers => {workers},
    pid_file => '{home}/hypnotoad.pid', accepts => 0, clients => 100000, graceful_timeout => {graceful},
    log_file => '{home}/hypnotoad.log',
}};
"""


class Replaced(Hypnotoad):
    """A server with a listener of either kind."""

    def __init__(self, home, options):
        super().__init__(home, options.workers, options.build)
        self.graceful, self.secure_port = options.graceful, free_port()

    def launch(self):
        config = self.home / "hypnotoad.conf"
        config.write_text(CONFIG.format(port=self.port, secure_port=self.secure_port, workers=self.workers, home=self.home,
                                        graceful=self.graceful))
        self.run([self.build / "hypnotoad", "--config", config, self.build / "apps/probe.so"])

    def replace(self):
        """A deployment from the signal to the end of the old generation."""
        old = self.pid()
        self.deploy()
        until(lambda: not lives(old), "the old generation to end")


def await_talk(talkers, generations):
    """Waits until every client has met so many generations, is connected and talks."""
    until(lambda: min(talkers.opened) >= generations and talkers.present == talkers.count, "all clients to be there")
    seen = talkers.echoes
    until(lambda: talkers.echoes >= seen + talkers.count, "all clients to talk")


def torment(server, options):
    """Deploys it under the clients; returns them and the seconds that it took."""
    port = server.secure_port if options.tls else server.port
    with Talkers(("127.0.0.1", port), options.clients, options.tls, options.pause) as talkers:
        await_talk(talkers, 1)
        began = time.monotonic()
        for done in range(options.upgrades):
            server.replace()
            await_talk(talkers, done + 2)
        return talkers, time.monotonic() - began


def complaints(talkers, options):
    codes = talkers.all_codes()
    yield from talkers.wrong[:WRONG_SHOWN]
    for code in set(codes) - {NORMAL, GOING_AWAY}:
        yield f"{codes[code]} connections ended with {code}"
    if codes.total() != sum(talkers.opened):
        yield f"{sum(talkers.opened)} connections were opened, and {codes.total()} ended"
    least = options.clients // len(KINDS) * options.upgrades
    if talkers.codes[STAYS][GOING_AWAY] < least or talkers.codes[LEAVES].total() < least:
        yield "not every client met every generation"


def show(talkers, seconds, options):
    """Prints what became of all connections; returns how much was wrong."""
    found = list(complaints(talkers, options))
    scheme = "wss" if options.tls else "ws"
    print(f"{options.clients} clients, {options.upgrades} deployments in {seconds:.0f} s, {scheme}: {sum(talkers.opened)} connections, "
          f"{talkers.echoes} texts came back, {talkers.crossed} met the close on their way\n")
    print(f"{'':<10}{'1000':>10}{'1001':>10}{'other':>10}")
    for kind, codes in talkers.codes.items():
        print(f"{kind:<10}{codes[NORMAL]:>10}{codes[GOING_AWAY]:>10}{codes.total() - codes[NORMAL] - codes[GOING_AWAY]:>10}")
    print("", *found, f"{len(talkers.wrong)} exchanges went wrong.", sep="\n")
    return len(found)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000, help="at once")
    parser.add_argument("--upgrades", type=int, default=10, help="hot deployments")
    parser.add_argument("--tls", action="store_true", help="over wss")
    parser.add_argument("--graceful", type=float, default=4, help="the setting graceful_timeout")
    parser.add_argument("--pause", type=float, default=0.7, help="of a client between two texts, in seconds")
    parser.add_argument("--workers", type=int, default=2)
    build = pathlib.Path(os.environ.get("HYPNOTOAD_BUILD", ROOT / "build/release"))
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build directory; default: HYPNOTOAD_BUILD")
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def main():
    options = arguments()
    allow_descriptors(2 * options.clients + 100)
    with tempfile.TemporaryDirectory(prefix="websockets") as home:
        server = Replaced(pathlib.Path(home), options)
        try:
            server.start()
            talkers, seconds = torment(server, options)
        finally:
            server.stop()
    return 0 if show(talkers, seconds, options) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
