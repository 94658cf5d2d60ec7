/* Bodies that the application takes in parts. */
#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNKED(path) "POST " path " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
}

TestSuite(body_parts, .init = begin, .fini = served_close);

Test(body_parts, are_handed_over_however_they_arrive)
{
    static const char *const parts[][4] = {
        {POST("/sink", "6") "abcdef"},
        {POST("/sink", "6"), "abc", "def"},
        {CHUNKED("/sink") "6\r\nabcdef\r\n0\r\n\r\n"},
        {CHUNKED("/sink") "1\r\na\r\n", "5\r\n", "bcdef\r", "\n0\r\n\r\n"},
        {CHUNKED("/sink") "6\r\nabcdef\r\n", "0\r\nX-Trailer: 1\r\n\r", "\n"},
        {POST("/sink-slowly", "6") "abcdef"},
        {POST("/sink-slowly", "6"), "abc", "def"},
        {CHUNKED("/sink-slowly") "1\r\na\r\n3\r\nbcd\r\n2\r\nef\r\n0\r\n\r\n"},
    };
    served_start(&settings);
    int fd = client_connect();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (size_t k = 0; k < 4 && parts[i][k] != NULL; k++) {
            client_send(fd, parts[i][k]);
            client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
        }
        client_expect_body(client_answer(fd), "200", "6");
        cr_expect_eq(served->ends, i + 1);
    }
    (void)close(fd);
    served_expect_good_end();
    cr_expect_eq(served->aborts, 0);
}

Test(body_parts, are_none_for_an_empty_body)
{
    served_start(&settings);
    int fd = client_connect();
    client_expect_body(client_ask(fd, GET("/sink")), "200", "0");
    client_expect_body(client_ask(fd, POST("/sink", "0")), "200", "0");
    client_expect_body(client_ask(fd, CHUNKED("/sink") "0\r\n\r\n"), "200", "0");
    (void)close(fd);
    served_expect_good_end();
    cr_expect_eq(served->parts, 0);
    cr_expect_eq(served->ends, 3);
}

Test(body_parts, have_an_announced_size)
{
    served_start(&settings);
    client_expect_body(client_ask_once(POST("/body-size", "7")), "200", "7");
    client_expect_body(client_ask_once(GET("/body-size")), "200", "0");
    client_expect_body(client_ask_once(CHUNKED("/body-size")), "200", "-1");
    served_expect_good_end();
}

/* Promise CON-7: what is not wanted stays with the client. */
Test(body_parts, that_are_not_wanted_stay_with_the_client)
{
    static char bytes[1 << 16];
    char head[128];
    (void)snprintf(head, sizeof head, POST("/sink-told", "%d"), 10000000);
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, head);
    served_await(&served->begun, 1);
    size_t sent = 0;
    ssize_t size = 1;
    for (int idle = 0; idle < 20;) {
        size = send(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += size > 0 ? (size_t)size : 0;
        idle = size > 0 ? 0 : idle + 1;
        patience_sleep_us(1000);
    }
    cr_expect_lt(sent, 10000000);
    cr_expect_eq(served->parts, 0);
    served->must_go_on = true;
    while (sent < 10000000) {
        size_t rest = 10000000 - sent < sizeof bytes ? 10000000 - sent : sizeof bytes;
        size = send(fd, bytes, rest, MSG_NOSIGNAL);
        cr_assert_gt(size, 0);
        sent += (size_t)size;
    }
    client_expect_body(client_answer(fd), "200", "10000000");
    (void)close(fd);
    served_expect_good_end();
}

/* A body that was already there when it was asked for waits, too. */
Test(body_parts, wait_for_the_application_wherever_they_are)
{
    static const char *const requests[] = {POST("/sink-told", "3") "abc", POST("/sink-told", "0"),
                                           CHUNKED("/sink-told") "3\r\nabc\r\n0\r\n\r\n"};
    served_start(&settings);
    for (unsigned i = 0; i < 3; i++) {
        int fd = client_connect();
        served->must_go_on = false;
        client_send(fd, requests[i]);
        served_await(&served->begun, i + 1);
        client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
        cr_expect_eq(served->ends, i);
        served->must_go_on = true;
        client_expect_body(client_answer(fd), "200", i == 1 ? "0" : "3");
        (void)close(fd);
    }
    served_expect_good_end();
}

