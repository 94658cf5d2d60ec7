#include "config/perl_lexer.h"
#include "config/perl_letter.h"

#include <string.h>

static char peek(const struct perl_lexer *lexer, size_t ahead)
{
    struct bytes rest = bytes_from(lexer->text, lexer->offset + ahead);
    if (rest.size == 0)
        return '\0';
    return rest.data[0];
}

static bool is_at_end(const struct perl_lexer *lexer)
{
    return lexer->offset >= lexer->text.size;
}

static void skip_line(struct perl_lexer *lexer)
{
    struct bytes rest = bytes_from(lexer->text, lexer->offset);
    size_t length = bytes_find(rest, '\n');
    lexer->offset += length < rest.size ? length + 1 : length;
}

static bool is_at_pod(const struct perl_lexer *lexer)
{
    bool begins_line = lexer->offset == 0 || lexer->text.data[lexer->offset - 1] == '\n';
    return lexer->may_hold_pod && begins_line && peek(lexer, 0) == '=' &&
           perl_letter_is_alpha(peek(lexer, 1));
}

/* POD goes on to the end of the line that says =cut, or of the text. Its first line does not count.
 */
static void skip_pod(struct perl_lexer *lexer)
{
    bool is_cut = false;
    skip_line(lexer);
    while (!is_cut && !is_at_end(lexer)) {
        is_cut = bytes_start_with(bytes_from(lexer->text, lexer->offset), BYTES("=cut")) &&
                 !perl_letter_is_alpha(peek(lexer, 4));
        skip_line(lexer);
    }
}

static void skip_blanks(struct perl_lexer *lexer)
{
    while (!is_at_end(lexer)) {
        if (perl_letter_is_blank(peek(lexer, 0)))
            lexer->offset++;
        else if (peek(lexer, 0) == '#')
            skip_line(lexer);
        else if (is_at_pod(lexer))
            skip_pod(lexer);
        else
            return;
    }
}

static enum perl_verdict take(struct perl_lexer *lexer, enum perl_token_kind kind, size_t size,
                              struct perl_token *ret_token)
{
    *ret_token = (struct perl_token){.kind = kind, .offset = lexer->offset};
    lexer->offset += size;
    return PERL_VERDICT_DATA;
}

/* The opening delimiter is the current byte; the token begins at `first`. */
static enum perl_verdict take_quote(struct perl_lexer *lexer, enum perl_token_kind kind,
                                    size_t first, bool is_double, struct perl_fault *fault,
                                    struct perl_token *ret_token)
{
    struct perl_token token = {.kind = kind, .offset = first};
    enum perl_verdict verdict =
        perl_quote_find(lexer->text, lexer->offset, is_double, fault, &token.quote);
    if (verdict != PERL_VERDICT_DATA)
        return verdict;
    lexer->offset = token.quote.end_offset;
    *ret_token = token;
    return PERL_VERDICT_DATA;
}

static enum perl_verdict take_number(struct perl_lexer *lexer, struct perl_fault *fault,
                                     struct perl_token *ret_token)
{
    struct perl_token token = {.kind = PERL_TOKEN_NUMBER, .offset = lexer->offset};
    enum perl_verdict verdict = perl_number_read(lexer->text, lexer->offset, fault, &token.number);
    if (verdict != PERL_VERDICT_DATA)
        return verdict;
    lexer->offset = token.number.end_offset;
    *ret_token = token;
    return PERL_VERDICT_DATA;
}

/* A sign alone; ++, --, -=, += and -> are operators. */
static enum perl_verdict take_sign(struct perl_lexer *lexer, struct perl_fault *fault,
                                   struct perl_token *ret_token)
{
    char sign = peek(lexer, 0);
    char next = peek(lexer, 1);
    if (next == sign || next == '=' || (sign == '-' && next == '>'))
        return perl_fault_more(fault, lexer->offset, "an operator is more than data");
    return take(lexer, sign == '+' ? PERL_TOKEN_PLUS : PERL_TOKEN_MINUS, 1, ret_token);
}

static bool is_arrow(const struct perl_lexer *lexer)
{
    return peek(lexer, 0) == '=' && peek(lexer, 1) == '>';
}

/* Moves over the blanks that follow a word; true if => stands on the same line (Perl quotes the
 * word then, whatever it means elsewhere). */
static bool is_before_arrow(struct perl_lexer *lexer)
{
    while (perl_letter_is_blank(peek(lexer, 0)) && peek(lexer, 0) != '\n')
        lexer->offset++;
    return is_arrow(lexer);
}

