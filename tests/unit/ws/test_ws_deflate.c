/* Messages there and back again, with every window and with and without a context. */
#include "transcript.h"

#include <criterion/criterion.h>
#include <zlib.h>

static struct ws_memory memory = {heap_resize};
static struct ws_deflate_shared sender;
static struct ws_deflate_shared receiver;

static void begin(void)
{
    ws_deflate_shared_init(&sender, &memory);
    ws_deflate_shared_init(&receiver, &memory);
}

static void finish(void)
{
    ws_deflate_shared_clear(&sender);
    ws_deflate_shared_clear(&receiver);
    cr_expect_eq(heap.blocks, 0);
}

static struct ws_deflate_terms terms_of(uint8_t bits, bool keeps_context)
{
    return (struct ws_deflate_terms){.is_agreed = true,
                                     .server_keeps_context = keeps_context,
                                     .client_keeps_context = keeps_context,
                                     .server_window_bits = bits,
                                     .client_window_bits = bits};
}

enum {
    MESSAGES = 12,
    TEXT_SIZE = 40000
};

static char text[TEXT_SIZE];

/* Words that come again, near and far, and noise between them. */
static void fill_text(void)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < TEXT_SIZE; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = i > 400 && seed >> 30 != 0 ? text[i - 1 - (seed >> 8) % 400] : (char)(seed >> 24);
    }
}

static void check_there_and_back(uint8_t bits, bool keeps_context)
{
    struct ws_deflate_terms terms = terms_of(bits, keeps_context);
    struct ws_deflate here;
    struct ws_deflate there;
    ws_deflate_init(&here, &terms);
    ws_deflate_init(&there, &terms);
    for (size_t i = 0; i < MESSAGES; i++) {
        struct bytes message =
            bytes_first((struct bytes){text + i * 17, TEXT_SIZE - i * 17}, i * i * 300);
        struct bytes payload;
        struct bytes back = {NULL, 0};
        bool is_compressed;
        cr_assert_eq(ws_deflate_shrink(&here, &sender, message, &payload, &is_compressed),
                     ERROR_NONE);
        /* Where a context is kept nothing may be left out of it but what is short. */
        cr_expect(is_compressed ? message.size >= WS_DEFLATE_LEAST
                                : message.size < WS_DEFLATE_LEAST || !keeps_context);
        if (!is_compressed)
            continue;
        cr_expect_eq(ws_deflate_expand(&there, &receiver, payload, message.size, &back),
                     ERROR_NONE);
        cr_expect(bytes_equal(back, message), "%u bits, message %zu", bits, i);
        if (message.size > 0 && !keeps_context)
            cr_expect_eq(ws_deflate_expand(&there, &receiver, payload, message.size - 1, &back),
                         ERROR_FULL);
    }
    ws_deflate_clear(&here, &sender);
    ws_deflate_clear(&there, &receiver);
}

/* RFC 7692 7.1.2: the receiver's window is no larger than what was agreed on. */
Test(ws_deflate, brings_messages_there_and_back_with_every_window)
{
    fill_text();
    begin();
    for (uint8_t bits = 9; bits <= WS_WINDOW_BITS_MOST; bits++) {
        check_there_and_back(bits, false);
        check_there_and_back(bits, true);
    }
    finish();
}

/* Without a context the own pair is never made, so any number of sessions costs one. */
Test(ws_deflate, shares_one_pair_where_no_context_is_kept)
{
    begin();
    struct ws_deflate_terms terms = terms_of(15, false);
    struct ws_deflate sessions[20];
    struct bytes payload;
    bool is_compressed;
    size_t blocks = 0;
    fill_text();
    for (size_t i = 0; i < 20; i++) {
        ws_deflate_init(&sessions[i], &terms);
        cr_assert_eq(ws_deflate_shrink(&sessions[i], &sender, (struct bytes){text, 500}, &payload,
                                       &is_compressed),
                     ERROR_NONE);
        if (i == 0)
            blocks = heap.blocks;
    }
    cr_expect_eq(heap.blocks, blocks);
    finish();
}

Test(ws_deflate_shrink, leaves_what_would_grow)
{
    begin();
    struct ws_deflate_terms terms = terms_of(15, false);
    struct ws_deflate own;
    struct bytes payload;
    bool is_compressed = true;
    char noise[100];
    uint32_t seed = 3;
    for (size_t i = 0; i < sizeof noise; i++) {
        seed = seed * 1664525u + 1013904223u;
        noise[i] = (char)(seed >> 24);
    }
    ws_deflate_init(&own, &terms);
    cr_assert_eq(ws_deflate_shrink(&own, &sender, (struct bytes){noise, sizeof noise}, &payload,
                                   &is_compressed),
                 ERROR_NONE);
    cr_expect_not(is_compressed);
    cr_expect_eq(payload.data, noise);
    finish();
}

