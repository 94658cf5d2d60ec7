"""What can be seen of a server: its log, its diagnostics, its trace."""
import json
import re

import pytest

from harness import wait_until
from harness.server import LOG_LINE


@pytest.mark.promise("OBS-1", "CLI-7")
def test_debugging_prints_the_originals_diagnostics(prepare):
    quick = {"graceful_timeout": 1, "heartbeat_interval": 0.25, "heartbeat_timeout": 2}
    server = prepare("probe", environment={"HYPNOTOAD_DEBUG": "1"}, workers=1, **quick)
    server.excuse("log", "diagnostics are no log lines")
    server.excuse("deaths", "the test kills a worker")
    server.start()
    killed, = server.workers()
    server.signal("KILL", killed)
    server.await_gone(killed)
    frozen = server.await_workers(1)[0]
    server.freeze(frozen)
    server.await_gone(frozen)
    last = server.await_workers(1)[0]
    assert server.stop("QUIT") == 0
    lines = [line for line in server.stderr.splitlines() if not LOG_LINE.match(line)]
    expected = [f"APPLICATION {server.app}", f"CONFIG {server.config_file}", f"MANAGER STARTED {server.manager}",
                f"PID {server.pid_file}", f"STOPPING WORKER {frozen}", f"QUIT {frozen}", f"TERM {frozen}", f"QUIT {last}",
                f"STOPPING MANAGER {server.manager}"]
    expected += [f"{what} {pid}" for what in ("WORKER STARTED", "WORKER DIED") for pid in (killed, frozen, last)]
    assert set(expected) <= set(lines), f"missing: {set(expected) - set(lines)}"
    order = ["APPLICATION", "CONFIG", "MANAGER STARTED", "WORKER STARTED", "PID", "WORKER DIED", "STOPPING WORKER", "QUIT", "TERM"]
    firsts = [next(index for index, line in enumerate(lines) if line.startswith(f"{word} ")) for word in order]
    assert firsts == sorted(firsts), lines


@pytest.mark.promise("OBS-1")
def test_without_debugging_there_are_none(start):
    server = start("hello")
    assert server.stop() == 0
    assert all(map(LOG_LINE.match, server.stderr.splitlines()))


@pytest.mark.promise("OBS-2", "MGR-15")
def test_a_trace_replays(start, build):
    server = start(workers=3, heartbeat_interval=0.25, heartbeat_timeout=2, graceful_timeout=1, spare=1)
    server.excuse("deaths", "the test kills a worker")
    for name, count in (("TTIN", 1), ("TTIN", 2), ("TTOU", 1), ("USR1", 1), ("TTOU", 2), ("TTOU", 3)):
        server.signal(name)
        server.await_signals(name, count)
    first, second = server.await_workers(2)
    server.signal("KILL", first)
    server.freeze(second)
    server.await_gone(second)
    server.await_workers(2)
    assert server.stop("QUIT") == 0
    assert server.trace.lines()[-1] == {"t": server.trace.lines()[-1]["t"], "action": "exit", "status": 0, "promise": "MGR-3"}
    assert build.replay(server.trace.path) == ""


@pytest.mark.promise("OBS-2", "MGR-15")
@pytest.mark.parametrize("spoil", [
    lambda lines: [line for line in lines if line.get("action") != "announce"],
    lambda lines: [line | {"pid": line["pid"] + 1} if line.get("action") == "signal" else line for line in lines],
    lambda lines: [line | {"status": 3} if line.get("action") == "exit" else line for line in lines],
    lambda lines: [line for line in lines if line.get("event") != "pipe"],
], ids=["missing_action", "other_worker", "other_status", "missing_event"])
def test_a_trace_of_other_decisions_does_not_replay(start, build, tmp_path, spoil):
    server = start(workers=2)
    assert server.stop("QUIT") == 0
    lines = [json.loads(line) for line in server.trace.path.read_text().splitlines()]
    spoiled = tmp_path / "spoiled.jsonl"
    spoiled.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in spoil(lines)))
    assert build.replay(spoiled) != ""


@pytest.mark.promise("OBS-2")
def test_a_trace_has_times_that_never_go_back_and_names_promises(start):
    server = start(workers=2)
    assert server.stop() == 0
    lines = server.trace.lines()
    assert lines[0]["event"] == "start" and 0 <= lines[0]["t"] < 1
    assert all(earlier["t"] <= later["t"] for earlier, later in zip(lines, lines[1:]))
    assert all(re.fullmatch(r"[A-Z]{3}-\d+", line["promise"]) for line in lines if "action" in line)


@pytest.mark.promise("OBS-2", "CLI-5")
def test_a_trace_that_cannot_be_written_is_an_error(command, build):
    nowhere = {"HYPNOTOAD_TRACE": "/nonexistent/trace"}
    result = command(*command.configure(), "--foreground", build.app("hello"), environment=nowhere)
    assert (result.status, result.stdout) == (1, "") and "/nonexistent/trace" in result.stderr


@pytest.mark.promise("OBS-3")
def test_starts_and_stops_are_logged_with_their_processes(start):
    server = start(workers=2)
    first, second = server.workers()
    server.signal("TERM", first)
    server.await_gone(first)
    third = next(pid for pid in server.await_workers(2) if pid != second)
    assert server.stop("QUIT") == 0
    log = server.stderr
    for text in (*(f"Worker {pid} started" for pid in (first, second, third)), "All 2 workers are ready",
                 f"Worker {first} died (signal 15)", "Stopping gracefully", f"Worker {second} is gone (status 0)",
                 f"Worker {third} is gone (status 0)"):
        assert text in log, text
    assert {int(number) for number in re.findall(r"^\S+ \S+ \[(\d+)\]", log, re.MULTILINE)} >= {server.manager}
    assert " warn " in log and " info " in log


@pytest.mark.promise("OBS-3")
def test_the_log_keeps_the_order_of_things(start):
    server = start(workers=2)
    assert server.stop() == 0
    stamps = [line[:23] for line in server.stderr.splitlines() if f"[{server.manager}]" in line]
    assert stamps == sorted(stamps) and len(stamps) > 5


@pytest.mark.promise("MGR-8", "WRK-7")
def test_reopening_the_logs_harms_nothing(start):
    server = start(workers=2)
    workers = server.workers()
    server.signal("USR1")
    wait_until(lambda: server.trace.find(action="reopen_logs"), "USR1", seen=server.describe)
    assert server.get("/").status == 200 and server.workers() == workers
