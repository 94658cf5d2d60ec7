#include "config/perl_quote.h"
#include "config/perl_letter.h"

#include <stdint.h>
#include <string.h>

static void sink_put(struct perl_sink *sink, char byte)
{
    if (sink->size < sink->capacity)
        sink->data[sink->size] = byte;
    sink->size++;
}

static char closer_of(char opener)
{
    switch (opener) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    case '<':
        return '>';
    default:
        return opener;
    }
}

enum perl_verdict perl_quote_find(struct bytes text, size_t offset, bool is_double,
                                  struct perl_fault *fault, struct perl_quote *ret_quote)
{
    const char opener = text.data[offset];
    const char closer = closer_of(opener);
    if (opener == '\\' || opener < ' ' || opener > '~')
        return perl_fault_more(fault, offset, "a quote with this delimiter is more than data");
    size_t depth = 1;
    size_t at = offset + 1;
    for (; at < text.size; at++) {
        if (text.data[at] == '\\')
            at++;
        else if (text.data[at] == closer && --depth == 0)
            break;
        else if (text.data[at] == opener)
            depth++;
    }
    if (at >= text.size)
        return perl_fault_wrong(fault, offset, "the quote that begins here is not closed");
    *ret_quote = (struct perl_quote){
        .body = {text.data + offset + 1, at - offset - 1},
        .body_offset = offset + 1,
        .end_offset = at + 1,
        .opener = opener,
        .closer = closer,
        .is_double = is_double,
    };
    return PERL_VERDICT_DATA;
}

static bool is_delimiter(const struct perl_quote *quote, char byte)
{
    return byte == quote->opener || byte == quote->closer;
}

static void decode_single(const struct perl_quote *quote, struct bytes text, struct perl_sink *sink)
{
    for (size_t at = 0; at < text.size; at++) {
        bool has_next = text.data[at] == '\\' && at + 1 < text.size;
        if (has_next && (text.data[at + 1] == '\\' || is_delimiter(quote, text.data[at + 1])))
            at++;
        sink_put(sink, text.data[at]);
    }
}

/* A double-quoted text on its way. */
struct decoder {
    const struct perl_quote *quote;
    struct perl_sink *sink;
    struct perl_fault *fault;
    size_t at;          /* in the body */
    bool has_high_byte; /* a byte from 0x80 on */
    bool has_wide;      /* a character from U+0100 on */
};

static enum perl_verdict decode_more(struct decoder *decoder, const char *reason)
{
    return perl_fault_more(decoder->fault, decoder->quote->body_offset + decoder->at, reason);
}

/* The byte `ahead` of the current one; NUL, which is none of those that are asked for, after the
 * end. */
static char peek(const struct decoder *decoder, size_t ahead)
{
    struct bytes rest = bytes_from(decoder->quote->body, decoder->at + ahead);
    if (rest.size == 0)
        return '\0';
    return rest.data[0];
}

static void put_byte(struct decoder *decoder, uint32_t byte)
{
    decoder->has_high_byte = decoder->has_high_byte || byte >= 0x80;
    sink_put(decoder->sink, (char)(unsigned char)byte);
}

/* RFC 3629 3 */
static void put_wide(struct decoder *decoder, uint32_t code)
{
    decoder->has_wide = true;
    if (code >= 0x10000) {
        sink_put(decoder->sink, (char)(unsigned char)(0xf0 | code >> 18));
        sink_put(decoder->sink, (char)(unsigned char)(0x80 | (code >> 12 & 0x3f)));
    } else if (code >= 0x800) {
        sink_put(decoder->sink, (char)(unsigned char)(0xe0 | code >> 12));
    } else {
        sink_put(decoder->sink, (char)(unsigned char)(0xc0 | code >> 6));
    }
    if (code >= 0x800)
        sink_put(decoder->sink, (char)(unsigned char)(0x80 | (code >> 6 & 0x3f)));
    sink_put(decoder->sink, (char)(unsigned char)(0x80 | (code & 0x3f)));
}

static void put_code(struct decoder *decoder, uint32_t code)
{
    if (code < 0x100)
        put_byte(decoder, code);
    else
        put_wide(decoder, code);
}

/* Reads at most `digits_max` digits that begin `ahead` of the current byte; returns how many there
 * are. */
static size_t read_digits(const struct decoder *decoder, size_t ahead, unsigned base,
                          size_t digits_max, uint32_t *ret_code)
{
    uint32_t code = 0;
    size_t digits = 0;
    for (; digits < digits_max; digits++) {
        unsigned value = perl_letter_value(peek(decoder, ahead + digits));
        if (value >= base)
            break;
        code = code * base + value;
    }
    *ret_code = code;
    return digits;
}