static enum perl_verdict take_quote_word(struct perl_lexer *lexer, struct bytes word, size_t first,
                                         struct perl_fault *fault, struct perl_token *ret_token)
{
    if (is_at_end(lexer))
        return perl_fault_wrong(fault, first, "the quote that begins here is not closed");
    bool is_list = bytes_equal(word, BYTES("qw"));
    enum perl_token_kind kind = is_list ? PERL_TOKEN_WORDS : PERL_TOKEN_QUOTE;
    return take_quote(lexer, kind, first, bytes_equal(word, BYTES("qq")), fault, ret_token);
}

static bool is_quote_word(struct bytes word)
{
    return bytes_equal(word, BYTES("q")) || bytes_equal(word, BYTES("qq")) ||
           bytes_equal(word, BYTES("qw"));
}

static enum perl_verdict take_word(struct perl_lexer *lexer, struct perl_fault *fault,
                                   struct perl_token *ret_token)
{
    const size_t first = lexer->offset;
    size_t size = 1;
    while (perl_letter_is_word(peek(lexer, size)))
        size++;
    struct bytes word = bytes_first(bytes_from(lexer->text, first), size);
    lexer->offset += size;
    /* Without a blank between, # is a delimiter and no comment. */
    bool is_quote = is_quote_word(word) && peek(lexer, 0) == '#';
    if (is_quote)
        return take_quote_word(lexer, word, first, fault, ret_token);
    if (is_before_arrow(lexer)) {
        *ret_token = (struct perl_token){.kind = PERL_TOKEN_NAME, .offset = first, .name = word};
        return PERL_VERDICT_DATA;
    }
    skip_blanks(lexer);
    /* Over a line's end Perl quotes some words and calls others. */
    if (is_arrow(lexer))
        return perl_fault_more(fault, first, "a word on the line before its => is more than data");
    if (is_quote_word(word))
        return take_quote_word(lexer, word, first, fault, ret_token);
    if (bytes_equal(word, BYTES("undef"))) {
        *ret_token = (struct perl_token){.kind = PERL_TOKEN_UNDEF, .offset = first};
        return PERL_VERDICT_DATA;
    }
    if (bytes_equal(word, BYTES("__END__")) || bytes_equal(word, BYTES("__DATA__"))) {
        lexer->offset = lexer->text.size;
        return take(lexer, PERL_TOKEN_END, 0, ret_token);
    }
    return perl_fault_more(fault, first, "a word without quotes is more than data");
}

static const char *reason_of(char byte)
{
    if (byte != '\0' && strchr("$@%&*", byte) != NULL)
        return "a variable, a call or an operator is more than data";
    if (byte == '(')
        return "a list in parentheses is more than data";
    if (byte == '`' || byte == '<')
        return "what is read from elsewhere is more than data";
    if (byte == '\\')
        return "a reference is more than data";
    return "this is more than data";
}

static enum perl_verdict take_mark(struct perl_lexer *lexer, struct perl_fault *fault,
                                   struct perl_token *ret_token)
{
    switch (peek(lexer, 0)) {
    case '{':
        return take(lexer, PERL_TOKEN_HASH_OPEN, 1, ret_token);
    case '}':
        return take(lexer, PERL_TOKEN_HASH_CLOSE, 1, ret_token);
    case '[':
        return take(lexer, PERL_TOKEN_LIST_OPEN, 1, ret_token);
    case ']':
        return take(lexer, PERL_TOKEN_LIST_CLOSE, 1, ret_token);
    case ')':
        return take(lexer, PERL_TOKEN_PARENTHESIS_CLOSE, 1, ret_token);
    case ',':
        return take(lexer, PERL_TOKEN_COMMA, 1, ret_token);
    case ';':
        return take(lexer, PERL_TOKEN_SEMICOLON, 1, ret_token);
    default:
        return perl_fault_more(fault, lexer->offset, reason_of(peek(lexer, 0)));
    }
}

enum perl_verdict perl_lexer_next(struct perl_lexer *lexer, struct perl_fault *fault,
                                  struct perl_token *ret_token)
{
    skip_blanks(lexer);
    lexer->may_hold_pod = false;
    if (is_at_end(lexer))
        return take(lexer, PERL_TOKEN_END, 0, ret_token);
    char byte = peek(lexer, 0);
    if (byte == '\'' || byte == '"')
        return take_quote(lexer, PERL_TOKEN_QUOTE, lexer->offset, byte == '"', fault, ret_token);
    bool has_point = byte == '.' && perl_letter_is_digit(peek(lexer, 1));
    if (perl_letter_is_digit(byte) || has_point)
        return take_number(lexer, fault, ret_token);
    if (byte == '+' || byte == '-')
        return take_sign(lexer, fault, ret_token);
    if (perl_letter_begins_name(byte))
        return take_word(lexer, fault, ret_token);
    if (is_arrow(lexer))
        return take(lexer, PERL_TOKEN_COMMA, 2, ret_token);
    return take_mark(lexer, fault, ret_token);
}
