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

TestSuite(timers, .init = begin, .fini = served_close);

Test(timers, call_back_once_unless_they_are_stopped)
{
    const char *answer = client_ask_once(GET("/timers"));
    cr_expect(strstr(answer, "\r\n\r\nlater") != NULL, "%s", answer);
    cr_expect_eq(served->due, 1, "it is %u", served->due);
    served_expect_good_end();
}
