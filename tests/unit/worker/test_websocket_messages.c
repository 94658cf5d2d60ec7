/* What goes over a WebSocket. */
#include "client.h"
#include "served.h"
#include "talk.h"

#include "base/limits.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
}

TestSuite(websocket_messages, .init = begin, .fini = served_close);

static void close_well(int fd)
{
    talk_send(fd, "close:1000");
    cr_expect_str_eq(talk_rest(fd), "close:1000");
}

/* RFC 6455 5.4, 5.5 */
Test(websocket_messages, are_put_together)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    TALK(fd, "text-:a | more-:b | ping:p | more:c", 2, "pong:p | text:abc");
    TALK(fd, "binary:x*70000", 1, "binary:x*70000");
    TALK(fd, "binary-:xy*40000 | more:xy*40000", 1, "binary:xy*80000");
    TALK(fd, "text:", 1, "text:");
    TALK(fd, "pong:unasked | text:x", 1, "text:x");
    close_well(fd);
    served_expect_good_end();
}

/* RFC 7692 */
Test(websocket_messages, are_compressed_where_both_want_it)
{
    served_start(&settings);
    int fd = talk_open(OPENING_WITH("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    /* "Hello" (RFC 7692 7.2.3.1) */
    TALK(fd, "text1:%f2%48%cd%c9%c9%07%00", 1, "text:Hello");
    talk_send(fd, "text:x*1000");
    const char *said = talk_read(fd, 1);
    cr_expect_eq(strncmp(said, "text1:", 6), 0, "%s", said);
    close_well(fd);
    served_expect_good_end();
}

Test(websocket_messages, are_not_compressed_if_the_setting_says_so)
{
    settings.websocket_extension.may_compress = false;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, OPENING_WITH("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    const char *answer = client_until(fd, "\r\n\r\n");
    cr_expect(client_has(answer, " 101 ") && !client_has(answer, "Extensions"), "%s", answer);
    TALK(fd, "text:x*1000", 1, "text:x*1000");
    close_well(fd);
    served_expect_good_end();
}

/* Promise CON-8 */
Test(websocket_messages, end_the_connection_where_they_break_a_rule)
{
    static const struct {
        const char *sent;
        const char *answer;
        unsigned code;
    } rows[] = {
        {"text:%ff", "close:1007", 1007},
        {"textu:x", "close:1002", 1002},
        {"op3:x", "close:1002", 1002},
        {"more:x", "close:1002", 1002},
        {"ping-:x", "close:1002", 1002},
        {"close:9", "close:1002", 1002},
        {"close:999,", "close:1002", 1002},
        {"binary:x*2001", "close:1009", 1009},
        {"binary=2001:", "close:1009", 1009},
        {"text-:x*1500 | more:x*501", "close:1009", 1009},
        {"text:a | op3:x", "text:a | close:1002", 1002},
    };
    settings.websocket_max_bytes = 2000;
    settings.websocket.linger_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = talk_open(OPENING("/ws"));
        talk_send(fd, rows[i].sent);
        /* Of the frame whose head claims too much one byte must come. */
        client_send(fd, "x");
        cr_expect_str_eq(talk_rest(fd), rows[i].answer, "%s", rows[i].sent);
        served_await(&served->closed, i + 1);
        cr_expect_eq(served->close_code, rows[i].code, "%s", rows[i].sent);
    }
    served_expect_good_end();
}

Test(websocket_messages, come_from_outside_of_the_connection_as_well)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    int other = talk_open(OPENING("/ws"));
    TALK(fd, "text:!l", 1, "text:later");
    talk_send(fd, "text:!o | text:x");
    cr_expect_str_eq(talk_read(other, 1), "text:from another");
    cr_expect_str_eq(talk_read(fd, 1), "text:x");
    TALK(fd, "text:!p", 1, "ping:hi");
    close_well(fd);
    close_well(other);
    served_expect_good_end();
}

/* Promise CON-7 */
Test(websocket_messages, wait_in_bounds_for_a_slow_client)
{
    served_start(&settings);
    int fd = talk_open_over(client_connect_narrow(), OPENING("/ws"));
    talk_send(fd, "text:!f 300");
    served_await(&served->shorts, 1);
    cr_expect_lt(served->taken, 2 * STREAM_WAITING_MAX);
    for (unsigned i = 0; i < 300; i++)
        cr_assert_eq(strncmp(talk_read(fd, 1), "binary:", 7), 0, "message %u", i);
    cr_expect_str_eq(talk_read(fd, 1), "text:done");
    cr_expect_gt(served->writables, 0);
    close_well(fd);
    served_expect_good_end();
}

/* Each asks for more than it is itself; none finds that there is no room for its answer. */
static void ask_for_much(int fd)
{
    struct bytes order = talk_bytes("", "text:!b");
    char orders[4096];
    size_t size = 0;
    for (; size + order.size <= sizeof orders; size += order.size)
        memcpy(orders + size, order.data, order.size);
    client_send_bytes(fd, orders, size);
    for (size_t i = 0; i < size / order.size; i++)
        cr_assert_eq(strncmp(talk_read(fd, 1), "binary:", 7), 0, "message %zu", i);
    close_well(fd);
    served_expect_good_end();
}

Test(websocket_messages, are_taken_up_one_by_one_as_their_answers_are_taken)
{
    served_start(&settings);
    ask_for_much(talk_open_over(client_connect_narrow(), OPENING("/ws")));
}

/* What the kernel takes within one turn does not wait: more of it than may wait is no reason to
 * have no room. */
Test(websocket_messages, are_all_answered_if_the_answers_are_taken_at_once)
{
    int room = 2 * STREAM_WAITING_MAX;
    cr_assert_eq(setsockopt(settings.listeners[0].fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room),
                 0);
    served_start(&settings);
    ask_for_much(talk_open(OPENING("/ws")));
}

/* A client that sends and does not read is not read from. */
Test(websocket_messages, are_not_taken_from_a_client_that_takes_no_answers)
{
    served_start(&settings);
    int fd = talk_open_over(client_connect_narrow(), OPENING("/ws"));
    struct bytes bytes = talk_bytes("", "binary:x*60000");
    unsigned sent = 0;
    for (; sent < 200; sent++) {
        ssize_t size = send(fd, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size == (ssize_t)bytes.size)
            continue;
        break;
    }
    cr_expect_lt(sent, 200);
    client_reset(fd);
    served_await(&served->closed, 1);
    cr_expect_eq(served->close_code, 1006);
    served_expect_good_end();
}

/* Mistakes of the application are logged and change nothing. */
Test(websocket_messages, survive_an_application_that_errs)
{
    static const char *const complaints[] = {
        "sent to the WebSocket at /ws a text that is not UTF-8",
        "sent to the WebSocket at /ws a message of an unknown type",
        "sent to the WebSocket at /ws a ping of more than 125 bytes",
        "sent to the WebSocket at /ws a close whose code or reason may not be sent",
        "answered a request twice: GET /ws",
    };
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:!w", 1, "text:still here");
    for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++)
        served_await_log(complaints[i]);
    cr_expect_eq(served_count_log("may not be sent"), 3);
    close_well(fd);
    fd = talk_open(OPENING("/ws-deaf"));
    talk_send(fd, "text:nobody hears");
    close_well(fd);
    served_expect_good_end();
}
