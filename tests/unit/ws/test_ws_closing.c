/* How a session closes: asked to, in time, and behind what it has said (promise CON-8). */
#include "speaking.h"

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
