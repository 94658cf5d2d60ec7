"""Applications: their life, older ones, and ones that break the rules."""
import pytest

from harness import wait_until


@pytest.fixture
def noted(prepare):
    """noted(app, ...) is a running server and the file in which its application notes things."""

    def make(app, **settings):
        server = prepare(app, **settings)
        file = server.directory / "notes"
        server.environment["LIFECYCLE_FILE"] = str(file)
        server.expected_files.add(file.name)
        server.notes = lambda: file.read_text().splitlines() if file.exists() else []
        return server.start()

    return make


@pytest.mark.promise("APP-1")
def test_the_callbacks_come_in_order_and_in_their_process(noted):
    server = noted("lifecycle", workers=2)
    manager, workers = server.manager, server.workers()
    assert server.get("/").number in workers
    assert server.stop("QUIT") == 0
    notes = server.notes()
    assert notes[0] == f"init {manager}" and notes[-1] == f"fini {manager}"
    for pid in workers:
        mine = [note for note in notes if note.endswith(f" {pid}")]
        assert mine == [f"{word} {pid}" for word in ("worker_start", "worker_drain", "worker_stop")]
    assert len(notes) == 2 + 3 * len(workers)


@pytest.mark.promise("APP-1", "WRK-1", "MGR-2")
def test_a_worker_that_stops_at_once_runs_no_callback(noted):
    server = noted("lifecycle", workers=2)
    assert server.stop("TERM") == 0
    assert not [note for note in server.notes() if note.startswith(("worker_drain", "worker_stop", "wrong"))]


@pytest.mark.promise("APP-1", "MGR-1")
def test_a_replacement_starts_as_the_first_ones_did(noted):
    server = noted("lifecycle", workers=1)
    first, = server.workers()
    server.signal("QUIT", first)
    server.await_gone(first)
    second, = server.await_workers(1)
    notes = server.notes()
    assert f"worker_start {second}" in notes and f"worker_stop {first}" in notes
    assert len([note for note in notes if note.startswith("init ")]) == 1


@pytest.mark.promise("APP-1", "CLI-4")
def test_a_test_runs_no_callback_but_check(command, build):
    notes = command.directory / "notes"
    notes.touch()
    result = command(*command.configure(), "--test", build.app("lifecycle"), environment={"LIFECYCLE_FILE": str(notes)})
    assert (result.status, notes.read_text()) == (0, "")


@pytest.mark.promise("APP-2")
def test_members_beyond_the_declared_size_count_as_missing(prepare):
    """Without a request callback there is nobody to answer; what stands behind the size is never called."""
    server = prepare("older_size").launch()
    if server.is_refused():
        server.excuse("log", "the last line is the error")
        assert server.process.returncode == 1 and "hypnotoad: " in server.stderr
    else:
        server.await_ready()
        assert server.get("/").status >= 400
        assert not server.trace.worker_ends()


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("path, status, body", [
    ("/twice", 200, "first"), ("/never", 500, None), ("/header-injection", 500, None), ("/status-99", 500, None),
    ("/late-body", 200, "first 0"), ("/release", 500, None), ("/abort?s=0.1", 200, "nobody left"),
])
def test_an_application_that_breaks_the_rules_harms_nobody(start, path, status, body):
    server = start("misuse", workers=1)
    worker, = server.workers()
    with server.connect() as connection:
        for _ in range(3):
            answer = connection.get(path)
            assert answer.status == status and body in (None, answer.text)
            assert answer.field("X-Injected") is None
    assert server.workers() == [worker] and not server.trace.worker_ends()


@pytest.mark.promise("APP-3", "OBS-3")
@pytest.mark.parametrize("path", ["/twice", "/never", "/header-injection", "/status-99", "/release"])
def test_a_broken_rule_is_logged(start, path):
    server = start("misuse", workers=1)
    worker, = server.workers()
    server.get(path)
    await_complaint(server, worker)


def await_complaint(server, worker):
    levels = (f"[{worker}] warn ", f"[{worker}] error ")
    wait_until(lambda: any(level in server.stderr for level in levels), "the worker to complain", seen=server.describe)


@pytest.mark.promise("APP-3", "OBS-3")
def test_asking_for_a_body_twice_is_logged_and_does_nothing(start):
    server = start("misuse", workers=1)
    worker, = server.workers()
    with server.connect() as connection:
        connection.send(b"POST /late-body HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n12")
        await_complaint(server, worker)
        connection.send(b"34")
        assert connection.read_answer().text == "first 4"


@pytest.mark.promise("APP-3")
def test_a_client_that_goes_away_is_reported_once(noted):
    server = noted("misuse", workers=1)
    for count in range(1, 4):
        with server.connect() as connection:
            connection.ask("/abort?s=60")
            connection.reset_on_close()
        wait_until(lambda: len(server.notes()) == count, f"note {count}", seen=server.notes)
    assert server.notes() == ["aborted"] * 3
    assert server.get("/abort?s=0.1").text == "nobody left" and len(server.notes()) == 3


@pytest.mark.promise("CON-10")
def test_no_header_of_the_application_breaks_a_line(start):
    with start("misuse").connect() as connection:
        connection.ask("/header-injection")
        assert b"X-Injected" not in connection.read_through(b"\r\n\r\n")
