"""What the pages show works; tests/integration runs the whole applications among it."""
import examples

GOOD = "text\n\n```c\n#include <hypnotoad.h>\n\nint answer = TOAD;\n```\n"
HEADER = """\
    #define TOAD 42
    /* See toad_old(), which is
     * toad_older(). */
    int toad_new(void);
    """


def check(plant, readme, page=GOOD):
    return list(examples.examples_complaints(plant({"README.md": readme, "docs/applications.md": page,
                                                    "include/hypnotoad.h": HEADER})))


def functions(plant, page):
    return list(examples.functions_complaints(plant({"docs/applications.md": page, "include/hypnotoad.h": HEADER})))


def test_the_examples_compile(root):
    assert list(examples.examples_complaints(root)) == []


def test_every_function_is_named(root):
    assert list(examples.functions_complaints(root)) == []


def test_a_good_example_gives_no_complaint(plant):
    assert check(plant, GOOD) == []


def test_an_example_that_does_not_compile_is_found(plant):
    complaints = check(plant, GOOD + GOOD.replace("TOAD", "FROG"), GOOD.replace("TOAD", "NEWT"))
    assert [complaint.split(" does not")[0] for complaint in complaints] == \
        ["README.md: the C example 2", "docs/applications.md: the C example 1"]


def test_a_page_without_examples_is_not_taken_for_order(plant):
    assert check(plant, "text\n") == ["README.md: shows no C code"]


def test_a_function_that_the_page_forgets_is_found(plant):
    assert functions(plant, "`toad_new`") == []
    assert functions(plant, "`toad_newer`, toad_new") == ["docs/applications.md: does not name toad_new"]
