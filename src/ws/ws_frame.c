#include "ws/ws_frame.h"

#include <string.h>

enum {
    LENGTH_IS_16_BITS = 126,
    LENGTH_IS_64_BITS = 127,
    LENGTH_BITS = 127,
    MASK_BIT = 0x80,
    FINAL_BIT = 0x80,
    CONTROL_BIT = 8,
    OPCODE_BITS = 15,
    MASK_SIZE = 4,
    LEAST_HEAD_SIZE = 2
};

static_assert(LEAST_HEAD_SIZE + (int)sizeof(uint64_t) + MASK_SIZE == WS_CLIENT_HEAD_MAX,
              "the longest head fits");

void ws_frame_reader_init(struct ws_frame_reader *reader)
{
    *reader = (struct ws_frame_reader){.is_inside = false};
}

static unsigned length_code(const struct ws_frame_reader *reader)
{
    return reader->head[1] & LENGTH_BITS;
}

/* Bytes of the length behind the first two of the head. */
static uint8_t length_size(unsigned code)
{
    if (code < LENGTH_IS_16_BITS)
        return 0;
    return code == LENGTH_IS_16_BITS ? sizeof(uint16_t) : sizeof(uint64_t);
}

static bool is_masked(const struct ws_frame_reader *reader)
{
    return (reader->head[1] & MASK_BIT) != 0;
}

/* How long the head is, as far as that is known. */
static uint8_t head_size(const struct ws_frame_reader *reader)
{
    if (reader->head_size < LEAST_HEAD_SIZE)
        return LEAST_HEAD_SIZE;
    return (uint8_t)(LEAST_HEAD_SIZE + length_size(length_code(reader)) +
                     (is_masked(reader) ? MASK_SIZE : 0));
}

static bool read_head(struct ws_frame_reader *reader, struct bytes *input)
{
    while (reader->head_size < head_size(reader)) {
        struct bytes part = bytes_first(*input, (size_t)(head_size(reader) - reader->head_size));
        if (part.size == 0)
            return false;
        memcpy(reader->head + reader->head_size, part.data, part.size);
        reader->head_size = (uint8_t)(reader->head_size + part.size);
        *input = bytes_from(*input, part.size);
    }
    return true;
}

static uint64_t read_length(const struct ws_frame_reader *reader)
{
    unsigned code = length_code(reader);
    uint64_t length = 0;
    for (uint8_t i = 0; i < length_size(code); i++)
        length = length << 8 | reader->head[LEAST_HEAD_SIZE + i];
    return code < LENGTH_IS_16_BITS ? code : length;
}

/* RFC 6455 5.2, 5.5 */
static bool is_well_formed(const struct ws_frame_reader *reader)
{
    unsigned code = length_code(reader);
    bool is_control = (reader->head[0] & CONTROL_BIT) != 0;
    bool is_final = (reader->head[0] & FINAL_BIT) != 0;
    if (is_control && (!is_final || code >= LENGTH_IS_16_BITS))
        return false;
    if (code == LENGTH_IS_16_BITS)
        return reader->size >= LENGTH_IS_16_BITS;
    if (code == LENGTH_IS_64_BITS)
        return reader->size > UINT16_MAX && reader->size <= INT64_MAX;
    return true;
}

/* Eight bytes at a time; `mask` begins where `from` does. */
static void unmask(char *to, struct bytes from, const unsigned char mask[sizeof(uint64_t)])
{
    uint64_t wide;
    size_t i = 0;
    memcpy(&wide, mask, sizeof wide);
    for (; from.size - i >= sizeof wide; i += sizeof wide) {
        uint64_t word;
        memcpy(&word, from.data + i, sizeof word);
        word ^= wide;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < from.size; i++)
        to[i] = (char)(from.data[i] ^ mask[i % sizeof wide]);
}

/* The payload that there is. A frame without a mask is refused for that, whatever it says. */
static struct bytes read_payload(struct ws_frame_reader *reader, struct ws_frames *frames,
                                 struct bytes *input)
{
    unsigned char mask[sizeof(uint64_t)];
    size_t most = reader->left < sizeof frames->unmasked ? reader->left : sizeof frames->unmasked;
    struct bytes part = bytes_first(*input, most);
    for (size_t i = 0; i < sizeof mask; i++) {
        size_t place = (reader->size - reader->left + i) % MASK_SIZE;
        mask[i] = is_masked(reader) ? reader->head[reader->head_size - MASK_SIZE + place] : 0;
    }
    unmask(frames->unmasked, part, mask);
    *input = bytes_from(*input, part.size);
    reader->left -= part.size;
    return (struct bytes){frames->unmasked, part.size};
}

static void make_piece(struct ws_frame_reader *reader, struct bytes data, bool is_first,
                       struct ws_piece *ret_piece)
{
    *ret_piece = (struct ws_piece){
        .data = data,
        .frame_size = reader->size,
        .opcode = reader->head[0] & OPCODE_BITS,
        .reserved = reader->head[0] >> 4 & 7,
        .is_masked = is_masked(reader),
        .is_final = (reader->head[0] & FINAL_BIT) != 0,
        .is_first = is_first,
        .is_last = reader->left == 0,
    };
    reader->is_inside = reader->left > 0;
    if (!reader->is_inside)
        reader->head_size = 0;
}

enum ws_frame_progress ws_frame_read(struct ws_frame_reader *reader, struct ws_frames *frames,
                                     struct bytes *input, struct ws_piece *ret_piece)
{
    bool is_first = !reader->is_inside;
    if (input->size == 0 || (is_first && !read_head(reader, input)))
        return WS_FRAME_INCOMPLETE;
    if (is_first) {
        reader->size = reader->left = read_length(reader);
        if (!is_well_formed(reader))
            return WS_FRAME_BROKEN;
    }
    struct bytes data = read_payload(reader, frames, input);
    make_piece(reader, data, is_first, ret_piece);
    return WS_FRAME_PIECE;
}

uint8_t ws_frame_write_head(char head[WS_FRAME_HEAD_MAX], enum ws_opcode opcode, bool is_compressed,
                            uint64_t size)
{
    head[0] = (char)(FINAL_BIT | (is_compressed ? WS_RESERVED_COMPRESSED << 4 : 0) | (int)opcode);
    if (size < LENGTH_IS_16_BITS) {
        head[1] = (char)size;
        return 2;
    }
    uint8_t digits = size <= UINT16_MAX ? sizeof(uint16_t) : sizeof(uint64_t);
    head[1] = (char)(digits == sizeof(uint16_t) ? LENGTH_IS_16_BITS : LENGTH_IS_64_BITS);
    for (uint8_t i = 0; i < digits; i++)
        head[2 + i] = (char)(size >> 8 * (digits - 1 - i) & 0xff);
    return (uint8_t)(2 + digits);
}
