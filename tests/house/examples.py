"""examples - the C code that the pages show compiles against the header, and the page of it names all its functions."""
import re
import subprocess

BLOCK = re.compile(r"^```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
FUNCTION = re.compile(r"\b(toad_[a-z_]+)\(")
COMPILE = ["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", "-I"]
PAGES = ("README.md", "docs/applications.md")


def examples_complaints(root):
    for page in PAGES:
        blocks = BLOCK.findall((root / page).read_text())
        if not blocks:
            yield f"{page}: shows no C code"
        for number, block in enumerate(blocks, 1):
            result = subprocess.run([*COMPILE, root / "include", "-"], input=block, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                yield f"{page}: the C example {number} does not compile: {result.stderr.splitlines()[0]}"


def functions_complaints(root):
    """Whoever looks for a function finds it by its purpose."""
    page = (root / "docs/applications.md").read_text()
    names = sorted(set(FUNCTION.findall(COMMENT.sub("", (root / "include/hypnotoad.h").read_text()))))
    if not names:
        yield "include/hypnotoad.h: declares no function"
    for name in names:
        if f"`{name}`" not in page:
            yield f"docs/applications.md: does not name {name}"
