"""Privileges: workers become another user and group for good before they serve, or nobody serves."""
import grp
import os
import pathlib
import pwd

import pytest

from harness import processes, wait_until
from harness.namespaces import unshared
from harness.server import LOG_LINE
from harness_faults.strace import Injection, start_under

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

NOBODY, NOGROUP, DAEMON = pwd.getpwnam("nobody"), grp.getgrnam("nogroup"), grp.getgrnam("daemon")
BOTH_WAYS = pytest.mark.parametrize("how", [["--foreground"], []], ids=["foreground", "daemon"])
# Another user, who can nevertheless read every file that a test needs.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOGROUP.gr_gid}", "--clear-groups", "--inh-caps=+dac_override",
             "--ambient-caps=+dac_override"]


def status_of(pid):
    """The lines of /proc/PID/status, by their names."""
    lines = processes.read(pid, "status").decode().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def assert_is(pid, user, group, groups):
    """Real, effective, saved and file system's ids, the supplementary groups, and nothing kept in secret."""
    status = status_of(pid)
    assert status["Uid"] == [str(user)] * 4 and status["Gid"] == [str(group)] * 4, status
    assert set(map(int, status["Groups"])) == set(groups), status
    if user != 0:
        assert {status[name][0] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}, status


def assert_all_are(server, user, group, groups):
    """As the kernel says, and as the application sees it; the manager stays what it was."""
    for pid in server.workers():
        assert_is(pid, user, group, groups)
    seen = server.get("/ids").body.decode()
    same = {"uid": user, "gid": group}
    for key, value in same.items():
        assert f'"{key}":{{"real":{value},"effective":{value},"saved":{value}}}' in seen, seen
    mine = status_of(os.getpid())
    assert all(status_of(server.manager)[name] == mine[name] for name in ("Uid", "Gid", "Groups", "CapEff"))


@pytest.mark.promise("WRK-8")
@pytest.mark.parametrize("settings, user, group, groups", [
    ({"user": "nobody"}, NOBODY.pw_uid, NOBODY.pw_gid, os.getgrouplist("nobody", NOBODY.pw_gid)),
    ({"group": "daemon"}, 0, DAEMON.gr_gid, [DAEMON.gr_gid]),
    ({"user": "nobody", "group": "daemon"}, NOBODY.pw_uid, DAEMON.gr_gid, os.getgrouplist("nobody", DAEMON.gr_gid)),
    ({"user": "root", "group": "nogroup"}, 0, NOGROUP.gr_gid, os.getgrouplist("root", NOGROUP.gr_gid)),
], ids=["user", "group", "both", "root"])
def test_every_worker_is_that_user_and_group_for_good(start, settings, user, group, groups):
    server = start(workers=3, **settings)
    assert_all_are(server, user, group, groups)


@pytest.mark.promise("WRK-8", "MGR-1", "MGR-6")
def test_workers_that_come_later_are_so_as_well(start):
    server = start(workers=2, user="nobody", group="daemon")
    server.excuse("deaths", "the test kills a worker")
    first = server.workers()
    server.signal("KILL", first[0])
    server.await_gone(first[0])
    server.await_workers(2)
    server.signal("TTIN")
    assert len(set(server.await_workers(3)) - set(first)) == 2
    assert_all_are(server, NOBODY.pw_uid, DAEMON.gr_gid, os.getgrouplist("nobody", DAEMON.gr_gid))


USER, GROUP, MORE = 54321, 54322, range(54400, 54440)
OWN_NAMES = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'


@pytest.mark.promise("WRK-8")
def test_a_user_has_all_his_groups(prepare, tmp_path):
    """A user of forty groups, in files that only this server sees as those of the system."""
    (tmp_path / "passwd").write_text(pathlib.Path("/etc/passwd").read_text() + f"toad:x:{USER}:{GROUP}::/:/bin/sh\n")
    lines = [f"toad:x:{GROUP}:\n"] + [f"toad{gid}:x:{gid}:root,toad\n" for gid in MORE]
    (tmp_path / "group").write_text(pathlib.Path("/etc/group").read_text() + "".join(lines))
    server = prepare(user="toad", before=[*unshared("mount"), "sh", "-c", OWN_NAMES, tmp_path])
    server.start()
    assert_all_are(server, USER, GROUP, [GROUP, *MORE])


# ---- Names that are refused ----

def complaint(result):
    """The only line that a user sees."""
    assert (result.status, result.stdout, result.stderr.count("\n")) == (1, "", 1), result
    assert result.stderr.startswith("hypnotoad: "), result
    return result.stderr


