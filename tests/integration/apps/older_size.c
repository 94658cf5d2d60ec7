/* older_size - a descriptor that ends before its last member: what stands there counts as NULL and
 * is never called. */
#include "fixture.h"

static void never(void *state, struct toad_request *request)
{
    (void)state;
    (void)request;
    abort();
}

const struct toad_app toad_app = {
    .struct_size = offsetof(struct toad_app, request),
    .abi_major = TOAD_ABI_MAJOR,
    .abi_minor = TOAD_ABI_MINOR,
    .name = "older_size",
    .request = never,
};
