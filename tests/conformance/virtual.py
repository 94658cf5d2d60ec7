"""virtual - drives the simulator of a target: events in, actions out, in a time that the check owns.

The events go in all at once, so a check is a list of events and what must have been done by when."""
import json
import subprocess
from decimal import Decimal

TICK = Decimal("0.000001")
LIMIT = 30


class Virtual:
    """`settings` as in a configuration; `workers` are spawned and heard of at time 0 (PIDs 101, 102, ...)."""

    def __init__(self, target, evidence, settings=None, is_ready=True, predecessor=None):
        target.needs("simulator")
        self.simulator = target.description.simulator
        self.evidence = evidence
        self.settings = {"workers": 1, "heartbeat_interval": 5, "heartbeat_timeout": 2, "graceful_timeout": 30} | (settings or {})
        self.lines = []
        extra = {} if predecessor is None else {"predecessor": predecessor}
        self.at(0, "start", settings=self.settings, **extra)
        self.pids = [101 + number for number in range(self.settings["workers"])]
        if is_ready:
            for pid in self.pids:
                self.spawned(0, pid)
                self.heartbeat(0, pid)

    def at(self, time, event, **members):
        """An event at a time in seconds (Decimal, int or text)."""
        self.lines.append({"t": Decimal(time), "event": event} | members)
        return self

    def spawned(self, time, pid):
        return self.at(time, "spawned", pid=pid)

    def heartbeat(self, time, pid, **members):
        return self.at(time, "heartbeat", pid=pid, **members)

    def signal(self, time, name, **members):
        return self.at(time, "signal", signal=name, **members)

    def exited(self, time, pid, **members):
        return self.at(time, "exited", pid=pid, **(members or {"status": 0}))

    def tick(self, *times):
        for time in times:
            self.at(time, "tick")
        return self

    def around(self, time):
        """A tick just before a moment, at it, and just behind it."""
        time = Decimal(time)
        return self.tick(time - TICK, time, time + TICK)

    def actions(self):
        """All actions, [{"t": Decimal, "action": ..., ...}], the log's lines aside."""
        text = "".join(line_of(line) + "\n" for line in self.lines)
        self.evidence.sent(text)
        done = subprocess.run([*self.simulator, "--no-log"], input=text, capture_output=True, text=True, timeout=LIMIT, check=False)
        self.evidence.saw(done.stdout or done.stderr)
        assert done.returncode == 0, f"the simulator ended with {done.returncode}: {done.stderr}"
        return [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]

    def find(self, **wanted):
        return [action for action in self.actions() if all(action.get(key) == value for key, value in wanted.items())]

    def times(self, **wanted):
        return [Decimal(action["t"]) for action in self.find(**wanted)]


def line_of(line):
    members = [f"{json.dumps(key)}:{value if isinstance(value, Decimal) else json.dumps(value)}" for key, value in line.items()]
    return "{" + ",".join(members) + "}"
