"""WebSocket clients by the library websockets."""
import asyncio

import websockets

from .tls import trusting
from .waiting import LIMIT


def connect(server, path="/echo", **options):
    """To be awaited, or used as an asynchronous context. Speaks TLS where the server's first listener does."""
    host, port = server.address
    if server.is_secure:
        options = {"ssl": trusting()} | options
    return websockets.connect(f"ws{'s' * server.is_secure}://{host}:{port}{path}", open_timeout=LIMIT, close_timeout=LIMIT,
                              ping_interval=None, **options)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 2 * LIMIT))
