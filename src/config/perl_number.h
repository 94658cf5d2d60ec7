/* perl_number - a number literal of Perl: 1_000, 0x1f, 0b101, 017, 0o17, 1.5, .5, 1e3 (promise
 * CFG-1).
 *
 * Pure. A number becomes the text that Perl shows for it; no setting needs more. */
#ifndef TOAD_CONFIG_PERL_NUMBER_H
#define TOAD_CONFIG_PERL_NUMBER_H

#include "base/bytes.h"
#include "config/decimal.h"
#include "config/perl_fault.h"

struct perl_number {
    bool is_whole; /* written without point and exponent: an integer of 64 bits */
    uint64_t magnitude;
    struct decimal decimal; /* if not is_whole */
    size_t end_offset;      /* just after the literal */
};

/* Reads the literal that begins at `offset` with a digit, or with a point and a digit. */
MUST_CHECK enum perl_verdict perl_number_read(struct bytes text, size_t offset,
                                              struct perl_fault *fault,
                                              struct perl_number *ret_number);

/* Writes the number, or the number below 0, as Perl shows it. False for one that Perl would show
 * rounded. */
bool perl_number_write(const struct perl_number *number, bool is_negative,
                       char ret_text[DECIMAL_TEXT_MAX]);

#endif
