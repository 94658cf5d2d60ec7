/* notation - frames as a line of text that a person can read, made into bytes and back.
 *
 * Frames with ` | ` between them, each WORD FLAGS `:` PAYLOAD:
 *     WORD     text binary more close ping pong, or opN for the opcode N (hexadecimal); `raw` means
 *              that the payload is all there is: no head and no mask
 *     FLAGS    -  not final             1 2 3  reserved bits        u  not masked
 *              z  the mask is zero      L Q    length in 16 or 64 bits, whether needed or not
 *              =N the length that the head claims
 *     PAYLOAD  bytes, %HH for any, `*N` at its end for N times; of a close its code, a comma and
 *              the reason */
#ifndef TOAD_TESTS_UNIT_WS_NOTATION_H
#define TOAD_TESTS_UNIT_WS_NOTATION_H

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

struct notation_frame {
    unsigned opcode;
    unsigned reserved; /* RSV1 is 4 */
    bool is_raw;
    bool is_final;
    bool is_masked;
    bool has_zero_mask;
    unsigned length_bits; /* 0: the least form */
    bool has_claim;
    uint64_t claim;
};

static inline void notation_must(bool condition)
{
    if (!condition)
        abort();
}

static inline void notation_put(struct buffer *out, unsigned byte)
{
    char one = (char)byte;
    notation_must(buffer_append(out, (struct bytes){&one, 1}));
}

static inline const char *notation_word(unsigned opcode)
{
    static const char *const words[16] = {
        [0] = "more", [1] = "text", [2] = "binary", [8] = "close", [9] = "ping", [10] = "pong"};
    return words[opcode & 15];
}

static inline void notation_read_word(const char **text, struct notation_frame *frame)
{
    *frame = (struct notation_frame){.is_final = true, .is_masked = true};
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        const char *word = notation_word(opcode);
        if (word != NULL && strncmp(*text, word, strlen(word)) == 0) {
            *text += strlen(word);
            frame->opcode = opcode;
            return;
        }
    }
    frame->is_raw = strncmp(*text, "raw", 3) == 0;
    if (frame->is_raw) {
        *text += 3;
        return;
    }
    notation_must(strncmp(*text, "op", 2) == 0);
    char digit[2] = {(*text)[2], '\0'};
    frame->opcode = (unsigned)strtoul(digit, NULL, 16);
    *text += 3;
}

static inline void notation_read_flags(const char **text, struct notation_frame *frame)
{
    for (; **text != ':'; ++*text) {
        switch (**text) {
        case '-':
            frame->is_final = false;
            break;
        case '1':
        case '2':
        case '3':
            frame->reserved |= 4u >> (**text - '1');
            break;
        case 'u':
            frame->is_masked = false;
            break;
        case 'z':
            frame->has_zero_mask = true;
            break;
        case 'L':
            frame->length_bits = 16;
            break;
        case 'Q':
            frame->length_bits = 64;
            break;
        case '=': {
            char *rest;
            frame->has_claim = true;
            frame->claim = strtoull(*text + 1, &rest, 10);
            *text = rest - 1;
            break;
        }
        default:
            abort();
        }
    }
    ++*text;
}

static inline void notation_read_bytes(struct bytes text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '%') {
            notation_put(out, (unsigned char)text.data[i]);
            continue;
        }
        char digits[3] = {text.data[i + 1], text.data[i + 2], '\0'};
        notation_put(out, (unsigned)strtoul(digits, NULL, 16));
        i += 2;
    }
}

static inline void notation_read_payload(struct bytes text, bool is_close, struct buffer *out)
{
    size_t star = bytes_find(text, '*');
    unsigned long times = star == text.size ? 1 : strtoul(text.data + star + 1, NULL, 10);
    text = bytes_first(text, star);
    if (is_close && text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9') {
        unsigned long code = strtoul(text.data, NULL, 10);
        notation_put(out, (unsigned)code >> 8);
        notation_put(out, (unsigned)code & 0xff);
        text = bytes_from(text, bytes_find(text, ',') + 1);
    }
    while (times-- > 0)
        notation_read_bytes(text, out);
}

