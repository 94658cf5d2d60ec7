/* Descriptors, threads and the loop, for the application. */
#include "client.h"
#include "played.h"
#include "served.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    served_start(&settings);
}

TestSuite(watches, .init = begin, .fini = served_close);

static void expect_answer(const char *answer, const char *body)
{
    const char *end_of_head = strstr(answer, "\r\n\r\n");
    cr_assert_neq(end_of_head, NULL, "no answer: \"%s\"", answer);
    cr_expect_str_eq(end_of_head + 4, body);
}

Test(watches, call_when_a_descriptor_is_ready)
{
    for (unsigned i = 1; i <= 3; i++) {
        expect_answer(client_ask_once(GET("/watch")), "seen");
        cr_expect_eq(served->due, 2 * i);
    }
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(watches, are_refused_where_there_is_nothing_to_wait_for)
{
    expect_answer(client_ask_once(GET("/watch-wrong")), "refused");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(watches, have_a_wakeup_for_other_threads)
{
    for (int i = 0; i < 3; i++)
        expect_answer(client_ask_once(GET("/wakeup")), "woken");
    cr_expect_eq(served_end_by_quit(), 0);
}

Test(watches, may_be_made_with_the_loop_itself)
{
    expect_answer(client_ask_once(GET("/loop")), "looped");
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Promise WRK-3: the connection that is there is still served. */
Test(watches, see_that_the_worker_leaves)
{
    int fd = client_connect();
    expect_answer(client_ask(fd, GET("/leaving")), "staying");
    served_send(SIGQUIT);
    served_await(&served->drains, 1);
    expect_answer(client_ask(fd, GET("/leaving")), "leaving");
    (void)close(fd);
    cr_expect_eq(served_end(), 0);
}
