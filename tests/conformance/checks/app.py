"""APP: the application."""
import os
import shutil
import time

from conformance import ROOT
from conformance.registry import check
from harness import processes


@check("APP-1.shared-memory")
def it_is_loaded_in_the_manager_before_the_workers_are_forked(case):
    """A worker has mapped what the manager has: the application was there before the fork."""
    server = case.start(workers=2)
    name = "probe.so" if case.has("shared_objects") else "perl"
    for pid in (server.manager, *server.workers()):
        case.holds(name in processes.read(pid, "maps").decode(), f"process {pid} has {name} mapped")
    case.equal({processes.stat_of(worker).parent for worker in server.workers()}, {server.manager}, "parents of the workers")


@check("APP-1.loaded-again", also=("UPG-1",))
def each_generation_loads_it_again(case):
    """The application is replaced by one that answers something else."""
    server = case.prepare(workers=1)
    if case.has("shared_objects"):
        app = server.directory / "app.so"
        shutil.copy(case.target.application("hello"), app)
        new = case.target.application("probe").read_bytes()
    else:
        app = server.directory / "probe.pl"
        new = app.read_bytes().replace(b"get '/mode'", b"get '/another' => sub ($c) { text($c, 'another') };\nget '/mode'")
    path = "/mode" if case.has("shared_objects") else "/another"
    words = case.target.command(server, ["--foreground"], app=app)
    case.target.command = lambda *arguments, **options: words
    try:
        server.start()
    finally:
        del case.target.command
    before = server.get(path)
    next_ = app.with_name("next")
    next_.write_bytes(new)
    next_.chmod(0o755)
    os.rename(next_, app)
    case.equal((before.status, server.get(path).status), (404, 404), "statuses of the running one, before and behind the change")
    server.upgrade()
    case.equal(server.get(path).status, 200, "status of the new one")


@check("APP-2.other-major", needs=("shared_objects",))
def another_major_version_is_refused(case):
    server = case.prepare("wrong_major", workers=1)
    result = server.run("--foreground", limit=20)
    case.equal(result.status, 1, "exit status")
    assert "interface" in result.stderr, f"stderr does not say why: {result.stderr!r}"


@check("APP-2.older-minor", needs=("shared_objects",))
def one_that_was_made_for_1_0_still_loads(case):
    server = case.prepare(workers=1)
    case.equal(server.run("--test", app=ROOT / "tests/golden/abi_1_0.so", limit=20).status, 0, "exit status of --test")


@check("APP-3.now-and-later")
def answers_come_now_later_whole_and_in_parts(case):
    server = case.borrow(workers=1, accepts=0, keep_alive_requests=1000000)
    with server.connect() as connection:
        case.equal(connection.get("/").text, "Hello World", "now")
        case.equal(connection.get("/slow?s=0.2").text, "slow", "later")
        case.equal(len(connection.get("/large?bytes=300000").body), 300000, "whole")
        case.equal(len(connection.get("/drip?n=3&s=0.05").body), 78, "in parts")


@check("APP-3.bodies")
def bodies_come_whole(case):
    server = case.borrow(workers=1, accepts=0, keep_alive_requests=1000000)
    with server.connect() as connection:
        connection.ask("/echo", "POST", body=b"\0\x01\xff" * 1000)
        case.equal(connection.read_answer().body, b"\0\x01\xff" * 1000, "the echo")


@check("APP-3.gone-clients", needs=("shared_objects",))
def a_client_that_goes_away_is_reported_once(case):
    server = case.start(workers=1)
    connection = server.connect()
    connection.ask("/drip?n=1000&s=0.05")
    connection.read_some()
    connection.reset_on_close()
    connection.close()
    case.until(lambda: server.get("/aborts").text == "1", "one report", limit=10)
    case.stays(lambda: server.get("/aborts").text == "1", 0.3, "one report")


@check("APP-3.together")
def slow_answers_wait_beside_each_other(case):
    """Ten answers of half a second each, in one worker."""
    server = case.start(workers=1)
    connections = [server.connect() for _ in range(10)]
    began = time.monotonic()
    try:
        for connection in connections:
            connection.ask("/slow?s=0.5")
        case.equal({connection.read_answer().text for connection in connections}, {"slow"}, "answers")
    finally:
        for connection in connections:
            connection.close()
    case.measured("for all of them", time.monotonic() - began, 0.5, 4)
