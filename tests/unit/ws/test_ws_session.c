/* What a session does for the server's side, and what it holds (promise CON-8). */
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

static void begin(const struct ws_deflate_terms *terms)
{
    buffer_init(&said, said_storage, sizeof said_storage - 1);
    ws_shared_init(&shared, heap_resize);
    ws_session_init(&session, &shared, terms, 100000, 0);
}

static void finish(void)
{
    ws_session_clear(&session);
    ws_session_clear(&session);
    ws_shared_clear(&shared);
    ws_shared_clear(&shared);
    cr_expect_eq(heap.blocks, 0);
}

/* Takes what the notation says, in one piece, and returns the transcript of it. */
static const char *take(const char *frames)
{
    struct buffer stream;
    buffer_init(&stream, stream_storage, sizeof stream_storage);
    notation_read(frames, &stream);
    buffer_clear(&said);
    transcript_take(&session, buffer_view(&stream), &said);
    said_storage[said.size] = '\0';
    return said_storage;
}

static const char *say(struct bytes head, struct bytes payload)
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

static const char *say_control(const struct ws_control *control)
{
    return say((struct bytes){control->data, control->size}, (struct bytes){NULL, 0});
}

static const char *sent(bool is_text, struct bytes message)
{
    struct ws_frame frame;
    cr_assert_eq(ws_session_send(&session, is_text, message, 1, &frame), ERROR_NONE);
    return say((struct bytes){frame.head, frame.head_size}, frame.payload);
}

static void close_with(uint16_t code, struct bytes reason)
{
    struct ws_control control;
    cr_assert_eq(ws_session_close(&session, code, reason, 1, &control), ERROR_NONE);
}

static struct bytes letters(size_t size)
{
    static char storage[1 << 17];
    cr_assert(size <= sizeof storage);
    memset(storage, 'a', size);
    return (struct bytes){storage, size};
}

Test(ws_session_send, makes_frames_with_the_least_length)
{
    begin(&not_agreed);
    cr_expect_str_eq(sent(true, BYTES("Hello")), "text:Hello");
    cr_expect_str_eq(sent(false, BYTES("\xff")), "binary:%ff");
    cr_expect_str_eq(sent(true, BYTES("")), "text:");
    static const size_t sizes[][2] = {{125, 2},    {126, 4},     {65535, 4},
                                      {65536, 10}, {100000, 10}, {1, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ws_frame frame;
        cr_assert_eq(ws_session_send(&session, true, letters(sizes[i][0]), 1, &frame), ERROR_NONE);
        cr_expect_eq(frame.head_size, sizes[i][1]);
        cr_expect_eq(frame.payload.data, letters(1).data, "it is a view, not a copy");
    }
    finish();
}

Test(ws_session_send, refuses_a_text_that_is_not_utf8)
{
    struct ws_frame frame;
    begin(&not_agreed);
    cr_expect_eq(ws_session_send(&session, true, BYTES("a\xc3"), 1, &frame), ERROR_INVALID);
    cr_expect_eq(ws_session_send(&session, false, BYTES("a\xc3"), 1, &frame), ERROR_NONE);
    finish();
}

Test(ws_session_send, compresses_what_is_worth_it)
{
    begin(&forgetting);
    cr_expect_str_eq(sent(true, letters(WS_DEFLATE_LEAST - 1)), "text:a*63");
    cr_expect_str_eq(sent(true, letters(1000)), "text1:JL%1c%05%a3`%14%0cw%00%00");
    cr_expect_str_eq(sent(true, letters(1000)), "text1:JL%1c%05%a3`%14%0cw%00%00");
    finish();
}

Test(ws_session_send, refers_to_earlier_messages_where_that_is_agreed)
{
    begin(&keeping);
    const char text[] = "The quick brown fox jumps over the lazy dog, and the dog sleeps on.";
    size_t first = strlen(sent(true, bytes_of(text)));
    cr_expect_lt(strlen(sent(true, bytes_of(text))), first / 2);
    finish();
}

/* Nothing follows a close, whoever made it. */
Test(ws_session_send, says_when_it_is_too_late)
{
    struct ws_frame frame;
    struct ws_control control;
    static const char *const ends[] = {"close:1000", "op3:x", ""};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        begin(&not_agreed);
        (void)take(ends[i]);
        if (ends[i][0] == '\0')
            close_with(WS_CLOSE_NORMAL, BYTES(""));
        cr_expect_eq(ws_session_send(&session, true, BYTES("x"), 1, &frame), ERROR_CLOSED);
        cr_expect_eq(ws_session_ping(&session, BYTES("x"), 1, &control), ERROR_CLOSED);
        cr_expect_eq(ws_session_close(&session, 1000, BYTES(""), 1, &control), ERROR_CLOSED);
        finish();
    }
}

