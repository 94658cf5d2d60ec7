"""Pure rooms do no I/O, look at no clock, allocate nothing and keep nothing: seen in what their archives need."""
import subprocess

import pytest

import purity

PAGE = """\
    | room | may include | may link |
    |---|---|---|
    | base | - | - |
    | policy | base | - |
    | http | base | llhttp |
    | ws | base | ZLIB::ZLIB |

    | header | included by |
    |---|---|
    """
BASE = "#include <string.h>\nsize_t base_size(const char *text);\nsize_t base_size(const char *text) { return strlen(text); }\n"
POLICY = "unsigned long base_size(const char *); int step(void);\nint step(void) { return (int)base_size(\"x\"); }\n"


@pytest.fixture
def house(plant):
    """house({room: C text}) compiles each text into the archive of its room; returns root and build."""

    def compile_rooms(rooms, cache=""):
        files = {f"src/{room}/code.c": text for room, text in rooms.items()}
        root = plant({"docs/ARCHITECTURE.md": PAGE, "build/CMakeCache.txt": cache, **files})
        for room in rooms:
            folder = root / "build/src" / room
            folder.mkdir(parents=True)
            subprocess.run(["cc", "-fPIC", "-c", root / "src" / room / "code.c", "-o", folder / "code.o"], check=True)
            subprocess.run(["ar", "rcs", folder / f"libtoad_{room}.a", folder / "code.o"], check=True)
        return root, root / "build"

    return compile_rooms


def test_the_pure_rooms_are_pure(root, build):
    assert list(purity.purity_complaints(root, build)) == []


def test_memory_text_and_the_rooms_below_are_allowed(house):
    assert list(purity.purity_complaints(*house({"base": BASE, "policy": POLICY}))) == []


FAULTS = {
    "policy: needs malloc, which is neither a memory nor a text function":
        "#include <stdlib.h>\nvoid *grab(void); void *grab(void) { return malloc(9); }\n",
    "policy: needs time, which is neither a memory nor a text function":
        "#include <time.h>\nlong now(void); long now(void) { return time(0); }\n",
    "policy: needs write, which is neither a memory nor a text function":
        "#include <unistd.h>\nlong say(void); long say(void) { return write(1, \"x\", 1); }\n",
    "policy: needs llhttp_init, which is neither a memory nor a text function":
        "void llhttp_init(void); void go(void); void go(void) { llhttp_init(); }\n",
    "policy: counter is writable data; the storage is the caller's":
        "static int counter; int *count(void); int *count(void) { return &counter; }\n",
    "policy: last is writable data; the storage is the caller's":
        "int last = 3;\n",
    "policy: needs __asan_report, which is neither a memory nor a text function":
        "void __asan_report(void); void go(void); void go(void) { __asan_report(); }\n",
}


@pytest.mark.parametrize("expected", FAULTS)
def test_a_planted_impurity_is_found_and_nothing_else(house, expected):
    assert list(purity.purity_complaints(*house({"base": BASE, "policy": FAULTS[expected]}))) == [expected]


def test_http_may_call_its_parser_and_constant_tables_may_hold_pointers(house):
    http = """\
        void llhttp_init(void);
        void go(void);
        void go(void) { llhttp_init(); }
        const char *const names[] = {"a", "b"};
        """
    assert list(purity.purity_complaints(*house({"base": BASE, "http": http}))) == []


def test_ws_may_call_those_parts_of_its_libraries_that_keep_to_the_rules(house):
    ws = """\
        void inflateInit2_(void); void gzopen(void); void compress(void);
        void go(void);
        void go(void) { inflateInit2_(); gzopen(); compress(); }
        """
    assert list(purity.purity_complaints(*house({"base": BASE, "ws": ws}))) == [
        "ws: needs compress, which is neither a memory nor a text function",
        "ws: needs gzopen, which is neither a memory nor a text function"]


def test_instruments_are_tolerated_only_in_the_build_that_asked_for_them(house):
    code = "void __asan_report(void); void go(void); void go(void) { __asan_report(); }\n"
    assert list(purity.purity_complaints(*house({"base": code}, cache="TOAD_SANITIZE:BOOL=ON\n"))) == []


def test_a_room_that_has_not_been_built_is_not_overlooked(plant):
    root = plant({"docs/ARCHITECTURE.md": PAGE, "src/policy/roster.c": "\n", "build/CMakeCache.txt": ""})
    assert list(purity.purity_complaints(root, root / "build")) == ["policy: libtoad_policy.a has not been built"]
