"""examples - the C code that the pages for users show compiles against the header that they show."""
import re
import subprocess

BLOCK = re.compile(r"^```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMPILE = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-I"]
PAGES = ["README.md", "docs/applications.md"]


def examples_complaints(root):
    for page in PAGES:
        blocks = BLOCK.findall((root / page).read_text())
        if not blocks:
            yield f"{page}: shows no C code"
        for number, block in enumerate(blocks, 1):
            result = subprocess.run([*COMPILE, root / "include", "-"], input=block, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                yield f"{page}: the C example {number} does not compile: {result.stderr.splitlines()[0]}"
