"""Several machines behind HAProxy, with the configuration and the commands of docs/deployment.md."""
import csv
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

from harness import processes, wait_until
from harness.build import ROOT
from harness.deploying import await_last
from harness.front import Front, program
from harness.perl import perl_file
from load.traffic import Load, Options

PAGE = (ROOT / "docs/deployment.md").read_text()
MACHINES = ("app1", "app2", "app3")
SETTINGS = {"proxy": 1, "trusted_proxies": "127.0.0.1", "keep_alive_requests": 0, "keep_alive_timeout": 60, "workers": 2}
MIX = {"new": 1, "keep-alive": 2, "upload": 1, "download": 1}
GENTLE = Options(pause=0.002)


def replaced(text, there, here):
    assert text.count(there) == 1, f"{there!r} stands {text.count(there)} times"
    return text.replace(there, str(here))


def commands(part):
    """The commands that the page shows together with this one."""
    found = [block for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S) if part in block]
    assert len(found) == 1, f"{len(found)} blocks of commands have {part!r}"
    return found[0]


class Balancer(Front):
    """docs/haproxy.cfg with the ports of these servers."""

    def __init__(self, home, port, servers):
        super().__init__(home, port, servers)
        # A socket's path is short.
        self.directory = tempfile.TemporaryDirectory(prefix="toad")
        self.admin = f"{self.directory.name}/admin.sock"

    def command(self):
        text = (ROOT / "docs/haproxy.cfg").read_text()
        text = replaced(text, "/run/haproxy/admin.sock", self.admin)
        text = replaced(text, "bind :80", f"bind 127.0.0.1:{self.port}")
        for number, server in enumerate(self.upstream, 1):
            text = replaced(text, f"10.0.0.1{number}:8080", f"127.0.0.1:{server.port}")
        path = self.home / "haproxy.cfg"
        path.write_text(text)
        return [program("haproxy", "haproxy"), "-db", "-f", str(path)]

    def end(self):
        super().end()
        self.directory.cleanup()

    def ask(self, line):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(self.admin)
            admin.sendall(line.encode() + b"\n")
            return b"".join(iter(lambda: admin.recv(4096), b"")).decode()

    def statistics(self):
        """{machine: {column: text}}"""
        rows = csv.DictReader(self.ask("show stat").removeprefix("# ").splitlines())
        return {row["svname"]: row for row in rows if row["pxname"] == "hypnotoad" and row["svname"] in MACHINES}

    def states(self):
        """{machine: (status, requests that it has got)}"""
        return {machine: (row["status"], int(row["stot"])) for machine, row in self.statistics().items()}

    def spares(self, machine):
        """How many connections it keeps for requests to come."""
        row = self.statistics()[machine]
        return int(row["idle_conn_cur"]) + int(row["safe_conn_cur"])

    def await_states(self, **wanted):
        wait_until(lambda: wanted.items() <= {name: status for name, (status, _) in self.states().items()}.items(),
                   f"{wanted}", seen=self.states)

    def obey(self, machine, state):
        """Says to it what the page has an administrator say."""
        line = re.search(rf'^echo "(set server hypnotoad/{machine} state {state})" \| socat', PAGE, re.M)
        assert self.ask(line[1]).strip() == ""


@pytest.fixture
def machines(prepare, build):
    """Three servers, each in a directory of its own with its application and hypnotoad.conf, as on machines of their own."""
    servers = []
    for _ in MACHINES:
        server = prepare("probe")
        server.app = server.directory / "myapp.so"
        shutil.copy(build.app("probe"), server.app)
        (server.directory / "hypnotoad.conf").write_text(perl_file({"listen": ["http://127.0.0.1:0"], **SETTINGS}))
        servers.append(server.launch_bare("--foreground", server.app).await_ready())
    return servers


@pytest.fixture
def balancer(machines, tmp_path, ports):
    with Balancer(tmp_path / "front", ports(), machines) as front:
        front.await_states(**dict.fromkeys(MACHINES, "UP"))
        yield front


