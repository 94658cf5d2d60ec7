/* wrong_major - made for another major version of the interface: refused. */
#include "fixture.h"

const struct toad_app toad_app = {
    .struct_size = sizeof(struct toad_app),
    .abi_major = 99,
    .abi_minor = 0,
    .name = "wrong_major",
    .request = fixture_answer_pid,
};
