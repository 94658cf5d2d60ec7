/* ws_memory - memory that grows with what has arrived, from a function of the caller's.
 *
 * Pure: it asks the function that it was given, and nothing else. */
#ifndef TOAD_WS_WS_MEMORY_H
#define TOAD_WS_WS_MEMORY_H

#include "base/buffer.h"
#include "base/error.h"

/* As realloc(): NULL, with the old memory untouched, if there is none. A size of 0 gives back. */
struct ws_memory {
    void *(*resize)(void *memory, size_t size);
};

/* Makes room for `size` bytes more: at least doubles what there is, but goes no further than `most`
 * needs. The caller has seen that they do not exceed `most`. ERROR_MEMORY changes nothing. */
MUST_CHECK enum error ws_memory_grow(const struct ws_memory *memory, struct buffer *buffer,
                                     size_t size, uint64_t most);

/* Gives everything back. */
void ws_memory_release(const struct ws_memory *memory, struct buffer *buffer);

#endif
