/* cuts - how a stream of bytes is cut into pieces. */
#ifndef TOAD_TESTS_UNIT_HTTP_CUTS_H
#define TOAD_TESTS_UNIT_HTTP_CUTS_H

#include <stddef.h>
#include <stdint.h>

/* The first piece, then pieces of `rest` bytes, or of random sizes by `seed`. */
struct cuts {
    size_t first;
    size_t rest;
    uint64_t seed;
};

/* The size of the next piece; `left` bytes are left. */
static size_t cuts_next(struct cuts *cuts, size_t left)
{
    size_t size = cuts->first;
    cuts->first = cuts->rest;
    if (cuts->seed != 0) {
        cuts->seed = cuts->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size = 1 + (cuts->seed >> 33) % ((cuts->seed >> 60) < 8 ? 4 : 512);
    }
    return size < left ? size : left;
}

#endif
