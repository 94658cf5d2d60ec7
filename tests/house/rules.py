"""rules - the tables of docs/ARCHITECTURE.md: who may include and link what. The page is the only copy."""
from collections import namedtuple

# Floor 2 without sys, and the base it stands on: no I/O, no clock, no globals.
PURE_ROOMS = ("base", "policy", "config", "http", "ws")

Rules = namedtuple("Rules", "includes links headers")


def tables(text):
    """Yields every Markdown table as (column names, rows)."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
             for line in text.splitlines()] + [None]
    table = []
    for line in lines:
        if line is not None:
            table.append(line)
        elif table:
            yield table[0], table[2:]
            table = []


def names(cell):
    return set() if cell == "-" else {name.strip() for name in cell.split(",")}


def read_rules(root):
    found = {columns[0]: rows for columns, rows in tables((root / "docs/ARCHITECTURE.md").read_text())}
    rooms = [row[0] for row in found["room"]]
    includes = {room: set(rooms) if may == "all" else names(may) | {room} for room, may, _ in found["room"]}
    links = {room: names(may) for room, _, may in found["room"]}
    return Rules(includes, links, dict(found["header"]))
