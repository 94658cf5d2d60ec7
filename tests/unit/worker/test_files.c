/* Answers whose body is a file. */
#include "client.h"
#include "played.h"
#include "served.h"

#include "base/limits.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLOSING(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static struct worker_settings settings;

static void begin(void)
{
    static char path[1024];
    served_open();
    settings = served_settings();
    (void)snprintf(path, sizeof path, "%s", folder_path("access"));
    settings.access_log_path = path;
}

TestSuite(files, .init = begin, .fini = served_close);

Test(files, are_sent_as_they_are)
{
    served_start(&settings);
    const char *answer = client_ask_all(CLOSING("/file?bytes=2000&from=995&size=8"));
    cr_expect(client_has(answer, "\r\nContent-Length: 8\r\n"), "%s", answer);
    cr_expect(client_has(answer, "\r\nContent-Type: text/x\r\n"), "%s", answer);
    cr_expect(client_has(answer, "X-Kind: file\r\n\r\n0000\n000"), "%s", answer);
    cr_expect(client_has(client_ask_all(CLOSING("/file-later?bytes=2000&from=1998&size=2")),
                         "\r\n\r\n0\n"));
    served_expect_good_end();
}

Test(files, let_the_next_request_have_its_turn)
{
    served_start(&settings);
    const char *answers = client_ask_all(GET("/file?bytes=2000&from=1998&size=2") GET("/number")
                                             GET("/file?bytes=5&size=0") CLOSING("/number"));
    cr_expect(client_has(answers, "\r\n\r\n0\nHTTP"), "%s", answers);
    cr_expect(client_has(answers, "\r\n\r\n2HTTP"), "%s", answers);
    cr_expect(client_has(answers, "Content-Length: 0\r\n"), "%s", answers);
    cr_expect(client_has(answers, "\r\n\r\n4"), "%s", answers);
    served_expect_good_end();
    cr_expect_eq(served->aborts, 0);
}

Test(files, have_only_a_head_for_head)
{
    served_start(&settings);
    const char *answer = client_ask_all("HEAD /file?bytes=2000&size=2000 HTTP/1.1\r\nHost: h\r\n"
                                        "Connection: close\r\n\r\n");
    cr_expect(client_has(answer, "\r\nContent-Length: 2000\r\n"), "%s", answer);
    const char *end = strstr(answer, "\r\n\r\n");
    cr_expect(end != NULL && end[4] == '\0', "%s", answer);
    served_expect_good_end();
}

/* Promise CON-7: a large one waits for its client, and nobody waits for it. */
Test(files, wait_for_a_slow_client)
{
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/file?bytes=5000000&size=5000000") GET("/number"));
    served_await(&served->begun, 1);
    for (int i = 0; i < 10; i++)
        cr_expect(client_has(client_ask_once(GET("/")), "Hello World"));
    cr_expect(client_skip_answer(fd));
    cr_expect(client_has(client_answer(fd), "\r\n\r\n2"));
    (void)close(fd);
    served_expect_good_end();
    cr_expect(client_has(folder_read("access"), "size=5000000 HTTP/1.1\" 200 5000000 "));
}

Test(files, that_nobody_takes_any_more_are_closed)
{
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/file?bytes=5000000&size=5000000"));
    served_await(&served->begun, 1);
    cr_expect(client_has(client_ask_once(GET("/")), "Hello World"));
    client_reset(fd);
    served_expect_good_end();
    /* It has said all, and it is not told. */
    cr_expect_eq(served->aborts, 0);
    cr_expect_eq(served_count_log("error"), 0, "%s", folder_read("log"));
    cr_expect(client_has(folder_read("access"), "size=5000000 HTTP/1.1\" 200 "), "%s",
              folder_read("access"));
}

/* Promise CON-3; the worker leaves once nobody is connected. */
Test(files, that_do_not_move_end_with_the_connection)
{
    settings.session.inactivity_timeout_us = 50 * MILLISECOND_US;
    served_start(&settings);
    int fd = client_connect_narrow();
    client_send(fd, GET("/file?bytes=5000000&size=5000000"));
    served_await(&served->begun, 1);
    cr_expect(client_has(client_ask_once(GET("/")), "Hello World"));
    served_expect_good_end();
    (void)close(fd);
}

Test(files, that_are_too_short_cut_the_connection)
{
    served_start(&settings);
    const char *answer = client_ask_all(GET("/file?bytes=10&size=11") GET("/number"));
    const char *end = strstr(answer, "\r\n\r\n");
    cr_assert_neq(end, NULL);
    cr_expect_eq(strlen(end + 4), 10, "%s", answer);
    served_await_log("The file of the answer to /file?bytes=10&size=11 cannot be sent to its end: "
                     "it is too short");
    served_expect_good_end();
    cr_expect(client_has(folder_read("access"), "size=11 HTTP/1.1\" 200 10 "));
}

Test(files, that_are_none_become_500)
{
    static const char *const requests[] = {GET("/file-none"), GET("/file-closed"),
                                           GET("/file-range"), GET("/file-wrong")};
    served_start(&settings);
    int fd = client_connect();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const char *answer = client_ask(fd, requests[i]);
        cr_expect(client_has(answer, "HTTP/1.1 500 "), "%s", answer);
    }
    (void)close(fd);
    served_await_log("The answer to /file-none is not a part of a regular file");
    served_expect_good_end();
}

/* What the client has not taken when the file's turn comes. */
Test(files, follow_what_waits)
{
    static const char before[] = GET("/flood?bytes=15000&most=15000&sized");
    served_start(&settings);
    int fd = client_connect_narrow();
    char requests[1024];
    (void)snprintf(requests, sizeof requests, "%s%s%s%s%s%s", before, before, before, before,
                   GET("/file?bytes=100000&size=100000"), GET("/number"));
    client_send(fd, requests);
    served_await(&served->begun, 5);
    for (int i = 0; i < 4; i++)
        cr_expect(client_has(client_answer(fd), "\r\n\r\nffffff"));
    const char *answer = client_answer(fd);
    cr_expect(client_has(answer, "X-Kind: file\r\n\r\n0000"), "%.300s", answer);
    cr_expect(client_has(client_answer(fd), "\r\n\r\n6"));
    (void)close(fd);
    served_expect_good_end();
}

/* An answer before the end of its request is the last one. */
Test(files, that_overtake_their_request_end_the_connection)
{
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, "POST /file?bytes=10&size=4 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"
                    "abc");
    const char *answer = client_rest(fd);
    cr_expect(client_has(answer, "\r\nConnection: close\r\n"), "%s", answer);
    cr_expect(client_has(answer, "\r\n\r\n0000"), "%s", answer);
    (void)close(fd);
    served_expect_good_end();
}
