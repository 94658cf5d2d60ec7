/* buffer - bytes that are collected in storage of a fixed size.
 *
 * Pure. The storage is the caller's and outlives the buffer. Nothing is ever cut: what does not fit
 * whole is refused. */
#ifndef TOAD_BASE_BUFFER_H
#define TOAD_BASE_BUFFER_H

#include "base/bytes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data; /* borrowed storage */
    size_t size;
    size_t capacity;
};

void buffer_init(struct buffer *buffer, char *storage, size_t capacity);

/* What has been collected; valid until the next change. */
struct bytes buffer_view(const struct buffer *buffer);

/* How many bytes more fit. */
size_t buffer_room(const struct buffer *buffer);

/* Appends all of `bytes`, or nothing and returns false if they do not fit. */
bool buffer_append(struct buffer *buffer, struct bytes bytes);

/* As buffer_append() for a printf format; needs room for one byte more than it appends. */
__attribute__((format(printf, 2, 3))) bool buffer_append_format(struct buffer *buffer,
                                                                const char *format, ...);

/* Appends a number in decimal. */
bool buffer_append_number(struct buffer *buffer, uint64_t number);

/* Drops the first `size` bytes (all, if there are fewer) and moves the rest to the front. */
void buffer_consume(struct buffer *buffer, size_t size);

void buffer_clear(struct buffer *buffer);

#endif
