#include "ws/ws_deflate.h"

#include "base/limits.h"

#include <zlib.h>

#include <assert.h>
#include <string.h>

enum {
    MEMORY_LEVEL = 8,
    /* What zlib says in data_type: the last block's end lies behind. */
    IS_BETWEEN_BLOCKS = 128,
    UNUSED_BITS = 63,
};

/* What ends every flush: it is not sent (RFC 7692 7.2.1). */
static const char tail[4] = {'\0', '\0', '\xff', '\xff'};

static voidpf take(voidpf memory, uInt count, uInt size)
{
    return ((const struct ws_memory *)memory)->resize(NULL, (size_t)count * size);
}

static void give_back(voidpf memory, voidpf place)
{
    (void)((const struct ws_memory *)memory)->resize(place, 0);
}

static z_stream *stream_new(const struct ws_memory *memory)
{
    z_stream *stream = memory->resize(NULL, sizeof *stream);
    if (stream != NULL)
        *stream = (z_stream){.zalloc = take, .zfree = give_back, .opaque = (voidpf)memory};
    return stream;
}

static z_stream *inflater_new(const struct ws_memory *memory, uint8_t window_bits)
{
    z_stream *stream = stream_new(memory);
    if (stream != NULL && inflateInit2(stream, -window_bits) != Z_OK) {
        (void)memory->resize(stream, 0);
        return NULL;
    }
    return stream;
}

static z_stream *deflater_new(const struct ws_memory *memory, uint8_t window_bits)
{
    z_stream *stream = stream_new(memory);
    if (stream != NULL && deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -window_bits,
                                       MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        (void)memory->resize(stream, 0);
        return NULL;
    }
    return stream;
}

static void inflater_free(const struct ws_memory *memory, z_stream **stream)
{
    if (*stream != NULL) {
        (void)inflateEnd(*stream);
        (void)memory->resize(*stream, 0);
    }
    *stream = NULL;
}

static void deflater_free(const struct ws_memory *memory, z_stream **stream)
{
    if (*stream != NULL) {
        (void)deflateEnd(*stream);
        (void)memory->resize(*stream, 0);
    }
    *stream = NULL;
}

void ws_deflate_shared_init(struct ws_deflate_shared *shared, const struct ws_memory *memory)
{
    *shared = (struct ws_deflate_shared){.memory = memory};
}

void ws_deflate_shared_clear(struct ws_deflate_shared *shared)
{
    inflater_free(shared->memory, &shared->inflater);
    for (size_t bits = 0; bits <= WS_WINDOW_BITS_MOST; bits++)
        deflater_free(shared->memory, &shared->deflaters[bits]);
    ws_memory_release(shared->memory, &shared->inflated);
    ws_memory_release(shared->memory, &shared->deflated);
}

void ws_deflate_init(struct ws_deflate *own, const struct ws_deflate_terms *terms)
{
    *own = (struct ws_deflate){.terms = *terms};
}

void ws_deflate_clear(struct ws_deflate *own, struct ws_deflate_shared *shared)
{
    inflater_free(shared->memory, &own->inflater);
    deflater_free(shared->memory, &own->deflater);
}

uint64_t ws_deflate_compressed_most(uint64_t most)
{
    /* Stored blocks of the smallest size that compressors choose add less than a sixteenth. */
    return most + most / 16 + WS_DEFLATE_SLACK;
}

/* The inflater for the next message; a shared one starts anew. */
static z_stream *find_inflater(struct ws_deflate *own, struct ws_deflate_shared *shared)
{
    bool is_own = own->terms.client_keeps_context;
    z_stream **place = is_own ? &own->inflater : &shared->inflater;
    if (*place == NULL)
        *place = inflater_new(shared->memory, is_own ? own->terms.client_window_bits
                                                     : (uint8_t)WS_WINDOW_BITS_MOST);
    else if (!is_own)
        (void)inflateReset(*place);
    return *place;
}

static z_stream *find_deflater(struct ws_deflate *own, struct ws_deflate_shared *shared)
{
    uint8_t bits = own->terms.server_window_bits;
    bool is_own = own->terms.server_keeps_context;
    z_stream **place = is_own ? &own->deflater : &shared->deflaters[bits];
    if (*place == NULL)
        *place = deflater_new(shared->memory, bits);
    else if (!is_own)
        (void)deflateReset(*place);
    return *place;
}

/* What one large message took is not kept for the next small one. */
static void empty(const struct ws_memory *memory, struct buffer *scratch)
{
    if (scratch->capacity > WS_SCRATCH_KEPT_MAX)
        ws_memory_release(memory, scratch);
    buffer_clear(scratch);
}

static uInt at_most(size_t size)
{
    return size < UINT32_MAX / 2 ? (uInt)size : UINT32_MAX / 2;
}

static void set_room(z_stream *stream, struct buffer *scratch)
{
    stream->next_out = (Bytef *)scratch->data + scratch->size;
    stream->avail_out = at_most(buffer_room(scratch));
}

static void take_output(const z_stream *stream, struct buffer *scratch)
{
    scratch->size = (size_t)((char *)stream->next_out - scratch->data);
}

/* Inflates one part of the input as far as the room goes; one byte more than `most` is made, to
 * tell it from an end. */
