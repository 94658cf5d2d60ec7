"""lint - the spine holds: every promise has a check or a reason, every check a clause that exists, every name is known. Pure."""
import fnmatch
import tomllib

from conformance import HERE, adapters, clauses, descriptions, registry

ELSEWHERE = HERE / "elsewhere.toml"


def elsewhere(path=ELSEWHERE):
    """{promise: why no check can show it from outside, and which tests do}"""
    return tomllib.loads(path.read_text()) if path.exists() else {}


def complaints(checks, promises=None, excused=None, targets=None):
    promises = clauses.promises() if promises is None else promises
    excused = elsewhere() if excused is None else excused
    yield from coverage_complaints(checks, promises, excused)
    for check in checks.checks.values():
        yield from check_complaints(check, promises)
    for target in own_targets() if targets is None else targets:
        yield from target_complaints(target, checks)


def coverage_complaints(checks, promises, excused):
    own = {check.clause for check in checks.checks.values()}
    if not promises:
        yield "there is no promise"
    for number in promises:
        if number not in own and number not in excused:
            yield f"{number} has no check, and elsewhere.toml does not say why"
        if number in own and number in excused:
            yield f"{number} has a check, and elsewhere.toml says that it cannot have one"
    for number in excused:
        if number not in promises:
            yield f"elsewhere.toml names {number}, which is no promise"
        elif len(excused[number]) < 20:
            yield f"elsewhere.toml gives no reason for {number}"


def check_complaints(check, promises):
    for clause in check.clauses:
        if clause not in promises and not clauses.is_section(clause):
            yield f"{check.id}: {clause} is neither a promise nor a section"
    if check.clause == check.id:
        yield f"{check.id}: an id is a clause and a name of its own"
    for tier in check.tiers:
        if tier not in registry.TIERS:
            yield f"{check.id}: {tier!r} is no tier"
    if not check.tiers:
        yield f"{check.id}: it has no tier"
    for capability in check.needs:
        if capability not in adapters.CAPABILITIES:
            yield f"{check.id}: {capability!r} is no capability"


def own_targets():
    return [descriptions.load(path.stem, adapters.KINDS) for path in sorted((HERE / "targets").glob("*.toml"))]


def target_complaints(target, checks):
    for known in target.expected:
        for pattern in known.check:
            if not fnmatch.filter(checks.checks, pattern):
                yield f"{target.path}: an expected failure names {pattern!r}, which fits no check"
    for capability in sorted((target.capabilities | target.lacks) - set(adapters.CAPABILITIES)):
        yield f"{target.path}: {capability!r} is no capability"
    for capability in sorted(set(target.notes) - set(adapters.CAPABILITIES)):
        yield f"{target.path}: a note for {capability!r}, which is no capability"
