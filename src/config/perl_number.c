#include "config/perl_number.h"
#include "config/perl_letter.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LITERAL_MAX = 64
};

/* A literal on its way: its bytes without the underscores. */
struct literal {
    struct bytes text;
    size_t at;
    struct perl_fault *fault;
    size_t offset;
    size_t size;
    char digits[LITERAL_MAX];
};

static enum perl_verdict literal_more(struct literal *literal)
{
    return perl_fault_more(literal->fault, literal->offset,
                           "a number written like this is more than data");
}

static char literal_peek(const struct literal *literal, size_t ahead)
{
    struct bytes rest = bytes_from(literal->text, literal->at + ahead);
    if (rest.size == 0)
        return '\0';
    return rest.data[0];
}

/* Keeps the current byte; the literal is marked as too long when there is no room. */
static void literal_keep(struct literal *literal)
{
    if (literal->size < sizeof literal->digits)
        literal->digits[literal->size] = literal->text.data[literal->at];
    literal->size++;
    literal->at++;
}

/* Keeps digits of the base, with single underscores between them; returns how many. */
static size_t literal_keep_digits(struct literal *literal, unsigned base)
{
    size_t count = 0;
    for (;;) {
        bool is_split = count > 0 && literal_peek(literal, 0) == '_';
        if (perl_letter_value(literal_peek(literal, is_split ? 1 : 0)) >= base)
            return count;
        literal->at += is_split ? 1 : 0;
        literal_keep(literal);
        count++;
    }
}

/* What may not follow: a letter would be an operator or a mistake, a point a version or an
 * operator. */
static bool literal_ends(const struct literal *literal)
{
    char next = literal_peek(literal, 0);
    bool is_taken = perl_letter_is_word(next) || next == '.' || (unsigned char)next >= 0x80;
    return !is_taken && literal->size <= sizeof literal->digits;
}

static bool digits_to_magnitude(const struct literal *literal, unsigned base, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t at = 0; at < literal->size; at++) {
        unsigned digit = perl_letter_value(literal->digits[at]);
        if (number > (UINT64_MAX - digit) / base)
            return false;
        number = number * base + digit;
    }
    *ret_number = number;
    return true;
}

static enum perl_verdict read_based(struct literal *literal, unsigned base, size_t prefix,
                                    struct perl_number *ret_number)
{
    uint64_t magnitude;
    literal->at += prefix;
    size_t count = literal_keep_digits(literal, base);
    if (count == 0 || !literal_ends(literal) || !digits_to_magnitude(literal, base, &magnitude))
        return literal_more(literal);
    *ret_number =
        (struct perl_number){.is_whole = true, .magnitude = magnitude, .end_offset = literal->at};
    return PERL_VERDICT_DATA;
}

/* Keeps .digits; a point without digits after it is dropped. */
static bool literal_keep_fraction(struct literal *literal)
{
    if (literal_peek(literal, 0) != '.' || literal_peek(literal, 1) == '.')
        return false;
    if (!perl_letter_is_digit(literal_peek(literal, 1))) {
        literal->at++;
        return true;
    }
    literal_keep(literal);
    (void)literal_keep_digits(literal, 10);
    return true;
}

/* Keeps e[+-]digits, if digits are there. */
static bool literal_keep_exponent(struct literal *literal)
{
    char sign = literal_peek(literal, 1);
    size_t digit = sign == '+' || sign == '-' ? 2 : 1;
    bool has_mark = literal_peek(literal, 0) == 'e' || literal_peek(literal, 0) == 'E';
    if (!has_mark || !perl_letter_is_digit(literal_peek(literal, digit)))
        return false;
    for (size_t kept = 0; kept < digit; kept++)
        literal_keep(literal);
    (void)literal_keep_digits(literal, 10);
    return true;
}

static enum perl_verdict read_decimal(struct literal *literal, struct perl_number *ret_number)
{
    struct perl_number number = {.is_whole = true};
    (void)literal_keep_digits(literal, 10);
    bool has_fraction = literal_keep_fraction(literal);
    bool has_exponent = literal_keep_exponent(literal);
    if (!literal_ends(literal))
        return literal_more(literal);
    number.end_offset = literal->at;
    number.is_whole =
        !has_fraction && !has_exponent && digits_to_magnitude(literal, 10, &number.magnitude);
    if (!number.is_whole &&
        !decimal_read((struct bytes){literal->digits, literal->size}, &number.decimal))
        return literal_more(literal);
    *ret_number = number;
    return PERL_VERDICT_DATA;
}

enum perl_verdict perl_number_read(struct bytes text, size_t offset, struct perl_fault *fault,
                                   struct perl_number *ret_number)
{
    struct literal literal = {.text = text, .at = offset, .offset = offset, .fault = fault};
    char second = literal_peek(&literal, 1);
    if (literal_peek(&literal, 0) != '0')
        return read_decimal(&literal, ret_number);
    if (second == 'x' || second == 'X')
        return read_based(&literal, 16, 2, ret_number);
    if (second == 'b' || second == 'B')
        return read_based(&literal, 2, 2, ret_number);
    if (second == 'o' || second == 'O')
        return read_based(&literal, 8, 2, ret_number);
    if (perl_letter_is_digit(second) || second == '_')
        return read_based(&literal, 8, 1 + (second == '_' ? 1 : 0), ret_number);
    return read_decimal(&literal, ret_number);
}

bool perl_number_write(const struct perl_number *number, bool is_negative,
                       char ret_text[DECIMAL_TEXT_MAX])
{
    if (!number->is_whole) {
        struct decimal decimal = number->decimal;
        decimal.is_negative = is_negative;
        return decimal_write(&decimal, ret_text);
    }
    /* A negative integer of Perl has 64 bits with its sign; one beyond is a rounded fraction. */
    if (is_negative && number->magnitude > (uint64_t)INT64_MAX + 1)
        return false;
    const char *sign = is_negative && number->magnitude > 0 ? "-" : "";
    (void)snprintf(ret_text, DECIMAL_TEXT_MAX, "%s%" PRIu64, sign, number->magnitude);
    return true;
}
