"""bonjour - a small world with a network, a host name, a D-Bus and an Avahi of its own; nothing of it leaves the machine."""
import pathlib
import re
import subprocess
import threading
import time
from collections import namedtuple

from harness.namespaces import unshared
from harness.waiting import wait_until

IPV4, IPV6 = "10.9.9.9", "fd00::9"
NEIGHBOUR = "10.9.9.10", "fd00::10"
HOST = "toadtest"
# Whatever is on the network, it is this one's.
SETUP = f"""
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/avahi-daemon
hostname {HOST}
ip link set lo up
echo ready
exec sleep infinity
"""
# Two ends of one cable: an interface that is up and is not the loopback one.
CABLE = "set -e; ip link add v0 type veth peer name v1; ip link set v1 up; "
# The other end, once it is here.
SOCKET = "set -e; ip link set v1 name v0; "
PLUG = """
ip addr add {}/24 dev v0
ip -6 addr add {}/64 dev v0 nodad
ip link set v0 up
ip route add 224.0.0.0/4 dev v0
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>
"""
AVAHI = f"""[server]
host-name={HOST}
allow-interfaces=v0
use-ipv4=yes
use-ipv6=yes
enable-dbus=yes
[publish]
publish-workstation=no
"""

Service = namedtuple("Service", "protocol name type host address port text")


def unescaped(name):
    return re.sub(r"\\(\d{3}|.)", lambda found: chr(int(found[1])) if len(found[1]) == 3 else found[1], name)


class World:
    """A context manager. `entering` is what to put before a command to run it in there. With a neighbour, another world, both
    are at one cable."""

    def __init__(self, directory, neighbour=None):
        self.directory = pathlib.Path(directory)
        self.neighbour = neighbour
        self.bus = self.avahi = None
        self.daemons = []

    def __enter__(self):
        beginning = unshared("net", "mount", "uts")
        self.holder = subprocess.Popen([*beginning, "sh", "-c", SETUP], stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n", "the world cannot be set up"
        user = ["--user", "--preserve-credentials"] if "--user" in beginning else []
        self.entering = ["nsenter", "--target", str(self.holder.pid), *user, "--net", "--mount", "--uts",
                         f"--wd={self.directory}"]
        if self.neighbour is not None:
            self.must("ip", "link", "set", "v1", "netns", self.holder.pid, world=self.neighbour)
        self.must("sh", "-c", (CABLE if self.neighbour is None else SOCKET) +
                  PLUG.format(*((IPV4, IPV6) if self.neighbour is None else NEIGHBOUR)))
        return self

    def must(self, *command, world=None):
        result = (world or self).run(*command)
        assert result.returncode == 0, result

    def __exit__(self, *_):
        for daemon in [*reversed(self.daemons), self.holder]:
            daemon.kill()
            daemon.wait()
        self.holder.stdout.close()

    def run(self, *command, limit=30):
        return subprocess.run([*self.entering, *map(str, command)], capture_output=True, text=True, timeout=limit)

    def spawn(self, *command, **options):
        self.daemons.append(subprocess.Popen([*self.entering, *map(str, command)], stdin=subprocess.DEVNULL, **options))
        return self.daemons[-1]

    def log(self, name):
        return open(self.directory / name, "ab")

    def start_bus(self):
        """D-Bus, and waits until it can be spoken to."""
        (self.directory / "bus.conf").write_text(BUS)
        self.run("rm", "-f", "/run/dbus/system_bus_socket")
        with self.log("bus.log") as log:
            self.bus = self.spawn("dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork", "--nopidfile",
                                  stdout=log, stderr=log)
        wait_until(lambda: self.run("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                                    "org.freedesktop.DBus.ListNames").returncode == 0, "D-Bus")

    def start_avahi(self):
        """The daemon, and waits until it answers."""
        (self.directory / "avahi.conf").write_text(AVAHI)
        self.run("rm", "-f", "/run/avahi-daemon/pid", "/run/avahi-daemon/socket")
        with self.log("avahi.log") as log:
            self.avahi = self.spawn("avahi-daemon", "-f", self.directory / "avahi.conf", "--no-drop-root", "--no-chroot",
                                    "--no-rlimits", stdout=log, stderr=log)
        wait_until(lambda: self.run("avahi-browse", "--terminate", "--all").returncode == 0, "avahi-daemon")

    def end(self, daemon):
        daemon.kill()
        daemon.wait()
        self.daemons.remove(daemon)

    def browse(self, kind="_http._tcp"):
        """Every service of this type, resolved. None may vanish meanwhile: avahi-browse would wait for it without end."""
        found = self.run("avahi-browse", "--resolve", "--parsable", "--terminate", "--no-db-lookup", kind).stdout
        services = [line.split(";", 9) for line in found.splitlines() if line.startswith("=")]
        return [Service(protocol, unescaped(name), type_of, host, address, int(port), text)
                for _, _, protocol, name, type_of, _, host, address, port, text in services]

    def names(self, kind="_http._tcp"):
        found = set()
        for line in self.run("avahi-browse", "--parsable", "--terminate", "--no-db-lookup", kind).stdout.splitlines():
            sign, _, protocol, name, *_ = line.split(";")
            (found.add if sign == "+" else found.discard)((protocol, unescaped(name)))
        return {name for _, name in found}

    def await_names(self, names, kind="_http._tcp", seen=None):
        """Waits until these and no others are published."""
        wait_until(lambda: self.names(kind) == set(names), f"{names} to be published",
                   seen=lambda: f"{self.names(kind)}\n{seen() if seen else ''}")


class Watch:
    """What somebody sees who looks on: a list of (seconds, '+' or '-', protocol, name); a context manager."""

    def __init__(self, world, kind="_http._tcp"):
        self.events = []
        self.process = subprocess.Popen([*world.entering, "avahi-browse", "--parsable", "--no-db-lookup", kind],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        for line in self.process.stdout:
            sign, _, protocol, name, *_ = line.rstrip("\n").split(";")
            self.events.append((time.monotonic(), sign, protocol, unescaped(name)))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()
