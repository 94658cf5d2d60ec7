"""hypnotoad.h compiles by itself, in each language and by each compiler that it is made for, without a warning."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wundef", "-Werror", "-fsyntax-only"]
LANGUAGES = [("c", "c11"), ("c", "c17"), ("c", "gnu17"), ("c++", "c++17"), ("c++", "c++20")]
COMPILERS = ["gcc", "clang"]

ALONE = "#include <hypnotoad.h>\n"

C_APPLICATION = """
static void answer(void *state, struct toad_request *request)
{
    (void)state;
    toad_reply_format(request, 200, "text/plain", "Hello from %s\\n", toad_path(request));
}

const struct toad_app toad_app = {TOAD_APP_HEADER, .name = "sample", .request = answer};
"""

CXX_APPLICATION = """
static void answer(void *, toad_request *request)
{
    toad_reply_format(request, 200, "text/plain", "Hello from %s\\n", toad_path(request));
}

const struct toad_app toad_app = {TOAD_APP_HEADER, "sample", nullptr, nullptr, nullptr,
                                  nullptr,         nullptr, nullptr, answer, nullptr};
"""


def compiler_named(name):
    """The compiler, or the one of that name with a version behind it."""
    found = shutil.which(name) or shutil.which(f"{name}-14")
    assert found is not None, f"there is no {name}: ci/packages lists what the tests need"
    return found


def complaints(compiler, language, standard, source):
    command = [compiler_named(compiler), "-x", language, f"-std={standard}", *STRICT, f"-I{ROOT}/include", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True).stderr


def application_in(language):
    return C_APPLICATION if language == "c" else CXX_APPLICATION


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language, standard", LANGUAGES)
def test_the_header_compiles_alone_and_twice(compiler, language, standard):
    # Promise APP-2
    assert complaints(compiler, language, standard, ALONE) == ""
    assert complaints(compiler, language, standard, ALONE + ALONE) == ""


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language, standard", LANGUAGES)
def test_an_application_compiles(compiler, language, standard):
    # Promise APP-2
    assert complaints(compiler, language, standard, ALONE + application_in(language)) == ""


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language, standard", LANGUAGES)
def test_what_belongs_to_the_server_cannot_be_looked_into(compiler, language, standard):
    # Promise APP-2
    for name in ("toad_host", "toad_config", "toad_worker", "toad_request", "toad_timer", "toad_watch", "toad_wakeup"):
        assert "incomplete type" in complaints(compiler, language, standard, f"{ALONE}unsigned long size = sizeof(struct {name});")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_wrong_format_is_seen(compiler):
    wrong = 'static void f(struct toad_request *r)\n{\n    toad_reply_format(r, 200, 0, "%s", 1);\n}\nvoid (*g)(struct toad_request *) = f;\n'
    assert "format" in complaints(compiler, "c", "c11", ALONE + wrong)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language, standard", LANGUAGES)
def test_a_warning_would_be_seen(compiler, language, standard):
    assert "shadow" in complaints(compiler, language, standard, "int f(int a) { { int a = 1; return a; } return a; }\nint g = 1;\n")
