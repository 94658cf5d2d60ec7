/* place - where in a text something stands, as people count: lines and columns from 1.
 *
 * Pure. A column is a character of UTF-8; a tab is one column. */
#ifndef TOAD_CONFIG_PLACE_H
#define TOAD_CONFIG_PLACE_H

#include "base/bytes.h"

struct place {
    size_t line;
    size_t column;
};

/* The place of the byte at `offset`; of the end, if the text is shorter. */
struct place place_of(struct bytes text, size_t offset);

#endif
