"""report - what a run found, as one object (report-1.schema.json), and its forms: JSON, JUnit, a page."""
import datetime
import json
import xml.etree.ElementTree as ElementTree

import jsonschema

from conformance import HERE, clauses, page, verdicts

VERSION = 1
Unfit = jsonschema.ValidationError
SCHEMA = HERE / f"report-{VERSION}.schema.json"


def empty_result(identifier, tier, verdict, message):
    return {"id": identifier, "tier": tier, "repetition": 0, "verdict": verdict, "message": message, "reason": "", "kind": "",
            "seconds": 0.0, "evidence": [], "left_out": 0, "measures": [], "timeline": ""}


def build(trials, asked, checks):
    """The object; `trials` come from the runner."""
    used = list(dict.fromkeys(check for trial in trials for check, _ in trial["selected"]))
    return validated({
        "schema": VERSION, "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "selection": {"only": asked.only, "tiers": asked.tier, "repeat": asked.repeat},
        "clauses": [clause._asdict() for clause in clauses_of(used)],
        "checks": [{"id": check.id, "clause": check.clause, "also": list(check.also), "title": check.title, "about": check.about,
                    "tiers": list(check.tiers), "needs": list(check.needs)} for check in used],
        "targets": [target_of(trial) for trial in trials]})


def target_of(trial):
    description = trial["target"]
    results = [{name: value for name, value in result.items() if name != "repetition"} for result in trial["results"]]
    return {"name": description.name, "title": description.title, "kind": description.kind, "version": trial["version"],
            "capabilities": sorted(description.capabilities), "seconds": trial["seconds"], "lost": trial["lost"], "results": results}


def clauses_of(checks):
    """Promises in the order of their page, then sections."""
    cited = {clause for check in checks for clause in check.clauses}
    yield from (clause for number, clause in clauses.promises().items() if number in cited)
    yield from map(clauses.describe_section, sorted(filter(clauses.is_section, cited), key=section_order))


def section_order(clause):
    kind, number, section = clause.split("-")
    return kind, number, [int(part) for part in section.split(".")]


def validated(whole):
    jsonschema.validate(whole, json.loads(SCHEMA.read_text()))
    return whole


def read(path):
    with open(path) as file:
        return validated(json.load(file))


def merge(first, second):
    """One report with the targets of both; where both have one, that of the second."""
    renewed = {target["name"] for target in second["targets"]}
    by_id = {entry["id"]: entry for entry in first["checks"] + second["checks"]}
    texts = {entry["id"]: entry for entry in first["clauses"] + second["clauses"]}
    order = [*clauses.promises(), *sorted(filter(clauses.is_section, texts), key=section_order)]
    return validated(second | {
        "checks": list(by_id.values()), "clauses": [texts[name] for name in order if name in texts],
        "targets": [target for target in first["targets"] if target["name"] not in renewed] + second["targets"]})


# ---- Forms ----

def write(whole, folder):
    """Writes all forms; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    forms = {"report.json": json.dumps(whole, indent=1), "junit.xml": junit(whole), "index.html": page.render(whole)}
    for name, text in forms.items():
        (folder / name).write_text(text)
    return [folder / name for name in forms]


def junit(whole):
    suites = ElementTree.Element("testsuites")
    titles = {entry["id"]: entry for entry in whole["checks"]}
    for target in whole["targets"]:
        add_suite(suites, target, titles)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def add_suite(suites, target, titles):
    counts = {verdict: sum(result["verdict"] == verdict for result in target["results"]) for verdict in verdicts.VERDICTS}
    suite = ElementTree.SubElement(suites, "testsuite", name=target["name"], tests=str(len(target["results"])),
                                   failures=str(counts["FAIL"] + counts["XPASS"]), errors=str(counts["ERROR"]),
                                   skipped=str(counts["UNSUPPORTED"] + counts["XFAIL"]), time=str(target["seconds"]))
    for result in target["results"]:
        case = ElementTree.SubElement(suite, "testcase", classname=f"{target['name']}.{titles[result['id']]['clause']}",
                                      name=f"{result['id']} ({result['tier']}): {titles[result['id']]['title']}",
                                      time=str(result["seconds"]))
        if result["verdict"] != "PASS":
            kind = {"FAIL": "failure", "XPASS": "failure", "ERROR": "error"}.get(result["verdict"], "skipped")
            text = printable(f"{result['message']} {result['reason']}".strip())
            ElementTree.SubElement(case, kind, message=f"{result['verdict']}: {text[:300]}").text = text


def printable(text):
    """XML has no sign for most control characters."""
    def is_fit(sign):
        return sign in "\t\n" or sign >= " " and not 0xd800 <= ord(sign) < 0xe000 and ord(sign) < 0xfffe
    return "".join(sign if is_fit(sign) else "?" for sign in text)
