/* memory - what one request needs: a block of its own in place, and more from the heap when that is
 * used up.
 *
 * All of it is given back at once. Pointers live until memory_clear(). */
#ifndef TOAD_WORKER_MEMORY_H
#define TOAD_WORKER_MEMORY_H

#include "base/bytes.h"

#include <stdalign.h>
#include <stddef.h>

enum {
    MEMORY_BLOCK_SIZE = 4096
};

struct memory {
    struct memory_block *blocks; /* from the heap, newest first */
    size_t used;
    alignas(max_align_t) char first[MEMORY_BLOCK_SIZE];
};

void memory_init(struct memory *memory);

/* Aligned for any type; NULL if there is none. */
void *memory_take(struct memory *memory, size_t size);

/* A copy with a NUL behind it; NULL if there is no memory. */
char *memory_copy(struct memory *memory, struct bytes bytes);

void memory_clear(struct memory *memory);

#endif
