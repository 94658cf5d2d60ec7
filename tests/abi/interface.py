"""interface - what hypnotoad.h declares, what the lists of versions say, and what a program exports."""
import re
import subprocess

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARED = re.compile(r"^(?:\w[^\n;{}]*)?\b(toad_\w+)\(", re.MULTILINE)
CONSTANT = re.compile(r"^#define (TOAD_\w+)(?= )", re.MULTILINE)
FUNCTION_ROW = re.compile(r"^FUNCTION\((\d+),[^()]*?\b(toad_\w+),", re.MULTILINE)
CONSTANT_ROW = re.compile(r"^CONSTANT\((\d+), (\w+), ", re.MULTILINE)
# They are what the version and the descriptor are made of, and change with the version.
NOT_LISTED = {"TOAD_ABI_MINOR", "TOAD_APP_HEADER"}


def declared_functions(header):
    return set(DECLARED.findall(COMMENT.sub("", header)))


def declared_constants(header):
    return set(CONSTANT.findall(COMMENT.sub("", header))) - NOT_LISTED


def listed_functions(functions):
    """{name: minor version}"""
    return {name: int(minor) for minor, name in FUNCTION_ROW.findall(COMMENT.sub("", functions))}


def listed_constants(layouts):
    return {name for _, name in CONSTANT_ROW.findall(COMMENT.sub("", layouts))}


def symbols(program, *options):
    """The toad_ functions among the dynamic symbols."""
    table = subprocess.run(["nm", "-D", *options, program], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\b[TU] (toad_\w+)$", table, re.MULTILINE))


def function_complaints(declared, listed, exported):
    """Names in three places, which must agree."""
    for name in sorted(set(listed) - exported):
        yield f"{name} of interface 1.{listed[name]} has vanished from the program; applications that call it do not load any more"
    for name in sorted(set(listed) - declared):
        yield f"{name} of interface 1.{listed[name]} has vanished from hypnotoad.h"
    for name in sorted(declared - set(listed)):
        yield f"{name} is new: functions_1.def must list it, with the minor version that brings it"
    for name in sorted(exported - declared):
        yield f"{name} is exported, but hypnotoad.h does not declare it"


def docstring_complaints(header):
    """Each function stands behind a comment of its own."""
    bare = COMMENT.sub(lambda comment: "\n" * comment.group().count("\n") + "@", header)
    bare = re.sub(r"^#ifdef __GNUC__\n__attribute__.*\n#endif\nvoid\n", "", bare, flags=re.MULTILINE)
    previous = ""
    for line in bare.splitlines():
        found = DECLARED.match(line)
        if found and previous.strip() != "@":
            yield f"{found.group(1)} has no comment of its own"
        previous = line
