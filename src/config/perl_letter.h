/* perl_letter - the classes of bytes that Perl's grammar knows.
 *
 * Pure. Bytes from 0x80 on belong to none. */
#ifndef TOAD_CONFIG_PERL_LETTER_H
#define TOAD_CONFIG_PERL_LETTER_H

#include <stdbool.h>

static inline bool perl_letter_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool perl_letter_is_alpha(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* What a name may begin with. */
static inline bool perl_letter_begins_name(char byte)
{
    return perl_letter_is_alpha(byte) || byte == '_';
}

/* What a name may consist of. */
static inline bool perl_letter_is_word(char byte)
{
    return perl_letter_begins_name(byte) || perl_letter_is_digit(byte);
}

static inline bool perl_letter_is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The value of a digit of any base up to 16, or 16 for any other byte. */
static inline unsigned perl_letter_value(char byte)
{
    if (perl_letter_is_digit(byte))
        return (unsigned)(byte - '0');
    if (byte >= 'a' && byte <= 'f')
        return (unsigned)(byte - 'a') + 10;
    if (byte >= 'A' && byte <= 'F')
        return (unsigned)(byte - 'A') + 10;
    return 16;
}

#endif
