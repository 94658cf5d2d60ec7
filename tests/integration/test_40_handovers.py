"""What one generation hands to the next, what nobody else gets, and that nothing grows."""
import os
import re
import shutil
from collections import Counter

import pytest

from harness import processes, stays_so
from harness.deploying import Link, await_last, begin_request, deploy, end_request, generation_of, write_script
from harness.sampler import Sampler


# ---- Nothing grows ----

def kinds_of_descriptors(pid):
    """What a process has open, without numbers and names that are others each time."""
    links = processes.descriptors_of(pid).values()
    changing = r"/hypnotoad\.pid\.\d+ \(deleted\)|/hypnotoad\.pid|/hypnotoad\.\w{6} |\.jsonl(\.\d+)?|\d+"
    return Counter(re.sub(changing, "N", link) for link in links)


def costs(server):
    """Of the manager and of its workers: descriptors by what they are, variables, memory."""
    found = []
    for pid in (server.manager, *await_last(server)):
        variables = sorted(line.partition(b"=")[0] for line in processes.read(pid, "environ").split(b"\0") if line)
        found.append((kinds_of_descriptors(pid), variables, memory_of(pid)))
    return found


def memory_of(pid):
    text = processes.read(pid, "smaps_rollup").decode()
    return int(re.search(r"^Private_Dirty:\s+(\d+) kB", text, re.MULTILINE)[1])


@pytest.mark.promise("UPG-8", "WRK-9")
def test_a_hundred_deployments_leave_nothing_behind(prepare):
    server = prepare("hello", options=()).start()
    server.upgrade()
    first = costs(server)
    for _ in range(99):
        server.upgrade()
    last = costs(server)
    assert [(kinds, variables) for kinds, variables, _ in last] == [(kinds, variables) for kinds, variables, _ in first]
    for (_, _, before), (_, _, after) in zip(first, last):
        assert after <= before + 128, f"{before} kB before, {after} kB after"
    assert generation_of(server) == 101


@pytest.mark.promise("UPG-8")
def test_many_generations_that_still_drain_do_not_hinder_the_next(start):
    server = start(workers=1)
    slow, managers = [], []
    for _ in range(6):
        connection = server.connect()
        begin_request(connection)
        slow.append(connection)
        managers.append(server.manager)
        server.signal("USR2")
        server.await_successor()
        server.await_workers(1)
    assert all(map(processes.lives, managers))
    for connection in slow:
        with connection:
            end_request(connection)
    for manager in managers:
        server.await_gone(manager)
    await_last(server, 1)


# ---- What others must not get ----

def seen_by_child(server):
    """What a program finds that a worker starts: (its variables, its descriptors)."""
    variables, _, links = server.get("/").text.partition("\n\n")
    return (dict(line.partition("=")[::2] for line in variables.splitlines() if "=" in line),
            dict(re.findall(r" (\d+) -> (.+)$", links, re.MULTILINE)))


