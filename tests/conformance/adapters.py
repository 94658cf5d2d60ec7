"""adapters - what each kind of server needs: how its configuration is written, which command starts it, what it can be asked.

Settings have this project's names everywhere; which of them another server calls otherwise, means otherwise or does not have
stands here and in targets/*.toml, never in a check."""
import shutil
import subprocess
import urllib.parse

from conformance import HERE
from conformance.verdicts import Lacks
from harness.perl import perl_data, perl_file
from harness.ports import Ports
from harness.sanitizer import sanitizer_environment

# What a check may ask for. A target that does not list one is not asked what needs it.
CAPABILITIES = {
    "simulator": "a simulator of its policy, for the virtual tier",
    "trace": "writes its events and decisions to HYPNOTOAD_TRACE",
    "config_option": "takes the configuration by --config, as Perl data",
    "strict_settings": "refuses what it does not understand in the configuration",
    "version_option": "--version",
    "waiting_commands": "commands wait for the outcome",
    "daemon": "detaches without --foreground",
    "announcement": "prints `Server available at` for each listener",
    "port_0": "listens on a port that the kernel chooses and names it",
    "lock_file": "serializes accepting by a lock on lock_file",
    "user_and_group": "settings user and group",
    "tls": "listens with https://",
    "generated_certificate": "https:// without a certificate",
    "unix_sockets": "listens at paths",
    "inherited_sockets": "listens on ?fd=N",
    "activated_sockets": "listens on the sockets of LISTEN_FDS",
    "reuse": "?reuse=1",
    "single_accept": "?single_accept=1",
    "websocket": "speaks WebSocket",
    "websocket_compression": "permessage-deflate",
    "websocket_timeout": "has a time after which silent WebSockets are closed",
    "message_max": "has a limit for the bodies of requests",
    "header_timeout": "has a time in which a head must be complete",
    "proxy": "setting proxy",
    "trusted_proxies": "setting trusted_proxies",
    "log_file": "setting log_file",
    "access_log": "setting access_log",
    "diagnostics": "HYPNOTOAD_DEBUG prints what happens",
    "notify": "tells a service manager by NOTIFY_SOCKET",
    "shared_objects": "applications are shared objects of include/toad.h",
    "young_deaths": "has a pause before workers that die young are replaced",
    "logged_causes": "logs why a worker ended",
    "held_up_manager": "knows that its manager was held up",
}


class Times:
    """Seconds of a tier: strict lower bounds, generous upper ones."""

    def __init__(self, interval, timeout, graceful, keep_alive, margin):
        self.interval, self.timeout, self.graceful, self.keep_alive = interval, timeout, graceful, keep_alive
        self.margin = margin    # what a busy machine may add

    @property
    def beats(self):
        """As settings."""
        return {"heartbeat_interval": self.interval, "heartbeat_timeout": self.timeout}


class Adapter:
    KIND = COMMAND = ""
    SIMULATOR = ""
    CAPABILITIES = frozenset()
    DEFAULTS = Times(5, 2, 30, 5, 10)

    def __init__(self, description):
        self.description = description
        self.port = Ports()

    def needs(self, capability):
        """Raises Lacks if the target does not have it."""
        if capability not in self.description.capabilities:
            raise Lacks(self.description.notes.get(capability) or f"it has not: {CAPABILITIES[capability]}")

    def version(self):
        return ""

    def environment(self, directory):
        return dict(self.description.environment)

    def install(self, subject):
        """Puts into the directory what a start needs."""

    def words(self, options, config, app):
        """The command of the description, with these in their places."""
        places = {"{options}": options, "{config}": [config], "{app}": [app]}
        return [str(part) for word in self.description.command for part in places.get(word, [word])]

    def address(self, listen):
        url = urllib.parse.urlsplit(listen)
        if url.scheme.endswith("+unix"):
            return urllib.parse.unquote(url.netloc)
        host = {"*": "127.0.0.1", "localhost": "127.0.0.1"}.get(url.netloc.rpartition(":")[0], url.hostname)
        return host, url.port