@BOTH_WAYS
@pytest.mark.promise("WRK-8", "CLI-5")
@pytest.mark.parametrize("settings, named", [
    ({"user": "no-such-toad"}, 'user "no-such-toad" does not exist'), ({"group": "no-such-toad"}, 'group "no-such-toad" does not exist'),
    ({"user": "nobody", "group": "no-such-toad"}, 'group "no-such-toad" does not exist'), ({"user": "65534"}, 'user "65534" does not exist'),
], ids=range(4))
def test_a_name_that_is_unknown_fails_the_start(command, build, how, settings, named):
    assert named in complaint(command(*command.configure(**settings), *how, build.app("hello")))


@pytest.mark.promise("WRK-8", "CLI-4", "CLI-5")
@pytest.mark.parametrize("how", [["--foreground"], [], ["--test"]], ids=["foreground", "daemon", "test"])
@pytest.mark.parametrize("settings", [{"user": "root"}, {"group": "daemon"}, {"user": "daemon", "group": "daemon"}], ids=["user", "group", "both"])
def test_who_is_not_root_may_become_nobody_else(command, build, how, settings):
    arguments = command.configure(**settings)
    line = complaint(command(*arguments, *how, build.app("hello"), before=AS_NOBODY))
    assert "only root may change" in line and all(name in line for name in settings.values())


# ---- A kernel that refuses ----

def assert_never_served(server, said):
    """Each worker was tried once, the start failed, and nobody was told of a server."""
    assert server.process.wait(60) == 1, server.describe()
    assert said in server.stderr and "The start failed" in server.stderr, server.describe()
    assert server.stdout == "" and not server.trace.find(action="announce") and server.trace.piped() == ""
    assert len(server.trace.find(action="spawn")) == 2, "nobody is tried again"


LYING = "privileges could not be given up for good"


@pytest.mark.promise("WRK-8", "CLI-6")
@pytest.mark.parametrize("injection, said", [
    ("setresuid:error=EPERM", "cannot become user"), ("setresuid:error=EAGAIN", "cannot become user"),
    ("setresgid:error=EPERM", "cannot become group"), ("setgroups:error=EPERM", "cannot set supplementary groups"),
    ("setresuid:retval=0", LYING), ("setresgid:retval=0", LYING), ("setuid:retval=0", LYING),
], ids=lambda value: value.replace(":", " ") if ":" in value else "")
def test_a_change_that_does_not_happen_fails_the_start(prepare, injection, said):
    """Refused, or done in appearance only: as whom the workers would have served does not matter."""
    server = prepare("hello", workers=2, user="nobody", group="daemon")
    server.excuse("deaths", "workers that may not serve end with status 1")
    start_under(server, injection, more=["-f"])
    server.launch()
    assert_never_served(server, said)


@pytest.mark.promise("WRK-8", "CLI-6")
@pytest.mark.parametrize("lacking, said", [("setuid", "cannot become user"), ("setgid", "cannot set supplementary groups")])
def test_a_root_without_power_fails_the_start(prepare, lacking, said):
    server = prepare("hello", workers=2, user="nobody", group="daemon", before=["setpriv", f"--bounding-set=-{lacking}"])
    server.excuse("deaths", "workers that may not serve end with status 1")
    server.launch()
    assert_never_served(server, said)


@pytest.mark.promise("WRK-8", "CLI-5", "CLI-6")
def test_a_daemon_says_so_as_well(command, build):
    arguments = command.configure(user="nobody")
    result = command(*arguments, build.app("hello"), before=["setpriv", "--bounding-set=-setuid"])
    assert (result.status, result.stdout) == (1, "") and "cannot become user" in result.stderr
    assert all(LOG_LINE.match(line) for line in result.stderr.splitlines()), result.stderr


@pytest.mark.promise("WRK-8", "MGR-9")
def test_a_worker_that_cannot_change_later_on_never_serves(prepare, tmp_path):
    """The manager tries on with its pauses; whoever is there serves meanwhile."""
    server = prepare("probe", workers=2, user="nobody")
    server.will_end_traced()
    server.start()
    server.excuse("deaths", "workers that may not serve end with status 1")
    victim, other = server.workers()
    with Injection(server.manager, tmp_path / "strace", "setresuid:error=EPERM", follows=True):
        server.signal("KILL", victim)
        wait_until(lambda: len(server.trace.worker_ends()) >= 4, "three workers that may not serve", seen=server.describe)
        assert {server.get("/pid").number for _ in range(10)} == {other}
    refused = [end for end in server.trace.worker_ends() if end["pid"] != victim]
    assert {end.get("status") for end in refused} == {1} and not any(server.trace.beats(end["pid"]) for end in refused)
    assert "cannot become user" in server.stderr
    server.await_workers(2)
    assert_all_are(server, NOBODY.pw_uid, NOBODY.pw_gid, os.getgrouplist("nobody", NOBODY.pw_gid))