Test(ws_session_ping, makes_a_ping_of_at_most_125_bytes)
{
    struct ws_control control;
    begin(&not_agreed);
    cr_assert_eq(ws_session_ping(&session, letters(125), 1, &control), ERROR_NONE);
    cr_expect_str_eq(say_control(&control), "ping:a*125");
    cr_expect_eq(ws_session_ping(&session, letters(126), 1, &control), ERROR_INVALID);
    finish();
}

struct close_row {
    uint16_t code;
    struct bytes reason;
    const char *expected; /* NULL: refused */
};

Test(ws_session_close, sends_valid_codes_and_reasons_only)
{
    struct close_row rows[] = {
        {1000, BYTES(""), "close:1000"},
        {1001, BYTES("going"), "close:1001,going"},
        {1005, BYTES(""), "close:"},
        {1005, BYTES("x"), NULL},
        {1006, BYTES(""), NULL},
        {1015, BYTES(""), NULL},
        {0, BYTES(""), NULL},
        {999, BYTES(""), NULL},
        {1004, BYTES(""), NULL},
        {2999, BYTES(""), NULL},
        {3000, BYTES(""), "close:3000"},
        {4999, BYTES(""), "close:4999"},
        {5000, BYTES(""), NULL},
        {1000, letters(123), "close:1000,a*123"},
        {1000, letters(124), NULL},
        {1000, BYTES("\xc3"), NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ws_control control = {.size = 77};
        begin(&not_agreed);
        enum error error = ws_session_close(&session, rows[i].code, rows[i].reason, 1, &control);
        cr_expect_eq(error, rows[i].expected == NULL ? ERROR_INVALID : ERROR_NONE, "row %zu", i);
        if (rows[i].expected != NULL)
            cr_expect_str_eq(say_control(&control), rows[i].expected);
        else
            cr_expect(control.size == 77 && session.state.life == WS_LIFE_OPEN);
        finish();
    }
}

Test(ws_session_close, drops_messages_until_the_client_has_closed_too)
{
    begin(&not_agreed);
    cr_expect_str_eq(take("text-:begun"), "");
    close_with(WS_CLOSE_GOING_AWAY, BYTES("bye"));
    cr_expect_str_eq(take("more:ended | text:a | binary-:b | ping:x | more=99:c"), "PING x");
    cr_expect_eq(session.state.life, WS_LIFE_CLOSING);
    cr_expect_eq(heap.blocks, 0, "what is dropped is not kept");
    cr_expect_str_eq(take("raw:%00*98 | close:1001,bye | text:x"), "CLOSE 1001 bye");
    cr_expect_eq(session.state.life, WS_LIFE_FINISHING);
    cr_expect_not(ws_session_lose(&session, 1), "the end has been told");
    finish();
}

/* An application that closes because of a message may still be reading it. */
Test(ws_session_close, leaves_the_message_alone_that_has_just_come)
{
    static const char *const messages[] = {"text-:Hel | more:lo", "text:Hello",
                                           "text1:%f2%48%cd%c9%c9%07%00"};
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct buffer stream;
        struct ws_event event;
        begin(&forgetting);
        buffer_init(&stream, stream_storage, sizeof stream_storage);
        notation_read(messages[i], &stream);
        struct bytes input = buffer_view(&stream);
        cr_assert(ws_session_receive(&session, &input, 1, &event));
        close_with(WS_CLOSE_NORMAL, BYTES(""));
        cr_expect(bytes_equal(event.bytes, BYTES("Hello")));
        cr_expect_not(ws_session_receive(&session, &input, 1, &event));
        finish();
    }
}

Test(ws_session_close, does_not_measure_what_it_drops)
{
    begin(&not_agreed);
    close_with(WS_CLOSE_NORMAL, BYTES(""));
    cr_expect_str_eq(take("binary:a*100001"), "");
    cr_expect_eq(session.state.life, WS_LIFE_CLOSING);
    finish();
}

Test(ws_session_close, still_refuses_what_is_malformed)
{
    begin(&not_agreed);
    close_with(WS_CLOSE_NORMAL, BYTES(""));
    cr_expect_str_eq(take("text:a | more:b"), "FAILED 1002");
    cr_expect_eq(session.state.life, WS_LIFE_FINISHING);
    finish();
}

