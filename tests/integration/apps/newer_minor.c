/* newer_minor - made for a later minor version than any server has: refused. */
#include "fixture.h"

const struct toad_app toad_app = {
    .struct_size = sizeof(struct toad_app),
    .abi_major = TOAD_ABI_MAJOR,
    .abi_minor = 999,
    .name = "newer_minor",
    .request = fixture_answer_pid,
};
