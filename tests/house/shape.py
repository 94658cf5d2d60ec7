"""shape - no file and no function grows until nobody reads it."""

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 80


def sources(root):
    return sorted(path for folder in ("src", "include") for path in (root / folder).rglob("*")
                  if path.suffix in (".c", ".h", ".def"))


def functions(lines):
    """Yields (first line, number of lines); the formatter puts a function's braces into the first column."""
    begin = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            begin = number
        elif line.startswith("}") and begin is not None:
            yield begin, number - begin + 1
            begin = None


def shape_complaints(root):
    for path in sources(root):
        lines = path.read_text().splitlines()
        if len(lines) > FILE_LINES_MAX:
            yield f"{path.relative_to(root)}: {len(lines)} lines, at most {FILE_LINES_MAX}"
        for begin, length in functions(lines):
            if length > FUNCTION_LINES_MAX:
                yield f"{path.relative_to(root)}:{begin}: a function of {length} lines, at most {FUNCTION_LINES_MAX}"
