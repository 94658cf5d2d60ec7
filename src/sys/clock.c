#include "sys/clock.h"

#include "base/limits.h"

#include <time.h>

static int64_t read_clock_us(clockid_t which)
{
    struct timespec time = {.tv_sec = 0};
    (void)clock_gettime(which, &time);
    return (int64_t)time.tv_sec * SECOND_US + time.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

int64_t clock_unix_us(void)
{
    return read_clock_us(CLOCK_REALTIME);
}