/* Promise CON-6 */
Test(body_parts, are_bounded_by_what_the_application_takes)
{
    static const char *const requests[] = {
        POST("/sink?most=5", "6"),
        POST("/sink?most=5", "6") "abcdef",
        CHUNKED("/sink?most=5") "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
    };
    served_start(&settings);
    for (unsigned i = 0; i < 3; i++) {
        client_expect_body(client_ask_once(requests[i]), "413",
                           "The body is larger than the application takes\n");
        cr_expect_eq(served->aborts, i + 1);
    }
    client_expect_body(client_ask_once(POST("/sink?most=6", "6") "abcdef"), "200", "6");
    /* The answer that was to accompany it has not begun. */
    client_expect_body(client_ask_once(POST("/echo?most=2", "3") "abc"), "413",
                       "The body is larger than the application takes\n");
    served_expect_good_end();
    cr_expect_eq(served->ends, 1);
    cr_expect_eq(served->aborts, 4);
    cr_expect_eq(served_count_log("error"), 0, "%s", folder_read("log"));
}

/* Promise APP-3: the client learns that the answer has failed, and the application that the body
 * has. */
Test(body_parts, that_break_off_cut_an_answer_that_has_begun)
{
    static const struct {
        const char *request;
        const char *rest;
    } table[] = {
        {CHUNKED("/echo") "3\r\nabc\r\n", "zz\r\n"},
        {CHUNKED("/echo?most=5") "3\r\nabc\r\n", "3\r\ndef\r\n"},
        {CHUNKED("/echo") "3\r\nabc\r\n", NULL},
    };
    served_start(&settings);
    for (unsigned i = 0; i < 3; i++) {
        int fd = client_connect();
        client_send(fd, table[i].request);
        client_expect_body(client_until(fd, "abc\r\n"), "200", "3\r\nabc\r\n");
        if (table[i].rest == NULL)
            client_finish(fd);
        else
            client_send(fd, table[i].rest);
        cr_expect_str_eq(client_rest(fd), "");
        served_await(&served->aborts, i + 1);
        (void)close(fd);
    }
    client_expect_body(client_ask_all(POST("/echo?most=2&before", "3") "abc"), "200", "");
    served_expect_good_end();
    cr_expect_eq(served->aborts, 4);
    cr_expect_eq(served->ends, 0);
}

Test(body_parts, that_break_off_are_refused_before_the_answer)
{
    static const char *const requests[] = {POST("/sink", "10") "abc", CHUNKED("/sink") "3\r\nab",
                                           POST("/sink-slowly", "10") "abc",
                                           POST("/body", "10") "abc"};
    served_start(&settings);
    for (unsigned i = 0; i < 4; i++) {
        int fd = client_connect();
        client_send(fd, requests[i]);
        client_finish(fd);
        const char *answer = client_rest(fd);
        client_expect_body(answer, "400", "The body ended too early\n");
        (void)close(fd);
    }
    client_expect_body(client_ask_all(CHUNKED("/sink") "x\r\n"), "400",
                       "The chunked body is malformed\n");
    served_expect_good_end();
    cr_expect_eq(served->aborts, 4);
    cr_expect_eq(served->ends, 0);
}

#define EXPECTING(path)                                                                            \
    "POST " path " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"

/* RFC 9110 10.1.1 */
Test(body_parts, that_wait_for_permission_get_it_when_they_are_wanted)
{
    served_start(&settings);
    int fd = client_connect();
    cr_expect_str_eq(client_ask(fd, EXPECTING("/sink")), "HTTP/1.1 100 Continue\r\n\r\n");
    client_expect_body(client_ask(fd, "abc"), "200", "3");
    cr_expect_str_eq(client_ask(fd, EXPECTING("/echo")), "HTTP/1.1 100 Continue\r\n\r\n");
    client_expect_body(client_ask(fd, "abc"), "200", "abc");
    /* What has come already needs none. */
    client_expect_body(client_ask(fd, EXPECTING("/sink") "abc"), "200", "3");
    (void)close(fd);
    fd = client_connect();
    client_send(fd, EXPECTING("/echo?before"));
    client_expect_body(client_until(fd, "\r\n\r\n"), "200", "");
    client_send(fd, "abc");
    cr_expect_str_eq(client_rest(fd), "abc");
    (void)close(fd);
    static const char *const refused[] = {EXPECTING("/"), EXPECTING("/sink?most=2"),
                                          EXPECTING("/file?bytes=1&size=1"), EXPECTING("/parts")};
    for (size_t i = 0; i < 4; i++) {
        fd = client_connect();
        client_send(fd, refused[i]);
        const char *answer = client_rest(fd);
        cr_expect(!client_has(answer, "100 Continue"), "%s", answer);
        cr_expect(client_has(answer, "\r\nConnection: close\r\n"), "%s", answer);
        (void)close(fd);
    }
    served_expect_good_end();
}

