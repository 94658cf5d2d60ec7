"""page - one static HTML page of a report: promise by target, each cell opens what was done, sent, seen and measured. Pure.

It needs no script and no other file, can be read on a phone, and says everything by signs and words as well as by colour."""
import base64
from html import escape

from conformance import verdicts

SIGNS = {"PASS": "✓", "FAIL": "✗", "XFAIL": "≠", "XPASS": "!", "UNSUPPORTED": "–", "ERROR": "⚠"}
WORDS = {"PASS": "passes", "FAIL": "fails", "XFAIL": "fails as expected", "XPASS": "passes against expectation",
         "UNSUPPORTED": "cannot be asked", "ERROR": "could not be carried out"}
AREAS = {"CLI": "The command", "CFG": "Configuration", "LSN": "Listening", "MGR": "The manager", "WRK": "Workers", "HBT": "Heartbeats",
         "LCK": "The accept mutex", "PID": "The PID file", "UPG": "Hot deployment", "CON": "Connections and HTTP/1.1",
         "APP": "The application", "OBS": "Seeing what happens", "HTTP": "HTTP by clause", "WS": "WebSocket by clause"}
STYLE = """
:root{--ink:#1a1a1a;--paper:#fff;--soft:#f3f2ee;--line:#cfccc4;--good:#0a6b3d;--bad:#b00020;--known:#8a5a00;--mute:#5f5f5f}
@media (prefers-color-scheme:dark){:root{--ink:#eceae4;--paper:#17181a;--soft:#222427;--line:#45484d;--good:#6fd39b;--bad:#ff8a8a;
--known:#f0c060;--mute:#a8a8a8}}
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1rem;font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);
overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2rem 0 .4rem;border-bottom:2px solid var(--ink)}a{color:inherit}
.lead,.source,.tier,.time{color:var(--mute)}.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;list-style:none}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid var(--line)}
.totals td,.totals th{text-align:right}.totals th:first-child{text-align:left}
.wide{overflow-x:auto}
.row{display:flex;flex-wrap:wrap;gap:2px;margin:.35rem 0;align-items:stretch}.area{min-width:3.2rem;font-weight:700;padding-top:.1rem}
.mini{border:1px solid var(--line);border-radius:3px;padding:1px 4px;text-align:center;font-size:.75rem;
line-height:1.45;text-decoration:none;min-width:2.1em}
.clause{border-top:1px solid var(--line);padding:.55rem 0}.clause>h3{margin:0;font-size:1rem}.clause p{margin:.15rem 0 .4rem}
.cells{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.5rem}
.cell{border:1px solid var(--line);border-radius:4px;background:var(--soft);min-width:0}
.cell>summary{cursor:pointer;padding:.35rem .6rem;font-weight:600;list-style:none}.cell>summary::-webkit-details-marker{display:none}
.cell>summary::after{content:" ▸";color:var(--mute)}.cell[open]>summary::after{content:" ▾"}.cell[open]{grid-column:1/-1}
.check{border-top:1px solid var(--line);padding:.35rem .6rem}.check>summary{cursor:pointer;overflow-wrap:anywhere}
.sign{display:inline-block;min-width:1.4em;text-align:center;font-weight:700}
.PASS>.sign,.sign.PASS{color:var(--good)}
.FAIL>.sign,.ERROR>.sign,.XPASS>.sign,.sign.FAIL,.sign.ERROR,.sign.XPASS{color:var(--paper);background:var(--bad);border-radius:3px}
.XFAIL>.sign,.sign.XFAIL{color:var(--known)}.UNSUPPORTED>.sign,.sign.UNSUPPORTED{color:var(--mute)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font:13px/1.4 ui-monospace,monospace}
.evidence td:first-child{white-space:nowrap;color:var(--mute)}.evidence td,.measures td,.measures th{padding:.15rem .4rem;font-size:.85rem}
.message{border-left:3px solid var(--ink);padding-left:.6rem;margin:.4rem 0}
.timeline{width:100%;min-width:34rem;height:auto;background:var(--paper);border:1px solid var(--line);margin:.4rem 0;font:10px sans-serif}
svg text{fill:var(--ink)}svg .grid{stroke:var(--line)}svg .tick{text-anchor:middle;fill:var(--mute)}svg rect{fill:var(--soft);stroke:var(--ink)}
svg rect.manager{fill:var(--ink)}svg .end{text-anchor:end;font-weight:700}svg line.signal{stroke:var(--bad);stroke-width:2}
svg text.signal{fill:var(--bad);font-weight:700;paint-order:stroke;stroke:var(--paper);stroke-width:3px}
@media print{.cell{break-inside:avoid}body{max-width:none}}
"""