/* \x{HHHH}; stands on the backslash. */
static enum perl_verdict decode_braced(struct decoder *decoder)
{
    uint32_t code;
    size_t digits = read_digits(decoder, 3, 16, 6, &code);
    bool is_character = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    if (digits == 0 || peek(decoder, 3 + digits) != '}' || !is_character)
        return decode_more(decoder, "this form of \\x{} is more than data");
    put_code(decoder, code);
    decoder->at += 4 + digits;
    return PERL_VERDICT_DATA;
}

/* \xHH; stands on the backslash. */
static enum perl_verdict decode_hexadecimal(struct decoder *decoder)
{
    if (peek(decoder, 2) == '{')
        return decode_braced(decoder);
    uint32_t code;
    size_t digits = read_digits(decoder, 2, 16, 2, &code);
    if (digits == 0)
        return decode_more(decoder, "\\x without digits is more than data");
    put_byte(decoder, code);
    decoder->at += 2 + digits;
    return PERL_VERDICT_DATA;
}

/* \0, \12, \177; stands on the backslash. */
static enum perl_verdict decode_octal(struct decoder *decoder)
{
    uint32_t code;
    size_t digits = read_digits(decoder, 1, 8, 3, &code);
    put_code(decoder, code);
    decoder->at += 1 + digits;
    return PERL_VERDICT_DATA;
}

static char control_of(char letter)
{
    static const char controls[] = "\t\n\r\f\b\a\x1b";
    size_t at = bytes_find(BYTES("tnrfbae"), letter);
    if (at == sizeof controls - 1)
        return letter;
    return controls[at];
}

static enum perl_verdict decode_escape(struct decoder *decoder)
{
    char letter = peek(decoder, 1);
    if (letter == 'x')
        return decode_hexadecimal(decoder);
    if (letter >= '0' && letter <= '7')
        return decode_octal(decoder);
    if (letter != '\0' && strchr("cNolLuUQEF", letter) != NULL)
        return decode_more(decoder, "this escape is more than data");
    put_byte(decoder, (unsigned char)control_of(letter));
    decoder->at += 2;
    return PERL_VERDICT_DATA;
}

/* Perl takes an @ for itself where no name of an array can follow. */
static bool begins_array(char next)
{
    return perl_letter_is_word(next) || (next != '\0' && strchr(":'{$+-\\", next) != NULL);
}

static enum perl_verdict decode_character(struct decoder *decoder)
{
    char byte = peek(decoder, 0);
    if (byte == '\\')
        return decode_escape(decoder);
    if (byte == '$' || (byte == '@' && begins_array(peek(decoder, 1))))
        return decode_more(decoder, "interpolation is more than data (write \\$ and \\@)");
    put_byte(decoder, (unsigned char)byte);
    decoder->at++;
    return PERL_VERDICT_DATA;
}

static enum perl_verdict decode_double(const struct perl_quote *quote, struct perl_sink *sink,
                                       struct perl_fault *fault)
{
    struct decoder decoder = {.quote = quote, .sink = sink, .fault = fault};
    /* A backslash before such a delimiter would mean two things. */
    if (perl_letter_is_word(quote->opener) || quote->opener == '$' || quote->opener == '@')
        return decode_more(&decoder, "qq with this delimiter is more than data");
    while (decoder.at < quote->body.size) {
        enum perl_verdict verdict = decode_character(&decoder);
        if (verdict != PERL_VERDICT_DATA)
            return verdict;
    }
    /* What becomes of bytes beside wide characters depends on who prints them. */
    if (decoder.has_wide && decoder.has_high_byte)
        return perl_fault_more(fault, quote->body_offset,
                               "a text of both bytes and wide characters is more than data");
    return PERL_VERDICT_DATA;
}

/* Perl drops the CR of a line's end inside a quote; nobody writes such a file by intent. */
static bool has_line_end_of_two_bytes(struct bytes text)
{
    for (size_t at = 1; at < text.size; at++)
        if (text.data[at - 1] == '\r' && text.data[at] == '\n')
            return true;
    return false;
}

enum perl_verdict perl_quote_decode(const struct perl_quote *quote, struct perl_sink *sink,
                                    struct perl_fault *fault)
{
    sink->size = 0;
    if (has_line_end_of_two_bytes(quote->body))
        return perl_fault_more(fault, quote->body_offset,
                               "a quote over several lines that end in CR LF is more than data");
    if (quote->is_double)
        return decode_double(quote, sink, fault);
    decode_single(quote, quote->body, sink);
    return PERL_VERDICT_DATA;
}

bool perl_quote_next_word(const struct perl_quote *quote, size_t *position, struct perl_sink *sink,
                          size_t *ret_offset)
{
    struct bytes body = quote->body;
    size_t first = *position;
    while (first < body.size && perl_letter_is_blank(body.data[first]))
        first++;
    if (first >= body.size)
        return false;
    size_t end = first;
    while (end < body.size && !perl_letter_is_blank(body.data[end]))
        end++;
    sink->size = 0;
    decode_single(quote, bytes_first(bytes_from(body, first), end - first), sink);
    *ret_offset = quote->body_offset + first;
    *position = end;
    return true;
}
