"""publish - docs/conformance.md from a report of both servers. Pure: the same report gives the same page."""
from conformance import clauses, verdicts
from conformance.page import AREAS, SIGNS

HEAD = """\
# Conformance: this server and Perl's

Written by `ci/conform --target c --target perl --publish docs/conformance.md`; a test compares the page with the checks and
with what is known of Perl's server. Not to be edited.

Every promise of [promises.md](promises.md), and every clause of RFC 9110, 9112, 6455 and 7692 that a server can be asked
about, has checks. Both servers are asked by the same ones, from outside. A failure of Perl's server is expected where
`tests/conformance/targets/perl.toml` says so, with what is observed.

{signs}.
"""
SIGN_WORDS = {"PASS": "all pass", "XFAIL": "some fail, as is known", "FAIL": "some fail", "XPASS": "some pass against expectation",
              "UNSUPPORTED": "none can be asked", "ERROR": "some could not be carried out"}


def render(whole, perl):
    """`perl` is the description of Perl's server."""
    return "\n".join(parts(whole, perl)) + "\n"


def parts(whole, perl):
    yield HEAD.format(signs=", ".join(f"{SIGNS[verdict]} {words}" for verdict, words in SIGN_WORDS.items()))
    yield from totals(whole)
    yield from not_promised(perl)
    yield from known_failures(perl, "defect", "What is a defect in it", "Clients, operators or the RFCs are let down:")
    yield from known_failures(perl, "differs", "What it does otherwise", "It promises something else, or nothing:")
    yield from promise_tables(whole)
    yield from section_table(whole, perl)


def totals(whole):
    yield "| server | version | " + " | ".join(f"{SIGNS[verdict]} {verdict}" for verdict in verdicts.VERDICTS) + " |"
    yield "|---|---|" + "---:|" * len(verdicts.VERDICTS)
    for target in whole["targets"]:
        counts = (str(sum(result["verdict"] == verdict for result in target["results"])) for verdict in verdicts.VERDICTS)
        yield f"| {target['title']} | {target['version']} | " + " | ".join(counts) + " |"
    tiers = ", ".join(whole["selection"]["tiers"])
    yield f"\nTiers: {tiers}. {len(whole['checks'])} checks of {len(whole['clauses'])} promises and clauses."


def not_promised(perl):
    yield "\n## What Perl's server does not promise any more, or never did\n"
    yield "What needs one of these cannot be asked of it.\n\n| | why |\n|---|---|"
    for capability, why in perl.notes.items():
        yield f"| {capability.replace('_', ' ')} | {cell(why)} |"


def is_of_promises(known):
    return not known.check[0].startswith("HTTP-")


def known_failures(perl, kind, title, words):
    yield f"\n## {title}\n\n{words}\n\n| checks | what is observed | what it means |\n|---|---|---|"
    for known in perl.expected:
        if known.kind == kind and is_of_promises(known):
            chance = " Not every time." if known.sometimes else ""
            yield f"| {', '.join(known.check)} | `{cell(known.observation)}` | {cell(known.reason)}{chance} |"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def verdicts_by_clause(whole):
    """{clause: {target: [verdicts]}}, each check with its own clause only."""
    own = {check["id"]: check["clause"] for check in whole["checks"]}
    found = {}
    for target in whole["targets"]:
        for result in target["results"]:
            found.setdefault(own[result["id"]], {}).setdefault(target["name"], []).append(result["verdict"])
    return found


def counted(results):
    """The sign of the whole, and how many of how many pass where that says more."""
    if not results:
        return ""
    passed = results.count(verdicts.PASS)
    mixed = f" {passed} of {len(results)}" if 0 < passed < len(results) else ""
    return SIGNS[verdicts.worst(results)] + mixed


def promise_tables(whole):
    by_clause = verdicts_by_clause(whole)
    names = [target["name"] for target in whole["targets"]]
    area = None
    for number, clause in clauses.promises().items():
        if number not in by_clause:
            continue
        if number[:3] != area:
            area = number[:3]
            yield f"\n## {area}: {AREAS[area].lower()}\n\n| promise | | checks | {' | '.join(names)} |\n|---|---|---:|{'---|' * len(names)}"
        columns = [counted(by_clause[number].get(name, [])) for name in names]
        yield f"| {number} | {clause.text} | {len(ids_of(whole, number))} | {' | '.join(columns)} |"


def ids_of(whole, clause):
    return [check["id"] for check in whole["checks"] if check["clause"] == clause]


def section_table(whole, perl):
    by_clause = verdicts_by_clause(whole)
    names = [target["name"] for target in whole["targets"]]
    yield (f"\n## Clauses\n\nThe last column says what Perl's server does instead.\n\n"
           f"| clause | checks | {' | '.join(names)} | |\n|---|---:|{'---|' * len(names)}---|")
    for clause in whole["clauses"]:
        if clause["id"] in by_clause and clauses.is_section(clause["id"]):
            columns = [counted(by_clause[clause["id"]].get(name, [])) for name in names]
            count = len(ids_of(whole, clause["id"]))
            yield f"| {clause['id']} | {count} | {' | '.join(columns)} | {instead(whole, perl, clause['id'])} |"


def instead(whole, perl, clause):
    found = [perl.expected_of(identifier) for identifier in ids_of(whole, clause)]
    sentences = [known.reason.partition(". ")[0].rstrip(".") + "." for known in found if known is not None]
    return cell(" ".join(dict.fromkeys(sentences)))
