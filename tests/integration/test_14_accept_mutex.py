"""The accept mutex: taken to accept, never otherwise, and nobody else's business."""
import fcntl
import os
import stat

import pytest

from harness import Connection, processes, stays_so, wait_until


class Lock:
    """The lock file as another process sees it."""

    def __init__(self, path):
        self.file = open(path, "rb")

    def take(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def try_to_take(self):
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def release(self):
        fcntl.flock(self.file, fcntl.LOCK_UN)

    def is_free(self):
        if not self.try_to_take():
            return False
        self.release()
        return True


@pytest.fixture
def locked(prepare):
    """prepared(...) is a running server with a lock file that the test knows, and that lock."""

    def make(**settings):
        server = prepare(lock_file="LOCK", **settings)
        path = server.directory / "toad.lock"
        server.config_file.write_text(server.config_file.read_text().replace("LOCK", str(path)))
        server.expected_files.add(path.name)
        server.start()
        return server, Lock(path)

    return make


@pytest.mark.promise("LCK-1")
def test_while_somebody_holds_the_lock_no_worker_accepts_and_none_spins(locked):
    server, lock = locked(workers=3)
    lock.take()
    workers = server.workers()
    connections = [server.connect() for _ in range(10)]
    try:
        for connection in connections:
            connection.ask("/pid")
        spent = sum(map(processes.cpu_seconds, workers))
        # As long as the lock is held nothing may come, and nothing may be done for it.
        assert connections[0].is_silent_for(2)
        assert sum(map(processes.cpu_seconds, workers)) - spent < 0.5
        assert server.workers() == workers, "waiting is no reason to be replaced"
        lock.release()
        assert {connection.read_answer().number for connection in connections} <= set(workers)
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.promise("LCK-1", "LCK-3")
def test_connections_that_are_open_are_served_while_the_lock_is_held(locked):
    server, lock = locked(workers=2)
    with server.connect() as connection:
        connection.get("/")
        lock.take()
        for _ in range(20):
            assert connection.get("/").status == 200
        lock.release()


@pytest.mark.promise("LCK-1", "HBT-1")
def test_heartbeats_go_on_while_the_lock_is_held(locked):
    server, lock = locked(workers=2, heartbeat_interval=0.25, heartbeat_timeout=2)
    lock.take()
    with server.connect() as connection:
        connection.ask("/")
        workers = server.workers()
        # Twice as long as silence would be forgiven.
        assert connection.is_silent_for(5)
        assert server.workers() == workers
        lock.release()
        assert connection.read_answer().status == 200


@pytest.mark.promise("LCK-1", "MGR-3")
def test_a_server_stops_gracefully_while_the_lock_is_held(locked):
    server, lock = locked(workers=2)
    lock.take()
    assert server.stop("QUIT") == 0


@pytest.mark.promise("LCK-2")
def test_a_named_file_is_never_truncated(prepare):
    server = prepare("hello")
    path = server.directory / "kept.lock"
    path.write_text("somebody else's text\n")
    server.config_file.write_text(server.config_file.read_text().replace("};", f"lock_file => '{path}' }};"))
    server.start()
    assert server.get("/").status == 200
    assert server.stop() == 0
    assert path.read_text() == "somebody else's text\n"


@pytest.mark.promise("LCK-2")
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_a_named_file_that_is_new_is_private(prepare, umask):
    server = prepare("hello", umask=umask)
    path = server.directory / "new.lock"
    server.expected_files.add(path.name)
    server.config_file.write_text(server.config_file.read_text().replace("};", f"lock_file => '{path}' }};"))
    server.start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.promise("LCK-2")
def test_the_default_is_a_private_file_without_a_name(prepare, tmp_path):
    place = tmp_path / "temporary"
    place.mkdir()
    server = prepare("hello", environment={"MOJO_TMPDIR": str(place)}, umask=0).start()
    assert list(place.iterdir()) == [], "it has no name any more"
    for worker in server.workers():
        held = [fd for fd, link in processes.descriptors_of(worker).items() if link.startswith(f"{place}/")]
        assert held
        for fd in held:
            found = os.stat(f"/proc/{worker}/fd/{fd}")
            assert (stat.S_IMODE(found.st_mode), found.st_nlink) == (0o600, 0)


@pytest.mark.promise("LCK-3")
def test_the_lock_of_an_idle_server_is_always_free(locked):
    server, lock = locked(workers=4)
    assert server.get("/").status == 200
    wait_until(lock.is_free, "the lock after a connection")
    stays_so(lock.is_free, 1, "the freedom of the lock")


@pytest.mark.promise("LCK-3")
def test_the_lock_is_free_while_requests_are_served(locked):
    server, lock = locked(workers=1)
    with server.connect() as slow, server.connect() as blocked:
        for connection, path in ((slow, "/slow?s=2"), (blocked, "/block?s=1.5")):
            connection.ask(path)
            connection.await_taken()
        wait_until(lock.is_free, "the lock after two connections")
        stays_so(lock.is_free, 1, "the freedom of the lock")
        assert (slow.read_answer().text, blocked.read_answer().text) == ("slow", "blocked")


@pytest.mark.promise("LCK-3")
def test_a_busy_server_leaves_the_lock_free_most_of_the_time(locked):
    server, lock = locked(workers=2, accepts=0)
    free = 0
    for _ in range(200):
        server.get("/")
        free += lock.is_free()
    assert free > 100


@pytest.mark.promise("LCK-3", "HBT-6")
def test_a_frozen_worker_does_not_hold_the_lock(locked):
    server, lock = locked(workers=2)
    frozen, other = server.workers()
    server.freeze(frozen)
    assert lock.is_free()
    assert {server.get("/pid").number for _ in range(20)} == {other}
    server.signal("CONT", frozen)


@pytest.mark.promise("LCK-1", "MGR-1")
def test_the_lock_of_a_worker_that_died_is_free(locked):
    server, lock = locked(workers=2)
    server.excuse("deaths", "the test kills workers")
    for _ in range(5):
        with Connection(server.address) as connection:
            connection.ask("/")
            server.signal("KILL", server.await_workers(2)[0])
    assert server.get("/").status == 200
    wait_until(lock.is_free, "the lock")
    server.await_workers(2)


@pytest.mark.promise("WRK-4", "WRK-10", "LCK-1")
def test_the_last_connections_that_a_worker_accepts_are_all_served(locked):
    """Both wait for the lock, so they are accepted at once, and with them the worker has had enough. One is answered and
    closed right away; the other one, which is still silent then, must not be lost with it."""
    server, lock = locked(workers=1, accepts=2)
    worker, = server.workers()
    lock.take()
    with server.connect() as quick, server.connect() as silent:
        quick.ask("/pid", fields=["Connection: close"])
        lock.release()
        assert quick.read_answer().number == worker
        wait_until(lambda: server.trace.beats(worker, leaving=True), "the farewell", seen=server.describe)
        assert silent.get("/pid").number == worker
    server.await_gone(worker)
    assert server.await_trace(event="exited", pid=worker)["status"] == 0


@pytest.mark.promise("LCK-1")
def test_a_lock_file_that_is_deleted_changes_nothing(locked):
    server, lock = locked(workers=2)
    (server.directory / "toad.lock").unlink()
    assert {server.get("/").status for _ in range(20)} == {200}
    lock.take()
    with server.connect() as connection:
        connection.ask("/")
        # The workers still share the file that they opened.
        assert connection.is_silent_for(0.5)
        lock.release()
        assert connection.read_answer().status == 200
