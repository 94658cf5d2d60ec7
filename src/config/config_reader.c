#include "config/config_reader.h"
#include "config/perl_letter.h"

void config_reader_init(struct config_reader *reader, struct bytes text, char *storage,
                        size_t capacity)
{
    *reader = (struct config_reader){
        .lexer = {.text = text, .may_hold_pod = true},
        .sink = {.data = storage, .capacity = capacity},
    };
}

static enum perl_verdict wrong(struct config_reader *reader, size_t offset, const char *reason)
{
    return perl_fault_wrong(&reader->fault, offset, reason);
}

static enum perl_verdict more(struct config_reader *reader, size_t offset, const char *reason)
{
    return perl_fault_more(&reader->fault, offset, reason);
}

static struct config_bracket *innermost(struct config_reader *reader)
{
    return reader->depth == 0 ? NULL : &reader->open[reader->depth - 1];
}

/* Notes that a value has come and says whether it is a key. */
static bool count_value(struct config_reader *reader)
{
    struct config_bracket *bracket = innermost(reader);
    reader->has_value = true;
    if (bracket == NULL)
        return false;
    bracket->expectation = CONFIG_EXPECTS_COMMA;
    if (!bracket->is_hash)
        return false;
    bracket->wants_value = !bracket->wants_value;
    return bracket->wants_value;
}

static bool expects_key(struct config_reader *reader)
{
    const struct config_bracket *bracket = innermost(reader);
    return bracket != NULL && bracket->is_hash && !bracket->wants_value;
}

/* What the sink holds, as an event. */
static enum perl_verdict give_text(struct config_reader *reader, enum config_event_kind kind,
                                   size_t offset, struct config_event *ret_event)
{
    const struct perl_sink *sink = &reader->sink;
    bool is_cut = sink->size > sink->capacity;
    bool is_key = count_value(reader);
    *ret_event = (struct config_event){
        .kind = is_key ? CONFIG_EVENT_KEY : kind,
        .offset = offset,
        .text = {sink->data, is_cut ? sink->capacity : sink->size},
        .is_cut = is_cut,
    };
    return PERL_VERDICT_DATA;
}

/* Puts a sign and a text into the sink. */
static void sink_set(struct perl_sink *sink, const char *sign, struct bytes text)
{
    sink->size = 0;
    for (const char *byte = sign; *byte != '\0'; byte++, sink->size++)
        if (sink->size < sink->capacity)
            sink->data[sink->size] = *byte;
    for (size_t at = 0; at < text.size; at++, sink->size++)
        if (sink->size < sink->capacity)
            sink->data[sink->size] = text.data[at];
}

static enum perl_verdict give_number(struct config_reader *reader, const struct perl_token *token,
                                     size_t offset, bool is_negative,
                                     struct config_event *ret_event)
{
    char text[DECIMAL_TEXT_MAX];
    if (!perl_number_write(&token->number, is_negative, text))
        return more(reader, offset, "a number of this size or precision is more than data");
    sink_set(&reader->sink, "", bytes_of(text));
    return give_text(reader, CONFIG_EVENT_NUMBER, offset, ret_event);
}

static enum perl_verdict give_quote(struct config_reader *reader, const struct perl_token *token,
                                    size_t offset, struct config_event *ret_event)
{
    enum perl_verdict verdict = perl_quote_decode(&token->quote, &reader->sink, &reader->fault);
    if (verdict != PERL_VERDICT_DATA)
        return verdict;
    return give_text(reader, CONFIG_EVENT_TEXT, offset, ret_event);
}

static enum perl_verdict give_undef(struct config_reader *reader, size_t offset,
                                    struct config_event *ret_event)
{
    if (expects_key(reader))
        return wrong(reader, offset, "undef cannot be a key");
    (void)count_value(reader);
    *ret_event = (struct config_event){.kind = CONFIG_EVENT_UNDEF, .offset = offset};
    return PERL_VERDICT_DATA;
}

