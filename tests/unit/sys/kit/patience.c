#include "kit/patience.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

int64_t patience_now_us(void)
{
    struct timespec now = {.tv_sec = 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void patience_sleep_us(int64_t time_us)
{
    struct timespec rest = {.tv_sec = time_us / 1000000, .tv_nsec = time_us % 1000000 * 1000};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
}

bool patience_holds(bool (*condition)(void *context), void *context)
{
    int64_t end_us = patience_now_us() + PATIENCE_US;
    while (!condition(context)) {
        if (patience_now_us() > end_us)
            return condition(context);
        patience_sleep_us(1000);
    }
    return true;
}

bool patience_readable(int fd, int64_t time_us)
{
    int64_t end_us = patience_now_us() + time_us;
    for (;;) {
        int64_t left_us = end_us - patience_now_us();
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        if (poll(&watched, 1, left_us < 0 ? 0 : (int)((left_us + 999) / 1000)) > 0)
            return true;
        if (left_us <= 0)
            return false;
    }
}
