"""The mutator finds what it promises to find, and nothing where there is nothing to find."""
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from equivalents import BadEntry, key_of, read_equivalents, stale_keys  # noqa: E402
from mutations import apply, mutants_of  # noqa: E402


def mutations(text, file="src/policy/code.c"):
    """{label: [text of the line after the change]} of everything that is tried."""
    found = {}
    for mutant in mutants_of(file, text):
        lines = apply(mutant, text).splitlines()
        found.setdefault(mutant.label, []).append(lines[mutant.number - 1].strip())
    return found


def body(statements, returns="void"):
    return f"{returns} f(int a, int b)\n{{\n" + "".join(f"    {line}\n" for line in statements) + "}\n"


@pytest.mark.parametrize("before, after", [
    ("<", "<="), ("<=", "<"), (">", ">="), (">=", ">"), ("==", "!="), ("!=", "=="), ("&&", "||"), ("||", "&&"),
    ("+", "-"), ("-", "+"), ("*", "/"), ("/", "*"), ("%", "/"), ("<<", ">>"), ("|", "&")])
def test_every_operator_has_another(before, after):
    assert mutations(body([f"g(a {before} b);"]))[f"`{before}` to `{after}`"] == [f"g(a {after} b);"]


def test_a_pointer_is_no_product_and_a_sign_no_difference():
    assert set(mutations(body(["const char *p = *a;", "g(-b, &a);"]))) == {"statement dropped"}


def test_conditions_are_negated_as_a_whole():
    found = mutations(body(["if (a && b)", "    g();", "while (a < b)", "    g();", "g(a < b ? a : b);",
                            "for (; a < b; a++)", "    g();"]))
    assert found["condition negated"] == ["if (!(a && b))", "while (!(a < b))", "g(!(a < b) ? a : b);",
                                          "for (; !(a < b); a++)"]
    assert "condition negated" not in mutations(body(["if (a == b)", "    g();"])), "that is != already"
    assert mutations(body(["if (!a)", "    g();"]))["`!` to ``"] == ["if (a)"]


def test_constants_are_off_by_one_in_both_directions():
    found = mutations(body(["g(7, 0, 0x20u, '0', true);"]))
    assert set(found) == {"`7` to `8`", "`7` to `6`", "`0` to `1`", "`0x20u` to `0x21u`", "`0x20u` to `0x1fu`",
                          "`'0'` to `'1'`", "`'0'` to `'/'`", "`true` to `false`", "statement dropped"}
    assert mutations(body(["g('\\\\');"]))["`'\\\\'` to `']'`"] == ["g(']');"]


def test_statements_are_dropped_and_declarations_are_not():
    found = mutations(body(["int c = a;", "struct s *p = a;", "if (a)", "    return;", "else", "    a = b;", "g(a,", "  b);",
                            "switch (a) {", "case A:", "    break;", "}"]))
    assert found["statement dropped"] == [";", ";", ";", ";"]


def test_other_values_are_returned():
    assert mutations(body(["return a < b;"], "bool"))["another value returned"] == ["return !(a < b);"]
    assert mutations(body(["return g(a);"], "enum error"))["another value returned"] == ["return ERROR_NONE;"]
    assert mutations(body(["return ERROR_NONE;"], "enum error"))["another value returned"] == ["return ERROR_INVALID;"]
    assert mutations(body(["return a;"], "static uint32_t"))["another value returned"] == ["return (a) + 1;"]
    for value, others in (("p", ["return NULL;"]), ("NULL", [])):
        text = f"const char *f(char *p)\n{{\n    return {value};\n}}\n"
        assert mutations(text).get("another value returned", []) == others


def test_assertions_comments_and_directives_are_left_alone():
    text = "#include <a.h>\n/* 1 < 2 */\nstatic_assert(A < 2, \"a\");\n__attribute__((format(printf, 2, 3))) "
    assert mutations(text + body(["assert(a < 2);"])) == {}