class C(Adapter):
    """This project's server and its kin: the same command line and the same settings."""

    KIND = "c"
    COMMAND = "{build}/hypnotoad {options} --config {config} {app}"
    SIMULATOR = "{build}/hypnotoad-sim"
    CAPABILITIES = frozenset(CAPABILITIES)
    SCALED = Times(0.25, 1, 1, 1, 10)

    def version(self):
        command = self.description.command
        words = command[:command.index("{options}")] if "{options}" in command else command[:1]
        done = subprocess.run([*words, "--version"], capture_output=True, text=True, timeout=20, check=False)
        return done.stdout.strip()

    def environment(self, directory):
        trace = {"HYPNOTOAD_TRACE": str(directory / "trace.jsonl")} if "trace" in self.description.capabilities else {}
        return sanitizer_environment(directory) | trace | super().environment(directory)

    def write_configuration(self, subject, text):
        (subject.directory / "server.conf").write_text(perl_file(subject.settings) if text is None else text)

    def application(self, name):
        from harness.build import Build
        return Build().app(name)

    def command(self, subject, options, app=None, configured=True):
        words = self.words(options, subject.directory / "server.conf", app or self.application(subject.app))
        if configured:
            return words
        at = words.index("--config")
        return words[:at] + words[at + 2:]


class Perl(Adapter):
    """Mojo::Server::Hypnotoad with perl/probe.pl, the twin of the probe application.

    The manager looks around about once a second, so nothing shorter is asked of it. The configuration belongs to the
    application there: the twin reads it, with these names. `requests` is what this project calls keep_alive_requests as
    well; message_max is a variable of the environment; websocket_timeout is the inactivity timeout that the twin sets for
    a WebSocket. `pid_file` has the same meaning. Its `accepts` is a mean: a worker takes between half and all of them."""

    KIND = "perl"
    COMMAND = "/usr/bin/hypnotoad {options} {app}"
    CAPABILITIES = frozenset({
        "daemon", "port_0", "unix_sockets", "inherited_sockets", "reuse", "single_accept", "websocket",
        "websocket_compression", "tls", "generated_certificate", "websocket_timeout", "message_max", "proxy", "trusted_proxies"})
    SCALED = Times(1, 1, 2, 2, 12)
    NAMES = {"keep_alive_requests": "requests", "requests": "requests"} | {name: name for name in (
        "accepts", "backlog", "clients", "graceful_timeout", "heartbeat_interval", "heartbeat_timeout", "inactivity_timeout",
        "keep_alive_timeout", "listen", "pid_file", "proxy", "spare", "trusted_proxies", "upgrade_timeout", "workers")}
    TWINS = {"websocket_timeout"}
    VARIABLES = {"message_max": "MOJO_MAX_MESSAGE_SIZE"}

    def version(self):
        done = subprocess.run(["perl", "-MMojolicious", "-e", "print Mojolicious->VERSION"], capture_output=True, text=True,
                              timeout=20, check=False)
        return f"Mojolicious {done.stdout}" if done.returncode == 0 else ""

    def install(self, subject):
        if subject.app != "probe":
            raise Lacks(f"the application {subject.app} has no twin in Perl")
        shutil.copy(HERE / "perl/probe.pl", subject.directory / "probe.pl")

    def write_configuration(self, subject, text):
        if text is not None:
            (subject.directory / "probe.conf").write_text(text)
            return
        found = {}
        for name, value in subject.settings.items():
            if name in self.VARIABLES:
                subject.environment[self.VARIABLES[name]] = str(value)
            elif name in self.TWINS:
                found[f"twin_{name}"] = value
            elif name in self.NAMES:
                found[self.NAMES[name]] = value
            else:
                raise Lacks(f"it has no setting {name}")
        (subject.directory / "probe.conf").write_text(perl_data(found))

    def command(self, subject, options, app=None, configured=True):
        return self.words(options, "", app or subject.directory / "probe.pl")


KINDS = {adapter.KIND: adapter for adapter in (C, Perl)}


def adapter_of(description):
    return KINDS[description.kind](description)


