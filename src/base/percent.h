/* percent - the percent-encoding of URIs (RFC 3986 2.1).
 *
 * Pure. */
#ifndef TOAD_BASE_PERCENT_H
#define TOAD_BASE_PERCENT_H

#include <stdbool.h>

/* Decodes a NUL-terminated text in place; a plus becomes a space if `is_form`
 * (application/x-www-form-urlencoded). False, with the text half-decoded, for a malformed escape or
 * one that stands for NUL. */
bool percent_decode(char *text, bool is_form);

#endif
