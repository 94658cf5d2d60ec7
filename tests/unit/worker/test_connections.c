#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/patience.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSING(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
}

TestSuite(connections, .init = begin, .fini = served_close);

static void expect_status(const char *answer, const char *status)
{
    cr_expect_eq(strncmp(answer, "HTTP/1.1 ", 9), 0, "not an answer: \"%s\"", answer);
    cr_expect_eq(strncmp(answer + (*answer == '\0' ? 0 : 9), status, 3), 0, "not %s: %s", status,
                 answer);
}

static unsigned count_answers(const char *answers)
{
    unsigned count = 0;
    for (; (answers = strstr(answers, "HTTP/1.1 200 ")) != NULL; answers++)
        count++;
    return count;
}

/* Promise CON-4 */
Test(connections, answer_pipelined_requests_in_order)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/number") GET("/later") POST("/body", "3") "abc" GET("/number")
                        CLOSING("/number") GET("/number"));
    const char *answers = client_rest(fd);
    cr_expect_eq(count_answers(answers), 5, "%s", answers);
    const char *place = answers;
    static const char *const bodies[] = {"\r\n\r\n1HTTP", "\r\n\r\nlaterHTTP", "3 3 abcHTTP",
                                         "\r\n\r\n4HTTP", "\r\n\r\n5"};
    for (size_t i = 0; i < 5 && place != NULL; i++)
        place = strstr(place, bodies[i]);
    cr_expect_neq(place, NULL, "%s", answers);
    (void)close(fd);
    served_expect_good_end();
}

Test(connections, take_a_head_byte_by_byte)
{
    static const char request[] = GET("/number");
    served_start(&settings);
    int fd = client_connect();
    for (size_t i = 0; i + 1 < sizeof request; i++)
        cr_assert_eq(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
    expect_status(client_answer(fd), "200");
    (void)close(fd);
    served_expect_good_end();
}

/* Every request is larger than what the first memory for waiting input holds. */
Test(connections, keep_what_comes_before_its_turn)
{
    static char request[4000];
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/keep"));
    served_await(&served->keeping, 1);
    (void)snprintf(request, sizeof request, "GET /number HTTP/1.1\r\nHost: h\r\nX: %03000d\r\n\r\n",
                   0);
    client_send_many(fd, request, 20);
    served->must_answer = true;
    expect_status(client_answer(fd), "200");
    for (unsigned i = 0; i < 20; i++) {
        char number[8];
        (void)snprintf(number, sizeof number, "\r\n\r\n%u", i + 2);
        const char *answer = client_answer(fd);
        cr_expect(strstr(answer, number) != NULL, "%s", answer);
    }
    (void)close(fd);
    served_expect_good_end();
}

/* Promise CON-7: what it does not read waits, and so do its next requests; all are answered. */
Test(connections, of_slow_readers_lose_nothing)
{
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/large") GET("/large") GET("/number") CLOSING("/large"));
    expect_status(client_ask_once(GET("/")), "200");
    cr_expect(client_skip_answer(fd));
    cr_expect(client_skip_answer(fd));
    cr_expect(strstr(client_answer(fd), "\r\n\r\n3") != NULL);
    cr_expect(client_skip_answer(fd));
    client_await_end(fd);
    served_expect_good_end();
}

Test(connections, answer_a_client_that_has_said_all)
{
    static const char *const requests[] = {GET("/number"), GET("/later"), GET("/large")};
    for (size_t i = 0; i < 3; i++) {
        if (i == 0)
            served_start(&settings);
        int fd = client_connect();
        client_send(fd, requests[i]);
        client_finish(fd);
        cr_expect(client_skip_answer(fd), "%s", requests[i]);
        client_await_end(fd);
    }
    served_expect_good_end();
}

Test(connections, tell_a_client_that_has_said_all_that_the_answer_is_the_last)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/keep"));
    served_await(&served->keeping, 1);
    client_finish(fd);
    /* Its end has been read before the next client is answered. */
    expect_status(client_ask_once(GET("/")), "200");
    served->must_answer = true;
    const char *answer = client_answer(fd);
    cr_expect(strstr(answer, "Connection: close\r\n") != NULL, "%s", answer);
    client_await_end(fd);
    served_expect_good_end();
}

Test(connections, that_end_without_a_request_are_closed)
{
    served_start(&settings);
    int silent = client_connect();
    int half = client_connect();
    client_send(half, "GET / HT");
    client_finish(silent);
    client_finish(half);
    client_await_end(silent);
    client_await_end(half);
    served_expect_good_end();
}

Test(connections, that_are_reset_are_forgotten)
{
    served_start(&settings);
    int reading = client_connect_narrow();
    client_send(reading, GET("/large"));
    expect_status(client_ask_once(GET("/")), "200");
    client_reset(reading);
    expect_status(client_ask_once(GET("/")), "200");
    served_expect_good_end();
}

/* Promise CON-2 */
Test(connections, that_are_silent_between_requests_are_closed)
{
    settings.session.keep_alive_timeout_us = 30 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect();
    expect_status(client_ask(fd, GET("/")), "200");
    client_await_end(fd);
    served_expect_good_end();
}

/* Promise CON-2: a timer that comes too early is set anew. */
Test(connections, that_are_not_silent_are_kept)
{
    settings.session.keep_alive_timeout_us = 150 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect();
    int64_t began_us = patience_now_us();
    while (patience_now_us() - began_us < 200 * MILLISECOND_US) {
        const char *answer = client_ask(fd, GET("/"));
        if (answer[0] == '\0')
            break; /* this machine was held up for longer than the timeout */
        expect_status(answer, "200");
    }
    client_await_end(fd);
    cr_expect_geq(patience_now_us() - began_us, 150 * MILLISECOND_US);
    served_expect_good_end();
}

