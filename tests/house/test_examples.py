"""What the pages for users show works."""
import examples

GOOD = "text\n\n```c\n#include <hypnotoad.h>\n\nint answer = TOAD;\n```\n"


def check(plant, page, other=GOOD):
    planted = {"README.md": page, "docs/applications.md": other, "include/hypnotoad.h": "#define TOAD 42\n"}
    return list(examples.examples_complaints(plant(planted)))


def test_the_examples_compile(root):
    assert list(examples.examples_complaints(root)) == []


def test_a_good_example_gives_no_complaint(plant):
    assert check(plant, GOOD) == []


def test_an_example_that_does_not_compile_is_found(plant):
    complaints = check(plant, GOOD + GOOD.replace("TOAD", "FROG"))
    assert len(complaints) == 1 and "example 2 does not compile" in complaints[0]


def test_each_page_is_looked_at(plant):
    assert check(plant, GOOD, "text\n") == ["docs/applications.md: shows no C code"]


def test_a_page_without_examples_is_not_taken_for_order(plant):
    assert check(plant, "text\n") == ["README.md: shows no C code"]
