/* chunks - a second reader of the chunked coding, as slow and plain as RFC 9112 7.1 is.
 *
 * Pure. Knows nothing of the server's own reader but its views of bytes. */
#ifndef TOAD_TESTS_FUZZ_CHUNKS_H
#define TOAD_TESTS_FUZZ_CHUNKS_H

#include "base/buffer.h"

#include <string.h>

struct chunks {
    struct bytes rest;
    struct buffer body; /* the storage is the caller's */
    size_t overhead;    /* bytes of extensions and trailers */
    bool has_trailers;
    bool is_short; /* it would need more bytes */
    bool is_wrong;
};

static bool chunks_is_token(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool chunks_fail(struct chunks *chunks)
{
    chunks->is_short = chunks->rest.size == 0;
    chunks->is_wrong = !chunks->is_short;
    return false;
}

/* The next byte, or -1. */
static int chunks_peek(const struct chunks *chunks)
{
    return chunks->rest.size > 0 ? (unsigned char)chunks->rest.data[0] : -1;
}

static void chunks_skip(struct chunks *chunks)
{
    chunks->rest = bytes_from(chunks->rest, 1);
}

static bool chunks_take(struct chunks *chunks, char byte)
{
    if (chunks_peek(chunks) != byte)
        return chunks_fail(chunks);
    chunks_skip(chunks);
    return true;
}

static bool chunks_take_line_end(struct chunks *chunks)
{
    return chunks_take(chunks, '\r') && chunks_take(chunks, '\n');
}

static bool chunks_take_token(struct chunks *chunks)
{
    size_t size = chunks->rest.size;
    while (chunks->rest.size > 0 && chunks_is_token((unsigned char)chunks_peek(chunks)))
        chunks_skip(chunks);
    return size > chunks->rest.size || chunks_fail(chunks);
}

/* RFC 9110 5.6.4 */
static bool chunks_take_quoted(struct chunks *chunks)
{
    bool is_escaped = false;
    if (!chunks_take(chunks, '"'))
        return false;
    for (;;) {
        int byte = chunks_peek(chunks);
        if (byte < 0 || (byte < ' ' && byte != '\t') || byte == 0x7f)
            return chunks_fail(chunks);
        chunks_skip(chunks);
        if (byte == '"' && !is_escaped)
            return true;
        is_escaped = byte == '\\' && !is_escaped;
    }
}

static void chunks_skip_blanks(struct chunks *chunks)
{
    while (chunks_peek(chunks) == ' ' || chunks_peek(chunks) == '\t')
        chunks_skip(chunks);
}

/* RFC 9112 7.1.1: *( BWS ";" BWS name [ BWS "=" BWS value ] ) */
static bool chunks_take_extensions(struct chunks *chunks)
{
    while (chunks_peek(chunks) != '\r') {
        chunks_skip_blanks(chunks);
        if (!chunks_take(chunks, ';'))
            return false;
        chunks_skip_blanks(chunks);
        if (!chunks_take_token(chunks))
            return false;
        struct bytes behind = chunks->rest;
        chunks_skip_blanks(chunks);
        if (chunks_peek(chunks) != '=') {
            chunks->rest = behind;
            continue;
        }
        chunks_skip(chunks);
        chunks_skip_blanks(chunks);
        if (chunks_peek(chunks) == '"' ? !chunks_take_quoted(chunks) : !chunks_take_token(chunks))
            return false;
    }
    return true;
}

static int chunks_digit(int byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool chunks_take_size(struct chunks *chunks, uint64_t *ret_size)
{
    *ret_size = 0;
    if (chunks_digit(chunks_peek(chunks)) < 0)
        return chunks_fail(chunks);
    for (int digit; (digit = chunks_digit(chunks_peek(chunks))) >= 0; chunks_skip(chunks)) {
        if (*ret_size > UINT64_MAX >> 4)
            return chunks_fail(chunks);
        *ret_size = *ret_size << 4 | (uint64_t)digit;
    }
    size_t size = chunks->rest.size;
    bool is_taken = chunks_take_extensions(chunks);
    chunks->overhead += size - chunks->rest.size;
    return is_taken && chunks_take_line_end(chunks);
}

static bool chunks_take_trailers(struct chunks *chunks)
{
    while (chunks_peek(chunks) != '\r') {
        chunks->has_trailers = true;
        if (!chunks_take_token(chunks) || !chunks_take(chunks, ':'))
            return false;
        for (int byte; (byte = chunks_peek(chunks)) != '\r'; chunks_skip(chunks))
            if (byte < 0 || (byte < ' ' && byte != '\t') || byte == 0x7f)
                return chunks_fail(chunks);
        if (!chunks_take_line_end(chunks))
            return false;
    }
    return chunks_take_line_end(chunks);
}

/* Reads to the end of the coding; false if it is wrong, or too short. */
static bool chunks_read(struct chunks *chunks)
{
    for (;;) {
        uint64_t size;
        if (!chunks_take_size(chunks, &size))
            return false;
        if (size == 0)
            return chunks_take_trailers(chunks);
        struct bytes part = bytes_first(chunks->rest, size);
        if (!buffer_append(&chunks->body, part))
            return chunks_fail(chunks);
        chunks->rest = bytes_from(chunks->rest, part.size);
        if (part.size < size)
            return chunks_fail(chunks);
        if (!chunks_take_line_end(chunks))
            return false;
    }
}

#endif
