/* speaking - a session for the length of a test: what it takes and what it says, in the notation of
 * frames. */
#ifndef TOAD_TESTS_UNIT_WS_SPEAKING_H
#define TOAD_TESTS_UNIT_WS_SPEAKING_H

#include "transcript.h"

#include <criterion/criterion.h>

static struct ws_shared shared;
static struct ws_session session;
static struct buffer said;
static char said_storage[1 << 16];
static char stream_storage[1 << 18];

static const struct ws_deflate_terms keeping = {.is_agreed = true,
                                                .server_keeps_context = true,
                                                .client_keeps_context = true,
                                                .server_window_bits = 15,
                                                .client_window_bits = 15};
static const struct ws_deflate_terms forgetting = {
    .is_agreed = true, .server_window_bits = 15, .client_window_bits = 15};
static const struct ws_life_settings settings = {.websocket_timeout_us = 300 * SECOND_US,
                                                 .close_timeout_us = 5 * SECOND_US,
                                                 .linger_timeout_us = 2 * SECOND_US};

static inline void begin(const struct ws_deflate_terms *terms)
{
    buffer_init(&said, said_storage, sizeof said_storage - 1);
    ws_shared_init(&shared, heap_resize);
    ws_session_init(&session, &shared, terms, 100000, 0);
}

static inline void finish(void)
{
    ws_session_clear(&session);
    ws_session_clear(&session);
    ws_shared_clear(&shared);
    ws_shared_clear(&shared);
    cr_expect_eq(heap.blocks, 0);
}

/* Takes what the notation says, in one piece, and returns the transcript of it. */
static inline const char *take(const char *frames)
{
    struct buffer stream;
    buffer_init(&stream, stream_storage, sizeof stream_storage);
    notation_read(frames, &stream);
    buffer_clear(&said);
    transcript_take(&session, buffer_view(&stream), &said);
    said_storage[said.size] = '\0';
    return said_storage;
}

static inline const char *say(struct bytes head, struct bytes payload)
{
    char storage[1 << 16];
    struct buffer frame;
    buffer_init(&frame, storage, sizeof storage);
    buffer_clear(&said);
    cr_assert(buffer_append(&frame, head) && buffer_append(&frame, payload));
    cr_expect_eq(notation_say_frame(buffer_view(&frame), &said), frame.size);
    said_storage[said.size] = '\0';
    return said_storage;
}

static inline const char *say_control(const struct ws_control *control)
{
    return say((struct bytes){control->data, control->size}, (struct bytes){NULL, 0});
}

static inline const char *sent(bool is_text, struct bytes message)
{
    struct ws_frame frame;
    cr_assert_eq(ws_session_send(&session, is_text, message, 1, &frame), ERROR_NONE);
    return say((struct bytes){frame.head, frame.head_size}, frame.payload);
}

static inline void close_with(uint16_t code, struct bytes reason)
{
    struct ws_control control;
    cr_assert_eq(ws_session_close(&session, code, reason, 1, &control), ERROR_NONE);
}

static inline struct bytes letters(size_t size)
{
    static char storage[1 << 17];
    cr_assert(size <= sizeof storage);
    memset(storage, 'a', size);
    return (struct bytes){storage, size};
}

#endif
