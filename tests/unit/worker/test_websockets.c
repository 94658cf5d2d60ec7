/* WebSockets are opened, or refused. */
#include "client.h"
#include "served.h"
#include "talk.h"

#include "base/limits.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    static char path[1024];
    served_open();
    settings = served_settings();
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
}

TestSuite(websockets, .init = begin, .fini = served_close);

/* Promise CON-8; RFC 6455 4.2.2 */
Test(websockets, are_opened_and_closed)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:Hello", 1, "text:Hello");
    TALK(fd, "binary:%00%ff", 1, "binary:%00%ff");
    talk_send(fd, "close:1000,bye");
    cr_expect_str_eq(talk_rest(fd), "close:1000");
    served_await(&served->closed, 1);
    cr_expect_eq(served->close_code, 1000);
    served_expect_good_end();
    cr_expect(strstr(folder_read("access"), "\"GET /ws HTTP/1.1\" 101 0 ") != NULL ||
                  strstr(folder_read("access"), "\"GET /ws HTTP/1.1\" 101 - ") != NULL,
              "%s", folder_read("access"));
}

/* RFC 6455 4.1: a client may not, but nothing is lost of one that does. */
Test(websockets, take_frames_that_come_with_the_opening)
{
    served_start(&settings);
    struct bytes whole = talk_bytes(OPENING("/ws"), "text:one | text-:t | ping:p | more:wo");
    char copy[1024];
    memcpy(copy, whole.data, whole.size);
    for (size_t cut = 1; cut <= whole.size; cut += cut < 180 && cut > 3 ? 29 : 1) {
        int fd = client_connect();
        client_send_bytes(fd, copy, cut);
        client_send_bytes(fd, copy + cut, whole.size - cut);
        cr_expect(client_has(client_until(fd, "\r\n\r\n"), " 101 "), "cut at %zu", cut);
        cr_expect_str_eq(talk_read(fd, 3), "text:one | pong:p | text:two");
        talk_send(fd, "close:");
        cr_expect_str_eq(talk_rest(fd), "close:");
    }
    served_expect_good_end();
}

/* RFC 6455 4.2.1, 4.4; RFC 9110 7.8, 15.5.22 */
Test(websockets, are_refused_by_the_server_where_the_opening_is_wrong)
{
    static const struct {
        const char *head;
        const char *status;
        const char *field;
        bool closes;
    } rows[] = {
        {"POST /ws HTTP/1.1\r\n" TALK_FIELDS "\r\n", "405", "\r\nAllow: GET\r\n", false},
        {"HEAD /ws HTTP/1.1\r\n" TALK_FIELDS "\r\n", "405", "\r\nAllow: GET\r\n", false},
        {"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n", "400", "", true},
        {"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "426",
         "\r\nSec-WebSocket-Version: 13\r\n", false},
        {"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 8\r\n" TALK_KEY "\r\n",
         "426", "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", false},
        {"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
         "400", "", true},
        {OPENING_WITH("/ws", "Sec-WebSocket-Extensions: ;;\r\n"), "400", "", true},
        {OPENING_WITH("/ws", "Sec-WebSocket-Protocol: a, a\r\n"), "400", "", true},
        {OPENING_WITH("/ws", "Content-Length: 1\r\n") "x", "400", "", true},
    };
    served_start(&settings);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = client_connect();
        client_send(fd, rows[i].head);
        const char *answer = i == 1 ? client_until(fd, "\r\n\r\n") : client_answer(fd);
        cr_expect_eq(strncmp(answer + 9, rows[i].status, 3), 0, "row %zu: %s", i, answer);
        cr_expect(client_has(answer, rows[i].field), "row %zu: %s", i, answer);
        cr_expect_eq(client_has(answer, "\r\nConnection: close\r\n"), rows[i].closes, "row %zu: %s",
                     i, answer);
        if (!rows[i].closes)
            client_expect_body(client_ask(fd, GET("/number")), "200", "2");
        (void)close(fd);
    }
    cr_expect_eq(served->opened, 0);
    served_expect_good_end();
}

Test(websockets, are_refused_by_the_application)
{
    served_start(&settings);
    int fd = client_connect();
    client_expect_body(client_ask(fd, OPENING("/ws-no")), "403", "no");
    client_expect_body(client_ask(fd, OPENING("/ws-nothing")), "500",
                       "The application did not answer\n");
    client_expect_body(client_ask(fd, OPENING("/ws-unoffered")), "500",
                       "The application's answer was not valid\n");
    client_expect_body(client_ask(fd, GET("/number")), "200", "4");
    (void)close(fd);
    served_await_log("chose \"cat\" for /ws-unoffered, which is not offered");
    served_expect_good_end();
}

