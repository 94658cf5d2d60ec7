"""examples - the C code that the README shows compiles against the header that it shows."""
import re
import subprocess

BLOCK = re.compile(r"^```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMPILE = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-I"]


def examples_complaints(root):
    blocks = BLOCK.findall((root / "README.md").read_text())
    if not blocks:
        yield "README.md: shows no C code"
    for number, block in enumerate(blocks, 1):
        result = subprocess.run([*COMPILE, root / "include", "-"], input=block, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            yield f"README.md: the C example {number} does not compile: {result.stderr.splitlines()[0]}"
