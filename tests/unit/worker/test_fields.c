/* Fields that the application adds. */
#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/folder.h"

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

TestSuite(fields, .init = begin, .fini = served_close);

/* Promise CON-10 */
Test(fields, are_sent_in_their_order_and_refused_where_they_would_do_harm)
{
    const char *answer = client_ask_once(GET("/fields"));
    cr_expect(client_has(answer,
                         "\r\nX-One: 1\r\nX-One: 2\t3 \xc3\xa4\r\nSet-Cookie: a=b; Path=/\r\n"
                         "X-Empty: \r\n\r\n15 1 1"),
              "%s", answer);
    cr_expect(!client_has(answer, "\r\nX: "), "%s", answer);
    served_await_log("The field \"X\" of the answer to /fields is not valid");
    served_await_log("The field \"Content-Length\" of the answer to /fields is the server's own");
    cr_expect_eq(served_count_log("The field "), 15);
    served_expect_good_end();
}

Test(fields, are_bounded)
{
    int fd = client_connect();
    for (int i = 0; i < 2; i++) {
        const char *answer = client_ask(fd, GET("/fields-many"));
        cr_expect(client_has(answer, "\r\n\r\n16"), "%.100s", answer);
        cr_expect_gt(strlen(answer), 16u * 1000);
    }
    (void)close(fd);
    served_await_log("The field \"X-Many\" of the answer to /fields-many does not fit");
    served_expect_good_end();
}

#define WITH_TE(path)                                                                              \
    "GET " path " HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n"

/* RFC 9110 6.5.1 */
Test(fields, may_follow_the_body_where_the_client_takes_that)
{
    int fd = client_connect();
    client_send(fd, WITH_TE("/trailers"));
    const char *answer = client_rest(fd);
    cr_expect(client_has(answer, "\r\nX-Kind: trailers\r\n"), "%s", answer);
    cr_expect(client_has(answer, "\r\n\r\n4\r\n101.\r\n0\r\nX-Sum: 12\r\nX-More: 34\r\n\r\n"), "%s",
              answer);
    (void)close(fd);
    fd = client_connect();
    client_send(fd, GET("/trailers"));
    answer = client_until(fd, "0\r\n\r\n");
    cr_expect(client_has(answer, "\r\n\r\n4\r\n000.\r\n0\r\n\r\n"), "%s", answer);
    (void)close(fd);
    fd = client_connect();
    client_send(fd, WITH_TE("/trailers?sized"));
    answer = client_rest(fd);
    cr_expect(client_has(answer, "\r\n\r\n000."), "%s", answer);
    cr_expect(!client_has(answer, "X-Sum"), "%s", answer);
    (void)close(fd);
    served_await_log("The field \"Content-Length\" of the answer to /trailers");
    served_expect_good_end();
}
