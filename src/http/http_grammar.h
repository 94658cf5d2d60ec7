/* http_grammar - the small words of HTTP: tokens, text, lists (RFC 9110 5.5, 5.6).
 *
 * Pure. */
#ifndef TOAD_HTTP_HTTP_GRAMMAR_H
#define TOAD_HTTP_HTTP_GRAMMAR_H

#include "base/bytes.h"
#include "base/token.h"

static inline bool http_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool http_is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* A control byte: below the space, or DEL. */
static inline bool http_is_control(char byte)
{
    return (unsigned char)byte < ' ' || byte == 0x7f;
}

/* RFC 9110 5.6.2, tchar */
static inline bool http_is_token_byte(char byte)
{
    return token_is_byte(byte);
}

/* At least one byte, and all of them token bytes. */
bool http_is_token(struct bytes text);

/* No control byte but TAB. */
bool http_is_text(struct bytes text);

/* Takes the next element off a comma-separated list, without white space at its ends. Empty ones
 * are elements, too. False once the list has ended. */
bool http_list_next(struct bytes *list, struct bytes *ret_element);

#endif
