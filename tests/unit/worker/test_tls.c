/* A worker whose listener has TLS. */
#include "client.h"
#include "played.h"
#include "served.h"
#include "tunnel.h"

#include "kit/patience.h"
#include "tls/tls_context.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSING(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static struct worker_settings settings;
static struct tls_context *context;

static void begin(void)
{
    served_open();
    context = tunnel_context();
    settings = served_settings();
    settings.listeners[0].context = context;
    client_wrap = tunnel_open;
}

static void end(void)
{
    tunnel_close_all();
    tls_context_close(context);
    served_close();
}

static void expect_good_end(void)
{
    cr_expect_eq(served_end_by_quit(), 0);
}

TestSuite(tls, .init = begin, .fini = end);

static unsigned count_answers(const char *answers)
{
    unsigned count = 0;
    for (; (answers = strstr(answers, "HTTP/1.1 200 ")) != NULL; answers++)
        count++;
    return count;
}

/* Promises LSN-3, CON-4 */
Test(tls, answers_pipelined_requests_in_order)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/number") GET("/later") POST("/body", "3") "abc" GET("/number")
                        CLOSING("/number") GET("/number"));
    const char *answers = client_rest(fd);
    cr_expect_eq(count_answers(answers), 5, "%s", answers);
    (void)close(fd);
    expect_good_end();
}

/* Promise CON-7 */
Test(tls, waits_for_slow_clients)
{
    served_start(&settings);
    static const char *const paths[] = {GET("/flood?bytes=2000000&most=1000000&sized"),
                                        GET("/file?bytes=2000000&size=2000000"), GET("/large"),
                                        GET("/large-later")};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int fd = client_connect_narrow();
        client_send(fd, paths[i]);
        client_send(fd, GET("/number"));
        cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL, "others have to wait");
        cr_expect(client_skip_answer(fd), "%s", paths[i]);
        const char *answer = client_answer(fd);
        cr_expect_eq(answer[strlen(answer) - 1], '2', "%s: %s", paths[i], answer);
        (void)close(fd);
    }
    expect_good_end();
}

/* Promise APP-3: what is not taken yet waits within TLS, too, where no socket tells of it. */
Test(tls, hands_over_bodies_as_the_application_takes_them)
{
    static char large[70000];
    served_start(&settings);
    static const char *const paths[] = {"/sink-slowly", "/sink-told", "/echo", "/body", "/sink"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)snprintf(large, sizeof large,
                       "POST %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                       "Content-Length: 60000\r\n\r\n%060000d",
                       paths[i], 0);
        int fd = client_connect();
        client_send(fd, large);
        if (strcmp(paths[i], "/sink-told") == 0) {
            served_await(&served->begun, 1);
            cr_expect(!patience_readable(fd, 20000));
            served->must_go_on = true;
        }
        cr_expect_eq(count_answers(client_rest(fd)), 1, "%s", paths[i]);
        (void)close(fd);
    }
    expect_good_end();
}

/* Promise CON-1 */
Test(tls, answers_a_client_that_sends_nothing_more)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/later"));
    client_finish(fd);
    cr_expect_eq(count_answers(client_rest(fd)), 1);
    (void)close(fd);
    expect_good_end();
}

/* Promise LSN-3 */
Test(tls, tells_who_speaks_without_it)
{
    static const struct {
        const char *request;
        const char *begin;
        bool has_content;
    } table[] = {
        {GET("/"), "HTTP/1.1 400 ", true},
        {"DELETE / HTTP/1.1\r\n", "HTTP/1.1 400 ", true},
        {"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 ", false},
        {"\r\nG", "HTTP/1.1 400 ", true},
        {"get", "", false},
        {"\x80\x2e\x01", "", false},
        {"\xff", "", false},
    };
    client_wrap = NULL;
    settings.session.linger_timeout_us = 20 * MILLISECOND_US;
    served_start(&settings);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int fd = client_connect();
        client_send(fd, table[i].request);
        const char *answer = client_rest(fd);
        cr_expect_eq(strncmp(answer, table[i].begin, 13), 0, "row %zu: %s", i, answer);
        cr_expect_eq(strstr(answer, "https://") != NULL, table[i].has_content, "row %zu", i);
        cr_expect(table[i].begin[0] != '\0' || answer[0] == '\0', "row %zu: %s", i, answer);
        (void)close(fd);
    }
    expect_good_end();
    cr_expect_eq(served_count_log("] error "), 0);
}

/* Promise CON-3 */
Test(tls, gives_a_handshake_its_time_and_no_more)
{
    static const char *const begins[] = {"", "\x16", "\x16\x03\x01\x02",
                                         "\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03xxxxxxxxxx"};
    client_wrap = NULL;
    settings.session.header_timeout_us = 100 * MILLISECOND_US;
    served_start(&settings);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        int64_t begin_us = patience_now_us();
        int fd = client_connect();
        client_send(fd, begins[i]);
        cr_expect_str_eq(client_rest(fd), "");
        cr_expect_geq(patience_now_us() - begin_us, 99 * MILLISECOND_US);
        (void)close(fd);
    }
    expect_good_end();
}

/* Promise WRK-2: it is a connection like others, and must not be cut while it begins. */
Test(tls, waits_for_a_handshake_when_it_leaves)
{
    served_start(&settings);
    client_wrap = NULL;
    int fd = client_connect();
    client_send(fd, "\x16");
    /* Whoever came later was accepted later. */
    client_wrap = tunnel_open;
    cr_expect_eq(count_answers(client_ask_once(GET("/"))), 1);
    cr_expect(!patience_readable(fd, 50000));
    served_send(SIGQUIT);
    served_await(&served->drains, 1);
    cr_expect(!patience_readable(fd, 50000), "it was cut");
    (void)close(fd);
    cr_expect_eq(served_end(), 0);
}

/* Promises APP-1, APP-3: an answer that is cut must not look like a whole one. */
Test(tls, cuts_without_a_word)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/fail"));
    const char *rest = client_rest(fd);
    cr_expect(strstr(rest, "\r\n0\r\n\r\n") == NULL, "%s", rest);
    (void)close(fd);
    expect_good_end();
}
