/* RFC 7692 6 and 7.2: compressed messages (promise CON-8). */
#include "rows.h"

#define BAD "FAILED 1002 > close:1002"
#define NOT_UTF8 "FAILED 1007 > close:1007"
#define MALFORMED "FAILED 1007 > close:1007"
#define HELLO "%f2%48%cd%c9%c9%07%00"

static const struct ws_deflate_terms forgetting = {
    .is_agreed = true, .server_window_bits = 15, .client_window_bits = 15};
static const struct ws_deflate_terms keeping = {.is_agreed = true,
                                                .server_keeps_context = true,
                                                .client_keeps_context = true,
                                                .server_window_bits = 15,
                                                .client_window_bits = 15};

static const struct row both[] = {
    {"WS-7692-7.2.3.1-1", "one compressed block", "text1:" HELLO, "TEXT Hello"},
    {"WS-7692-7.2.3.1-2", "in fragments", "text1-:%f2%48%cd | more:%c9%c9%07%00", "TEXT Hello"},
    {"WS-7692-7.2.3.3-1", "a block with no compression", "text1:%00%05%00%fa%ff%48%65%6c%6c%6f%00",
     "TEXT Hello"},
    {"WS-7692-7.2.3.4-1", "a block with BFINAL", "text1:%f3%48%cd%c9%c9%07%00%00", "TEXT Hello"},
    {"WS-7692-7.2.3.4-2", "and nothing behind it", "text1:%f3%48%cd%c9%c9%07%00", "TEXT Hello"},
    {"WS-7692-7.2.3.5-1", "two blocks in one message",
     "text1:%f2%48%05%00%00%00%ff%ff%ca%c9%c9%07%00", "TEXT Hello"},
    {"WS-7692-7.2.3.6-1", "an empty message", "text1:%00", "TEXT"},
    {"WS-7692-7.2.3.6-2", "made of no byte at all", "text1:", "TEXT"},
    {"WS-7692-6-1", "a message that is not compressed", "text:Hello", "TEXT Hello"},
    {"WS-7692-6-2", "one after the other", "text:a | text1:" HELLO " | binary:b",
     "TEXT a | TEXT Hello | BINARY b"},
    {"WS-7692-6-3", "a continuation says it is compressed", "text1-:%f2%48 | more1:%cd%c9%c9%07%00",
     BAD},
    {"WS-7692-6-4", "a ping does", "ping1:x", BAD},
    {"WS-7692-6-5", "a pong does", "pong1:", BAD},
    {"WS-7692-6-6", "a close does", "close1:1000", BAD},
    {"WS-7692-6-7", "RSV2 is still reserved", "text2:x", BAD},
    {"WS-7692-6-8", "with RSV1, too", "text12:" HELLO, BAD},
    {"WS-7692-6-9", "a ping between compressed fragments",
     "text1-:%f2%48 | ping:x | more:%cd%c9%c9%07%00", "PING x > pong:x | TEXT Hello"},
    {"WS-7692-6-10", "a compressed frame inside a message", "text-:a | text1:" HELLO, BAD},
    {"WS-7692-7.2.2-1", "no block at all", "binary1:%ff%ff%ff%ff", MALFORMED},
    {"WS-7692-7.2.2-2", "a block that is cut", "binary1:%f2%48%cd%c9", MALFORMED},
    {"WS-7692-7.2.2-3", "a stored block that is cut", "binary1:%00%05%00%fa%ff%48%65", MALFORMED},
    {"WS-7692-7.2.2-4", "a stored block with a wrong length",
     "binary1:%00%05%00%fa%fe%48%65%6c%6c%6f", MALFORMED},
    {"WS-7692-7.2.2-5", "a distance to nowhere", "binary1:%02%03%02%00", MALFORMED},
    {"WS-7692-7.2.2-6", "what follows a malformed message is not read",
     "binary1:%ff%ff%ff%ff | text:a", MALFORMED},
    {"WS-7692-7.2.2-7", "the end of a flush may be left in",
     "text1:%f2%48%cd%c9%c9%07%00%00%00%ff%ff%00", "TEXT Hello"},
    {"WS-6455-8.1-60", "a compressed text that is not UTF-8", "text1:%fa%0f%00", NOT_UTF8},
    {"WS-6455-8.1-61", "as a binary message it is fine", "binary1:%fa%0f%00", "BINARY %ff"},
};

Test(rfc7692_7_2, inflates_messages)
{
    ROWS_CHECK(both, &forgetting);
    ROWS_CHECK(both, &keeping);
}

static const struct row with_context[] = {
    {"WS-7692-7.2.3.2-1", "a message that refers to the one before",
     "text1:" HELLO " | text1:%f2%00%11%00%00", "TEXT Hello | TEXT Hello"},
    {"WS-7692-7.2.3.2-2", "across one that is not compressed",
     "text1:" HELLO " | text:between | text1:%f2%00%11%00%00",
     "TEXT Hello | TEXT between | TEXT Hello"},
    {"WS-7692-7.2.3.2-3", "across one with BFINAL",
     "text1:%f3%48%cd%c9%c9%07%00%00 | text1:%f2%00%11%00%00", "TEXT Hello | TEXT Hello"},
};

Test(rfc7692_7_2_3_2, shares_the_window_between_messages)
{
    ROWS_CHECK(with_context, &keeping);
}

static const struct row without_context[] = {
    {"WS-7692-7.1.1.2-1", "a reference to a window that is gone",
     "text1:" HELLO " | text1:%f2%00%11%00%00", "TEXT Hello | " MALFORMED},
    {"WS-7692-7.1.1.2-2", "after one with BFINAL, too",
     "text1:%f3%48%cd%c9%c9%07%00 | text1:%f2%00%11%00%00", "TEXT Hello | " MALFORMED},
};

Test(rfc7692_7_1_1_2, forgets_the_window_where_that_is_agreed)
{
    ROWS_CHECK(without_context, &forgetting);
}

/* 1000 and 1001 times the letter a. */
#define A1000 "%4a%4c%1c%05%a3%60%14%0c%77%00%00"
#define A1001 "%4a%4c%1c%05%a3%60%14%0c%7b%00%00"

static const struct row bombs[] = {
    {"WS-7692-8-1", "as much as a message may have", "text1:" A1000, "TEXT a*1000"},
    {"WS-7692-8-2", "one byte more", "text1:" A1001, "FAILED 1009 > close:1009"},
    {"WS-7692-8-3", "the compressed bytes are bounded, too", "binary1=5200:a",
     "FAILED 1009 > close:1009"},
    {"WS-7692-8-4", "a stream that ends again and again", "binary1:%03%00*1000", "BINARY"},
};

Test(rfc7692_8, caps_what_is_inflated)
{
    ROWS_CHECK(bombs, &forgetting);
    ROWS_CHECK(bombs, &keeping);
}
