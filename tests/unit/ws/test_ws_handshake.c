/* RFC 6455 4.2 and 9.1, RFC 7692 5 and 7.1 (promise CON-8). */
#include "handshake.h"
#include "ws/ws_digest.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define GET "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define WHOLE GET UPGRADE CONNECTION KEY VERSION
#define REST UPGRADE CONNECTION KEY VERSION
#define UPGRADE_REQUIRED                                                                           \
    "426 Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"

static const struct ws_extension_settings usual = {
    .may_compress = true, .server_window_bits_most = 15, .client_window_bits_most = 15};

struct row {
    const char *id;
    const char *meaning;
    const char *head;
    const char *expected;
};

static void check(const struct row *row, bool has_body,
                  const struct ws_extension_settings *settings)
{
    struct ws_handshake handshake;
    char storage[HANDSHAKE_ANSWER_MAX];
    struct buffer answer;
    buffer_init(&answer, storage, sizeof storage);
    handshake_read(bytes_of(row->head), has_body, settings, &handshake);
    handshake_answer(&handshake, &answer);
    cr_expect(bytes_equal(buffer_view(&answer), bytes_of(row->expected)),
              "%s, %s:\n  expected %s\n  got      %.*s", row->id, row->meaning, row->expected,
              (int)answer.size, answer.data);
}

#define CHECK(rows, settings)                                                                      \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                    \
    check(&(rows)[i], false, settings)

