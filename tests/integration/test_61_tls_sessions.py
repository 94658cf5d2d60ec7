"""TLS: clients that come again are known, in every worker and every generation, and nothing is lost in deployments."""
import pathlib
import ssl
import threading

import pytest

from harness import processes, wait_until
from harness.tls import SecureConnection
from harness.tls_server import BOTH_VERSIONS, V12, V13, authority, handshake, listen, pair


def resume(server, context, session, count):
    """So many connections, each with the session that the one before has left: which worker each found, and how many were
    known again."""
    resumed, workers = 0, set()
    for _ in range(count):
        with handshake(server, context, session=session) as connection:
            resumed += connection.is_resumed
            workers.add(connection.get("/pid").number)
            session = connection.session
    return resumed, workers, session


@pytest.mark.promise("UPG-3")
@BOTH_VERSIONS
def test_sessions_are_known_in_every_worker_and_in_every_generation(start, pair, authority, version):
    server = start(workers=3, listen=listen(f"{pair.query()}&{pair.query('other.test')}"))
    context = authority.client(version)
    resumed, seen, session = resume(server, context, None, 1)
    assert resumed == 0
    for generation in range(3):
        if generation > 0:
            server.upgrade()
        workers = set(server.await_workers(3))
        found = set()

        def all_were_found():
            nonlocal session
            resumed, some, session = resume(server, context, session, 20)
            assert resumed == 20
            found.update(some)
            return found >= workers
        wait_until(all_were_found, "every worker to have known the client", seen=server.describe)


class Visitor(threading.Thread):
    """Connects again and again, each time with its last session, asks a few times, and keeps to what it is told: an answer that
    closes is the last one."""

    def __init__(self, server, context):
        super().__init__(daemon=True)
        self.server, self.context, self.session = server, context, None
        self.must_stop = threading.Event()
        self.connections = self.resumed = self.answers = 0
        self.failure = None

    def run(self):
        try:
            while not self.must_stop.is_set():
                self.visit()
        except Exception as error:  # shown by the test
            self.failure = error

    def visit(self):
        with handshake(self.server, self.context, session=self.session) as connection:
            self.connections += 1
            self.resumed += connection.is_resumed
            for _ in range(5):
                answer = connection.get("/")
                assert answer.status == 200
                self.answers += 1
                if answer.closes:
                    connection.wait_closed()
                    break
            self.session = connection.session


@pytest.mark.promise("UPG-3")
def test_nobody_within_tls_loses_anything_in_deployments(start, pair, authority):
    server = start(workers=2, listen=listen(pair.query()))
    visitors = [Visitor(server, authority.client(version)) for version in (V12, V13) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for _ in range(4):
        before = [visitor.connections for visitor in visitors]
        server.upgrade()
        wait_until(lambda: all(visitor.connections > count + 2 or visitor.failure
                               for visitor, count in zip(visitors, before)), "everybody to have come again", seen=server.describe)
    for visitor in visitors:
        visitor.must_stop.set()
        visitor.join(60)
    assert [visitor.failure for visitor in visitors] == [None] * 4
    # Each is new once.
    assert [visitor.connections - visitor.resumed for visitor in visitors] == [1] * 4


@pytest.mark.promise("UPG-3")
def test_the_keys_of_sessions_are_in_sealed_memory_alone(start, pair):
    server = start(listen=listen(pair.query()))
    server.upgrade()

    def memories(pid):
        return [number for number, link in processes.descriptors_of(pid).items() if "hypnotoad-tickets" in link]

    kept = memories(server.manager)
    assert len(kept) == 1 and not any(memories(pid) for pid in server.workers())
    memory = pathlib.Path(f"/proc/{server.manager}/fd/{kept[0]}")
    bytes_of_secret = memory.read_bytes()[16:]
    assert len(bytes_of_secret) == 64
    with pytest.raises(PermissionError):
        memory.write_bytes(b"x")
    environment = processes.read(server.manager, "environ")
    assert bytes_of_secret not in environment and bytes_of_secret.hex().encode() not in environment.lower()


@pytest.mark.promise("LSN-3")
@BOTH_VERSIONS
def test_a_session_opens_no_door_that_asks_for_a_certificate(start, authority, pair, version):
    server = start(listen=listen(pair.query()) + listen(f"{pair.query()}&ca={authority.path}"))
    context = authority.client(version)
    with handshake(server, context) as connection:
        connection.get("/")
        session = connection.session
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        with SecureConnection(server.addresses()[1], context, "server.test", session) as connection:
            connection.get("/")
