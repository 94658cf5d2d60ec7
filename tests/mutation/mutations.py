"""mutations - every small mistake that is tried on a file.

Of C: conditions negated, comparisons shifted, && and || and + and - exchanged, constants off by one, texts changed,
statements dropped, other values returned. Of a .def table: rows dropped, cells exchanged with those of the next row.
Assertions and attributes are left alone: what they state no test can make false."""
import ast
import collections
import itertools
import re
from collections import namedtuple

from c_source import Source, tokens_of

# One mistake: text[start:end] becomes `replacement`. `line` is the source line without its indentation, `label` says
# what is changed; `ordinal` tells equal ones of a file apart. `macro` is the table of a changed row, "" outside tables.
Mutant = namedtuple("Mutant", "file start end replacement number line label ordinal macro")

EXCHANGED = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "|": "&", "&": "|",
    "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "++": "--", "--": "++",
}
UNSPACED = {"++", "--"}
SPARED = {"assert", "static_assert", "__attribute__"}
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)\Z")
INTEGER = re.compile(r"(u?int\d*(_t)?|size_t|unsigned char|unsigned|long)\Z")
ROW = re.compile(r"^([A-Z_]+)\((.*)\)$", re.MULTILINE)
# Bounds of a room that these tests do not judge are no business of this mutator.
SHARED_HEADERS = ("limits.h",)


def mutants_of(file, text, used=None):
    """All mutants of one file, in the order of the text. `used` are the names that the judged rooms use."""
    changes = table_changes(text) if file.endswith(".def") else code_changes(text)
    if file.endswith(SHARED_HEADERS) and used is not None:
        changes = (change for change in changes if used.intersection(names_defined_at(text, change[0])))
    seen = collections.Counter()
    for start, end, replacement, label, macro in sorted(set(changes)):
        begin = text.rfind("\n", 0, start) + 1
        line = text[begin:text.find("\n", start)].strip()
        seen[line, label] += 1
        yield Mutant(file, start, end, replacement, text.count("\n", 0, start) + 1, line, label, seen[line, label], macro)


def names_defined_at(text, offset):
    line = text[text.rfind("\n", 0, offset) + 1:text.find("\n", offset)]
    return set(re.findall(r"^(?:#define +)?\s*(\w+)", line))


def apply(mutant, text):
    """The mistake made; the number of lines stays, so that an assertion still names the same one."""
    lines = text.count("\n", mutant.start, mutant.end) - mutant.replacement.count("\n")
    return text[:mutant.start] + mutant.replacement + "\n" * lines + text[mutant.end:]


def code_changes(text):
    for start, body in defines(text):
        for first, last, *rest in token_changes(Source(body)):
            yield start + first, start + last, *rest
    source = Source(text)
    spared = [range(token.start, source.tokens[source.partners[index + 1]].end)
              for index, token in enumerate(source.tokens) if token.text in SPARED]
    for change in itertools.chain(token_changes(source), *(
            changes(source, function) for function in source.functions
            for changes in (condition_changes, statement_changes, return_changes))):
        if not any(change[0] in span for span in spared):
            yield change


def defines(text):
    """(offset, body) of each macro without parameters that stands for an expression."""
    for match in re.finditer(r"^#define \w+ (\S.*)$", text, re.MULTILINE):
        yield match.start(1), match.group(1) + "\n"


def change(token, replacement, macro=""):
    return token.start, token.end, replacement, f"`{token.text}` to `{replacement}`", macro


def token_changes(source):
    for index, token in enumerate(source.tokens):
        if token.kind == "sign" and token.text in EXCHANGED:
            if token.text in UNSPACED or source.is_binary(index):
                yield change(token, EXCHANGED[token.text])
        elif token.text == "!":
            yield change(token, "")
        elif token.text in ("true", "false"):
            yield change(token, "false" if token.text == "true" else "true")
        elif token.kind == "number":
            yield from (change(token, other) for other in other_numbers(token.text))
        elif token.kind == "char":
            yield from (change(token, other) for other in other_letters(token.text))
        elif token.kind == "string":
            yield change(token, token.text[:-1] + '~"')


def other_numbers(text):
    match = NUMBER.match(text)
    if match is None:
        return
    number = int(match.group(1), 0) if not re.match(r"0\d", text) else int(text, 8)
    form = "{:#x}{}" if text[:2].lower() == "0x" else "{}{}"
    yield form.format(number + 1, match.group(2))
    if number > 0:
        yield form.format(number - 1, match.group(2))


def other_letters(text):
    code = ord(ast.literal_eval(text))
    for other in (code + 1, code - 1):
        if 0 <= other <= 0x7f:
            yield repr(chr(other)) if chr(other).isprintable() and chr(other) not in "'\\" else f"'\\x{other:02x}'"


def condition_changes(source, function):
    for first, last in source.conditions(function):
        # The opposite of == is made by exchanging it.
        if list(source.operators(first, last)) in (["=="], ["!="]) or source.tokens[first].text == "!" and first + 1 == last:
            continue
        text = source.span(first, last)
        yield source.tokens[first].start, source.tokens[last].end, f"!({text})", "condition negated", ""


def statement_changes(source, function):
    for first, last in source.statements(function):
        if source.tokens[first].text == "return" and first + 1 < last:
            continue
        yield source.tokens[first].start, source.tokens[last].end, ";", "statement dropped", ""


def return_changes(source, function):
    for first, last in source.statements(function):
        if source.tokens[first].text != "return" or first + 1 == last:
            continue
        value = source.span(first + 1, last - 1)
        operators = list(source.operators(first + 1, last - 1))
        for other in other_values(function.returns, value, operators):
            start, end = source.tokens[first + 1].start, source.tokens[last - 1].end
            yield start, end, other, "another value returned", ""


def other_values(returns, value, operators):
    if returns == "bool":
        if value not in ("true", "false") and operators not in (["=="], ["!="]):
            yield f"!({value})"
    elif returns == "enum error":
        yield "ERROR_NONE" if value != "ERROR_NONE" else "ERROR_INVALID"
    elif returns.endswith("*"):
        if value != "NULL":
            yield "NULL"
    elif INTEGER.match(returns) and not NUMBER.match(value):
        yield f"({value}) + 1"


def table_changes(text):
    tables = collections.defaultdict(list)
    for match in ROW.finditer(text):
        tables[match.group(1)].append(match)
    for macro, rows in tables.items():
        cells = [cells_of(row) for row in rows]
        # The first cells of a list name its entries; rules have no names.
        is_list = len({row[0].text for row in cells}) == len(rows)
        for row in rows if not is_list else ():
            yield row.start(), row.end(), "", "row dropped", macro
        for column in zip(*cells[:] if not is_list else [row[1:] for row in cells]):
            yield from column_changes(column, macro)


def cells_of(row):
    return [token._replace(start=token.start + row.start(2), end=token.end + row.start(2))
            for token in tokens_of(row.group(2)) if token.text != ","]


def column_changes(column, macro):
    """Texts grow by a letter; other cells take the value of the next row that has another one."""
    for index, cell in enumerate(column):
        others = [other.text for other in column[index + 1:] + column[:index] if other.text != cell.text]
        if cell.kind == "string":
            yield change(cell, cell.text[:-1] + '~"', macro)
        elif others:
            yield change(cell, others[0], macro)
