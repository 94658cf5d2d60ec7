"""judge - says in one line what happened, and whether it may."""
import json
from collections import namedtuple

from wire.answers import Garbled, Reader
from wire.case import MARKER_BODY

# `is_right`: it is what this server is to do. `is_allowed`: the RFC lets a server do it.
Verdict = namedtuple("Verdict", "line faults is_right is_allowed")


def says_close(answer):
    return "close" in [option.strip() for option in dict(answer.fields).get("connection", "").lower().split(",")]


def is_of_marker(answer):
    return answer.status == 200 and answer.body == MARKER_BODY and says_close(answer)


def ending(answers):
    if answers and is_of_marker(answers[-1]):
        return "open", answers[:-1]
    return ("close" if answers and says_close(answers[-1]) else "end"), answers


def content_faults(case, answers):
    last = answers[-1] if answers else None
    if case.body is not None and (last is None or last.body != case.body):
        yield f"the body {last and last.body!r}, not {case.body!r}"
    names = [name for name, _ in last.fields] if last else []
    for name in case.fields:
        is_wanted = not name.startswith("-")
        if (name.lstrip("-").lower() in names) != is_wanted:
            yield f"{name.lstrip('-')} is {'not ' if is_wanted else ''}there"
    if case.says is not None:
        yield from info_faults(case, last)


def info_faults(case, answer):
    try:
        info = json.loads(answer.body) if answer else {}
    except ValueError:
        info = {}
    for name, value in case.says.items():
        if info.get(name) != value:
            yield f"{name} is {info.get(name)!r}, not {value!r}"


def early_close_faults(answers):
    for answer in answers[:-1]:
        if says_close(answer):
            yield f"answers follow a {answer.status} that says close"


def judge(case, received):
    if received is None:
        return Verdict("silence", ["it neither answered nor closed"], False, False)
    try:
        reader = Reader(received, case.head_answers)
    except Garbled as fault:
        return Verdict("garbled", [str(fault)], False, False)
    end, answers = ending(reader.answers)
    line = " ".join([*(str(answer.status) for answer in answers), end])
    faults = [*reader.faults, *early_close_faults(reader.answers)]
    # What an answer is to show is shown by the one that serves, not by a refusal that is allowed as well.
    if line in case.expected:
        faults += content_faults(case, answers)
    return Verdict(line, faults, line in case.expected and not faults, line in case.allowed and not faults)
