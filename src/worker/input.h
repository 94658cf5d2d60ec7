/* input - bytes of one connection that were read and could not be used yet.
 *
 * Part of a head, or requests behind one that is still being answered. Nothing is held while there
 * are none. */
#ifndef TOAD_WORKER_INPUT_H
#define TOAD_WORKER_INPUT_H

#include "base/bytes.h"
#include "base/error.h"
#include "http/http_scan.h"

#include <stddef.h>

struct input {
    size_t size;
    size_t capacity;
    struct http_scan scan; /* how far the head at the front has been looked at */
    char data[];
};

/* The bytes that are held; none for a null pointer. */
struct bytes input_view(const struct input *input);

/* Appends; `*input` is made or grown as needed. ERROR_MEMORY leaves it as it was. */
MUST_CHECK enum error input_append(struct input **input, struct bytes bytes);

/* Drops the first `size` bytes; what is empty is freed and becomes a null pointer. */
void input_consume(struct input **input, size_t size);

void input_clear(struct input **input);

#endif