static void reply_plainly(void *state, struct toad_request *request)
{
    (void)state;
    bool can = toad_ws_offers(request, "chat") ||
               toad_ws_accept(request, &(struct toad_ws_callbacks){.struct_size = 8}, NULL) != NULL;
    toad_reply(request, 200, NULL, can ? "yes" : "plain", can ? 3 : 5);
}

/* RFC 9110 7.8: who knows no Upgrade answers as if nobody had asked. */
Test(websockets, are_plain_requests_for_an_application_that_knows_none)
{
    static const struct toad_app plain = {TOAD_APP_HEADER, .name = "plain",
                                          .request = reply_plainly};
    settings.app = &plain;
    served_start(&settings);
    client_expect_body(client_ask_once(OPENING("/ws")), "200", "plain");
    client_expect_body(client_ask_once("GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n"),
                       "200", "plain");
    served_await_log("accepted /ws, which opens no WebSocket");
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Promise APP-3 */
Test(websockets, are_accepted_later)
{
    served_start(&settings);
    int fd = client_connect();
    struct bytes whole = talk_bytes(OPENING("/ws-later"), "text:early");
    client_send_bytes(fd, whole.data, whole.size);
    cr_expect(client_has(client_until(fd, "\r\n\r\n"), " 101 "));
    cr_expect_str_eq(talk_read(fd, 1), "text:early");
    TALK(fd, "text:then", 1, "text:then");
    talk_send(fd, "close:1000");
    cr_expect_str_eq(talk_rest(fd), "close:1000");
    cr_expect_eq(served->aborts, 0);
    served_expect_good_end();
}

/* Promise APP-3 */
Test(websockets, are_not_accepted_for_a_client_that_has_gone)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, OPENING("/ws-too-late"));
    served_await(&served->keeping, 1);
    client_reset(fd);
    served_await(&served->due, 1);
    cr_expect_eq(served->aborts, 1);
    cr_expect_eq(served->opened, 0);
    served_expect_good_end();
}

/* Promise APP-3: the application has not forgotten what it was told that it cannot have. */
Test(websockets, are_not_accepted_where_the_connection_has_just_broken)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, OPENING("/ws-broken"));
    cr_expect_str_eq(client_rest(fd), "");
    (void)close(fd);
    served_expect_good_end();
    cr_expect_eq(served_count_log("without an answer"), 0);
}

/* RFC 6455 4.2.2 (5) */
Test(websockets, speak_a_subprotocol_that_is_offered)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, OPENING_WITH("/ws-chat", "Sec-WebSocket-Protocol: x, chat\r\n"));
    const char *answer = client_until(fd, "\r\n\r\n");
    cr_expect(client_has(answer, "\r\nSec-WebSocket-Protocol: chat\r\n"), "%s", answer);
    cr_expect(client_has(answer, "\r\nX-Added: yes\r\n"), "%s", answer);
    cr_expect(client_has(answer, "\r\nDate: "), "%s", answer);
    cr_expect(!client_has(answer, "own"), "%s", answer);
    (void)close(fd);
    answer = client_ask_once(OPENING("/ws-chat"));
    cr_expect(client_has(answer, " 101 ") && !client_has(answer, "Protocol: "), "%s", answer);
    served_expect_good_end();
}

/* The request can be read as long as the connection lives, and goes with it. */
Test(websockets, know_the_request_that_opened_them)
{
    served_start(&settings);
    int fd = talk_open(OPENING_WITH("/ws?a=b", "X-Color: green\r\n"));
    client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
    TALK(fd, "text:!r", 1, "text:GET /ws b green 127.0.0.1 127.0.0.1 1");
    TALK(fd, "text:!t", 1, "text:none none none none");
    (void)close(fd);
    fd = talk_open(OPENING("/ws-data"));
    cr_expect_eq(served->destroyed, 0);
    (void)close(fd);
    served_await(&served->destroyed, 1);
    served_expect_good_end();
}

/* Promises WRK-10, WRK-11 */
Test(websockets, are_connections_that_count)
{
    settings.limits.clients = 1;
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    int second = client_connect();
    client_send(second, GET("/number"));
    TALK(fd, "text:x", 1, "text:x");
    cr_expect_eq(served->opened, 1);
    talk_send(fd, "close:");
    cr_expect_str_eq(talk_rest(fd), "close:");
    client_expect_body(client_answer(second), "200", "1");
    (void)close(second);
    served_expect_good_end();
}

Test(websockets, follow_other_requests_of_the_connection)
{
    served_start(&settings);
    int fd = client_connect();
    struct bytes whole = talk_bytes(GET("/soon") OPENING("/ws-greets"), "text:x");
    client_send_bytes(fd, whole.data, whole.size);
    cr_expect(client_has(client_answer(fd), " 200 "));
    cr_expect(client_has(client_until(fd, "\r\n\r\n"), " 101 "));
    cr_expect_str_eq(talk_read(fd, 2), "text:welcome | text:x");
    (void)close(fd);
    served_expect_good_end();
}
