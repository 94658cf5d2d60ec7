#include "base/limits.h"

#include <criterion/criterion.h>

/* Promises MGR-2, MGR-4 and MGR-9 name these times. */
Test(limits, say_what_the_promises_say)
{
    cr_assert_eq(KILL_AFTER_US, 1000000);
    cr_assert_eq(BACKOFF_MAX_US, 30000000);
    cr_assert_eq(SECOND_US, 1000 * MILLISECOND_US);
}

Test(limits, let_a_time_and_a_duration_be_added)
{
    int64_t longest = (int64_t)TRACE_SECONDS_MAX * SECOND_US;
    cr_assert_lt(longest, NEVER_US / 4);
}
