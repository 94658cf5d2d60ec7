/* decimal - a decimal number as it is written: exact, without binary fractions.
 *
 * Pure. Read from [+-]digits[.digits][e[+-]digits]; nothing else is a number. */
#ifndef TOAD_CONFIG_DECIMAL_H
#define TOAD_CONFIG_DECIMAL_H

#include "base/bytes.h"

enum {
    DECIMAL_DIGITS_MAX = 40,     /* digits that are kept */
    DECIMAL_EXPONENT_MAX = 9999, /* a larger exponent counts as this one */
    DECIMAL_TEXT_MAX = 48,       /* as written, with its NUL */
};

struct decimal {
    bool is_negative;
    bool has_more;                            /* digits other than 0 that were not kept */
    size_t count;                             /* of significant digits; none: the number is 0 */
    unsigned char digits[DECIMAL_DIGITS_MAX]; /* 0 to 9; neither first nor last is 0 */
    int exponent;                             /* the number is 0.DIGITS * 10^exponent */
};

/* False, and ret_decimal untouched, if the text is not a number. */
bool decimal_read(struct bytes text, struct decimal *ret_decimal);

/* The number times 10^places, rounded to the nearest whole number (a half: away from 0) and held
 * within +-INT64_MAX. `ret_is_exact` tells whether neither was needed. */
int64_t decimal_scale(const struct decimal *decimal, int places, bool *ret_is_exact);

/* Writes the number as Perl shows one with a point or exponent: 0.25, 1000, 1e+20, 1e-07. False,
 * and the storage untouched, for more than 15 significant digits or digits more than 22 places away
 * from the point, where what Perl shows is a matter of binary fractions. */
bool decimal_write(const struct decimal *decimal, char ret_text[DECIMAL_TEXT_MAX]);

#endif