@pytest.fixture
def administrator(machines, build, tmp_path):
    """administrator(commands) has a shell run them where myapp.so is, with an ssh and an scp that reach these servers."""
    home = tmp_path / "administrator"
    (home / "bin").mkdir(parents=True)
    for name, server in zip(MACHINES, machines):
        (home / name).symlink_to(server.directory)
    (home / "bin/hypnotoad").symlink_to(build.hypnotoad)
    scripts = {"ssh": f"""machine=$1; shift; exec sh -c "$(echo "$*" | sed "s#/srv/app#{home}/$machine#g")" """,
               "scp": f"""exec cp "$1" "{home}/${{2%%:*}}/${{2##*/}}" """}
    for name, text in scripts.items():
        (home / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (home / "bin" / name).chmod(0o755)
    shutil.copy(build.app("probe"), home / "myapp.so")

    def run(text):
        environment = {**machines[0].environment, "PATH": f"{home}/bin:/usr/bin:/bin"}
        # What it starts are commands that wait, not servers.
        del environment[processes.MARK], environment["HYPNOTOAD_TRACE"]
        return subprocess.run(["sh", "-c", text], cwd=home, env=environment, capture_output=True, text=True, timeout=90)

    run.home = home
    return run


def await_traffic(load):
    enough = load.served() + 50
    wait_until(lambda: load.served() >= enough, "requests", seen=load.table)


@pytest.mark.promise("UPG-3", "CLI-8")
def test_a_new_version_goes_to_one_machine_after_the_other_and_loses_no_request(machines, balancer, administrator):
    with Load(balancer.address, MIX, GENTLE) as load:
        for _ in range(2):
            await_traffic(load)
            result = administrator(commands("for machine in"))
            assert (result.returncode, result.stdout.count("Starting hot deployment for Hypnotoad server")) == (0, 3), result
            for server in machines:
                server.await_successor()
        await_traffic(load)
    assert load.losses() == {}, load.table()
    assert all(status == "UP" and count > 0 for status, count in balancer.states().values()), balancer.states()
    # An earlier generation stays for the connections that the balancer keeps for requests to come.
    balancer.end()
    for server in machines:
        await_last(server)


@pytest.mark.promise("UPG-5", "CLI-8")
def test_a_version_that_does_not_come_up_stops_at_the_first_machine(machines, balancer, administrator):
    (administrator.home / "myapp.so").write_text("no shared object")
    for server in machines:
        server.excuse("generations", "it is meant to fail")
        server.excuse("log", "the new generation writes no lines of the log before it can")
    with Load(balancer.address, MIX, GENTLE) as load:
        await_traffic(load)
        result = administrator(commands("for machine in"))
        assert result.stdout.count("Starting hot deployment") == 1, result
        assert "cannot load application" in result.stderr
        await_traffic(load)
    assert load.losses() == {}, load.table()
    assert [bool(server.trace.find(event="upgrade_spawned")) for server in machines] == [True, False, False]


@pytest.mark.promise("CLI-9", "MGR-3", "WRK-3")
def test_a_machine_is_drained_stopped_and_given_back_and_no_request_is_lost(machines, balancer, administrator):
    drain = commands("state drain").splitlines()
    with Load(balancer.address, MIX, GENTLE) as load:
        await_traffic(load)
        balancer.obey("app1", "drain")
        balancer.await_states(app1="DRAIN")
        await_traffic(load)
        result = administrator(drain[1])
        assert result.returncode == 0 and "Stopping Hypnotoad server" in result.stdout, result
        assert machines[0].await_end() == 0
        await_traffic(load)
        port = machines[0].port
        (machines[0].directory / "hypnotoad.conf").write_text(perl_file({"listen": [f"http://127.0.0.1:{port}"], **SETTINGS}))
        machines[0].launch_bare("--foreground", machines[0].app).await_ready()
        balancer.obey("app1", "ready")
        balancer.await_states(app1="UP")
        before = balancer.states()["app1"][1]
        wait_until(lambda: balancer.states()["app1"][1] > before, "requests at the machine that is back", seen=balancer.states)
        await_traffic(load)
    assert load.losses() == {}, load.table()


@pytest.mark.promise("WRK-6")
def test_what_follows_the_loss_of_a_machine_goes_to_the_others(machines, balancer):
    with Load(balancer.address, {"new": 2}, GENTLE) as load:
        await_traffic(load)
    victim = machines[1]
    for reason in ("files", "deaths", "replay"):
        victim.excuse(reason, "it is lost without a word")
    workers = victim.workers()
    for pid in (victim.manager, *workers):
        victim.signal("KILL", pid)
    for pid in (victim.manager, *workers):
        victim.await_gone(pid)
    # One of its threads may still send on a connection whose end another has not been told of.
    wait_until(lambda: balancer.spares("app2") == 0, "the connections to be given up", seen=balancer.statistics)
    with Load(balancer.address, {"new": 2}, GENTLE) as load:
        await_traffic(load)
        balancer.await_states(app2="DOWN")
        await_traffic(load)
    assert load.losses() == {}, load.table()
