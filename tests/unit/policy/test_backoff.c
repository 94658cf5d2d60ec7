#include "policy/backoff.h"

#include "base/limits.h"

#include <criterion/criterion.h>

/* Promise MGR-9: from 0 up to 30 s. */
Test(backoff_pause_us, doubles_from_a_second_up_to_thirty)
{
    static const struct {
        uint32_t failures;
        int64_t seconds;
    } table[] = {{0, 0},  {1, 0},  {2, 1},   {3, 2},   {4, 4},     {5, 8},          {6, 16},
                 {7, 30}, {8, 30}, {40, 30}, {66, 30}, {1000, 30}, {UINT32_MAX, 30}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_assert_eq(backoff_pause_us(table[i].failures), table[i].seconds * SECOND_US, "row %zu",
                     i);
}

Test(backoff_fail, lets_the_first_attempt_follow_at_once)
{
    struct backoff backoff;
    backoff_reset(&backoff);
    cr_assert(backoff_allows(&backoff, 0));
    backoff_fail(&backoff, 7);
    cr_assert_eq(backoff.failures, 1);
    cr_assert(backoff_allows(&backoff, 7));
}

Test(backoff_allows, one_attempt_in_each_pause)
{
    struct backoff backoff;
    backoff_reset(&backoff);
    backoff_fail(&backoff, 0);
    backoff_attempt(&backoff, 0);
    backoff_fail(&backoff, 0);
    cr_assert_not(backoff_allows(&backoff, 0));
    cr_assert_not(backoff_allows(&backoff, SECOND_US - 1));
    cr_assert(backoff_allows(&backoff, SECOND_US));
    backoff_attempt(&backoff, SECOND_US);
    cr_assert_not(backoff_allows(&backoff, SECOND_US));
    cr_assert_not(backoff_allows(&backoff, 2 * SECOND_US - 1));
    cr_assert(backoff_allows(&backoff, 2 * SECOND_US));
}

/* Promise MGR-9: sixteen workers that die together do not mean a pause of 30 s. */
Test(backoff_fail, counts_failures_within_a_pause_once)
{
    struct backoff backoff;
    backoff_reset(&backoff);
    for (int i = 0; i < 16; i++)
        backoff_fail(&backoff, 5 + i);
    cr_assert_eq(backoff.failures, 2);
    cr_assert(backoff_allows(&backoff, 6 + SECOND_US));
    backoff_attempt(&backoff, 6 + SECOND_US);
    backoff_fail(&backoff, 6 + SECOND_US);
    cr_assert_eq(backoff.failures, 3, "the attempt failed within the pause that it began");
}

Test(backoff_fail, stops_counting_at_the_largest_number)
{
    struct backoff backoff = {.failures = UINT32_MAX};
    backoff_fail(&backoff, 1);
    cr_assert_eq(backoff.failures, UINT32_MAX);
    cr_assert_eq(backoff.until_us, 1 + BACKOFF_MAX_US);
}

Test(backoff_reset, forgets_failures_and_pause)
{
    struct backoff backoff = {.failures = 9, .until_us = NEVER_US, .has_attempted = true};
    backoff_reset(&backoff);
    cr_assert(backoff_allows(&backoff, 0));
    cr_assert_eq(backoff.failures, 0);
}
