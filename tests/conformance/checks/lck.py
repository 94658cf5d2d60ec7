"""LCK: the accept mutex."""
import fcntl
import stat

from conformance.registry import check
from harness import processes


class Lock:
    """Held by the check; a context manager. Nobody keeps it for long, so that it can be had soon."""

    def __init__(self, case, path):
        self.case = case
        self.file = open(path, "rb")

    def __enter__(self):
        self.case.until(self.take, "the lock to be free", limit=10)
        return self

    def __exit__(self, *_):
        self.file.close()

    def take(self):
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self):
        fcntl.flock(self.file, fcntl.LOCK_UN)

    def can_be_taken(self):
        is_free = self.take()
        if is_free:
            self.release()
        return is_free


def locked(case, **settings):
    server = case.prepare(**settings)
    path = server.directory / "toad.lock"
    server.configure(lock_file=str(path))
    return server.start(), path


@check("LCK-1.nobody-accepts", needs=("lock_file",))
def while_somebody_holds_the_lock_nobody_accepts_and_nobody_spins(case):
    server, path = locked(case, workers=2)
    with Lock(case, path) as lock:
        workers = server.workers()
        with server.connect() as connection:
            connection.ask("/pid")
            spent = sum(map(processes.cpu_seconds, workers))
            case.holds(connection.is_silent_for(1.5), "the connection waits")
            case.measured("CPU time of the workers meanwhile", sum(map(processes.cpu_seconds, workers)) - spent, None, 0.4)
            lock.release()
            case.equal(connection.read_answer().status, 200, "its status when the lock is free")


@check("LCK-1.heartbeats-go-on", needs=("lock_file",), also=("HBT-1",))
def heartbeats_go_on_meanwhile(case):
    server, path = locked(case, workers=2, **case.times.beats)
    workers = server.workers()
    with Lock(case, path):
        case.stays(lambda: server.workers() == workers, 3 * (case.times.interval + case.times.timeout), "the same workers")


@check("LCK-1.open-connections", needs=("lock_file",), also=("LCK-3",))
def open_connections_are_served_meanwhile(case):
    server, path = locked(case, workers=1)
    with server.connect() as connection:
        connection.get("/")
        with Lock(case, path):
            case.equal([connection.get("/").status for _ in range(5)], [200] * 5, "statuses")


@check("LCK-2.default", needs=("lock_file",))
def the_default_is_a_private_temporary_file_without_a_name(case):
    folder = case.directory / "temporary"
    folder.mkdir(parents=True)
    server = case.start(workers=1, environment={"MOJO_TMPDIR": str(folder)})
    held = {link for link in processes.descriptors_of(server.workers()[0]).values() if link.startswith(f"{folder}/")}
    case.evidence.saw(f"open files there: {held}")
    case.equal(len(held), 1, "files in the directory of temporary files")
    server.stop()
    case.equal(list(folder.iterdir()), [], "what is left there")


@check("LCK-2.named", needs=("lock_file",))
def a_named_file_is_never_truncated(case):
    server = case.prepare(workers=1)
    path = server.directory / "kept.lock"
    path.write_text("somebody else's text\n")
    server.configure(lock_file=str(path))
    server.start()
    case.equal(server.get("/").status, 200, "status")
    server.stop()
    case.equal(path.read_text(), "somebody else's text\n", "the file")


@check("LCK-2.new-is-private", needs=("lock_file",))
def a_new_one_is_private(case):
    _, path = locked(case, workers=1)
    case.equal(stat.S_IMODE(path.stat().st_mode), 0o600, "its mode")


@check("LCK-3.free-while-waiting", needs=("lock_file",))
def the_lock_is_free_while_workers_wait_and_serve(case):
    server, path = locked(case, workers=2)
    with server.connect() as connection:
        connection.ask("/slow?s=1")
        connection.await_taken()
        lock = Lock(case, path)
        case.until(lock.can_be_taken, "the lock to be free while a request is served", limit=1)
        connection.read_answer()
    taken = sum(lock.can_be_taken() for _ in range(200))
    lock.file.close()
    case.equal(taken, 200, "times of 200 that it was free while the server was idle")
