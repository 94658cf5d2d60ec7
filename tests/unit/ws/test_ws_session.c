/* What a session holds, and when (promise CON-8). */
#include "speaking.h"

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