static inline void notation_write_length(const struct notation_frame *frame, uint64_t length,
                                         struct buffer *out)
{
    unsigned mask = frame->is_masked ? 0x80 : 0;
    unsigned bits = frame->length_bits != 0 ? frame->length_bits
                    : length < 126          ? 0
                    : length < 65536        ? 16
                                            : 64;
    notation_put(out, mask | (bits == 0 ? (unsigned)length : bits == 16 ? 126 : 127));
    for (unsigned shift = bits; shift > 0; shift -= 8)
        notation_put(out, (unsigned)(length >> (shift - 8) & 0xff));
}

static inline void notation_write_frame(const struct notation_frame *frame, struct bytes payload,
                                        struct buffer *out)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    bool is_mixed = frame->is_masked && !frame->has_zero_mask && !frame->is_raw;
    if (!frame->is_raw) {
        notation_put(out, (frame->is_final ? 0x80u : 0) | frame->reserved << 4 | frame->opcode);
        notation_write_length(frame, frame->has_claim ? frame->claim : payload.size, out);
        for (size_t i = 0; frame->is_masked && i < sizeof mask; i++)
            notation_put(out, is_mixed ? mask[i] : 0);
    }
    for (size_t i = 0; i < payload.size; i++)
        notation_put(out, (unsigned char)payload.data[i] ^ (is_mixed ? mask[i % 4] : 0u));
}

/* Appends the bytes of all frames. */
static inline void notation_read(const char *text, struct buffer *out)
{
    static char storage[1 << 20];
    struct buffer payload;
    struct notation_frame frame;
    while (*text != '\0') {
        notation_read_word(&text, &frame);
        notation_read_flags(&text, &frame);
        const char *end = strstr(text, " | ");
        size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        buffer_init(&payload, storage, sizeof storage);
        notation_read_payload((struct bytes){text, size}, frame.opcode == 8, &payload);
        notation_write_frame(&frame, buffer_view(&payload), out);
        text += end == NULL ? size : size + 3;
    }
}

/* The other way round: bytes as they stand in a payload. What repeats itself is written short. */
static inline void notation_say_bytes(struct bytes bytes, struct buffer *out)
{
    size_t period = 1;
    size_t times = 1;
    for (; bytes.size > 48 && period <= 4; period++)
        if (bytes.size % period == 0 &&
            memcmp(bytes.data, bytes.data + period, bytes.size - period) == 0) {
            times = bytes.size / period;
            bytes.size = period;
        }
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        bool is_plain = byte >= ' ' && byte < 0x7f && strchr("%|*>", byte) == NULL;
        notation_must(is_plain ? buffer_append(out, (struct bytes){bytes.data + i, 1})
                               : buffer_append_format(out, "%%%02x", byte));
    }
    if (times > 1)
        notation_must(buffer_append_format(out, "*%zu", times));
}

/* One frame as a server may send it, whole and not masked; everything else is said to be broken. */
static inline size_t notation_say_frame(struct bytes bytes, struct buffer *out)
{
    unsigned first = bytes.size < 2 ? 0 : (unsigned char)bytes.data[0];
    uint64_t length = bytes.size < 2 ? 0 : (unsigned char)bytes.data[1];
    size_t head = length == 126 ? 4 : length == 127 ? 10 : 2;
    const char *word = notation_word(first);
    bool is_well = bytes.size >= head && length < 128 && (first & 0xb0) == 0x80 && word != NULL;
    if (is_well && head > 2) {
        length = 0;
        for (size_t i = 2; i < head; i++)
            length = length << 8 | (unsigned char)bytes.data[i];
    }
    if (!is_well || length > bytes.size - head) {
        notation_must(buffer_append(out, BYTES(">BROKEN")));
        return bytes.size;
    }
    struct bytes payload = {bytes.data + head, (size_t)length};
    notation_must(buffer_append_format(out, "%s%s:", word, (first & 0x40) != 0 ? "1" : ""));
    if ((first & 15) == 8 && length >= 2) {
        unsigned code =
            (unsigned)(unsigned char)payload.data[0] << 8 | (unsigned char)payload.data[1];
        notation_must(buffer_append_format(out, "%u%s", code, length > 2 ? "," : ""));
        payload = bytes_from(payload, 2);
    }
    notation_say_bytes(payload, out);
    return head + (size_t)length;
}

#endif
