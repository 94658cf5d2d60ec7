/* token - the bytes of a token, the smallest word of HTTP and its relatives (RFC 9110 5.6.2).
 *
 * Pure. */
#ifndef TOAD_BASE_TOKEN_H
#define TOAD_BASE_TOKEN_H

#include "base/bytes.h"

static inline bool token_is_byte(char byte)
{
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
        return true;
    if (byte >= '0' && byte <= '9')
        return true;
    switch (byte) {
    case '!':
    case '#':
    case '$':
    case '%':
    case '&':
    case '\'':
    case '*':
    case '+':
    case '-':
    case '.':
    case '^':
    case '_':
    case '`':
    case '|':
    case '~':
        return true;
    default:
        return false;
    }
}

/* How many token bytes stand at the beginning. */
static inline size_t token_size(struct bytes text)
{
    size_t size = 0;
    while (size < text.size && token_is_byte(text.data[size]))
        size++;
    return size;
}

#endif
