"""The log and the access log: each line is whole, and none is lost when the files are moved away."""
import os
import threading
from collections import Counter

import pytest

from harness import processes, wait_until
from harness.logs import await_lines, combined, lines_of, logging, only_root, place
from harness.server import LOG_LINE


class Load:
    """Clients that ask for one page after the other, each with a number of its own, until they are told to end."""

    def __init__(self, server, clients=4, agent="x" * 700):
        self.server = server
        self.agent = agent
        self.answered = [[] for _ in range(clients)]
        self.trouble = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(clients)]

    def run(self, number):
        try:
            while not self.is_over.is_set():
                with self.server.connect() as connection:
                    for _ in range(25):
                        target = f"/pid?{number}-{len(self.answered[number])}"
                        assert connection.get(target, f"User-Agent: {self.agent}").status == 200
                        self.answered[number].append(target)
        except Exception as error:
            self.trouble.append(error)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        assert not self.trouble, self.trouble

    def count(self):
        return sum(map(len, self.answered))

    def await_more(self, count):
        target = self.count() + count
        wait_until(lambda: self.trouble or self.count() >= target, f"{count} more answers", seen=self.count)

    def targets(self):
        return {target for answered in self.answered for target in answered}


def targets_in(path):
    return [combined(line)[2].split()[1] for line in lines_of(path)]


@pytest.mark.promise("CFG-7", "OBS-3")
def test_lines_of_many_workers_stay_whole(logging, place):
    """Each line is long, and four workers write at once."""
    server = logging(workers=4, accepts=0)
    with Load(server) as load:
        load.await_more(3000)
    wait_until(lambda: len(lines_of(place / "access")) == load.count(), "a line for each answer", seen=load.count)
    assert set(Counter(targets_in(place / "access")).values()) == {1}
    assert set(targets_in(place / "access")) == load.targets()


def writers_of(server, path):
    """The processes of the server that have this very file open."""
    wanted = str(path)
    return {pid for pid in (server.manager, *server.workers()) if wanted in processes.descriptors_of(pid).values()}


def rotate(server, place, number):
    """Moves both files away as an administrator does; waits until everybody writes new ones."""
    for name in ("access", "log"):
        os.rename(place / name, place / f"{name}.{number}")
    server.signal("USR1")
    everybody = {server.manager, *server.workers()}
    for name, who in (("log", everybody), ("access", everybody - {server.manager})):
        # Each has both open for a moment; in the end the old one is nobody's any more.
        wait_until(lambda: writers_of(server, place / name) == who and not writers_of(server, place / f"{name}.{number}"),
                   f"all to write the new {name} and not the old one", seen=server.describe)


def assert_nothing_lost(place, load, rotations):
    """One line for each answer, in one of the files."""
    files = [place / f"access.{number}" for number in range(rotations)] + [place / "access"]
    wait_until(lambda: sum(len(lines_of(path)) for path in files) >= load.count(), "a line for each answer")
    found = Counter(target for path in files for target in targets_in(path))
    assert set(found) == load.targets() and set(found.values()) == {1}


@pytest.mark.promise("MGR-8", "OBS-3")
@pytest.mark.parametrize("user", [pytest.param("nobody", marks=only_root), None], ids=["as_nobody", "as_oneself"])
def test_no_line_is_lost_or_written_twice_when_the_files_are_moved_away(logging, place, user):
    server = logging(workers=3, accepts=0, **({"user": user} if user else {}))
    workers = server.workers()
    with Load(server, clients=3, agent="t") as load:
        for number in range(4):
            load.await_more(200)
            rotate(server, place, number)
        load.await_more(200)
    assert_nothing_lost(place, load, 4)
    assert server.workers() == workers and not server.trace.worker_ends()
    logged = [line for number in range(4) for line in lines_of(place / f"log.{number}")] + lines_of(place / "log")
    assert all(map(LOG_LINE.match, logged)) and not [line for line in logged if " error " in line]
    assert len([line for line in logged if f"[{server.manager}] info Worker " in line and "started" in line]) == 3
    owner = {path.name: path.stat().st_uid for path in place.iterdir()}
    assert set(owner.values()) == {user_of(workers[0])}, owner


