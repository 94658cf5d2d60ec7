#include "client.h"
#include "played.h"
#include "served.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    served_start(&settings);
}

TestSuite(bodies, .init = begin, .fini = served_close);

Test(bodies, reach_the_application_however_they_arrive)
{
    static const char *const parts[][4] = {
        {POST("/body", "6") "abcdef"},
        {POST("/body", "6"), "abc", "def"},
        {POST("/body", "6") "a", "bcdef"},
        {"POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n"
         "0\r\n\r\n"},
        {"POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "5\r\n",
         "bcdef\r", "\n0\r\n\r\n"},
    };
    int fd = client_connect();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (size_t k = 0; k < 4 && parts[i][k] != NULL; k++) {
            /* Each part gets a turn of its own: another client's request is answered between. */
            client_send(fd, parts[i][k]);
            client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
        }
        client_expect_body(client_answer(fd), "200", "6 6 abcdef");
    }
    (void)close(fd);
    cr_expect_eq(served->bodies, 5);
    served_expect_good_end();
}

Test(bodies, may_be_empty)
{
    int fd = client_connect();
    client_expect_body(client_ask(fd, POST("/body", "0")), "200", "0 0 ");
    client_expect_body(client_ask(fd, GET("/body")), "200", "0 0 ");
    client_expect_body(client_ask(fd,
                                  "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                                  "\r\n0\r\n\r\n"),
                       "200", "0 0 ");
    (void)close(fd);
    served_expect_good_end();
}

Test(bodies, may_be_large)
{
    static char body[(1 << 20) + 1];
    static char expected[64];
    char head[128];
    memset(body, 'b', sizeof body - 1);
    (void)snprintf(head, sizeof head, POST("/body", "%zu"), sizeof body - 1);
    (void)snprintf(expected, sizeof expected, "%zu %zu bbbbbbbbbbbbbbbbbbbb", sizeof body - 1,
                   sizeof body - 1);
    int fd = client_connect();
    for (int i = 0; i < 2; i++) {
        client_send(fd, head);
        client_send(fd, body);
        client_expect_body(client_answer(fd), "200", expected);
    }
    (void)close(fd);
    served_expect_good_end();
}

/* What is known to be too large is refused before it is read. */
Test(bodies, are_not_larger_than_what_the_application_takes)
{
    static const char *const requests[] = {
        POST("/small", "11"),
        POST("/small", "11") "01234567890",
        "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890",
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        client_expect_body(client_ask_once(requests[i]), "413",
                           "The body is larger than the application takes\n");
    cr_expect_eq(served->bodies, 0);
    client_expect_body(client_ask_once(POST("/small", "10") "0123456789"), "200",
                       "10 10 0123456789");
    served_expect_good_end();
}

Test(bodies, are_asked_for_once)
{
    int fd = client_connect();
    client_send(fd, POST("/body-twice", "2"));
    served_await_log("asked for the body of /body-twice twice");
    client_send(fd, "cd");
    client_expect_body(client_answer(fd), "200", "2 2 cd");
    (void)close(fd);
    cr_expect_eq(served->bodies, 1);
    served_expect_good_end();
}

Test(bodies, that_were_answered_are_nothing_to_ask_for)
{
    client_expect_body(client_ask_once(POST("/body-twice", "2") "ab"), "200", "2 2 ab");
    cr_expect_eq(served->bodies, 1);
    cr_expect_eq(served_count_log("twice"), 0);
    served_expect_good_end();
}

Test(bodies, that_lead_to_no_answer_lead_to_500)
{
    client_expect_body(client_ask_once(POST("/body-only", "2") "ab"), "500",
                       "The application did not answer\n");
    int fd = client_connect();
    client_send(fd, POST("/body-only", "2"));
    client_send(fd, "ab");
    client_expect_body(client_answer(fd), "500", "The application did not answer\n");
    (void)close(fd);
    cr_expect_eq(served->bodies, 2);
    served_expect_good_end();
}

/* RFC 9110 10.1.1 */
Test(bodies, that_wait_for_permission_get_it_when_the_application_asks)
{
    static const char *const paths[] = {"/body", "/body-later"};
    for (size_t i = 0; i < 2; i++) {
        char request[256];
        (void)snprintf(request, sizeof request,
                       "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                       "Expect: 100-continue\r\n\r\n",
                       paths[i]);
        int fd = client_connect();
        cr_expect_str_eq(client_ask(fd, request), "HTTP/1.1 100 Continue\r\n\r\n");
        client_send(fd, "abc");
        client_expect_body(client_answer(fd), "200", "3 3 abc");
        (void)close(fd);
    }
    served_expect_good_end();
}

/* Promise CON-5: nothing behind it can be trusted. */
Test(bodies, that_cannot_be_read_end_the_connection)
{
    int fd = client_connect();
    client_send(fd, "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "zz\r\n" GET("/"));
    const char *answers = client_rest(fd);
    cr_expect_eq(strncmp(answers, "HTTP/1.1 400 ", 13), 0, "%s", answers);
    cr_expect(strstr(answers, "Connection: close\r\n") != NULL, "%s", answers);
    cr_expect(strstr(answers, "Hello World") == NULL, "%s", answers);
    (void)close(fd);
    served_expect_good_end();
}

/* RFC 9110 9.3.2 */
Test(bodies, that_cannot_be_read_get_no_content_for_head)
{
    int fd = client_connect();
    client_send(fd, "HEAD /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    client_expect_body(client_rest(fd), "400", "");
    (void)close(fd);
    served_expect_good_end();
}

/* An answer before the end of its request is the last one. */
Test(bodies, that_nobody_asks_for_end_the_connection)
{
    int fd = client_connect();
    client_send(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc");
    const char *answer = client_rest(fd);
    cr_expect(strstr(answer, "Connection: close\r\n") != NULL, "%s", answer);
    cr_expect(strstr(answer, "Hello World") != NULL, "%s", answer);
    (void)close(fd);
    served_expect_good_end();
}

Test(bodies, that_stop_in_the_middle_are_given_up_with_the_connection)
{
    int fd = client_connect();
    client_send(fd, POST("/body", "10") "abc");
    client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
    client_finish(fd);
    client_await_end(fd);
    cr_expect_eq(served->bodies, 0);
    served_expect_good_end();
}
