/* perl_quote - a quoted text of Perl: 'x', "x", q(x), qq(x), and the list qw(x y) (promise CFG-1).
 *
 * Pure. A quote borrows from the file's text. A text decodes to the bytes that perl would print:
 * \xE9 is one byte, \x{263A} is UTF-8. What perl would interpolate is more than data. */
#ifndef TOAD_CONFIG_PERL_QUOTE_H
#define TOAD_CONFIG_PERL_QUOTE_H

#include "base/bytes.h"
#include "config/perl_fault.h"

struct perl_quote {
    struct bytes body;  /* borrowed from the file: what is between the delimiters */
    size_t body_offset; /* where it begins in the file */
    size_t end_offset;  /* just after the closing delimiter */
    char opener;
    char closer; /* the same as opener, unless that is a bracket */
    bool is_double;
};

/* Where decoded bytes go. `size` counts also those that did not fit. */
struct perl_sink {
    char *data; /* borrowed storage */
    size_t capacity;
    size_t size;
};

/* Finds the end of the quote whose opening delimiter stands at `offset`, which is in the text. */
MUST_CHECK enum perl_verdict perl_quote_find(struct bytes text, size_t offset, bool is_double,
                                             struct perl_fault *fault,
                                             struct perl_quote *ret_quote);

/* Decodes the whole text into the sink, whose size becomes that of the text. */
MUST_CHECK enum perl_verdict perl_quote_decode(const struct perl_quote *quote,
                                               struct perl_sink *sink, struct perl_fault *fault);

/* Decodes the next word of a qw list and moves `position` (first 0) past it; false after the last.
 * `ret_offset` is where in the file the word begins. */
bool perl_quote_next_word(const struct perl_quote *quote, size_t *position, struct perl_sink *sink,
                          size_t *ret_offset);

#endif