def user_of(pid):
    return int(processes.read(pid, "status").split(b"Uid:")[1].split()[0])


@pytest.mark.promise("MGR-8")
def test_every_later_line_is_in_the_new_file(logging, place):
    server = logging(workers=2)
    for number in range(5):
        assert server.get(f"/pid?{number}").status == 200
        await_lines(place / "access", 1)
        rotate(server, place, number)
    server.signal("TTIN")
    server.await_workers(3)
    assert server.stop("QUIT") == 0
    for number in range(5):
        assert targets_in(place / f"access.{number}") == [f"/pid?{number}"]
    assert lines_of(place / "access") == []
    last = "\n".join(lines_of(place / "log"))
    assert "Stopping gracefully" in last and "The manager ends" in last
    assert "Stopping gracefully" not in "".join((place / f"log.{number}").read_text() for number in range(5))


@pytest.mark.promise("MGR-8", "MGR-1")
def test_a_worker_that_starts_later_writes_the_new_files(logging, place):
    server = logging(workers=1)
    rotate(server, place, 0)
    first, = server.workers()
    server.signal("QUIT", first)
    server.await_gone(first)
    second, = server.await_workers(1)
    assert server.get("/pid?later").number == second
    await_lines(place / "access", 1)
    assert not writers_of(server, place / "access.0") | writers_of(server, place / "log.0")


@only_root
@pytest.mark.promise("MGR-8", "WRK-8")
def test_a_file_that_another_user_may_not_write_is_told_and_the_old_one_kept(logging, place):
    """Somebody made the new file first, and it is root's: it is never given away, and no line is lost."""
    server = logging(workers=1, user="nobody")
    for name in ("access", "log"):
        os.rename(place / name, place / f"{name}.0")
        (place / name).touch()
    server.signal("USR1")
    wait_until(lambda: "The access log could not be opened anew: Permission denied" in (place / "log.0").read_text(), "the complaint",
               seen=server.describe)
    assert server.get("/pid?kept").status == 200
    await_lines(place / "access.0", 1)
    assert lines_of(place / "access") == [] and (place / "access").stat().st_uid == 0


@pytest.mark.promise("MGR-8", "OBS-3")
def test_a_directory_that_is_gone_ends_nobody(logging, place):
    """The old files are written on, and found again once there is a place for new ones."""
    server = logging(workers=2)
    moved = place / "moved"
    moved.mkdir()
    for name in ("access", "log"):
        os.rename(place / name, moved / name)
        (place / name).mkdir()
    server.signal("USR1")
    wait_until(lambda: (moved / "log").read_text().count("opened anew: Is a directory") == 5, "five complaints", seen=server.describe)
    assert server.get("/pid?old").status == 200
    await_lines(moved / "access", 1)
    for name in ("access", "log"):
        (place / name).rmdir()
    server.signal("USR1")
    everybody = {server.manager, *server.workers()}
    wait_until(lambda: writers_of(server, place / "log") == everybody, "all to write the new log", seen=server.describe)
    assert server.get("/pid?new").status == 200
    await_lines(place / "access", 1)


@pytest.mark.promise("CLI-7", "CFG-7")
def test_standard_error_of_a_daemon_is_its_log(prepare, place):
    """The new file, too, after the old one was moved away: nobody holds that one any longer."""
    server = prepare("probe", workers=1, options=(), access_log=str(place / "access"), log_file=str(place / "log"))
    server.start()
    worker, = server.workers()
    for number in range(3):
        for pid in (server.manager, worker):
            assert processes.descriptors_of(pid)[2] == str(place / "log")
        rotate(server, place, number)
    assert server.stop("QUIT") == 0
    assert "The manager ends" in (place / "log").read_text()
