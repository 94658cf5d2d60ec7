"""Each fuzz target has what it begins with, and a cluster gets all of it."""
import pathlib

import pytest


def targets(root):
    return sorted(path.stem.removeprefix("fuzz_") for path in (root / "tests/fuzz").glob("fuzz_*.c"))


def fuzz_complaints(root):
    folder = root / "tests/fuzz"
    for name in targets(root):
        if not any((folder / "corpus" / name).glob("*")):
            yield f"tests/fuzz/corpus/{name} holds no seed"
        for path in (pathlib.Path("dict") / f"{name}.dict", pathlib.Path("options") / f"{name}.options"):
            if not (folder / path).is_file():
                yield f"tests/fuzz/{path} is missing"
        if f"`{name}`" not in (root / "docs/fuzzing.md").read_text():
            yield f"docs/fuzzing.md does not tell what {name} is for"


def test_each_target_has_seeds_words_and_options(root):
    assert targets(root) and list(fuzz_complaints(root)) == []


@pytest.mark.parametrize("missing", ["corpus/a/seed", "dict/a.dict", "options/a.options"])
def test_a_target_without_them_is_found(plant, missing):
    files = {f"tests/fuzz/{name}": "x" for name in ("fuzz_a.c", "corpus/a/seed", "dict/a.dict", "options/a.options")}
    del files[f"tests/fuzz/{missing}"]
    assert len(list(fuzz_complaints(plant({**files, "docs/fuzzing.md": "`a`"})))) == 1


def test_a_target_that_the_page_leaves_out_is_found(plant):
    files = {f"tests/fuzz/{name}": "x" for name in ("fuzz_a.c", "corpus/a/seed", "dict/a.dict", "options/a.options")}
    assert len(list(fuzz_complaints(plant({**files, "docs/fuzzing.md": "`b`"})))) == 1
