/* What a session sends for the server's side (promise CON-8). */
#include "speaking.h"

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