static enum perl_verdict open_bracket(struct config_reader *reader, bool is_hash, size_t offset,
                                      struct config_event *ret_event)
{
    if (expects_key(reader))
        return wrong(reader, offset, "a list or hash cannot be a key");
    if (reader->depth == CONFIG_DEPTH_MAX)
        return wrong(reader, offset, "lists and hashes are nested too deeply (at most 64)");
    (void)count_value(reader);
    reader->open[reader->depth++] = (struct config_bracket){.is_hash = is_hash, .offset = offset};
    *ret_event = (struct config_event){
        .kind = is_hash ? CONFIG_EVENT_HASH_OPEN : CONFIG_EVENT_LIST_OPEN, .offset = offset};
    return PERL_VERDICT_DATA;
}

static_assert(CONFIG_DEPTH_MAX == 64, "a message says 64");

static enum perl_verdict wrong_beside_opener(struct config_reader *reader, size_t offset,
                                             const char *reason)
{
    enum perl_verdict verdict = wrong(reader, offset, reason);
    reader->fault.has_opener = true;
    reader->fault.opener = innermost(reader)->offset;
    return verdict;
}

static enum perl_verdict close_bracket(struct config_reader *reader, bool is_hash, size_t offset,
                                       struct config_event *ret_event)
{
    const struct config_bracket *bracket = innermost(reader);
    if (bracket == NULL)
        return wrong(reader, offset, "this bracket closes nothing");
    if (bracket->is_hash != is_hash)
        return wrong_beside_opener(reader, offset, "this bracket does not close the one");
    if (bracket->wants_value)
        return wrong(reader, offset, "the last key of the hash has no value");
    reader->depth--;
    *ret_event = (struct config_event){
        .kind = is_hash ? CONFIG_EVENT_HASH_CLOSE : CONFIG_EVENT_LIST_CLOSE, .offset = offset};
    return PERL_VERDICT_DATA;
}

/* Gives the next word of the qw list that is under way; false when it is used up. */
static bool give_word(struct config_reader *reader, struct config_event *ret_event)
{
    size_t offset;
    reader->has_words = reader->has_words && perl_quote_next_word(&reader->words, &reader->words_at,
                                                                  &reader->sink, &offset);
    return reader->has_words &&
           give_text(reader, CONFIG_EVENT_TEXT, offset, ret_event) == PERL_VERDICT_DATA;
}

/* -e and the like test files, unless Perl sees the => that follows: over spaces and tabs alone. */
static bool may_be_file_test(const struct config_reader *reader, const struct perl_token *sign,
                             const struct perl_token *token)
{
    struct bytes text = bytes_first(reader->lexer.text, reader->lexer.offset);
    struct bytes gap = bytes_trim(bytes_from(text, token->offset + token->name.size));
    return token->name.size == 1 && token->offset == sign->offset + 1 && gap.size > 0;
}

/* A value after a sign: +VALUE is the value; -NUMBER and -name are texts of their own. */
static enum perl_verdict give_signed(struct config_reader *reader, const struct perl_token *sign,
                                     struct perl_token *token, struct config_event *ret_event)
{
    bool is_minus = sign->kind == PERL_TOKEN_MINUS;
    if (token->kind == PERL_TOKEN_NUMBER)
        return give_number(reader, token, sign->offset, is_minus, ret_event);
    if (token->kind != PERL_TOKEN_NAME || may_be_file_test(reader, sign, token))
        return more(reader, sign->offset, "an operator is more than data");
    sink_set(&reader->sink, is_minus ? "-" : "", token->name);
    return give_text(reader, CONFIG_EVENT_TEXT, sign->offset, ret_event);
}

static enum perl_verdict give_value(struct config_reader *reader, const struct perl_token *token,
                                    struct config_event *ret_event);