static const struct row requests[] = {
    {"WS-6455-4.2.1-1", "a handshake", WHOLE, "101"},
    {"WS-6455-4.2.1-2", "an ordinary request", GET, "plain"},
    {"WS-6455-4.2.1-3", "one that asks for another protocol",
     GET CONNECTION "Upgrade: h2c\r\n" KEY VERSION, "plain"},
    {"WS-6455-4.2.1-4", "HTTP/1.0 (RFC 9110 7.8: ignored)", "GET / HTTP/1.0\r\n" REST, "plain"},
    {"WS-6455-4.2.1-5", "POST", "POST / HTTP/1.1\r\n" REST, "405 Allow: GET\r\n"},
    {"WS-6455-4.2.1-6", "HEAD", "HEAD / HTTP/1.1\r\n" REST, "405 Allow: GET\r\n"},
    {"WS-6455-4.2.1-7", "a method is spelled exactly", "get / HTTP/1.1\r\n" REST,
     "405 Allow: GET\r\n"},
    {"WS-6455-4.2.1-8", "names and words in any case",
     GET "uPGRADE: WebSocket\r\nCONNECTION: uPgRaDe\r\nsec-websocket-KEY: "
         "dGhlIHNhbXBsZSBub25jZQ==\r\nSEC-WEBSOCKET-VERSION: 13\r\n",
     "101"},
    {"WS-6455-4.2.1-9", "Upgrade is a list",
     GET "Upgrade: h2c, websocket\r\n" CONNECTION KEY VERSION, "101"},
    {"WS-6455-4.2.1-10", "in several fields",
     GET "Upgrade: h2c\r\n" UPGRADE "Upgrade: x\r\n" CONNECTION KEY VERSION, "101"},
    {"WS-6455-4.2.1-11", "of whole words", GET "Upgrade: websockets\r\n" CONNECTION KEY VERSION,
     "plain"},
    {"WS-6455-4.2.1-12", "without a version",
     GET "Upgrade: websocket/13\r\n" CONNECTION KEY VERSION, "plain"},
    {"WS-6455-4.2.1-13", "Connection is a list",
     GET UPGRADE "Connection: keep-alive,\tUpgrade ,x\r\n" KEY VERSION, "101"},
    {"WS-6455-4.2.1-14", "in several fields",
     GET UPGRADE "Connection: keep-alive\r\n" CONNECTION KEY VERSION, "101"},
    {"WS-6455-4.2.1-15", "without Upgrade", GET UPGRADE "Connection: keep-alive\r\n" KEY VERSION,
     "400"},
    {"WS-6455-4.2.1-16", "not there at all", GET UPGRADE KEY VERSION, "400"},
    {"WS-6455-4.2.1-17", "of whole words, too",
     GET UPGRADE "Connection: Upgrade-Insecure\r\n" KEY VERSION, "400"},
    {"WS-6455-4.2.1-18", "no key", GET UPGRADE CONNECTION VERSION, "400"},
    {"WS-6455-4.2.1-19", "an empty key", GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key:\r\n",
     "400"},
    {"WS-6455-4.2.1-20", "two keys", WHOLE KEY, "400"},
    {"WS-6455-4.2.1-21", "a key of 15 bytes",
     GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", "400"},
    {"WS-6455-4.2.1-22", "of 17",
     GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=\r\n", "400"},
    {"WS-6455-4.2.1-23", "without padding",
     GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", "400"},
    {"WS-6455-4.2.1-24", "in the alphabet for URLs",
     GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-_==\r\n", "400"},
    {"WS-6455-4.2.1-25", "with a blank inside",
     GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSB ub25jZ==\r\n", "400"},
    {"WS-6455-4.2.1-26", "with blanks around",
     GET UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: \t dGhlIHNhbXBsZSBub25jZQ== \t\r\n", "101"},
    {"WS-6455-4.4-1", "version 8", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n",
     UPGRADE_REQUIRED},
    {"WS-6455-4.4-2", "version 0", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 0\r\n",
     UPGRADE_REQUIRED},
    {"WS-6455-4.4-3", "version 255", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 255\r\n",
     UPGRADE_REQUIRED},
    {"WS-6455-4.4-4", "version 256", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 256\r\n",
     "400"},
    {"WS-6455-4.4-5", "version 013", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 013\r\n",
     "400"},
    {"WS-6455-4.4-6", "no number", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: x\r\n",
     "400"},
    {"WS-6455-4.4-7", "a list", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 13, 8\r\n",
     "400"},
    {"WS-6455-4.4-8", "two fields", WHOLE VERSION, "400"},
    {"WS-6455-4.4-9", "none, as in the drafts", GET UPGRADE CONNECTION, UPGRADE_REQUIRED},
    {"WS-6455-4.4-10", "an empty one", GET UPGRADE CONNECTION KEY "Sec-WebSocket-Version:\r\n",
     "400"},
    {"WS-6455-4.1-1", "subprotocols", WHOLE "Sec-WebSocket-Protocol: chat, superchat\r\n", "101"},
    {"WS-6455-4.1-2", "one twice", WHOLE "Sec-WebSocket-Protocol: chat, chat\r\n", "400"},
    {"WS-6455-4.1-3", "one twice in two fields",
     WHOLE "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: x, chat\r\n", "400"},
    {"WS-6455-4.1-4", "in another case it is another",
     WHOLE "Sec-WebSocket-Protocol: chat, Chat\r\n", "101"},
    {"WS-6455-4.1-5", "one that is no token", WHOLE "Sec-WebSocket-Protocol: chat room\r\n", "400"},
    {"WS-6455-4.1-6", "empty elements are nothing",
     WHOLE "Sec-WebSocket-Protocol: , chat,, x ,\r\nSec-WebSocket-Protocol:\r\n", "101"},
};

Test(ws_handshake, accepts_and_refuses_requests)
{
    CHECK(requests, &usual);
}

Test(ws_handshake, has_no_body)
{
    static const struct row row = {"WS-6455-4.2.1-30", "bytes that are no frames", WHOLE, "400"};
    check(&row, true, &usual);
}

#define FORGETTING "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
#define OFFER(text) WHOLE "Sec-WebSocket-Extensions: " text "\r\n"

static const struct row offers[] = {
    {"WS-7692-5.1-1", "an offer", OFFER("permessage-deflate"), "101 [" FORGETTING "]"},
    {"WS-7692-5.1-2", "as browsers make it", OFFER("permessage-deflate; client_max_window_bits"),
     "101 [" FORGETTING "]"},
    {"WS-7692-5.1-3", "none", OFFER(""), "101"},
    {"WS-7692-5.1-4", "another extension", OFFER("x-webkit-deflate-frame"), "101"},
    {"WS-7692-5.1-5", "names are compared exactly", OFFER("Permessage-Deflate"), "101"},
    {"WS-7692-5.1-6", "the first that can be taken",
     OFFER("foo, permessage-deflate; bar, permessage-deflate; server_max_window_bits=10, "
           "permessage-deflate"),
     "101 [" FORGETTING "; server_max_window_bits=10]"},
    {"WS-7692-5.1-7", "in a second field",
     OFFER("foo; a=1; b=\"x\"") "Sec-WebSocket-Extensions: permessage-deflate\r\n",
     "101 [" FORGETTING "]"},
    {"WS-7692-7.1-1", "an unknown parameter declines", OFFER("permessage-deflate; x"), "101"},
    {"WS-7692-7.1-2", "one that stands twice",
     OFFER("permessage-deflate; client_max_window_bits; client_max_window_bits=10"), "101"},
    {"WS-7692-7.1-3", "another one twice",
     OFFER("permessage-deflate; server_no_context_takeover; server_no_context_takeover"), "101"},
    {"WS-7692-7.1.1.1-1", "a server that is to forget",
     OFFER("permessage-deflate; server_no_context_takeover"), "101 [" FORGETTING "]"},
    {"WS-7692-7.1.1.1-2", "with a value", OFFER("permessage-deflate; server_no_context_takeover=1"),
     "101"},
    {"WS-7692-7.1.1.2-10", "a client that may forget",
     OFFER("permessage-deflate; client_no_context_takeover"), "101 [" FORGETTING "]"},
    {"WS-7692-7.1.1.2-11", "with a value",
     OFFER("permessage-deflate; client_no_context_takeover=\"true\""), "101"},
    {"WS-7692-7.1.2.1-1", "a window for the server",
     OFFER("permessage-deflate; server_max_window_bits=12"),
     "101 [" FORGETTING "; server_max_window_bits=12]"},
    {"WS-7692-7.1.2.1-2", "the largest", OFFER("permessage-deflate; server_max_window_bits=15"),
     "101 [" FORGETTING "; server_max_window_bits=15]"},
    {"WS-7692-7.1.2.1-3", "the smallest that zlib has",
     OFFER("permessage-deflate; server_max_window_bits=9"),
     "101 [" FORGETTING "; server_max_window_bits=9]"},
    {"WS-7692-7.1.2.1-4", "the smallest, which it has not",
     OFFER("permessage-deflate; server_max_window_bits=8"), "101"},
    {"WS-7692-7.1.2.1-5", "7", OFFER("permessage-deflate; server_max_window_bits=7"), "101"},
    {"WS-7692-7.1.2.1-6", "16", OFFER("permessage-deflate; server_max_window_bits=16"), "101"},
    {"WS-7692-7.1.2.1-7", "09", OFFER("permessage-deflate; server_max_window_bits=09"), "101"},
    {"WS-7692-7.1.2.1-8", "without a value", OFFER("permessage-deflate; server_max_window_bits"),
     "101"},
    {"WS-7692-7.1.2.1-9", "10.0", OFFER("permessage-deflate; server_max_window_bits=10.0"), "101"},
    {"WS-7692-7.1.2.1-10", "a very long one",
     OFFER("permessage-deflate; server_max_window_bits=10000000000000000000000"), "101"},
    {"WS-7692-7.1.2.1-11", "in quotation marks",
     OFFER("permessage-deflate; server_max_window_bits=\"10\""),
     "101 [" FORGETTING "; server_max_window_bits=10]"},
    {"WS-7692-7.1.2.1-12", "with escapes in them",
     OFFER("permessage-deflate; server_max_window_bits=\"\\1\\0\""),
     "101 [" FORGETTING "; server_max_window_bits=10]"},
    {"WS-7692-7.1.2.1-13", "blanks where they may be",
     OFFER(" permessage-deflate\t;  server_max_window_bits = 10 , x ; y = \"z\" ,"),
     "101 [" FORGETTING "; server_max_window_bits=10]"},
    {"WS-7692-7.1.2.2-1", "a window for the client",
     OFFER("permessage-deflate; client_max_window_bits=10"),
     "101 [" FORGETTING "; client_max_window_bits=10]"},
    {"WS-7692-7.1.2.2-2", "the smallest", OFFER("permessage-deflate; client_max_window_bits=8"),
     "101 [" FORGETTING "; client_max_window_bits=8]"},
    {"WS-7692-7.1.2.2-3", "the largest", OFFER("permessage-deflate; client_max_window_bits=15"),
     "101 [" FORGETTING "]"},
    {"WS-7692-7.1.2.2-4", "an empty value",
     OFFER("permessage-deflate; client_max_window_bits=\"\""), "400"},
    {"WS-7692-7.1.2.2-5", "7", OFFER("permessage-deflate; client_max_window_bits=7"), "101"},
    {"WS-7692-7.1.3-1", "all four",
     OFFER("permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
           "server_max_window_bits=10; client_max_window_bits=11"),
     "101 [" FORGETTING "; server_max_window_bits=10; client_max_window_bits=11]"},
    {"WS-7692-7.1.3-2", "a second offer without what is not understood",
     OFFER("permessage-deflate; server_max_window_bits=8, permessage-deflate"),
     "101 [" FORGETTING "]"},
    {"WS-6455-9.1-1", "no name", OFFER("; x"), "400"},
    {"WS-6455-9.1-2", "no parameter", OFFER("permessage-deflate;"), "400"},
    {"WS-6455-9.1-3", "no value", OFFER("permessage-deflate; server_max_window_bits="), "400"},
    {"WS-6455-9.1-4", "two words", OFFER("permessage-deflate x"), "400"},
    {"WS-6455-9.1-5", "a quotation mark that is never closed", OFFER("x; y=\"z"), "400"},
    {"WS-6455-9.1-6", "nor its escape", OFFER("x; y=\"z\\"), "400"},
    {"WS-6455-9.1-7", "what is no token in quotation marks", OFFER("x; y=\"a b\""), "400"},
    {"WS-6455-9.1-8", "something behind them", OFFER("x; y=\"a\"b"), "400"},
    {"WS-6455-9.1-9", "malformed behind a good one", OFFER("permessage-deflate, @"), "400"},
};

Test(ws_handshake, negotiates_compression)
{
    CHECK(offers, &usual);
}

static const struct row keeping_offers[] = {
    {"WS-7692-7.1.1-1", "both keep", OFFER("permessage-deflate"), "101 [permessage-deflate]"},
    {"WS-7692-7.1.1-2", "the server may not",
     OFFER("permessage-deflate; server_no_context_takeover"),
     "101 [permessage-deflate; server_no_context_takeover]"},
    {"WS-7692-7.1.1-3", "the client does not want to",
     OFFER("permessage-deflate; client_no_context_takeover"),
     "101 [permessage-deflate; client_no_context_takeover]"},
};

Test(ws_handshake, keeps_a_context_where_that_is_set_and_allowed)
{
    struct ws_extension_settings settings = usual;
    settings.may_keep_context = true;
    CHECK(keeping_offers, &settings);
}

static const struct row small_offers[] = {
    {"WS-7692-7.1.2-1", "the server says its own", OFFER("permessage-deflate"),
     "101 [" FORGETTING "; server_max_window_bits=11]"},
    {"WS-7692-7.1.2-2", "and the client's where that is allowed",
     OFFER("permessage-deflate; client_max_window_bits"),
     "101 [" FORGETTING "; server_max_window_bits=11; client_max_window_bits=12]"},
    {"WS-7692-7.1.2-3", "the smaller one counts",
     OFFER("permessage-deflate; client_max_window_bits=9; server_max_window_bits=15"),
     "101 [" FORGETTING "; server_max_window_bits=11; client_max_window_bits=9]"},
};

Test(ws_handshake, sets_smaller_windows)
{
    struct ws_extension_settings settings = usual;
    settings.server_window_bits_most = 11;
    settings.client_window_bits_most = 12;
    CHECK(small_offers, &settings);
}

Test(ws_handshake, declines_compression_where_it_is_not_wanted)
{
    static const struct row row = {"WS-7692-5.1-10", "declined", OFFER("permessage-deflate"),
                                   "101"};
    struct ws_extension_settings settings = usual;
    settings.may_compress = false;
    check(&row, false, &settings);
}

/* RFC 6455 1.3, 4.2.2: the example. */
Test(ws_handshake_write, writes_the_fields_of_the_answer)
{
    struct ws_handshake handshake;
    char storage[512];
    struct buffer out;
    buffer_init(&out, storage, sizeof storage);
    handshake_read(BYTES(WHOLE "Sec-WebSocket-Protocol: chat, superchat\r\n"
                               "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                   false, &usual, &handshake);
    cr_expect_eq(ws_handshake_write(&handshake, BYTES("other"), &out), ERROR_INVALID);
    cr_expect_eq(ws_handshake_write(&handshake, BYTES("Chat"), &out), ERROR_INVALID);
    cr_expect_eq(out.size, 0);
    cr_assert_eq(ws_handshake_write(&handshake, BYTES("superchat"), &out), ERROR_NONE);
    cr_expect(bytes_equal(buffer_view(&out),
                          BYTES("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                "Sec-WebSocket-Protocol: superchat\r\n"
                                "Sec-WebSocket-Extensions: " FORGETTING "\r\n")),
              "%.*s", (int)out.size, out.data);
    size_t size = out.size;
    for (size_t capacity = 0; capacity < size; capacity++) {
        buffer_init(&out, storage, capacity);
        cr_expect_eq(ws_handshake_write(&handshake, BYTES("superchat"), &out), ERROR_FULL);
        cr_expect_eq(out.size, 0);
    }
}

Test(ws_handshake, knows_what_is_offered_up_to_its_bounds)
{
    struct ws_handshake handshake;
    struct ws_refusal refusal;
    char names[WS_PROTOCOLS_MAX + 1][16];
    handshake_read(BYTES(WHOLE), false, &usual, &handshake);
    for (uint32_t i = 0; i <= WS_PROTOCOLS_MAX; i++) {
        cr_expect_eq(ws_handshake_judge(&handshake, &refusal), WS_VERDICT_VALID);
        (void)snprintf(names[i], sizeof names[i], "p%u", i);
        cr_expect_not(ws_handshake_offers(&handshake, bytes_of(names[i])));
        ws_handshake_read(&handshake, BYTES("Sec-WebSocket-Protocol"), bytes_of(names[i]), &usual);
        cr_expect_eq(ws_handshake_offers(&handshake, bytes_of(names[i])), i < WS_PROTOCOLS_MAX);
    }
    cr_expect_eq(ws_handshake_judge(&handshake, &refusal), WS_VERDICT_REFUSED);
    handshake_read(BYTES(WHOLE), false, &usual, &handshake);
    for (uint32_t i = 0; i <= WS_OFFERS_MAX; i++) {
        cr_expect_eq(ws_handshake_judge(&handshake, &refusal), WS_VERDICT_VALID);
        ws_handshake_read(&handshake, BYTES("Sec-WebSocket-Extensions"), BYTES("x"), &usual);
    }
    cr_expect_eq(ws_handshake_judge(&handshake, &refusal), WS_VERDICT_REFUSED);
}
