#include "client.h"
#include "served.h"

#include <criterion/criterion.h>

#include <string.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    served_start(&settings);
}

/* At the end of each test: what fails later than that is not counted. */
static void expect_good_end(void)
{
    cr_expect_eq(served_end_by_quit(), 0);
}

TestSuite(timers, .init = begin, .fini = served_close);

Test(timers, call_back_once_unless_they_are_stopped)
{
    const char *answer = client_ask_once(GET("/timers"));
    cr_expect(strstr(answer, "\r\n\r\nlater") != NULL, "%s", answer);
    cr_expect_eq(served->due, 1, "it is %u", served->due);
    expect_good_end();
}