/* Promise CON-3 */
Test(connections, whose_heads_take_too_long_get_408)
{
    settings.session.header_timeout_us = 30 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, "GET / HTTP/1.1\r\n");
    const char *answer = client_rest(fd);
    expect_status(answer, "408");
    cr_expect(strstr(answer, "Connection: close\r\n") != NULL, "%s", answer);
    (void)close(fd);
    served_expect_good_end();
}

static bool ends_with_its_head(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end != NULL && end[4] == '\0';
}

/* RFC 9110 9.3.2 */
Test(connections, refuse_a_head_without_content)
{
    settings.session.header_timeout_us = 30 * MILLISECOND_US;
    served_start(&settings);
    static const char *const requests[] = {
        "HEAD / HTTP/1.1\r\n\r\n",
        "HEAD / HTTP/1.1\nHost: h\r\n\r\n",
        "HEAD / HTTP/3.0\r\nHost: h\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: h\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int fd = client_connect();
        client_send(fd, requests[i]);
        const char *answer = client_rest(fd);
        cr_expect(ends_with_its_head(answer), "%s", answer);
        (void)close(fd);
    }
    served_expect_good_end();
}

/* Promise CON-3; the worker leaves once nobody is connected. */
Test(connections, with_requests_that_do_not_move_are_closed)
{
    settings.session.inactivity_timeout_us = 30 * MILLISECOND_US;
    served_start(&settings);
    int kept = client_connect();
    client_send(kept, GET("/keep"));
    int reading = client_connect();
    client_send(reading, POST("/body", "10") "abc");
    int writing = client_connect_narrow();
    client_send(writing, GET("/large"));
    client_await_end(kept);
    client_await_end(reading);
    served_await(&served->aborts, 1);
    cr_expect_eq(served->bodies, 0);
    served_expect_good_end();
    (void)close(writing);
}

Test(connections, without_limits_have_no_timer)
{
    settings.session.keep_alive_timeout_us = 0;
    settings.session.header_timeout_us = 0;
    settings.session.inactivity_timeout_us = 0;
    served_start(&settings);
    int fd = client_connect();
    const char *answer = client_ask(fd, GET("/"));
    expect_status(answer, "200");
    cr_expect(strstr(answer, "Keep-Alive") == NULL, "%s", answer);
    expect_status(client_ask(fd, GET("/later")), "200");
    client_finish(fd);
    client_await_end(fd);
    served_expect_good_end();
}

/* Promise CON-1 */
Test(connections, end_with_the_last_request_that_they_may_have)
{
    settings.session.keep_alive_requests = 2;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/number") GET("/number") GET("/number"));
    const char *answers = client_rest(fd);
    cr_expect_eq(count_answers(answers), 2, "%s", answers);
    const char *closing = strstr(answers, "Connection: close\r\n");
    cr_expect(closing != NULL && strstr(closing, "\r\n\r\n2") != NULL, "%s", answers);
    (void)close(fd);
    served_expect_good_end();
}

/* RFC 9112 9.6: what comes behind the last answer is read away, so that no reset takes the answer
 * from the client. */
Test(connections, linger_after_the_last_answer)
{
    settings.session.linger_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, "NONSENSE\r\n\r\n");
    expect_status(client_answer(fd), "400");
    for (int i = 0; i < 100; i++)
        client_send(fd, "and more of it, which nobody wants\r\n");
    cr_expect_eq(strlen(client_rest(fd)), 0);
    client_await_end(fd);
    served_expect_good_end();
}

/* Promise CON-6 */
Test(connections, refuse_what_is_no_request)
{
    static const struct {
        const char *request;
        const char *status;
    } table[] = {
        {"NONSENSE\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", "505"},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", "413"},
    };
    served_start(&settings);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        expect_status(client_ask_once(table[i].request), table[i].status);
    static char head[HTTP_HEAD_MAX + 1024];
    (void)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: h\r\nX: %0*d\r\n\r\n", HTTP_HEAD_MAX,
                   0);
    expect_status(client_ask_once(head), "431");
    (void)snprintf(head, sizeof head, "GET /%0*d HTTP/1.1\r\nHost: h\r\n\r\n",
                   HTTP_REQUEST_LINE_MAX, 0);
    expect_status(client_ask_once(head), "414");
    served_expect_good_end();
}

/* RFC 9112 9.6: no reset takes the last answer from a client that reads it slowly and still sends.
 */
Test(connections, linger_for_as_long_as_the_last_answer_is_taken)
{
    settings.session.keep_alive_requests = 1;
    settings.session.linger_timeout_us = 10 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/large"));
    cr_expect(client_skip(fd, PLAYED_LARGE_SIZE - 20000));
    patience_sleep_us(50 * MILLISECOND_US);
    client_send(fd, GET("/number"));
    size_t rest = strlen(client_rest(fd));
    cr_expect(rest > 20000 && rest < 20000 + 1024, "%zu", rest);
    (void)close(fd);

    served_expect_good_end();
}

/* Promise CON-7: one that takes nothing more does not keep a worker from leaving. */
Test(connections, do_not_linger_for_ever)
{
    settings.session.keep_alive_requests = 1;
    settings.session.linger_timeout_us = 10 * MILLISECOND_US;
    settings.session.inactivity_timeout_us = 2 * SECOND_US;
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/large"));
    cr_expect(client_skip(fd, PLAYED_LARGE_SIZE - 20000));

    served_expect_good_end();
    (void)close(fd);
}