/* Promise CON-4 */
Test(body_parts, may_be_answered_while_they_arrive)
{
    served_start(&settings);
    int fd = client_connect();
    client_expect_body(client_ask(fd, POST("/echo", "6") "abcdef"), "200", "abcdef");
    client_send(fd, POST("/echo", "6") "abc");
    client_expect_body(client_until(fd, "abc"), "200", "abc");
    client_send(fd, "def" CHUNKED("/echo") "3\r\nabc\r\n");
    cr_expect(client_has(client_until(fd, "3\r\nabc\r\n"), "defHTTP/1.1 200 OK\r\n"));
    client_send(fd, "2\r\nde\r\n0\r\n\r\n" GET("/number"));
    cr_expect_str_eq(client_until(fd, "0\r\n\r\n"), "2\r\nde\r\n0\r\n\r\n");
    client_expect_body(client_answer(fd), "200", "4");
    (void)close(fd);
    served_expect_good_end();
}

struct flood {
    int fd;
    size_t sent;
    unsigned idle; /* attempts in a row in which nothing was taken */
};

/* The worker can write nothing more, and the client cannot either. */
static bool is_dammed(void *context)
{
    static char bytes[1 << 16];
    struct flood *flood = context;
    ssize_t size = send(flood->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    flood->sent += size > 0 ? (size_t)size : 0;
    flood->idle = size > 0 ? 0 : flood->idle + 1;
    return flood->idle >= 20 && served->shorts > 0;
}

/* Back-pressure both ways: a client that reads nothing can send nothing more. */
Test(body_parts, are_not_read_while_their_echo_waits)
{
    enum {
        SIZE = 8000000
    };
    static char bytes[1 << 16];
    char head[128];
    memset(bytes, 'e', sizeof bytes);
    (void)snprintf(head, sizeof head, POST("/echo", "%d"), SIZE);
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, head);
    struct flood flood = {.fd = fd};
    cr_expect(patience_holds(is_dammed, &flood));
    cr_expect_lt(flood.sent, SIZE);
    size_t sent = flood.sent;
    size_t got = 0;
    (void)client_until(fd, "\r\n\r\n");
    while (got < SIZE) {
        size_t rest = SIZE - sent < sizeof bytes ? SIZE - sent : sizeof bytes;
        ssize_t size = rest == 0 ? 0 : send(fd, bytes, rest, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += size > 0 ? (size_t)size : 0;
        size_t wanted = SIZE - got < 4096 ? SIZE - got : 4096;
        cr_assert(client_skip(fd, wanted));
        got += wanted;
    }
    client_expect_body(client_ask(fd, GET("/number")), "200", "2");
    cr_expect_gt(served->writables, 0);
    (void)close(fd);
    served_expect_good_end();
}

Test(body_parts, that_are_answered_before_their_end_end_the_connection)
{
    static const char *const paths[] = {POST("/sink-part", "10") "abc", POST("/enough", "10") "abc",
                                        POST("/sink-early", "10") "abc"};
    served_start(&settings);
    for (size_t i = 0; i < 3; i++) {
        int fd = client_connect();
        client_send(fd, paths[i]);
        const char *answer = client_rest(fd);
        cr_expect(client_has(answer, "enough") || client_has(answer, "early"), "%s", answer);
        (void)close(fd);
    }
    /* Only what was not known to end early has not said so. */
    served_expect_good_end();
    cr_expect_eq(served->aborts, 0);
    cr_expect_eq(served->ends, 0);
}

Test(body_parts, that_lead_to_no_answer_lead_to_500)
{
    served_start(&settings);
    int fd = client_connect();
    client_expect_body(client_ask(fd, POST("/sink-only", "3") "abc"), "500",
                       "The application did not answer\n");
    client_send(fd, POST("/sink-only", "3"));
    client_expect_body(client_ask(fd, "abc"), "500", "The application did not answer\n");
    (void)close(fd);
    served_expect_good_end();
}

Test(body_parts, are_asked_for_once)
{
    served_start(&settings);
    client_expect_body(client_ask_once(CHUNKED("/sink-twice") "3\r\nabc\r\n0\r\n\r\n"), "200", "3");
    served_await_log("asked for the body of /sink-twice without a callback");
    cr_expect_eq(served_count_log("asked for the body of /sink-twice twice"), 2);
    served_expect_good_end();
}

/* Promise APP-3 */
Test(body_parts, of_a_client_that_is_gone_are_told_of_once)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, POST("/sink", "10") "abc");
    client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
    client_reset(fd);
    served_await(&served->aborts, 1);
    served_expect_good_end();
    cr_expect_eq(served->aborts, 1);
    cr_expect_eq(served->ends, 0);
}

/* Promise CON-3 */
Test(body_parts, that_do_not_come_end_the_connection)
{
    settings.session.inactivity_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, POST("/echo", "10") "abc");
    client_await_end(fd);
    served_await(&served->aborts, 1);
    fd = client_connect();
    client_send(fd, POST("/sink-told", "10") "abc");
    client_await_end(fd);
    served_await(&served->aborts, 2);
    served_expect_good_end();
    cr_expect_eq(served->aborts, 2);
}
