"""Files and functions stay small."""
import shape


def function(lines):
    return "int f(void)\n{\n" + "    g();\n" * (lines - 2) + "}\n"


def check(plant, text):
    return list(shape.shape_complaints(plant({"src/base/code.c": text})))


def test_every_file_and_function_is_small(root):
    assert list(shape.shape_complaints(root)) == []


def test_the_limits_themselves_are_allowed(plant):
    text = function(80) + "\n" + "/* more */\n" * 368
    assert len(text.splitlines()) == 450
    assert check(plant, text) == []


def test_a_long_function_is_found(plant):
    assert check(plant, function(20) + "\n" + function(81)) == ["src/base/code.c:24: a function of 81 lines, at most 80"]


def test_a_long_file_is_found(plant):
    assert check(plant, "/* more */\n" * 451) == ["src/base/code.c: 451 lines, at most 450"]


def test_a_table_is_not_a_function(plant):
    assert check(plant, "const int t[] = {\n" + "    1,\n" * 200 + "};\n") == []
