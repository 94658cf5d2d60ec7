#include "sys/clock.h"

#include "base/limits.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <time.h>

/* Promise MGR-12 */
Test(clock_monotonic_us, never_goes_back)
{
    int64_t last_us = clock_monotonic_us();
    for (int i = 0; i < 100000; i++) {
        int64_t now_us = clock_monotonic_us();
        cr_assert_geq(now_us, last_us);
        last_us = now_us;
    }
}

Test(clock_monotonic_us, counts_microseconds)
{
    int64_t before_us = patience_now_us();
    int64_t start_us = clock_monotonic_us();
    cr_assert_geq(start_us, before_us);
    cr_assert_leq(start_us, patience_now_us());
    patience_sleep_us(20 * MILLISECOND_US);
    cr_assert_geq(clock_monotonic_us() - start_us, 20 * MILLISECOND_US);
}

Test(clock_unix_us, counts_microseconds_since_1970)
{
    int64_t before_us = (int64_t)time(NULL) * SECOND_US;
    int64_t now_us = clock_unix_us();
    /* time() may lag behind by a tick. */
    cr_assert_geq(now_us, before_us);
    cr_assert_lt(now_us - SECOND_US, ((int64_t)time(NULL) + 1) * SECOND_US);
    cr_assert_gt(now_us, INT64_C(1700000000) * SECOND_US);
}
