"""trace - what a manager wrote to HYPNOTOAD_TRACE: its events and its actions, in order, with their exact times."""
import json
import os
import re
from decimal import Decimal

BEAT = re.compile(r"(\d+)(:1)?\n")


class Trace:
    def __init__(self, path):
        self.path = path
        self.forget(None)

    def forget(self, inode):
        self.inode, self.offset, self.known = inode, 0, []

    def lines(self):
        """Every whole line so far; the last one may still be on its way. Read only once: a long trace is asked often."""
        if not self.path.exists():
            return []
        with open(self.path, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_ino != self.inode or status.st_size < self.offset:
                self.forget(status.st_ino)
            file.seek(self.offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.offset += len(whole + newline)
        self.known += [json.loads(line, parse_float=Decimal) for line in whole.splitlines()]
        return list(self.known)

    def find(self, **wanted):
        """Lines that hold all of these: find(action="signal", pid=12, signal="QUIT")."""
        return [line for line in self.lines() if all(line.get(key) == value for key, value in wanted.items())]

    def one(self, **wanted):
        found = self.find(**wanted)
        assert len(found) == 1, f"{len(found)} lines, not one, hold {wanted}: {found}"
        return found[0]

    def piped(self):
        """All bytes that came through the heartbeat pipe."""
        return "".join(line["bytes"] for line in self.find(event="pipe"))

    def beats(self, pid, leaving=False):
        """The times at which the manager read a heartbeat of this worker."""
        times, rest = [], ""
        for line in self.find(event="pipe"):
            text = rest + line["bytes"]
            whole, _, rest = text.rpartition("\n")
            for number, mark in BEAT.findall(whole + "\n"):
                if int(number) == pid and bool(mark) == leaving:
                    times.append(line["t"])
        return times

    def settings(self):
        return self.one(event="start")["settings"]

    def patience(self):
        """{worker: seconds from TERM to KILL}. On a busy machine one may need them that was to end at once."""
        sent = self.find(action="signal")
        terms = {line["pid"]: line["t"] for line in sent if line["signal"] == "TERM"}
        return {line["pid"]: line["t"] - terms[line["pid"]] for line in sent if line["signal"] == "KILL"}

    def worker_ends(self):
        return self.find(event="exited")
