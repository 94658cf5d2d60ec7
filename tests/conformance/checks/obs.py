"""OBS: seeing what happens."""
import json
import re

from conformance.registry import check


@check("OBS-1.diagnostics", needs=("diagnostics",))
def debugging_prints_what_happens(case):
    server = case.start(workers=1, environment={"HYPNOTOAD_DEBUG": "1"}, options=(), **case.times.beats, graceful_timeout=case.times.graceful)
    killed, = server.workers()
    server.signal("KILL", killed)
    server.await_replaced(killed, 1)
    last, = server.workers()
    server.await_log(f"WORKER STARTED {last}")
    server.stop("QUIT")
    for line in (f"MANAGER STARTED {server.manager}", f"PID {server.pid_file}", f"WORKER STARTED {killed}", f"WORKER DIED {killed}",
                 f"QUIT {last}", f"STOPPING MANAGER {server.manager}"):
        case.holds(line in server.stderr, f"stderr says {line!r}")


@check("OBS-2.trace", needs=("trace",))
def a_trace_is_json_lines_that_name_promises(case):
    server = case.start(workers=2)
    server.stop()
    lines = [json.loads(line) for line in (server.directory / "trace.jsonl").read_text().splitlines()]
    case.equal(lines[0]["event"], "start", "the first event")
    case.holds(all(earlier["t"] <= later["t"] for earlier, later in zip(lines, lines[1:])), "times never go back")
    case.holds(all(re.fullmatch(r"[A-Z]{3}-\d+", line["promise"]) for line in lines if "action" in line), "each action names a promise")


@check("OBS-3.starts-and-stops", needs=("logged_causes",))
def starts_stops_and_deaths_are_logged_with_their_causes(case):
    server = case.start(workers=2)
    first, second = server.workers()
    server.signal("KILL", first)
    server.await_replaced(first, 2)
    server.stop("QUIT")
    for text in (f"Worker {first} started", f"Worker {first} died (signal 9)", f"Worker {second} is gone (status 0)"):
        case.holds(text in server.stderr, f"the log says {text!r}")


@check("OBS-3.one-format", needs=("logged_causes",))
def every_line_has_the_same_form(case):
    server = case.start(workers=1)
    server.stop()
    form = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[\d+\] (info|warn|error) \S.*$")
    case.equal([line for line in server.stderr.splitlines() if not form.match(line)], [], "lines of another form")


@check("OBS-3.something")
def starts_and_stops_are_logged(case):
    """In whatever words: each worker's and the manager's number is in a line."""
    server = case.start(workers=1)
    worker, = server.workers()
    server.stop()
    for pid in (server.manager, worker):
        case.holds(str(pid) in server.stderr, f"the log names {pid}")
