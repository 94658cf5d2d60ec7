"""The repository speaks of the project alone."""
import pytest

import hygiene


def test_the_repository_is_clean(root):
    assert list(hygiene.hygiene_complaints(root)) == []


@pytest.mark.parametrize("fault", ["/wo" "rk/main", "../sha" "red/x", "TO" "DO", "FIX" "ME", "pypi" ".org", "deb" ".debian.org"])
def test_a_planted_string_is_found(plant, fault):
    found = list(hygiene.hygiene_complaints(plant({"src/base/code.c": f"int a;\n/* {fault} */\n"})))
    assert len(found) == 1 and found[0].startswith("src/base/code.c:2: ")


def test_ordinary_words_build_output_and_binary_files_are_left_alone(plant):
    root = plant({"src/a.c": "/* the workers' TODOS_MAX, hackers */\n", "build/x.c": "/* FIX" "ME */\n"})
    (root / "golden.so").write_bytes(b"\xff\xfe TO" b"DO")
    assert list(hygiene.hygiene_complaints(root)) == []
