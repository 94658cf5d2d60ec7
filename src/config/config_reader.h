/* config_reader - Perl data as one event after the other (promise CFG-1).
 *
 * Pure. A text holds one value: hashes and lists in any nesting up to CONFIG_DEPTH_MAX, texts,
 * numbers, undef. Texts are decoded into storage of the caller; one that does not fit is marked,
 * never cut in silence. A reader borrows the text and the storage.
 *
 * Stricter than Perl: a key without a value is an error (Perl: undef), and so is a key that is no
 * text. More lenient: { ... } is a hash also where Perl guesses a block, as in { -a => 1 }. */
#ifndef TOAD_CONFIG_CONFIG_READER_H
#define TOAD_CONFIG_CONFIG_READER_H

#include "base/bytes.h"
#include "base/limits.h"
#include "config/perl_fault.h"
#include "config/perl_lexer.h"

enum config_event_kind {
    CONFIG_EVENT_HASH_OPEN,
    CONFIG_EVENT_HASH_CLOSE,
    CONFIG_EVENT_LIST_OPEN,
    CONFIG_EVENT_LIST_CLOSE,
    CONFIG_EVENT_KEY,    /* text; the next event begins its value */
    CONFIG_EVENT_TEXT,   /* text */
    CONFIG_EVENT_NUMBER, /* text: the number as Perl shows it */
    CONFIG_EVENT_UNDEF,
    CONFIG_EVENT_END,
};

struct config_event {
    enum config_event_kind kind;
    size_t offset;     /* where it begins in the source */
    struct bytes text; /* in the reader's storage, until the next event */
    bool is_cut;       /* the text is longer than the storage */
};

enum config_expectation {
    CONFIG_EXPECTS_FIRST, /* a value or the closing bracket */
    CONFIG_EXPECTS_COMMA, /* or the closing bracket */
    CONFIG_EXPECTS_NEXT,  /* a value, one more comma or the closing bracket */
};

struct config_bracket {
    bool is_hash;
    bool wants_value; /* a hash whose last key has no value yet */
    enum config_expectation expectation;
    size_t offset;
};

struct config_reader {
    struct perl_lexer lexer;
    struct perl_sink sink;
    struct perl_fault fault;         /* why the last call did not return data */
    bool has_value;                  /* the one value of the file is complete or under way */
    enum perl_token_kind last_token; /* inside brackets */
    size_t depth;
    struct config_bracket open[CONFIG_DEPTH_MAX];
    bool has_words; /* a qw list is not yet used up */
    struct perl_quote words;
    size_t words_at;
};

/* `storage` may be null with capacity 0 when the texts do not matter. */
void config_reader_init(struct config_reader *reader, struct bytes text, char *storage,
                        size_t capacity);

/* The next event; CONFIG_EVENT_END is the last. After any other verdict than DATA the fault tells
 * why, and the reader is of no more use. */
MUST_CHECK enum perl_verdict config_reader_next(struct config_reader *reader,
                                                struct config_event *ret_event);

#endif
