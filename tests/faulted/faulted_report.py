"""faulted_report - a pytest plugin: one JSON line for each test, with the promises that it cites and those that its traces broke.

The file is named by FAULTED_REPORT. A fault of the policy shows in every trace, whatever the test was about: a test whose own
assertions hold, and whose server's trace names a promise at its end, counts for that promise."""
import json
import os
import re

NAMED = re.compile(r"\(promise ([A-Z]{3}-\d+)\)")
outcomes = {}


def pytest_collection_modifyitems(items):
    for item in items:
        numbers = sorted({number for marker in item.iter_markers("promise") for number in marker.args})
        item.user_properties.append(("promises", numbers))


def pytest_runtest_logreport(report):
    entry = outcomes.setdefault(report.nodeid, {"test": report.nodeid, "promises": [], "failed": [], "named": [], "seconds": 0.0})
    entry["promises"] = dict(report.user_properties).get("promises", [])
    entry["seconds"] += report.duration
    if report.failed:
        entry["failed"].append(report.when)
        entry["named"] = sorted({*entry["named"], *NAMED.findall(report.longreprtext)})


def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        return
    with open(os.environ["FAULTED_REPORT"], "w") as file:
        for entry in outcomes.values():
            file.write(json.dumps(entry) + "\n")