def render(whole):
    return "\n".join(parts(whole)) + "\n"


def parts(whole):
    yield ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
           '<meta name="viewport" content="width=device-width, initial-scale=1">'
           f"<title>Conformance</title><style>{STYLE}</style></head><body>")
    yield from head(whole)
    by_clause = cells_by_clause(whole)
    area = None
    for clause in whole["clauses"]:
        rows = by_clause.get(clause["id"])
        if rows is None:
            continue
        if clause["id"].partition("-")[0] != area:
            area = clause["id"].partition("-")[0]
            yield f'<h2 id="{area}">{area}: {AREAS.get(area, "")}</h2>'
        yield from clause_parts(clause, rows, whole)
    yield "</body></html>"


def head(whole):
    selection = whole["selection"]
    yield "<h1>Hypnotoad on trial</h1>"
    date = whole["date"][:16].replace("T", " ")
    yield (f'<p class="lead">{len(whole["checks"])} checks of {len(whole["clauses"])} promises and clauses, {date} UTC; '
           f'tiers {", ".join(selection["tiers"])}, checks {escape(" ".join(selection["only"]))}, '
           f'each {"once" if selection["repeat"] == 1 else str(selection["repeat"]) + " times"}.</p>')
    yield '<ul class="legend">' + "".join(f"<li>{sign(verdict)} {verdict}: {words}</li>" for verdict, words in WORDS.items()) + "</ul>"
    yield '<div class="wide"><table class="totals"><tr><th>target</th>'
    yield "".join(f"<th>{sign(verdict)} {verdict}</th>" for verdict in verdicts.VERDICTS) + "<th>seconds</th></tr>"
    for target in whole["targets"]:
        counts = [sum(result["verdict"] == verdict for result in target["results"]) for verdict in verdicts.VERDICTS]
        yield (f'<tr><th>{escape(target["title"])}<br><span class="source">{escape(target["version"] or target["kind"])}</span></th>'
               + "".join(f"<td>{count}</td>" for count in counts) + f'<td>{target["seconds"]:g}</td></tr>')
    yield "</table></div>"
    for target in whole["targets"]:
        if target["lost"]:
            yield f'<p class="message">{escape(target["name"])} was never reached: {escape(target["lost"])}</p>'
    yield from matrix(whole)


def matrix(whole):
    """Every clause as a small cell with a sign for each target, one below the other; it leads to the clause."""
    by_clause = cells_by_clause(whole)
    names = [target["name"] for target in whole["targets"]]
    yield f'<h2>At a glance</h2><p class="lead">Below each number, from top to bottom: {escape(", ".join(names))}.</p>'
    area = None
    for clause in whole["clauses"]:
        if clause["id"] not in by_clause:
            continue
        if clause["id"].partition("-")[0] != area:
            yield "" if area is None else "</div>"
            area = clause["id"].partition("-")[0]
            yield f'<div class="row"><a class="area" href="#{area}">{area}</a>'
        signs = "<br>".join(sign(shown(by_clause[clause["id"]][name])) if name in by_clause[clause["id"]] else "·" for name in names)
        yield f'<a class="mini" href="#{clause["id"]}" title="{clause["id"]}">{clause["id"].partition("-")[2]}<br>{signs}</a>'
    yield "</div>"


def shown(results):
    """What stands out: of the checks that are the clause's own, or of all that cite it."""
    own = [result for _, result, is_own in results if is_own] or [result for _, result, _ in results]
    return verdicts.worst([result["verdict"] for result in own])


def sign(verdict):
    return f'<span class="sign {verdict}" role="img" aria-label="{verdict}">{SIGNS[verdict]}</span>'


