/* How WebSockets end. */
#include "client.h"
#include "served.h"
#include "talk.h"

#include "base/limits.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
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

TestSuite(websocket_ends, .init = begin, .fini = served_close);

static void expect_closed(unsigned count, unsigned code)
{
    served_await(&served->closed, count);
    cr_expect_eq(served->closed, count);
    cr_expect_eq(served->close_code, code);
}

/* RFC 6455 5.5.1, 7.1.5 */
Test(websocket_ends, are_told_with_the_clients_code)
{
    static const struct {
        const char *sent;
        const char *answer;
        unsigned code;
    } rows[] = {
        {"close:1000,bye", "close:1000", 1000},
        {"close:", "close:", 1005},
        {"close:4999,x", "close:4999", 4999},
        {"close:1001 | text:behind", "close:1001", 1001},
    };
    served_start(&settings);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = talk_open(OPENING("/ws"));
        talk_send(fd, rows[i].sent);
        cr_expect_str_eq(talk_rest(fd), rows[i].answer);
        expect_closed(i + 1, rows[i].code);
    }
    served_expect_good_end();
}

Test(websocket_ends, begin_at_the_application_too)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:!c 4000 | text:dropped | ping:p", 1, "close:4000,bye");
    cr_expect_eq(served->closed, 0);
    talk_send(fd, "text:dropped | close:4000");
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(1, 4000);
    fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:!c 0", 1, "close:");
    talk_send(fd, "close:");
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(2, 1005);
    fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:!C", 1, "close:4001,later");
    talk_send(fd, "close:4001");
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(3, 4001);
    served_expect_good_end();
}

/* Promise APP-3 */
Test(websocket_ends, without_a_close_are_abnormal)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    client_reset(fd);
    expect_closed(1, 1006);
    fd = talk_open(OPENING("/ws"));
    client_finish(fd);
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(2, 1006);
    fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:!c 1000", 1, "close:1000,bye");
    client_finish(fd);
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(3, 1006);
    served_expect_good_end();
}

/* Promise CON-8 */
Test(websocket_ends, come_with_1001_for_a_silent_client)
{
    settings.websocket.websocket_timeout_us = 100 * MILLISECOND_US;
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    cr_expect_str_eq(talk_read(fd, 1), "close:1001");
    cr_expect_eq(served->closed, 0);
    talk_send(fd, "close:1001");
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(1, 1001);
    served_expect_good_end();
}

Test(websocket_ends, do_not_come_for_a_client_that_talks)
{
    settings.websocket.websocket_timeout_us = 4 * SECOND_US;
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    int64_t began_us = patience_now_us();
    while (patience_now_us() - began_us < 6 * SECOND_US) {
        TALK(fd, "ping:", 1, "pong:");
        usleep(50000);
    }
    (void)close(fd);
    expect_closed(1, 1006);
    served_expect_good_end();
}

Test(websocket_ends, do_not_wait_for_ever_for_the_clients_close)
{
    settings.websocket.close_timeout_us = 50 * MILLISECOND_US;
    settings.websocket.linger_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    int fd = talk_open(OPENING("/ws"));
    TALK(fd, "text:!c 1000", 1, "close:1000,bye");
    cr_expect_str_eq(talk_rest(fd), "");
    expect_closed(1, 1006);
    fd = talk_open(OPENING("/ws"));
    TALK(fd, "close:1000", 2, "close:1000");
    client_await_end(fd);
    expect_closed(2, 1000);
    served_expect_good_end();
}

/* A client that takes nothing is a silent one. */
Test(websocket_ends, come_for_a_client_that_takes_nothing)
{
    settings.websocket.websocket_timeout_us = 100 * MILLISECOND_US;
    settings.websocket.close_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    int fd = talk_open_over(client_connect_narrow(), OPENING("/ws"));
    talk_send(fd, "text:!f 1000");
    expect_closed(1, 1006);
    (void)close(fd);
    served_expect_good_end();
}

/* Promise WRK-5 */
Test(websocket_ends, are_announced_when_the_worker_leaves)
{
    settings.graceful_timeout_us = 6 * SECOND_US;
    served_start(&settings);
    int fds[4];
    for (unsigned i = 0; i < 4; i++)
        fds[i] = talk_open(OPENING("/ws"));
    int64_t began_us = patience_now_us();
    served_send(SIGQUIT);
    for (unsigned i = 0; i < 4; i++)
        cr_expect_str_eq(talk_read(fds[i], 1), "text:drain");
    /* The last one that was opened is the first of the list. */
    TALK(fds[0], "text:usable", 1, "text:usable");
    for (unsigned i = 4; i-- > 0;) {
        cr_expect_str_eq(talk_read(fds[i], 1), "close:1001");
        talk_send(fds[i], "close:1001");
        cr_expect_str_eq(talk_rest(fds[i]), "");
        expect_closed(4 - i, 1001);
    }
    cr_expect_lt(patience_now_us() - began_us, settings.graceful_timeout_us);
    cr_expect_eq(served_end(), 0);
    cr_expect_eq(served->warned, 4);
    cr_expect_eq(served->drains, 1);
}

/* Promise WRK-5 */
Test(websocket_ends, are_the_applications_business_when_the_worker_leaves)
{
    served_start(&settings);
    int fd = talk_open(OPENING("/ws-leaving"));
    served_send(SIGQUIT);
    cr_expect_str_eq(talk_read(fd, 2), "text:drain | close:1012,restart");
    talk_send(fd, "close:1012");
    cr_expect_str_eq(talk_rest(fd), "");
    cr_expect_eq(served_end(), 0);
    cr_expect_eq(served->closed, 1);
}

/* Promise WRK-5 */
Test(websocket_ends, are_told_to_one_that_is_opened_by_a_worker_that_leaves)
{
    settings.graceful_timeout_us = SECOND_US;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, OPENING("/ws-later"));
    served_await(&served->keeping, 1);
    served_send(SIGQUIT);
    cr_expect(client_has(client_until(fd, "\r\n\r\n"), " 101 "));
    cr_expect_str_eq(talk_read(fd, 2), "text:drain | close:1001");
    talk_send(fd, "close:1001");
    cr_expect_str_eq(talk_rest(fd), "");
    cr_expect_eq(served_end(), 0);
}