def test_a_changed_file_keeps_its_lines():
    text = body(["if (a &&", "    b)", "    g(a,", "      b);"])
    for mutant in mutants_of("code.c", text):
        assert apply(mutant, text).count("\n") == text.count("\n"), mutant.label


def test_headers_lend_their_constants():
    found = mutations("#define LONG_US (30 * SECOND_US)\nenum {\n    MOST = 4 * 2 + 1,\n};\n", "src/policy/code.h")
    assert found["`30` to `31`"] == ["#define LONG_US (31 * SECOND_US)"]
    assert found["`+` to `-`"] == ["MOST = 4 * 2 - 1,"]


def test_bounds_that_nobody_here_uses_are_left_to_their_room():
    text = "enum {\n    OURS = 1, /* of these rooms */\n    THEIRS = 2,\n};\n"
    assert {mutant.line for mutant in mutants_of("src/base/limits.h", text, {"OURS"})} == {"OURS = 1, /* of these rooms */"}


def test_rules_of_a_table_are_dropped_and_mixed_up():
    found = mutations("RULE(A, X, stay)\nRULE(A, Y, leave)\nRULE(B, X, leave)\n", "table.def")
    assert found["row dropped"] == ["", "", ""]
    assert found["`stay` to `leave`"] == ["RULE(A, X, leave)"]
    assert found["`leave` to `stay`"] == ["RULE(A, Y, stay)", "RULE(B, X, stay)"]
    assert found["`B` to `A`"] == ["RULE(A, X, leave)"]


def test_entries_of_a_list_keep_their_names():
    found = mutations('NOTE(ONE, INFO, "one")\nNOTE(TWO, WARN, "")\n', "table.def")
    assert set(found) == {"`INFO` to `WARN`", "`WARN` to `INFO`", '`"one"` to `"one~"`', '`""` to `"~"`'}


ENTRY = "file: src/policy/code.c\nline: g(a < b);\nmutation: `<` to `<=`\nreason: nobody looks\n"


def test_a_listed_mutant_is_recognized_by_its_text():
    mutants = list(mutants_of("src/policy/code.c", body(["h();", "g(a < b);"])))
    listed = read_equivalents("# why not\n\n" + ENTRY)
    assert [mutant.label for mutant in mutants if key_of(mutant) in listed] == ["`<` to `<=`"]
    assert stale_keys(listed, mutants) == []


def test_an_entry_whose_line_has_changed_is_stale():
    mutants = list(mutants_of("src/policy/code.c", body(["g(a <= b);"])))
    assert stale_keys(read_equivalents(ENTRY), mutants) == [("src/policy/code.c", "g(a < b);", "`<` to `<=`", 1)]


def test_the_second_of_two_equal_places_has_a_number():
    mutants = list(mutants_of("src/policy/code.c", body(["g(a < b);", "g(a < b);"])))
    listed = read_equivalents(ENTRY.replace("`<=`", "`<=` #2"))
    assert [mutant.number for mutant in mutants if key_of(mutant) in listed] == [4]


@pytest.mark.parametrize("text", [
    ENTRY.replace("reason: nobody looks\n", ""), ENTRY.replace("mutation", "motion"), ENTRY + "\n" + ENTRY, "file\n",
    ENTRY + "reason: twice\n"])
def test_an_entry_that_is_not_complete_is_refused(text):
    with pytest.raises(BadEntry):
        read_equivalents(text)


@pytest.mark.parametrize("wrong", [["--unknown"], ["--sample", "0"], ["--file", "none.c"], ["more"], ["--samp", "3"]])
def test_arguments_that_nobody_knows_are_refused(wrong):
    result = subprocess.run([HERE / "mutate", *wrong], capture_output=True, text=True, check=False)
    assert result.returncode == 2 and "usage" in result.stderr


def test_the_same_seed_chooses_the_same_mutants():
    lists = [subprocess.run([HERE / "mutate", "--list", "--sample", "20", "--seed", seed], capture_output=True, text=True,
                            check=True).stdout for seed in ("5", "5", "6")]
    assert lists[0] == lists[1] != lists[2]
    assert lists[0].count("src/") == 20
