"""No function of the interface vanishes, and each is listed and explained."""
import os
import pathlib

import interface

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = (ROOT / "include/hypnotoad.h").read_text()
LISTED = interface.listed_functions((ROOT / "tests/abi/functions_1.def").read_text())
LAYOUTS = (ROOT / "tests/abi/layouts_1.def").read_text()

SMALL = """\
/* Which: toad_version() is one.
 */
#define TOAD_READY 1u
/* The version. */
const char *toad_version(void);

/* As that. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
void
toad_print(const char *format,
           ...);
"""


def complaints(listed, declared="a", exported="a"):
    return list(interface.function_complaints(set(declared.split()), listed, set(exported.split())))


def test_the_header_the_list_and_the_program_agree():
    # Promise APP-2
    exported = interface.symbols(pathlib.Path(os.environ["HYPNOTOAD_BUILD"]) / "hypnotoad", "--defined-only")
    assert list(interface.function_complaints(interface.declared_functions(HEADER), LISTED, exported)) == []


def test_the_version_of_each_function_has_begun():
    # Promise APP-2
    minor = int(HEADER.partition("#define TOAD_ABI_MINOR ")[2].split()[0])
    assert [name for name, since in LISTED.items() if since > minor] == []


def test_each_constant_is_listed():
    # Promise APP-2
    assert interface.declared_constants(HEADER) == interface.listed_constants(LAYOUTS)


def test_each_function_is_explained():
    assert list(interface.docstring_complaints(HEADER)) == []


# ---- These checks can fail ----

def test_a_function_that_vanishes_is_found():
    assert complaints({"a": 0}) == []
    assert complaints({"a": 0, "b": 0}, declared="a b") == [
        "b of interface 1.0 has vanished from the program; applications that call it do not load any more"]
    assert complaints({"a": 0, "b": 1}, exported="a b")[0] == "b of interface 1.1 has vanished from hypnotoad.h"


def test_a_function_that_is_not_listed_is_found():
    assert "b is new" in complaints({"a": 0}, declared="a b", exported="a b")[0]
    assert complaints({"a": 0}, exported="a b") == ["b is exported, but hypnotoad.h does not declare it"]


def test_a_header_and_its_lists_are_understood():
    assert interface.declared_functions(SMALL) == {"toad_version", "toad_print"}
    assert interface.declared_constants(SMALL) == {"TOAD_READY"}
    assert interface.listed_functions("/* FUNCTION(0, int, toad_no, (void)) */\nFUNCTION(2, const char *, toad_a,\n  (int))") == {"toad_a": 2}


def test_a_function_without_explanation_is_found():
    assert list(interface.docstring_complaints(SMALL)) == []
    bare = SMALL + "void toad_bare(void);\n"
    assert list(interface.docstring_complaints(bare)) == ["toad_bare has no comment of its own"]
    assert list(interface.docstring_complaints(SMALL.replace("/* The version. */\n", ""))) == ["toad_version has no comment of its own"]