static enum perl_verdict give_after_sign(struct config_reader *reader,
                                         const struct perl_token *sign,
                                         struct config_event *ret_event)
{
    struct perl_token token;
    enum perl_verdict verdict = perl_lexer_next(&reader->lexer, &reader->fault, &token);
    if (verdict != PERL_VERDICT_DATA)
        return verdict;
    bool is_plain = sign->kind == PERL_TOKEN_PLUS &&
                    (token.kind == PERL_TOKEN_HASH_OPEN || token.kind == PERL_TOKEN_LIST_OPEN ||
                     token.kind == PERL_TOKEN_QUOTE);
    if (is_plain)
        return give_value(reader, &token, ret_event);
    bool is_negative_number = sign->kind == PERL_TOKEN_PLUS && token.kind == PERL_TOKEN_MINUS;
    return is_negative_number ? give_after_sign(reader, &token, ret_event)
                              : give_signed(reader, sign, &token, ret_event);
}

static enum perl_verdict give_value(struct config_reader *reader, const struct perl_token *token,
                                    struct config_event *ret_event)
{
    switch (token->kind) {
    case PERL_TOKEN_HASH_OPEN:
    case PERL_TOKEN_LIST_OPEN:
        return open_bracket(reader, token->kind == PERL_TOKEN_HASH_OPEN, token->offset, ret_event);
    case PERL_TOKEN_PLUS:
    case PERL_TOKEN_MINUS:
        return give_after_sign(reader, token, ret_event);
    case PERL_TOKEN_QUOTE:
        return give_quote(reader, token, token->offset, ret_event);
    case PERL_TOKEN_NUMBER:
        return give_number(reader, token, token->offset, false, ret_event);
    case PERL_TOKEN_NAME:
        sink_set(&reader->sink, "", token->name);
        return give_text(reader, CONFIG_EVENT_TEXT, token->offset, ret_event);
    case PERL_TOKEN_UNDEF:
        return give_undef(reader, token->offset, ret_event);
    case PERL_TOKEN_WORDS:
        return more(reader, token->offset, "a list outside of brackets is more than data");
    case PERL_TOKEN_HASH_CLOSE:
    case PERL_TOKEN_LIST_CLOSE:
        return close_bracket(reader, token->kind == PERL_TOKEN_HASH_CLOSE, token->offset,
                             ret_event);
    case PERL_TOKEN_PARENTHESIS_CLOSE:
        return wrong(reader, token->offset, "this bracket closes nothing");
    case PERL_TOKEN_COMMA:
        return wrong(reader, token->offset, "there is no value before this comma");
    case PERL_TOKEN_SEMICOLON:
        return more(reader, token->offset, "a statement is more than data");
    case PERL_TOKEN_END:
        break;
    }
    if (reader->depth > 0)
        return wrong_beside_opener(reader, token->offset,
                                   "the file ends, but nothing closes the bracket");
    *ret_event = (struct config_event){.kind = CONFIG_EVENT_END, .offset = token->offset};
    return PERL_VERDICT_DATA;
}

/* Perl's operators that are words; any other word after a value is a mistake. */
static bool is_operator(struct bytes word)
{
    static const char *const words[] = {"lt",  "gt",      "le",    "ge",    "eq",  "ne", "cmp",
                                        "isa", "and",     "or",    "xor",   "not", "if", "unless",
                                        "for", "foreach", "while", "until", "when"};
    /* x and a number are one word, x3. */
    if (word.data[0] == 'x' && (word.size == 1 || perl_letter_is_digit(word.data[1])))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (bytes_equal(word, bytes_of(words[i])))
            return true;
    return false;
}

/* A token where a comma or the closing bracket should be, and the one before it. */
static enum perl_verdict refuse_without_comma(struct config_reader *reader,
                                              enum perl_token_kind before,
                                              const struct perl_token *token)
{
    bool is_sign = token->kind == PERL_TOKEN_PLUS || token->kind == PERL_TOKEN_MINUS;
    bool is_word = token->kind == PERL_TOKEN_NAME && is_operator(token->name);
    /* After a value .5 is the operator that joins texts. */
    bool is_join =
        token->kind == PERL_TOKEN_NUMBER && reader->lexer.text.data[token->offset] == '.';
    /* undef takes an operand, and a qw list a slice. */
    bool is_operand = before == PERL_TOKEN_UNDEF ||
                      (before == PERL_TOKEN_WORDS && token->kind == PERL_TOKEN_LIST_OPEN);
    if (is_sign || is_word || is_join || is_operand)
        return more(reader, token->offset, "an operator is more than data");
    return wrong(reader, token->offset, "a comma is missing before this");
}

