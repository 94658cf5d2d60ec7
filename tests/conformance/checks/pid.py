"""PID: the PID file."""
import os
import stat
import subprocess
import threading
import time
from decimal import Decimal

from conformance.registry import VIRTUAL, check
from harness import processes


@check("PID-1.content")
def it_holds_the_managers_number_and_a_line_end(case):
    server = case.start(workers=1)
    case.equal(server.pid_text(), f"{server.manager}\n", "the PID file")
    case.equal(stat.S_IMODE(server.pid_file.stat().st_mode), 0o644, "its mode")
    case.equal(processes.stat_of(server.workers()[0]).parent, server.manager, "the parent of a worker")


def keeps_a_strangers_file(case, write):
    server = case.start(workers=1)
    with subprocess.Popen(["sleep", "100"]) as stranger:
        try:
            write(server.pid_file, f"{stranger.pid}\n")
            server.signal("TERM")
            server.await_gone(server.manager, limit=15)
            case.holds(server.pid_text() == f"{stranger.pid}\n", "the stranger's PID file is there as it was")
        finally:
            stranger.kill()


@check("PID-1.strangers-file")
def another_file_under_its_name_is_left_alone(case):
    def put(path, text):
        path.with_name("new").write_text(text)
        os.rename(path.with_name("new"), path)
    keeps_a_strangers_file(case, put)


@check("PID-1.strangers-number")
def a_file_into_which_somebody_wrote_another_number_is_left_alone(case):
    keeps_a_strangers_file(case, lambda path, text: path.write_text(text))


@check("PID-1.order", tiers=(VIRTUAL,))
def it_is_written_once_all_workers_are_ready_and_removed_at_the_end(case):
    virtual = case.virtual({"workers": 2}, is_ready=False).spawned(1, 101).spawned(1, 102).heartbeat(2, 101).heartbeat(3, 102)
    virtual.signal(4, "TERM").exited(5, 101).exited(6, 102)
    case.equal(virtual.times(action="write_pid_file"), [Decimal(3)], "write_pid_file")
    case.equal(virtual.times(action="remove_pid_file"), [Decimal(6)], "remove_pid_file")


class Reader:
    """Reads the file again and again; a context manager."""

    def __init__(self, path):
        self.path, self.seen, self.rounds, self.is_over = path, {}, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def run(self):
        while not self.is_over.is_set():
            self.rounds += 1
            try:
                text = self.path.read_text()
            except FileNotFoundError:
                text = "(missing)"
            self.seen[text] = self.seen.get(text, 0) + 1


@check("PID-2.atomic", also=("UPG-2",))
def during_deployments_it_is_never_missing_empty_or_wrong(case):
    server = case.start(workers=1)
    managers = [server.manager]
    with Reader(server.pid_file) as reader:
        for _ in range(3):
            server.upgrade()
            managers.append(server.manager)
    case.evidence.saw(f"{reader.rounds} looks: {reader.seen}")
    wrong = {text: count for text, count in reader.seen.items() if text not in {f"{pid}\n" for pid in managers}}
    assert wrong == {}, f"the PID file was seen as {sorted(wrong)}"


@check("PID-3.written-again")
def a_file_that_was_deleted_is_written_again(case):
    server = case.start(workers=1)
    text = server.pid_text()
    server.pid_file.unlink()
    began = time.monotonic()
    case.until(lambda: server.pid_text() == text, "the PID file", limit=10)
    case.measured("until it was there again", time.monotonic() - began, None, 3)


@check("PID-4.stale")
def a_stale_file_is_replaced(case):
    server = case.prepare(workers=1)
    server.pid_file.write_text("99999999\n")
    server.start()
    case.equal(server.pid_text(), f"{server.manager}\n", "the PID file")


@check("PID-4.foreign", also=("CLI-10",))
def a_file_that_names_somebody_else_is_replaced_and_nobody_is_signalled(case):
    server = case.prepare(workers=1)
    with subprocess.Popen(["sleep", "100"]) as stranger:
        try:
            server.pid_file.write_text(f"{stranger.pid}\n")
            server.start()
            case.equal(stranger.poll(), None, "how the stranger ended")
        finally:
            stranger.kill()


@check("PID-4.garbage")
def a_file_that_holds_no_number_is_replaced(case):
    for text in ("", "abc\n", "-1\n", "0\n"):
        server = case.prepare(workers=1)
        server.pid_file.write_text(text)
        server.start()
        case.equal(server.pid_text(), f"{server.manager}\n", f"the PID file that was {text!r}")


@check("PID-5.missing-directory", also=("CLI-5",))
def a_file_that_cannot_be_written_is_an_error_at_start(case):
    server = case.prepare(workers=1)
    server.configure(pid_file=str(server.directory / "missing/hypnotoad.pid"))
    result = server.run("--foreground", limit=20)
    case.holds(result.status != 0, "the exit status is not 0")
    assert "missing/hypnotoad.pid" in result.stderr, f"stderr does not name the file: {result.stderr!r}"
    assert not server.all_processes(), "processes are left"
