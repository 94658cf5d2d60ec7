#include "policy/backoff.h"

#include "base/limits.h"

int64_t backoff_pause_us(uint32_t failures)
{
    if (failures <= 1)
        return 0;
    /* 1 s << 5 is above the maximum already. */
    uint32_t doublings = failures - 2 < 5 ? failures - 2 : 5;
    int64_t pause = SECOND_US << doublings;
    return pause < BACKOFF_MAX_US ? pause : BACKOFF_MAX_US;
}

void backoff_fail(struct backoff *backoff, int64_t now_us)
{
    if (now_us < backoff->until_us && !backoff->has_attempted)
        return;
    backoff->has_attempted = false;
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;
    backoff->until_us = now_us + backoff_pause_us(backoff->failures);
}

void backoff_attempt(struct backoff *backoff, int64_t now_us)
{
    backoff->until_us = now_us + backoff_pause_us(backoff->failures);
    backoff->has_attempted = true;
}

void backoff_reset(struct backoff *backoff)
{
    *backoff = (struct backoff){.failures = 0};
}

bool backoff_allows(const struct backoff *backoff, int64_t now_us)
{
    return backoff->failures == 0 || now_us >= backoff->until_us;
}
