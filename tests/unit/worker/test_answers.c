#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    served_start(&settings);
}

TestSuite(answers, .init = begin, .fini = served_close);

Test(answers, carry_what_the_application_says)
{
    const char *answer = client_ask_once(GET("/"));
    client_expect_body(answer, "200", "Hello World");
    cr_expect(client_has(answer, "HTTP/1.1 200 OK\r\n"), "%s", answer);
    cr_expect(client_has(answer, "Content-Type: text/plain\r\n"), "%s", answer);
    cr_expect(client_has(answer, "Content-Length: 11\r\n"), "%s", answer);
    cr_expect(client_has(answer, "Date: "), "%s", answer);
    cr_expect(client_has(answer, " GMT\r\n"), "%s", answer);
    cr_expect(client_has(answer, "Keep-Alive: timeout=19\r\n"), "%s", answer);
    served_expect_good_end();
}

/* RFC 9110 9.3.2, 15.3.5 */
Test(answers, to_head_and_without_content_have_no_body)
{
    int fd = client_connect();
    client_send(fd, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" GET(
                        "/empty") "GET /number HTTP/1.1\r\n"
                                  "Host: h\r\nConnection: close\r\n\r\n");
    const char *answers = client_rest(fd);
    (void)close(fd);
    cr_expect(client_has(answers, "Content-Length: 11\r\n"), "%s", answers);
    cr_expect(!client_has(answers, "Hello World"), "%s", answers);
    cr_expect(client_has(answers, "HTTP/1.1 204 No Content\r\n"), "%s", answers);
    cr_expect(client_has(answers, "\r\n\r\n3"), "%s", answers);
    served_expect_good_end();
}

/* A mistake of the application is an answer for the client and a line for the administrator. */
Test(answers, stand_in_for_mistakes_of_the_application)
{
    static const struct {
        const char *request;
        const char *body;
        const char *log;
    } table[] = {
        {GET("/nothing"), "The application did not answer\n",
         "The application left GET /nothing without an answer"},
        {GET("/forget-later"), "The application did not answer\n",
         "left GET /forget-later without an answer"},
        {GET("/bad-status"), "The application's answer was not valid\n",
         "/bad-status has status 199"},
        {GET("/bad-type"), "The application's answer was not valid\n",
         "/bad-type has status 200 and type \"text/plain??X: y\""},
        {GET("/long-type"), "The application's answer was not valid\n", "/long-type has status"},
        {GET("/too-long"), "The application's answer was not valid\n",
         "/too-long is longer than 65535 bytes"},
    };
    int fd = client_connect();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_expect_body(client_ask(fd, table[i].request), "500", table[i].body);
        served_await_log(table[i].log);
    }
    (void)close(fd);
    served_expect_good_end();
}

Test(answers, count_once)
{
    int fd = client_connect();
    client_expect_body(client_ask(fd, GET("/twice")), "200", "first");
    client_expect_body(client_ask(fd, GET("/number")), "200", "2");
    (void)close(fd);
    served_await_log("The application answered a request twice: GET /twice");
    cr_expect_eq(served_count_log("twice: GET /twice"), 2);
    served_expect_good_end();
}

Test(answers, are_not_disturbed_by_a_release_too_many)
{
    client_expect_body(client_ask_once(GET("/unheld")), "200", "unheld");
    served_await_log("released a request that it does not hold");
    served_expect_good_end();
}

Test(answers, may_come_later)
{
    int fd = client_connect();
    for (int i = 0; i < 3; i++)
        client_expect_body(client_ask(fd, GET("/later")), "200", "later");
    cr_expect_eq(served->due, 3);
    (void)close(fd);
    served_expect_good_end();
}

Test(answers, that_come_later_may_be_larger_than_what_the_kernel_takes)
{
    int fd = client_connect();
    client_send(fd, GET("/large-later") GET("/number"));
    cr_expect(client_skip_answer(fd));
    client_expect_body(client_answer(fd), "200", "2");
    (void)close(fd);
    served_expect_good_end();
}

/* It is told once, and what it still says is for nobody. */
Test(answers, are_wanted_no_more_when_the_client_is_gone)
{
    int fd = client_connect();
    client_send(fd, GET("/keep"));
    served_await(&served->keeping, 1);
    client_reset(fd);
    served_await(&served->aborts, 1);
    served_await(&served->destroyed, 1);
    client_expect_body(client_ask_once(GET("/")), "200", "Hello World");
    cr_expect_eq(served->aborts, 1);
    cr_expect_eq(served_count_log("twice"), 0, "%s", folder_read("log"));
    served_expect_good_end();
}

Test(answers, of_a_request_that_was_held_come_when_they_come)
{
    int fd = client_connect();
    client_send(fd, GET("/keep"));
    served_await(&served->keeping, 1);
    served->must_answer = true;
    client_expect_body(client_answer(fd), "200", "kept");
    served_await(&served->destroyed, 1);
    cr_expect_eq(served->aborts, 0);
    (void)close(fd);
    served_expect_good_end();
}

Test(answers, of_the_application_to_its_log_have_levels)
{
    client_expect_body(client_ask_once(GET("/log")), "200", "logged");
    served_await_log("info by the application, informing");
    served_await_log("warn by the application, warning");
    served_await_log("error by the application, ? failing");
    served_expect_good_end();
}

Test(answers, of_more_requests_at_once_than_are_pooled_are_all_given)
{
    enum {
        MANY = 80
    };
    int fds[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        fds[i] = client_connect();
        client_send(fds[i], POST("/body", "3"));
    }
    for (unsigned i = 0; i < MANY; i++)
        client_send(fds[i], "abc");
    for (unsigned i = 0; i < MANY; i++) {
        client_expect_body(client_answer(fds[i]), "200", "3 3 abc");
        (void)close(fds[i]);
    }
    served_expect_good_end();
}

/* The timer answers, and before the answer has had its turn, the connection breaks. */
Test(answers, that_come_together_with_the_end_of_the_client_are_lost_and_nothing_else)
{
    int blocking = client_connect();
    int fds[3];
    for (unsigned i = 0; i < 3; i++) {
        fds[i] = client_connect();
        client_send(fds[i], GET("/soon"));
    }
    served_await(&served->keeping, 3);
    client_send(blocking, GET("/block"));
    served_await(&served->blocking, 1);
    client_reset(fds[1]);
    client_reset(fds[0]);
    patience_sleep_us(25000); /* longer than the timers take */
    served->must_go_on = true;
    client_expect_body(client_answer(blocking), "200", "blocked");
    client_expect_body(client_answer(fds[2]), "200", "later");
    (void)close(fds[2]);
    (void)close(blocking);

    served_expect_good_end();
}
