/* ws_utf8 - is a text UTF-8, read in pieces of any size (RFC 3629 4)?
 *
 * Pure. A zeroed struct is a text that has not begun. */
#ifndef TOAD_WS_WS_UTF8_H
#define TOAD_WS_WS_UTF8_H

#include "base/bytes.h"

struct ws_utf8 {
    uint8_t left;  /* bytes that the character under way still needs */
    uint8_t least; /* what the next one may be */
    uint8_t most;
};

/* Reads the next piece. False once no continuation can make it valid; not to be used further then.
 */
bool ws_utf8_read(struct ws_utf8 *utf8, struct bytes piece);

/* No character is left unfinished. */
bool ws_utf8_is_complete(const struct ws_utf8 *utf8);

/* A whole text. */
bool ws_utf8_is_valid(struct bytes text);

#endif
