/* memory - what one request needs: a block that the caller gives, and more from the heap when that
 * is used up.
 *
 * All of it is given back at once. Pointers live until memory_clear(). */
#ifndef TOAD_WORKER_MEMORY_H
#define TOAD_WORKER_MEMORY_H

#include "base/bytes.h"

#include <stddef.h>

struct memory {
    struct memory_block *blocks; /* from the heap, newest first */
    char *first;                 /* the caller's */
    size_t capacity;
    size_t used;
};

/* `first` is aligned for any type and outlives the memory. */
void memory_init(struct memory *memory, char *first, size_t capacity);

/* Aligned for any type; NULL if there is none. */
void *memory_take(struct memory *memory, size_t size);

/* A copy with a NUL behind it; NULL if there is no memory. */
char *memory_copy(struct memory *memory, struct bytes bytes);

void memory_clear(struct memory *memory);

#endif
