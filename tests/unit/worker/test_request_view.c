#include "client.h"
#include "served.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    served_start(&settings);
}

TestSuite(request_view, .init = begin, .fini = served_close);

static unsigned own_port(int fd)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    return ntohs(name.sin_port);
}

static void expect_view(const char *request, const char *format)
{
    char expected[1024];
    int fd = client_connect();
    (void)snprintf(expected, sizeof expected, format, own_port(fd));
    const char *answer = client_ask(fd, request);
    const char *body = strstr(answer, "\r\n\r\n");
    cr_assert_neq(body, NULL, "%s", answer);
    cr_expect_eq(strncmp(body + 4, expected, strlen(expected)), 0, "%snot\n%s", body + 4, expected);
    (void)close(fd);
}

/* What the format of the compiler does not have to check. */
#define VIEW(before, behind) before "|127.0.0.1|%u|" behind

Test(request_view, shows_every_part)
{
    expect_view("PUT /a%20b/c?a+b=1%202&flag&a+b=3 HTTP/1.1\r\nHost: example.org:8080\r\n"
                "X-One: one\r\nX-ONE: two\r\nEmpty:\r\n\r\n",
                VIEW("PUT|/a%%20b/c?a+b=1%%202&flag&a+b=3|/a b/c|a+b=1%%202&flag&a+b=3|1.1|http|"
                     "example.org:8080",
                     "1 2||NULL|one|1|3\n"
                     "4 Host=16 example.org:8080\n5 X-One=3 one\n5 X-ONE=3 two\n5 Empty=0 \n"
                     "4 1 1 1 " TOAD_VERSION " bare\n"));
    served_expect_good_end();
}

Test(request_view, shows_nothing_where_there_is_nothing)
{
    expect_view("GET /view HTTP/1.0\r\n\r\n",
                VIEW("GET|/view|/view||1.0|http|", "NULL|NULL|NULL|NULL|1|3\n"
                                                   "0 1 1 1 " TOAD_VERSION " bare\n"));
    expect_view("GET /view? HTTP/1.0\r\n\r\n",
                VIEW("GET|/view?|/view||1.0|http|", "NULL|NULL|NULL|NULL|1|3\n"));
    served_expect_good_end();
}

Test(request_view, takes_the_authority_from_a_target_in_absolute_form)
{
    expect_view("GET http://other.example:81/p?x=1 HTTP/1.1\r\nHost: h\r\n\r\n",
                VIEW("GET|http://other.example:81/p?x=1|/p|x=1|1.1|http|other.example:81",
                     "NULL|NULL|NULL|NULL|1|3\n"));
    served_expect_good_end();
}

Test(request_view, passes_over_parameters_that_are_malformed)
{
    expect_view("GET /view?%zz=1&a+b=%zz&flag=%&a+b=2 HTTP/1.1\r\nHost: h\r\n\r\n",
                VIEW("GET|/view?%%zz=1&a+b=%%zz&flag=%%&a+b=2|/view|%%zz=1&a+b=%%zz&flag=%%&a+b=2|"
                     "1.1|http|h",
                     "2|NULL|NULL|NULL|1|3\n"));
    served_expect_good_end();
}

Test(request_view, refuses_a_path_that_cannot_be_decoded)
{
    static const char *const requests[] = {GET("/%zz"), GET("/%00")};
    for (size_t i = 0; i < 2; i++) {
        const char *answer = client_ask_once(requests[i]);
        cr_expect_eq(strncmp(answer, "HTTP/1.1 400 ", 13), 0, "%s", answer);
    }
    served_expect_good_end();
}