static bool begins_value(enum perl_token_kind kind)
{
    switch (kind) {
    case PERL_TOKEN_HASH_OPEN:
    case PERL_TOKEN_LIST_OPEN:
    case PERL_TOKEN_PLUS:
    case PERL_TOKEN_MINUS:
    case PERL_TOKEN_QUOTE:
    case PERL_TOKEN_WORDS:
    case PERL_TOKEN_NUMBER:
    case PERL_TOKEN_NAME:
    case PERL_TOKEN_UNDEF:
        return true;
    case PERL_TOKEN_HASH_CLOSE:
    case PERL_TOKEN_LIST_CLOSE:
    case PERL_TOKEN_PARENTHESIS_CLOSE:
    case PERL_TOKEN_COMMA:
    case PERL_TOKEN_SEMICOLON:
    case PERL_TOKEN_END:
        return false;
    }
    return false;
}

/* Begins a qw list; an empty one gives nothing. */
static bool begin_words(struct config_reader *reader, const struct perl_quote *quote,
                        struct config_event *ret_event)
{
    reader->words = *quote;
    reader->words_at = 0;
    reader->has_words = true;
    innermost(reader)->expectation = CONFIG_EXPECTS_COMMA;
    return give_word(reader, ret_event);
}

/* Reads on inside brackets: commas are skipped, the rest is a value or an end. */
static enum perl_verdict read_inside(struct config_reader *reader, struct config_event *ret_event)
{
    for (;;) {
        struct config_bracket *bracket = innermost(reader);
        struct perl_token token;
        enum perl_verdict verdict = perl_lexer_next(&reader->lexer, &reader->fault, &token);
        if (verdict != PERL_VERDICT_DATA)
            return verdict;
        enum perl_token_kind before = reader->last_token;
        reader->last_token = token.kind;
        bool is_separator =
            token.kind == PERL_TOKEN_COMMA && bracket->expectation != CONFIG_EXPECTS_FIRST;
        if (bracket->expectation == CONFIG_EXPECTS_COMMA && begins_value(token.kind))
            return refuse_without_comma(reader, before, &token);
        if (token.kind == PERL_TOKEN_WORDS) {
            if (begin_words(reader, &token.quote, ret_event))
                return PERL_VERDICT_DATA;
            continue;
        }
        if (!is_separator)
            return give_value(reader, &token, ret_event);
        bracket->expectation = CONFIG_EXPECTS_NEXT;
    }
}

/* Reads on outside of brackets: the one value, then semicolons up to the end. */
static enum perl_verdict read_outside(struct config_reader *reader, struct config_event *ret_event)
{
    for (;;) {
        struct perl_token token;
        enum perl_verdict verdict = perl_lexer_next(&reader->lexer, &reader->fault, &token);
        if (verdict != PERL_VERDICT_DATA)
            return verdict;
        if (!reader->has_value || token.kind == PERL_TOKEN_END)
            return give_value(reader, &token, ret_event);
        if (token.kind == PERL_TOKEN_HASH_CLOSE || token.kind == PERL_TOKEN_LIST_CLOSE ||
            token.kind == PERL_TOKEN_PARENTHESIS_CLOSE)
            return wrong(reader, token.offset, "this bracket closes nothing");
        if (token.kind != PERL_TOKEN_SEMICOLON)
            return more(reader, token.offset, "what follows the data is more than data");
        reader->lexer.may_hold_pod = true;
    }
}

enum perl_verdict config_reader_next(struct config_reader *reader, struct config_event *ret_event)
{
    if (give_word(reader, ret_event))
        return PERL_VERDICT_DATA;
    return reader->depth > 0 ? read_inside(reader, ret_event) : read_outside(reader, ret_event);
}