@pytest.mark.promise("WRK-9", "LSN-5")
def test_an_applications_children_inherit_nothing(prepare):
    server = prepare("spawning", options=(), environment={"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "x"}).start()
    for _ in range(3):
        variables, links = seen_by_child(server)
        assert variables["HYPNOTOAD_WORKER"] == "1"
        # The trace's name and the test's own mark are given from outside.
        ours = {name for name in variables if name.startswith(("HYPNOTOAD_", "LISTEN_"))}
        assert ours - {"HYPNOTOAD_BUILD"} == {"HYPNOTOAD_WORKER", "HYPNOTOAD_TRACE", processes.MARK}
        # ls itself has the directory open.
        assert {link for fd, link in links.items() if not link.startswith(("/proc/", "pipe:"))} == {"/dev/null"}
        assert len(links) <= 4, links
        server.upgrade()


@pytest.mark.promise("WRK-9")
def test_workers_and_managers_hold_only_what_they_need(start):
    """Neither the channel nor the pipe of a deployment that is over."""
    server = start()
    before = [kinds_of_descriptors(pid) for pid in (server.manager, *await_last(server))]
    server.upgrade()
    after = [kinds_of_descriptors(pid) for pid in (server.manager, *await_last(server))]
    assert after == before


@pytest.mark.promise("WRK-9")
def test_a_handover_that_is_nobodys_does_not_start_a_server(command, build):
    own = f"1 3 4 {os.getpid()} 2 /nowhere.pid 5=http://127.0.0.1:0"
    result = command("--foreground", *command.configure(), build.app("hello"), environment={"HYPNOTOAD_HANDOVER": own})
    assert result.status == 1 and "handover" in result.stderr


# ---- The handover ----

@pytest.fixture
def linked(prepare, build, tmp_path):
    """linked(...) is a server whose executable is a link that can be switched."""

    def make(**settings):
        link = Link(tmp_path / "hypnotoad", build.hypnotoad)
        server = prepare(**settings)
        server.program = link
        server.link = link
        return server.start()

    return make


def rewriting(server, build, tmp_path, change):
    """The executable becomes a script that changes the handover by sed(1) before it goes on as the real one."""
    script = write_script(tmp_path / "rewriting",
                          f'printf "%s" "$HYPNOTOAD_HANDOVER" > {tmp_path}/given\n'
                          f'HYPNOTOAD_HANDOVER=$(printf "%s" "$HYPNOTOAD_HANDOVER" | {change})\n'
                          f'export HYPNOTOAD_HANDOVER\nexec {build.hypnotoad} "$@"\n')
    server.link.switch(script)


HANDOVERS = {
    "empty": ("sed 's/.*//'", "version"), "other version": ("sed 's/^1 /2 /'", "version"),
    "no version": ("sed 's/^1 //'", "version"), "garbage": ("sed 's/.*/%%%/'", "version"),
    "truncated": ("cut -c 1-4", "handover"), "no file": ("cut -d ' ' -f 1-6", "PID file"),
    "word for number": ("sed 's/^1 [0-9]*/1 x/'", "number"), "too large": ("sed 's/^1 [0-9]*/1 99999999999999999999/'", "number"),
    "negative": ("sed 's/^1 /1 -/'", "number"), "channel closed": ("sed 's/^1 [0-9]*/1 999/'", "channel"),
    "channel is a file": ("sed 's/^1 [0-9]*/1 2/'", "channel"), "errors closed": (r"sed 's/^\(1 [0-9]*\) [0-9]*/\1 999/'", "error"),
    "foreign manager": (r"sed 's/^\(1 [0-9]* [0-9]*\) [0-9]*/\1 1/'", "channel"),
    "listener closed": (r"sed 's/[0-9]*=/999=/'", "socket"), "malformed listener": ("sed 's/=/:/'", "listener"),
    "no socket": (r"sed 's/^1 \([0-9]*\) \([0-9]*\)\(.*\) [0-9]*=/1 \1 \2\3 \2=/'", "socket"),
    "no listener": (r"sed 's/^1 \([0-9]*\)\(.*\) [0-9]*=/1 \1\2 \1=/'", "socket"),
    "broken percent": ("sed 's/=http/=%zzhttp/'", "listener"),
}


@pytest.mark.promise("UPG-5", "UPG-1", "CLI-10")
@pytest.mark.parametrize("change, told", HANDOVERS.values(), ids=HANDOVERS)
def test_a_handover_that_does_not_hold_is_refused_and_the_service_goes_on(linked, build, tmp_path, command, change, told):
    server = linked()
    server.excuse("log", "the new generation's own line is there")
    server.excuse("generations", "it fails on purpose")
    old, workers, address = server.manager, server.workers(), server.address
    rewriting(server, build, tmp_path, change)
    with Sampler(server) as sampler:
        result = deploy(server, command)
        assert result.status == 1 and told in result.stderr, result
        server.await_trace(action="end_upgrade")
        assert server.get("/pid").number in workers and server.workers() == workers
    assert sampler.named == [old]
    assert "handover" in server.stderr or "hands over" in server.stderr
    server.link.switch(build.hypnotoad)
    server.upgrade()
    assert server.address == address and server.get("/pid").number in server.await_workers(2)


@pytest.mark.promise("UPG-5", "CLI-10")
def test_a_stale_handover_is_refused(linked, build, tmp_path):
    server = linked()
    rewriting(server, build, tmp_path, "cat")
    server.upgrade()
    stale = (tmp_path / "given").rename(tmp_path / "stale")
    # That generation has become the real program: the name that it was started with is the real one's.
    assert server.stop() == 0
    again = linked()
    again.excuse("log", "the new generation's own line is there")
    again.excuse("generations", "it fails on purpose")
    rewriting(again, build, tmp_path, f"cat > /dev/null; cat {stale}")
    again.signal("USR2")
    again.await_trace(action="end_upgrade")
    again.await_log("handover names no channel")
    assert again.get("/").status == 200


@pytest.mark.promise("UPG-1")
def test_the_executable_is_found_by_the_path_that_it_was_started_with(linked, build, tmp_path):
    """An old binary to a new one and back again."""
    server = linked()
    versions = [shutil.copy(build.hypnotoad, tmp_path / f"hypnotoad-{number}") for number in (1, 2)]
    for version in (*versions, *versions):
        server.link.switch(version)
        server.upgrade()
        assert processes.executable_of(server.manager) == str(version)
        assert {processes.executable_of(worker) for worker in await_last(server)} == {str(version)}


@pytest.mark.promise("UPG-1")
def test_an_executable_that_was_replaced_in_place_is_the_next_one(prepare, build, tmp_path):
    program = tmp_path / "hypnotoad"
    shutil.copy(build.hypnotoad, program)
    server = prepare()
    server.program = program
    server.start()
    shutil.copy(build.hypnotoad, tmp_path / "new")
    os.rename(tmp_path / "new", program)
    server.upgrade()
    assert processes.executable_of(server.manager) == str(program), "not the one that was deleted"


@pytest.mark.promise("UPG-1", "UPG-7")
def test_a_command_that_was_found_in_the_path_is_found_again(prepare, build):
    server = prepare(before=["env", "PATH=" + str(build.path)])
    server.program = "hypnotoad"
    server.start()
    server.upgrade()
    assert processes.executable_of(server.manager) == str(build.hypnotoad)


@pytest.mark.promise("UPG-1", "CFG-9")
def test_names_are_taken_from_the_directory_of_the_start(prepare, build):
    server = prepare()
    for name in ("a.so", "a.conf"):
        server.expected_files.add(name)
    shutil.copy(build.app("probe"), server.directory / "a.so")
    shutil.copy(server.config_file, server.directory / "a.conf")
    server.launch_bare("--foreground", "--config", "a.conf", "./a.so")
    server.await_ready()
    server.upgrade()
    stays_so(lambda: server.get("/").status == 200, 0.2, "the service")
