"""equivalents - the reviewed list of mutants that change nothing anyone could see: equivalent.txt.

An entry is a block of lines, blocks are parted by an empty line:

    file: src/policy/pool.c
    line: return a_us < b_us ? a_us : b_us;
    mutation: `<` to `<=`
    reason: for equal numbers either is the smaller one

`mutation` may be repeated when one reason holds for several; ` #2` behind it means the second such place of the file with
this line. An entry that matches no mutant is an error: the line has changed and must be reviewed again."""
import re

KEYS = ("file", "line", "mutation", "reason")
ENTRY = re.compile(r"(\w+): (.*)\Z")
ORDINAL = re.compile(r"(.*) #(\d+)\Z")


class BadEntry(Exception):
    """equivalent.txt is not written as it must be."""


def read_equivalents(text, name="equivalent.txt"):
    """{(file, line, label, ordinal): reason}."""
    found = {}
    for number, block in blocks(text):
        entry = read_block(block, f"{name}:{number}")
        for mutation in entry["mutation"]:
            label, ordinal = ORDINAL.match(mutation).groups() if ORDINAL.match(mutation) else (mutation, "1")
            key = entry["file"][0], entry["line"][0], label, int(ordinal)
            if key in found:
                raise BadEntry(f"{name}:{number}: the mutation is listed twice: {mutation}")
            found[key] = entry["reason"][0]
    return found


def blocks(text):
    """(number of its first line, lines) of each block; lines that begin with # are comments."""
    block = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.startswith("#"):
            continue
        if line.strip():
            block.append((number, line))
        elif block:
            yield block[0][0], [each for _, each in block]
            block = []


def read_block(lines, place):
    entry = {key: [] for key in KEYS}
    for line in lines:
        match = ENTRY.match(line)
        if match is None or match.group(1) not in entry:
            raise BadEntry(f"{place}: a line begins with one of {', '.join(KEYS)} and a colon, not: {line}")
        entry[match.group(1)].append(match.group(2).strip())
    for key in KEYS:
        if not entry[key] or key != "mutation" and len(entry[key]) > 1:
            raise BadEntry(f"{place}: an entry has one `{key}`" + (" or more" if key == "mutation" else ""))
    return entry


def key_of(mutant):
    return mutant.file, mutant.line, mutant.label, mutant.ordinal


def stale_keys(equivalents, mutants):
    """The listed mutations that exist no more."""
    return sorted(set(equivalents) - {key_of(mutant) for mutant in mutants})
