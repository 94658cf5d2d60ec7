/* perl_lexer - the words of Perl data, one after the other (promise CFG-1).
 *
 * Pure. Tokens borrow from the text. Blanks, comments and, where a statement can begin, POD are
 * skipped. What no data needs is more than data. */
#ifndef TOAD_CONFIG_PERL_LEXER_H
#define TOAD_CONFIG_PERL_LEXER_H

#include "base/bytes.h"
#include "config/perl_fault.h"
#include "config/perl_number.h"
#include "config/perl_quote.h"

enum perl_token_kind {
    PERL_TOKEN_END, /* of the text, or __END__ or __DATA__ */
    PERL_TOKEN_HASH_OPEN,
    PERL_TOKEN_HASH_CLOSE,
    PERL_TOKEN_LIST_OPEN,
    PERL_TOKEN_LIST_CLOSE,
    PERL_TOKEN_PARENTHESIS_CLOSE,
    PERL_TOKEN_COMMA, /* , or => */
    PERL_TOKEN_SEMICOLON,
    PERL_TOKEN_PLUS,
    PERL_TOKEN_MINUS,
    PERL_TOKEN_QUOTE,  /* quote */
    PERL_TOKEN_WORDS,  /* quote, a qw list */
    PERL_TOKEN_NUMBER, /* number */
    PERL_TOKEN_NAME,   /* name: a word just before => */
    PERL_TOKEN_UNDEF,
};

struct perl_token {
    enum perl_token_kind kind;
    size_t offset; /* where it begins */
    struct bytes name;
    struct perl_quote quote;
    struct perl_number number;
};

struct perl_lexer {
    struct bytes text; /* borrowed */
    size_t offset;     /* of the next byte */
    bool
        may_hold_pod; /* a statement can begin here; the caller sets it, the next token clears it */
};

/* The next token; after the end, the end again. */
MUST_CHECK enum perl_verdict perl_lexer_next(struct perl_lexer *lexer, struct perl_fault *fault,
                                             struct perl_token *ret_token);

#endif
