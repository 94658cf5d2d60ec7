"""session - runs one check after the other against one target and keeps what came of each; one for each process of pytest."""
import json
import os
import pathlib
import shutil
import subprocess
import time
import traceback

import pytest

from conformance import adapters, descriptions, registry, timeline, verdicts
from conformance.case import Case
from conformance.evidence import Evidence
from conformance.subject import Subject
from harness import processes
from harness.client import ConnectionEnded

VARIABLE = "HYPNOTOAD_CONFORM"
MESSAGE_MAX = 1500
PICTURE_MAX = 60000


class SharedServers:
    """Servers that checks only ask; one for each set of settings."""

    def __init__(self, target, directory):
        self.target, self.directory, self.servers = target, directory, {}

    def get(self, evidence, settings):
        key = json.dumps(settings, sort_keys=True)
        server = self.servers.get(key)
        if server is None or server.serving_manager() is None:
            server = self.servers[key] = self.make(evidence, settings)
        server.evidence = evidence
        return server

    def make(self, evidence, settings):
        directory = self.directory / f"server{len(list(self.directory.iterdir()))}"
        directory.mkdir(parents=True)
        server = Subject(self.target, evidence, directory, settings, ("--foreground",), {}, "probe", ())
        # It outlives this check, whose evidence is not the place for the lives of its processes.
        server.watch.begin = lambda: None
        return server.start()

    def end(self):
        for server in self.servers.values():
            server.finish()


class Session:
    def __init__(self, plan, directory):
        self.plan = plan
        self.results = pathlib.Path(plan["results"])
        self.target = adapters.adapter_of(descriptions.load(plan["target"], adapters.KINDS))
        self.checks = registry.load(plan["package"]).checks
        self.directory = directory
        self.shared = SharedServers(self.target, directory)
        processes.become_subreaper()

    @classmethod
    def from_environment(cls, directory):
        return cls(json.loads(pathlib.Path(os.environ[VARIABLE]).read_text()), directory)

    def end(self):
        self.shared.end()

    def run(self, identifier, tier, repetition, directory):
        """Carries the check out, writes its result down and returns it."""
        check = self.checks[identifier]
        evidence = Evidence()
        case = Case(check, tier, self.target, evidence, directory, self.shared)
        began = time.monotonic()
        lost = None
        try:
            outcome, message = self.carry_out(check, case)
        except BaseException as error:  # pytest's own, such as its timeout: the check has no verdict of its own
            outcome, message, lost = verdicts.ERROR, f"{type(error).__name__}: {error}", error
        seconds = time.monotonic() - began
        case.finish()
        verdict = verdicts.decide(outcome, message[:MESSAGE_MAX], self.target.description.expected_of(identifier))
        result = {"id": identifier, "tier": tier, "repetition": repetition, "verdict": verdict.verdict, "message": verdict.message,
                  "reason": verdict.reason, "kind": verdict.kind, "seconds": round(seconds, 3), "evidence": evidence.entries,
                  "left_out": evidence.left_out, "measures": evidence.measures, "timeline": self.picture(case, evidence)}
        path = self.results / f"{identifier}@{tier}@{repetition}.json"
        path.write_text(json.dumps(result))
        shutil.rmtree(directory, ignore_errors=True)
        if isinstance(lost, (KeyboardInterrupt, SystemExit)):
            raise lost
        return result

    @staticmethod
    def carry_out(check, case):
        try:
            for capability in check.needs:
                case.needs(capability)
            check.run(case)
            return verdicts.PASS, ""
        except verdicts.Lacks as lack:
            return verdicts.UNSUPPORTED, str(lack)
        except AssertionError as failure:
            return verdicts.FAIL, str(failure) or traceback.format_exc().splitlines()[-3].strip()
        except (OSError, ConnectionEnded) as failure:
            return verdicts.FAIL, f"{type(failure).__name__}: {failure}"
        except Exception:
            return verdicts.ERROR, traceback.format_exc()

    def picture(self, case, evidence):
        """The timeline of the server that had the most processes, if there was anything to see: drawn from its trace if it
        has one, or from what was seen of its processes."""
        if not case.subjects or not evidence.marks:
            return ""
        subject = max(case.subjects, key=lambda subject: len(subject.watch.lives))
        return self.traced(subject) or timeline.draw(subject.watch, evidence.marks)

    def traced(self, subject):
        if not {"trace", "simulator"} <= self.target.description.capabilities:
            return ""
        first = subject.directory / "trace.jsonl"
        later = sorted(subject.directory.glob("trace.jsonl.*"), key=lambda path: int(path.suffix[1:]))
        if not first.exists():
            return ""
        words = [*self.target.description.simulator, "--timeline", first, *later]
        try:
            done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        start = done.stdout.find("<svg")
        is_fit = done.returncode == 0 and start >= 0 and len(done.stdout) < PICTURE_MAX
        return done.stdout[start:] if is_fit else ""


def report_to_pytest(result):
    verdict, message = result["verdict"], result["message"]
    if verdict in verdicts.RED:
        pytest.fail(f"{verdict}: {message}", pytrace=False)
    if verdict == verdicts.UNSUPPORTED:
        pytest.skip(message)
    if verdict == verdicts.XFAIL:
        pytest.xfail(result["reason"])