static enum error inflate_step(z_stream *stream, struct ws_deflate_shared *shared, uint64_t most,
                               int *ret_result)
{
    if (buffer_room(&shared->inflated) == 0 &&
        ws_memory_grow(shared->memory, &shared->inflated, 1, most + 1) != ERROR_NONE)
        return ERROR_MEMORY;
    set_room(stream, &shared->inflated);
    *ret_result = inflate(stream, Z_SYNC_FLUSH);
    take_output(stream, &shared->inflated);
    if (shared->inflated.size > most)
        return ERROR_FULL;
    if (*ret_result == Z_MEM_ERROR)
        return ERROR_MEMORY;
    bool is_well = *ret_result == Z_OK || *ret_result == Z_STREAM_END || *ret_result == Z_BUF_ERROR;
    return is_well ? ERROR_NONE : ERROR_INVALID;
}

/* Feeds a part; `*blocks_left` bounds how many ended streams are begun anew (RFC 7692 7.2.3.5). */
static enum error inflate_part(z_stream *stream, struct ws_deflate_shared *shared,
                               struct bytes part, uint64_t most, uint32_t *blocks_left)
{
    while (true) {
        int result = Z_OK;
        uInt given = at_most(part.size);
        stream->next_in = (z_const Bytef *)part.data;
        stream->avail_in = given;
        enum error error = inflate_step(stream, shared, most, &result);
        if (error != ERROR_NONE)
            return error;
        part = bytes_from(part, given - stream->avail_in);
        if (result == Z_STREAM_END) {
            if ((*blocks_left)-- == 0)
                return ERROR_INVALID;
            /* The window stays: what follows may refer to it. */
            (void)inflateResetKeep(stream);
        }
        if (part.size == 0 && stream->avail_out > 0)
            return ERROR_NONE;
    }
}

/* Neither in the middle of a block nor of a byte. */
static bool is_whole(const z_stream *stream)
{
    return (stream->data_type & IS_BETWEEN_BLOCKS) != 0 && (stream->data_type & UNUSED_BITS) == 0;
}

enum error ws_deflate_expand(struct ws_deflate *own, struct ws_deflate_shared *shared,
                             struct bytes payload, uint64_t most, struct bytes *ret_message)
{
    empty(shared->memory, &shared->inflated);
    /* Compressors make a byte of nothing (RFC 7692 7.2.3.6), but no byte is as clear. */
    if (payload.size == 0) {
        *ret_message = (struct bytes){NULL, 0};
        return ERROR_NONE;
    }
    uint32_t blocks_left = WS_FINAL_BLOCKS_MAX;
    z_stream *stream = find_inflater(own, shared);
    if (stream == NULL)
        return ERROR_MEMORY;
    enum error error = inflate_part(stream, shared, payload, most, &blocks_left);
    /* A stream that has ended with the payload needs no end. */
    bool has_ended = blocks_left < WS_FINAL_BLOCKS_MAX && stream->total_in == 0;
    if (error == ERROR_NONE && !has_ended) {
        error = inflate_part(stream, shared, (struct bytes){tail, sizeof tail}, most, &blocks_left);
        if (error == ERROR_NONE && !is_whole(stream))
            error = ERROR_INVALID;
    }
    if (error == ERROR_NONE)
        *ret_message = buffer_view(&shared->inflated);
    return error;
}

static enum error deflate_all(z_stream *stream, struct ws_deflate_shared *shared,
                              struct bytes message)
{
    uint64_t most = ws_deflate_compressed_most(message.size);
    do {
        if (buffer_room(&shared->deflated) == 0 &&
            ws_memory_grow(shared->memory, &shared->deflated, 1, most) != ERROR_NONE)
            return ERROR_MEMORY;
        uInt given = at_most(message.size);
        stream->next_in = (z_const Bytef *)message.data;
        stream->avail_in = given;
        set_room(stream, &shared->deflated);
        int result = deflate(stream, Z_SYNC_FLUSH);
        assert(result == Z_OK || result == Z_BUF_ERROR);
        take_output(stream, &shared->deflated);
        message = bytes_from(message, given - stream->avail_in);
    } while (message.size > 0 || stream->avail_out == 0);
    return ERROR_NONE;
}

enum error ws_deflate_shrink(struct ws_deflate *own, struct ws_deflate_shared *shared,
                             struct bytes message, struct bytes *ret_payload,
                             bool *ret_is_compressed)
{
    bool keeps_context = own->terms.server_keeps_context;
    *ret_payload = message;
    *ret_is_compressed = false;
    if (!own->terms.is_agreed || message.size < WS_DEFLATE_LEAST)
        return ERROR_NONE;
    empty(shared->memory, &shared->deflated);
    z_stream *stream = find_deflater(own, shared);
    if (stream == NULL)
        return ERROR_MEMORY;
    if (deflate_all(stream, shared, message) != ERROR_NONE) {
        /* What the client never gets must not be referred to. */
        (void)deflateReset(stream);
        return ERROR_MEMORY;
    }
    struct bytes payload = buffer_view(&shared->deflated);
    assert(payload.size > sizeof tail &&
           memcmp(payload.data + payload.size - sizeof tail, tail, sizeof tail) == 0);
    payload.size -= sizeof tail;
    /* With a context the client must see all that later messages refer to. */
    if (!keeps_context && payload.size >= message.size)
        return ERROR_NONE;
    *ret_payload = payload;
    *ret_is_compressed = true;
    return ERROR_NONE;
}
