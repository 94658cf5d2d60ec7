"""The harness: starts the real program, talks to it over real sockets, and knows what must be left at the end: nothing."""
from harness.client import Connection
from harness.server import Server
from harness.waiting import LIMIT, stays_so, wait_until

__all__ = ["Connection", "LIMIT", "Server", "stays_so", "wait_until"]