/* 64 MiB of one letter in 64 KiB: what is made of it stays near the limit. */
Test(ws_deflate_expand, makes_little_more_of_a_bomb_than_a_message_may_have)
{
    begin();
    struct ws_deflate_terms terms = terms_of(15, false);
    struct ws_deflate own;
    struct bytes payload;
    struct bytes back;
    bool is_compressed;
    size_t size = (size_t)1 << 26;
    char *zeros = calloc(1, size);
    cr_assert_not_null(zeros);
    ws_deflate_init(&own, &terms);
    cr_assert_eq(
        ws_deflate_shrink(&own, &sender, (struct bytes){zeros, size}, &payload, &is_compressed),
        ERROR_NONE);
    cr_assert(is_compressed && payload.size < size / 500);
    cr_expect_eq(ws_deflate_expand(&own, &receiver, payload, 100000, &back), ERROR_FULL);
    cr_expect_leq(receiver.inflated.capacity, 100001);
    free(zeros);
    finish();
}

/* Streams that end, one behind the other, and what a flush leaves. */
static enum error expand_ended_streams(size_t count)
{
    static char storage[2 * WS_FINAL_BLOCKS_MAX + 16];
    struct ws_deflate_terms terms = terms_of(15, false);
    struct ws_deflate own;
    struct buffer payload;
    struct bytes back;
    ws_deflate_init(&own, &terms);
    buffer_init(&payload, storage, sizeof storage);
    for (size_t i = 0; i < count; i++)
        cr_assert(buffer_append(&payload, BYTES("\3\0")));
    cr_assert(buffer_append(&payload, BYTES("\0")));
    return ws_deflate_expand(&own, &receiver, buffer_view(&payload), 100, &back);
}

Test(ws_deflate_expand, begins_anew_where_a_stream_ends_but_not_for_ever)
{
    begin();
    cr_expect_eq(expand_ended_streams(1), ERROR_NONE);
    cr_expect_eq(expand_ended_streams(WS_FINAL_BLOCKS_MAX), ERROR_NONE);
    cr_expect_eq(expand_ended_streams(WS_FINAL_BLOCKS_MAX + 1), ERROR_INVALID);
    finish();
}

/* RFC 7692 7.2.3.4, also where the room for the message ends at that very byte. */
Test(ws_deflate_expand, takes_a_final_block_of_any_size)
{
    begin();
    struct ws_deflate_terms terms = terms_of(15, false);
    struct ws_deflate own;
    ws_deflate_init(&own, &terms);
    memset(text, 'a', TEXT_SIZE);
    for (size_t size = WS_MEMORY_FIRST - 300; size < WS_MEMORY_FIRST + 300; size++) {
        char storage[1024];
        struct bytes back = {NULL, 0};
        z_stream stream = {.zalloc = NULL};
        cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
        stream.next_in = (Bytef *)text;
        stream.avail_in = (uInt)size;
        stream.next_out = (Bytef *)storage;
        stream.avail_out = sizeof storage;
        cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
        struct bytes payload = {storage, sizeof storage - stream.avail_out};
        (void)deflateEnd(&stream);
        ws_memory_release(&memory, &receiver.inflated);
        cr_expect_eq(ws_deflate_expand(&own, &receiver, payload, 10000, &back), ERROR_NONE);
        cr_expect_eq(back.size, size);
    }
    finish();
}

/* A large message's memory is not kept for ever. */
Test(ws_deflate, keeps_little_between_messages)
{
    begin();
    struct ws_deflate_terms terms = terms_of(15, false);
    struct ws_deflate own;
    struct bytes payload;
    struct bytes back;
    bool is_compressed;
    char *zeros = calloc(1, 1 << 20);
    cr_assert_not_null(zeros);
    ws_deflate_init(&own, &terms);
    for (size_t size = 1 << 20; size >= 100; size /= 10) {
        cr_assert_eq(
            ws_deflate_shrink(&own, &sender, (struct bytes){zeros, size}, &payload, &is_compressed),
            ERROR_NONE);
        cr_assert_eq(ws_deflate_expand(&own, &receiver, payload, size, &back), ERROR_NONE);
        cr_expect_eq(back.size, size);
    }
    cr_expect_leq(receiver.inflated.capacity, WS_SCRATCH_KEPT_MAX);
    free(zeros);
    finish();
}
