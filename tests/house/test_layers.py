"""Arrows point down: includes, links and libraries' headers obey the tables of docs/ARCHITECTURE.md."""
import pytest

import layers

PAGE = """\
    | room | may include | may link |
    |---|---|---|
    | include | - | - |
    | base | - | - |
    | policy | base | - |
    | http | base | llhttp |
    | sys | base | - |
    | worker | base, http, sys | libev |
    | main | all | - |
    | apps | include | - |

    | header | included by |
    |---|---|
    | llhttp.h | src/http/http_reader.c |
    | ev.h | src/worker/ |
    | criterion/ | tests/ |
    """
GOOD = {
    "docs/ARCHITECTURE.md": PAGE,
    "include/hypnotoad.h": "#include <stddef.h>\n",
    "src/base/bytes.h": "#include <stddef.h>\n",
    "src/base/bytes.c": '#include "base/bytes.h"\n\n#include <string.h>\n',
    "src/base/CMakeLists.txt": "toad_room(base SOURCES bytes.c)\n",
    "src/sys/clock.h": "#include <time.h>\n",
    "src/policy/roster.h": '#include "base/bytes.h"\n',
    "src/http/http_reader.c": "#include <llhttp.h>\n",
    "src/http/CMakeLists.txt": "toad_room(http SOURCES http_reader.c\n  USES toad_base llhttp)\n",
    "src/worker/worker.c": '#include "sys/clock.h"\n\n#include <ev.h>\n',
    "src/worker/CMakeLists.txt": "toad_room(worker SOURCES worker.c USES toad_http toad_sys libev)\n",
    "src/apps/hello.c": '#include "hypnotoad.h"\n\n#include <sys/stat.h>\n',
    "tests/unit/base/test_bytes.c": '#include "base/bytes.h"\n#include <criterion/criterion.h>\n',
}
CHECKS = [layers.rooms_complaints, layers.headers_complaints, layers.own_header_complaints, layers.links_complaints]


def complaints(root):
    return [complaint for check in CHECKS for complaint in check(root)]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_is_in_order(root, check):
    assert list(check(root)) == []


def test_a_good_tree_gives_no_complaint(plant):
    assert complaints(plant(GOOD)) == []


FAULTS = {
    "src/policy/roster.c:2: policy may not include sys/clock.h":
        {"src/policy/roster.c": '#include "policy/roster.h"\n#include "sys/clock.h"\n',
         "src/policy/CMakeLists.txt": "toad_room(policy SOURCES roster.c USES toad_base)\n"},
    "src/apps/hello.c:1: apps may not include base/bytes.h":
        {"src/apps/hello.c": '#include "base/bytes.h"\n'},
    "src/apps/hello.c:1: apps may not include sys/clock.h":
        {"src/apps/hello.c": "#include <sys/clock.h>\n"},
    "src/attic/old.h: the room attic has no row in docs/ARCHITECTURE.md":
        {"src/attic/old.h": "\n"},
    'src/policy/roster.h:1: "bytes.h" is not written as "room/file"':
        {"src/policy/roster.h": '#include "bytes.h"\n'},
    "src/policy/roster.h:1: base/nothing.h does not exist":
        {"src/policy/roster.h": '#include "base/nothing.h"\n'},
    "src/sys/clock.h:1: ev.h belongs into src/worker/ alone":
        {"src/sys/clock.h": "#include <ev.h>\n"},
    "src/http/http_writer.h:1: llhttp.h belongs into src/http/http_reader.c alone":
        {"src/http/http_writer.h": '#include "llhttp.h"\n'},
    "src/sys/clock.h:1: uv.h is a library's header without a row in docs/ARCHITECTURE.md":
        {"src/sys/clock.h": "#include <uv.h>\n"},
    "src/policy/roster.h:1: time.h has no place in a pure room":
        {"src/policy/roster.h": "#include <time.h>\n"},
    "src/policy/roster.h:1: sys/stat.h has no place in a pure room":
        {"src/policy/roster.h": "#include <sys/stat.h>\n"},
    'src/base/bytes.c:1: includes string.h before its own "base/bytes.h"':
        {"src/base/bytes.c": '#include <string.h>\n#include "base/bytes.h"\n'},
    "src/policy/CMakeLists.txt: policy may not link toad_sys":
        {"src/policy/CMakeLists.txt": "toad_room(policy SOURCES x.c USES toad_base toad_sys)\n"},
    "src/http/CMakeLists.txt: http may not link libev":
        {"src/http/CMakeLists.txt": "toad_room(http SOURCES http_reader.c)\ntarget_link_libraries(toad_http PRIVATE libev)\n"},
    "src/base/bytes.c is not compiled by its CMakeLists.txt":
        {"src/base/CMakeLists.txt": "toad_room(base SOURCES buffer.c)\n"},
}


@pytest.mark.parametrize("expected", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(plant, expected):
    assert complaints(plant({**GOOD, **FAULTS[expected]})) == [expected]
