/* bytes - a view of memory that somebody else owns.
 *
 * Pure. A view never ends in a NUL that counts; an empty view may have a null pointer. */
#ifndef TOAD_BASE_BYTES_H
#define TOAD_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const char *data; /* borrowed from whoever made the view */
    size_t size;
};

/* The view of a string literal. */
#define BYTES(literal) ((struct bytes){"" literal, sizeof(literal) - 1})

/* The view of a NUL-terminated text, without the NUL. A null pointer gives an empty view. */
struct bytes bytes_of(const char *text);

bool bytes_equal(struct bytes a, struct bytes b);

/* Equal when ASCII letters are compared without their case (RFC 9110 5.1). */
bool bytes_equal_ignoring_case(struct bytes a, struct bytes b);

bool bytes_start_with(struct bytes whole, struct bytes start);

/* The bytes from `offset` to the end; none if `offset` is past it. */
struct bytes bytes_from(struct bytes whole, size_t offset);

/* The first `size` bytes; all if there are fewer. */
struct bytes bytes_first(struct bytes whole, size_t size);

/* Where `byte` first stands, or `whole.size` if it does not. */
size_t bytes_find(struct bytes whole, char byte);

/* Without the spaces and tabs at both ends (RFC 9110 5.6.3, OWS). */
struct bytes bytes_trim(struct bytes whole);

/* Decimal digits and nothing else, as a number. False, and `ret_number` untouched, for an empty
 * view, any other byte, or a number above `most`. */
bool bytes_to_number(struct bytes digits, uint64_t most, uint64_t *ret_number);

#endif
