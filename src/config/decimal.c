#include "config/decimal.h"
#include "config/perl_letter.h"

#include <stdio.h>
#include <string.h>

/* Digits that a double keeps exactly, and the powers of ten that it holds exactly. */
enum {
    EXACT_DIGITS = 15,
    EXACT_EXPONENT = 22
};

static void decimal_add_digit(struct decimal *decimal, char digit)
{
    if (decimal->count == 0 && digit == '0')
        return;
    if (decimal->count < DECIMAL_DIGITS_MAX)
        decimal->digits[decimal->count++] = (unsigned char)(digit - '0');
    else
        decimal->has_more = decimal->has_more || digit != '0';
}

static int clamped(int exponent)
{
    if (exponent > DECIMAL_EXPONENT_MAX)
        return DECIMAL_EXPONENT_MAX;
    return exponent < -DECIMAL_EXPONENT_MAX ? -DECIMAL_EXPONENT_MAX : exponent;
}

/* Reads digits from `at` on; the exponent moves for each that stands before the point, and for each
 * leading zero after it. Returns where they end. */
static size_t read_digits(struct bytes text, size_t at, bool after_point, struct decimal *decimal)
{
    for (; at < text.size && perl_letter_is_digit(text.data[at]); at++) {
        decimal_add_digit(decimal, text.data[at]);
        if (!after_point && decimal->count > 0)
            decimal->exponent = clamped(decimal->exponent + 1);
        else if (after_point && decimal->count == 0)
            decimal->exponent = clamped(decimal->exponent - 1);
    }
    return at;
}

/* Reads e[+-]digits up to the end of the text. */
static bool read_exponent(struct bytes text, struct decimal *decimal)
{
    bool is_negative = text.size > 1 && text.data[1] == '-';
    bool has_sign = is_negative || (text.size > 1 && text.data[1] == '+');
    struct bytes digits = bytes_from(text, has_sign ? 2 : 1);
    int exponent = 0;
    for (size_t at = 0; at < digits.size; at++) {
        if (!perl_letter_is_digit(digits.data[at]))
            return false;
        exponent = clamped(exponent * 10 + (digits.data[at] - '0'));
    }
    decimal->exponent = clamped(decimal->exponent + (is_negative ? -exponent : exponent));
    return digits.size > 0;
}

static void drop_last_zeros(struct decimal *decimal)
{
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == 0 && !decimal->has_more)
        decimal->count--;
    if (decimal->count == 0)
        decimal->exponent = 0;
}

bool decimal_read(struct bytes text, struct decimal *ret_decimal)
{
    struct decimal decimal = {.is_negative = text.size > 0 && text.data[0] == '-'};
    bool has_sign = decimal.is_negative || (text.size > 0 && text.data[0] == '+');
    const size_t first = has_sign ? 1 : 0;
    size_t at = read_digits(text, first, false, &decimal);
    size_t digits = at - first;
    if (at < text.size && text.data[at] == '.') {
        size_t fraction = at + 1;
        at = read_digits(text, fraction, true, &decimal);
        digits += at - fraction;
    }
    if (digits == 0)
        return false;
    if (at < text.size) {
        bool has_exponent = text.data[at] == 'e' || text.data[at] == 'E';
        if (!has_exponent || !read_exponent(bytes_from(text, at), &decimal))
            return false;
    }
    drop_last_zeros(&decimal);
    *ret_decimal = decimal;
    return true;
}

static bool has_digit_after(const struct decimal *decimal, int position)
{
    return decimal->has_more || (decimal->count > 0 && position < (int)decimal->count);
}

static int64_t signed_of(const struct decimal *decimal, int64_t magnitude)
{
    return decimal->is_negative ? -magnitude : magnitude;
}

int64_t decimal_scale(const struct decimal *decimal, int places, bool *ret_is_exact)
{
    const int whole_digits = decimal->count == 0 ? 0 : decimal->exponent + places;
    int64_t number = 0;
    *ret_is_exact = !has_digit_after(decimal, whole_digits);
    for (int at = 0; at < whole_digits; at++) {
        int digit = at < (int)decimal->count ? decimal->digits[at] : 0;
        if (number > (INT64_MAX - digit) / 10) {
            *ret_is_exact = false;
            return signed_of(decimal, INT64_MAX);
        }
        number = number * 10 + digit;
    }
    bool rounds_up = whole_digits >= 0 && whole_digits < (int)decimal->count &&
                     decimal->digits[whole_digits] >= 5;
    if (rounds_up && number < INT64_MAX)
        number++;
    return signed_of(decimal, number);
}

/* The digits with a point after the first `point` of them; zeros where there are none. */
static size_t write_digits(const struct decimal *decimal, int first, int end, int point, char *text)
{
    size_t size = 0;
    for (int at = first; at < end; at++) {
        if (at == point)
            text[size++] = '.';
        bool has_digit = at >= 0 && at < (int)decimal->count;
        text[size++] = (char)('0' + (has_digit ? decimal->digits[at] : 0));
    }
    return size;
}

bool decimal_write(const struct decimal *decimal, char ret_text[DECIMAL_TEXT_MAX])
{
    const int count = (int)decimal->count;
    const int power = decimal->exponent - 1;
    bool is_exact = !decimal->has_more && count <= EXACT_DIGITS && power <= EXACT_EXPONENT &&
                    decimal->exponent - count >= -EXACT_EXPONENT;
    if (!is_exact)
        return false;
    size_t size = 0;
    if (decimal->is_negative && count > 0)
        ret_text[size++] = '-';
    if (count == 0) {
        ret_text[size++] = '0';
    } else if (power >= EXACT_DIGITS || power < -4) {
        size += write_digits(decimal, 0, count, 1, ret_text + size);
        int room = DECIMAL_TEXT_MAX - (int)size;
        size += (size_t)snprintf(ret_text + size, (size_t)room, "e%c%02d", power < 0 ? '-' : '+',
                                 power < 0 ? -power : power);
    } else {
        int first = power < 0 ? power : 0;
        int end = count > decimal->exponent ? count : decimal->exponent;
        size += write_digits(decimal, first, end, decimal->exponent, ret_text + size);
    }
    ret_text[size] = '\0';
    return true;
}