def cells_by_clause(whole):
    """{clause: [(target, [(check, result)])]}; a check stands with each clause that it cites, first with its own."""
    found = {}
    for target in whole["targets"]:
        results = {}
        for result in target["results"]:
            results.setdefault(result["id"], []).append(result)
        for check in whole["checks"]:
            for clause in (check["clause"], *check["also"]):
                cell = found.setdefault(clause, {}).setdefault(target["name"], [])
                cell += [(check, result, clause == check["clause"]) for result in results.get(check["id"], [])]
    return {clause: {name: cell for name, cell in cells.items() if cell} for clause, cells in found.items() if any(cells.values())}


def clause_parts(clause, cells, whole):
    source = f' <span class="source">({words(clause["source"])})</span>' if clause["source"] else ""
    yield f'<section class="clause" id="{clause["id"]}"><h3>{clause["id"]}</h3><p>{words(clause["text"])}{source}</p><div class="cells">'
    for target in whole["targets"]:
        results = cells.get(target["name"])
        if results:
            yield from cell_parts(target, results)
    yield "</div></section>"


def words(text):
    """The little Markdown that a promise has."""
    pieces = escape(text.replace("\\|", "|")).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def cell_parts(target, results):
    verdict = shown(results)
    counts = " ".join(f"{SIGNS[kind]}{count}" for kind in verdicts.VERDICTS
                      if (count := sum(result["verdict"] == kind for _, result, _ in results)))
    yield (f'<details class="cell"><summary>{sign(verdict)} {escape(target["name"])}: {verdict} '
           f'<span class="time">{counts}</span></summary>')
    for check, result, _ in results:
        yield from check_parts(check, result)
    yield "</details>"


def check_parts(check, result):
    yield (f'<details class="check {result["verdict"]}"><summary>{sign(result["verdict"])} <code>{escape(check["id"])}</code> '
           f'{escape(check["title"])} <span class="tier">{result["tier"]}, {result["seconds"]:.2f} s</span></summary>')
    yield f'<p>{result["verdict"]}: it {WORDS[result["verdict"]]}. {words(check["about"])}</p>'
    if result["message"]:
        yield f'<div class="message"><pre>{escape(result["message"])}</pre></div>'
    if result["reason"]:
        yield f'<p>{"A defect" if result["kind"] == "defect" else "Known"}: {escape(result["reason"])}</p>'
    if len(result["runs"]) > 1:
        yield "<p>Runs: " + ", ".join(f'{SIGNS[run["verdict"]]} {run["seconds"]:.2f} s' for run in result["runs"]) + "</p>"
    yield from measure_parts(result["measures"])
    if result["timeline"]:
        yield f'<div class="wide">{picture(result["timeline"])}</div>'
    yield from evidence_parts(result)
    yield "</details>"


def picture(svg):
    """One that was drawn elsewhere keeps its styles to itself."""
    if 'class="timeline"' in svg[:400]:
        return svg
    data = base64.b64encode(svg.encode()).decode()
    return f'<img class="timeline" alt="Timeline of the processes" src="data:image/svg+xml;base64,{data}">'


def measure_parts(measures):
    if not measures:
        return
    yield '<div class="wide"><table class="measures"><tr><th>measured</th><th>seconds</th><th>at least</th><th>at most</th></tr>'
    for measure in measures:
        bounds = "".join(f'<td>{"" if measure[name] is None else f"{measure[name]:g}"}</td>' for name in ("at_least", "at_most"))
        yield f'<tr><td>{escape(measure["what"])}</td><td>{measure["seconds"]:.3f}</td>{bounds}</tr>'
    yield "</table></div>"


def evidence_parts(result):
    if not result["evidence"]:
        return
    yield '<table class="evidence">'
    for entry in result["evidence"]:
        yield f'<tr><td>{entry["at"]:.2f} s {entry["kind"]}</td><td><pre>{escape(entry["text"])}</pre></td></tr>'
    if result["left_out"]:
        yield f'<tr><td></td><td>... and {result["left_out"]} entries more</td></tr>'
    yield "</table>"