Test(ws_session_time_out, closes_a_silent_session_and_gives_up_one_that_does_not_answer)
{
    struct ws_control control;
    begin(&not_agreed);
    cr_expect_eq(ws_session_deadline(&session, &settings), 300 * SECOND_US);
    struct bytes nothing = {NULL, 0};
    struct ws_event event;
    cr_expect_not(ws_session_receive(&session, &nothing, 9, &event));
    cr_expect_eq(ws_session_deadline(&session, &settings), 300 * SECOND_US);
    cr_expect_str_eq(take("pong:"), "PONG");
    cr_expect_eq(ws_session_deadline(&session, &settings), 300 * SECOND_US + 1);
    ws_session_time_out(&session, 400 * SECOND_US, &control);
    cr_expect_str_eq(say_control(&control), "close:1001");
    (void)take("text:a");
    cr_expect_eq(ws_session_deadline(&session, &settings), 405 * SECOND_US);
    ws_session_time_out(&session, 405 * SECOND_US, &control);
    cr_expect_eq(control.size, 0);
    cr_expect_eq(session.state.life, WS_LIFE_CLOSED);
    cr_expect_eq(ws_session_deadline(&session, &settings), NEVER_US);
    cr_expect(ws_session_lose(&session, 405 * SECOND_US), "the application has not been told");
    cr_expect_not(ws_session_lose(&session, 405 * SECOND_US), "and is told once");
    ws_session_time_out(&session, 405 * SECOND_US, &control);
    ws_session_moved(&session, 405 * SECOND_US);
    ws_session_flushed(&session, 405 * SECOND_US);
    cr_expect_eq(session.state.life, WS_LIFE_CLOSED);
    finish();
}

Test(ws_session_flushed, lingers_once_the_last_close_is_out)
{
    begin(&not_agreed);
    ws_session_stall(&session, 1);
    ws_session_flushed(&session, 2);
    cr_expect_eq(session.state.life, WS_LIFE_OPEN);
    cr_expect_str_eq(take("close:1000"), "CLOSE 1000 > close:1000");
    ws_session_flushed(&session, 10);
    cr_expect_eq(session.state.life, WS_LIFE_LINGERING);
    cr_expect_eq(ws_session_deadline(&session, &settings), 2 * SECOND_US + 10);
    cr_expect_str_eq(take("text:a | raw:%ff%ff"), "");
    finish();
}

Test(ws_session, takes_more_at_once_than_is_unmasked_at_once)
{
    begin(&not_agreed);
    cr_expect_str_eq(take("binary:abc*30000 | text:x"), "BINARY abc*30000 | TEXT x");
    cr_expect_str_eq(take("text-:abc*23333 | more:abc*9000"), "TEXT abc*32333");
    finish();
}

/* Idle memory: nothing is held between two messages, nor for a frame that has just begun. */
Test(ws_session, holds_nothing_between_messages)
{
    begin(&forgetting);
    cr_expect_str_eq(take("text-:a*5000 | more:a*5000"), "TEXT a*10000");
    cr_expect_eq(heap.blocks, 0);
    cr_expect_str_eq(take("binary=9:"), "");
    cr_expect_eq(heap.blocks, 0);
    cr_expect_str_eq(take("raw:abc"), "");
    cr_expect_eq(heap.blocks, 1);
    finish();
}

/* Two sessions in the midst of frames and messages do not disturb each other. */
Test(ws_session, shares_without_mixing)
{
    struct ws_session other;
    struct buffer stream;
    begin(&forgetting);
    ws_session_init(&other, &shared, &forgetting, 100, 0);
    cr_expect_str_eq(take("text1-:%f2%48%cd"), "");
    char mine[64];
    char text[64];
    struct buffer words;
    buffer_init(&stream, mine, sizeof mine);
    buffer_init(&words, text, sizeof text);
    notation_read("text1:%f2%48%cd%c9%c9%07%00 | text=5:ab", &stream);
    transcript_take(&other, buffer_view(&stream), &words);
    cr_expect_str_eq(take("more:%c9%c9%07%00 | text=3:xy"), "TEXT Hello");
    buffer_clear(&stream);
    notation_read("raw:%42%59%52", &stream);
    transcript_take(&other, buffer_view(&stream), &words);
    cr_expect(bytes_equal(buffer_view(&words), BYTES("TEXT Hello | TEXT abcde")), "%.*s",
              (int)words.size, words.data);
    cr_expect_str_eq(take("raw:%5b"), "TEXT xyz");
    ws_session_clear(&other);
    finish();
}

/* Nor do two in the midst of a head. */
Test(ws_session, shares_without_mixing_heads)
{
    static char words[256];
    struct ws_session other;
    struct buffer heard;
    begin(&not_agreed);
    ws_session_init(&other, &shared, &not_agreed, 100, 0);
    buffer_init(&heard, words, sizeof words);
    cr_expect_str_eq(take("raw:%82"), "");
    transcript_take(&other, BYTES("\x89\x80\0"), &heard);
    cr_expect_str_eq(take("raw:%81%00%00"), "");
    transcript_take(&other, BYTES("\0\0\0"), &heard);
    cr_expect_str_eq(take("raw:%00%00x"), "BINARY x");
    cr_expect(bytes_equal(buffer_view(&heard), BYTES("PING > pong:")));
    ws_session_clear(&other);
    finish();
}

