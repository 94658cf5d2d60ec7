#include "policy/herald_life.h"

#include "base/limits.h"

#include <stddef.h>

struct rule {
    enum herald_life_state state;
    enum herald_event event;
    enum herald_life_state next;
    enum herald_order order;
};

static const struct rule rules[] = {
#define HERALD_RULE(state, event, next, order)                                                     \
    {HERALD_##state, HERALD_EVENT_##event, HERALD_##next, HERALD_ORDER_##order},
#include "policy/herald_life.def"
#undef HERALD_RULE
};

void herald_life_init(struct herald_life *life)
{
    *life = (struct herald_life){.state = HERALD_ABSENT};
}

static void note_loss(struct herald_life *life, int64_t now_us)
{
    if (now_us - life->started_us >= HERALD_PROVEN_AFTER_US)
        backoff_reset(&life->backoff);
    backoff_fail(&life->backoff, now_us);
}

/* What follows for the next attempt. */
static void note(struct herald_life *life, const struct rule *rule, int64_t now_us)
{
    switch (rule->event) {
    case HERALD_EVENT_STARTED:
        life->started_us = now_us;
        return;
    case HERALD_EVENT_NOT_STARTED:
        backoff_fail(&life->backoff, now_us);
        return;
    case HERALD_EVENT_LOST:
        if (rule->state == HERALD_RUNNING)
            note_loss(life, now_us);
        else
            backoff_reset(&life->backoff);
        return;
    case HERALD_EVENT_WANTED:
    case HERALD_EVENT_UNWANTED:
    case HERALD_EVENT_USELESS:
        return;
    }
}

enum error herald_life_decide(struct herald_life *life, enum herald_event event, int64_t now_us,
                              enum herald_order *ret_order)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].state != life->state || rules[i].event != event)
            continue;
        life->state = rules[i].next;
        note(life, &rules[i], now_us);
        bool must_wait =
            rules[i].order == HERALD_ORDER_START && !backoff_allows(&life->backoff, now_us);
        *ret_order = must_wait ? HERALD_ORDER_NOTHING : rules[i].order;
        return ERROR_NONE;
    }
    return ERROR_INVALID;
}

bool herald_life_is_fresh(const struct herald_life *life)
{
    return life->backoff.failures == 0;
}