/* Fragments cost little, but not for ever: as many as there may be, and one more. */
Test(ws_session, bounds_the_fragments_of_a_message)
{
    begin(&not_agreed);
    cr_expect_str_eq(take("text-:"), "");
    for (size_t i = 2; i < WS_FRAGMENTS_MAX; i++)
        cr_assert_str_eq(take("more-:"), "");
    cr_expect_str_eq(take("more:"), "TEXT");
    cr_expect_str_eq(take("text-:"), "");
    for (size_t i = 2; i <= WS_FRAGMENTS_MAX; i++)
        cr_assert_str_eq(take("more-:"), "");
    cr_expect_str_eq(take("more:"), "FAILED 1009 > close:1009");
    finish();
}

/* The memory ends at every call in turn: the session closes with 1011, or goes on. */
Test(ws_session, survives_the_end_of_memory_anywhere)
{
    bool has_failed = false;
    bool goes_well = false;
    for (size_t calls = 0; calls < 200 && !goes_well; calls++) {
        struct ws_frame frame;
        begin(calls % 2 == 0 ? &keeping : &forgetting);
        heap.calls_left = calls;
        const char *first =
            take("text-:a*5000 | more:a*5000 | text1:%4a%4c%1c%05%a3%60%14%0c%77%00%00");
        goes_well = strcmp(first, "TEXT a*10000 | TEXT a*1000") == 0;
        bool fails = strstr(first, "FAILED 1011 > close:1011") != NULL;
        cr_expect(goes_well || fails, "%s", first);
        if (goes_well)
            goes_well = ws_session_send(&session, true, letters(5000), 1, &frame) == ERROR_NONE;
        has_failed = has_failed || fails;
        finish();
        heap.calls_left = SIZE_MAX;
    }
    cr_expect(has_failed && goes_well);
}

/* A control frame needs memory only where it comes in parts. */
Test(ws_session, closes_with_1011_where_a_control_frame_finds_no_memory)
{
    static const struct {
        const char *sent;
        size_t first;
        const char *expected;
    } rows[] = {
        {"ping:abc", 1000, "PING abc > pong:abc"},
        {"ping:abc", 7, "FAILED 1011 > close:1011"},
        {"close:1000,bye", 1000, "CLOSE 1000 bye > close:1000"},
        {"close:1000", 7, "FAILED 1011 > close:1011"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer stream;
        buffer_init(&stream, stream_storage, sizeof stream_storage);
        notation_read(rows[i].sent, &stream);
        begin(&not_agreed);
        heap.calls_left = 0;
        transcript_feed(&session, buffer_view(&stream),
                        (struct cuts){.first = rows[i].first, .rest = 1000}, &said);
        heap.calls_left = SIZE_MAX;
        cr_expect(bytes_equal(buffer_view(&said), bytes_of(rows[i].expected)), "row %zu: %.*s", i,
                  (int)said.size, said.data);
        finish();
    }
}

/* What it holds of a control frame goes with it. */
Test(ws_session, holds_nothing_behind_a_control_frame_in_parts)
{
    struct buffer stream;
    buffer_init(&stream, stream_storage, sizeof stream_storage);
    notation_read("ping:abc | pong:de", &stream);
    begin(&not_agreed);
    transcript_feed(&session, buffer_view(&stream), (struct cuts){.first = 1, .rest = 1}, &said);
    cr_expect(bytes_equal(buffer_view(&said), BYTES("PING abc > pong:abc | PONG de")));
    cr_expect_str_eq(take(""), "");
    cr_expect_eq(heap.blocks, 0);
    finish();
}

/* What could not be compressed for want of memory is not referred to later. */
Test(ws_session_send, forgets_a_message_that_was_not_sent)
{
    struct ws_frame frame;
    begin(&keeping);
    (void)sent(true, letters(100));
    char noise[60000];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        seed = seed * 1664525u + 1013904223u;
        noise[i] = (char)(seed >> 24);
    }
    struct bytes message = {noise, sizeof noise};
    heap.calls_left = 1;
    cr_assert_eq(ws_session_send(&session, false, message, 1, &frame), ERROR_MEMORY);
    heap.calls_left = SIZE_MAX;
    cr_assert_eq(ws_session_send(&session, false, message, 1, &frame), ERROR_NONE);
    struct ws_deflate reader;
    struct bytes back;
    ws_deflate_init(&reader, &forgetting);
    struct ws_deflate_shared other;
    ws_deflate_shared_init(&other, &shared.memory);
    cr_expect_eq(ws_deflate_expand(&reader, &other, frame.payload, 100000, &back), ERROR_NONE);
    cr_expect(bytes_equal(back, message));
    ws_deflate_shared_clear(&other);
    finish();
}
