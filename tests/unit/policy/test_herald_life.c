#include "policy/herald_life.h"

#include "base/limits.h"

#include <criterion/criterion.h>

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

enum {
    RULES = sizeof rules / sizeof rules[0],
    STATES = 0
#define HERALD_LIFE(name, meaning) +1
#include "policy/herald_life.def"
#undef HERALD_LIFE
        ,
    EVENTS = 0
#define HERALD_EVENT(name, meaning) +1
#include "policy/herald_life.def"
#undef HERALD_EVENT
};

static const struct rule *rule_of(int state, int event)
{
    for (size_t i = 0; i < RULES; i++)
        if ((int)rules[i].state == state && (int)rules[i].event == event)
            return &rules[i];
    return NULL;
}

static enum herald_order decide(struct herald_life *life, enum herald_event event, int64_t now_us)
{
    enum herald_order order = (enum herald_order)99;
    cr_assert_eq(herald_life_decide(life, event, now_us, &order), ERROR_NONE, "%d in %d", event,
                 life->state);
    return order;
}

/* One that was just made. */
static struct herald_life running(int64_t now_us)
{
    struct herald_life life;
    herald_life_init(&life);
    cr_assert_eq(decide(&life, HERALD_EVENT_WANTED, now_us), HERALD_ORDER_START);
    cr_assert_eq(decide(&life, HERALD_EVENT_STARTED, now_us), HERALD_ORDER_NOTHING);
    return life;
}

Test(herald_life_decide, does_what_is_listed_and_refuses_what_is_not)
{
    for (int state = 0; state < STATES; state++)
        for (int event = 0; event < EVENTS; event++) {
            struct herald_life life = {.state = (enum herald_life_state)state};
            enum herald_order order = (enum herald_order)99;
            enum error error =
                herald_life_decide(&life, (enum herald_event)event, 5 * SECOND_US, &order);
            const struct rule *rule = rule_of(state, event);
            cr_assert_eq(error, rule == NULL ? ERROR_INVALID : ERROR_NONE, "%d in %d", event,
                         state);
            cr_assert_eq((int)life.state, rule == NULL ? state : (int)rule->next);
            cr_assert_eq((int)order, rule == NULL ? 99 : (int)rule->order);
        }
}

Test(herald_life_def, lists_no_pair_twice)
{
    for (size_t i = 0; i < RULES; i++)
        cr_assert_eq(rule_of((int)rules[i].state, (int)rules[i].event), &rules[i]);
}

/* The loop may come round in any state. */
Test(herald_life_def, hears_in_every_state_whether_it_is_wanted)
{
    for (int state = 0; state < STATES; state++)
        cr_assert(rule_of(state, HERALD_EVENT_WANTED) != NULL &&
                      rule_of(state, HERALD_EVENT_UNWANTED) != NULL,
                  "%d", state);
}

/* Promise LSN-9: for as long as a generation serves. */
Test(herald_life_decide, starts_one_while_it_is_wanted_and_kills_it_when_it_is_not)
{
    struct herald_life life;
    herald_life_init(&life);
    cr_expect_eq(decide(&life, HERALD_EVENT_UNWANTED, 0), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, 1), HERALD_ORDER_START);
    cr_expect_eq(decide(&life, HERALD_EVENT_STARTED, 1), HERALD_ORDER_NOTHING);
    cr_expect_eq(life.started_us, 1);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, 2), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_UNWANTED, 3), HERALD_ORDER_KILL);
    cr_expect_eq(decide(&life, HERALD_EVENT_UNWANTED, 4), HERALD_ORDER_NOTHING);
    /* A deployment that fails after all: another one, but never two. */
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, 5), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_LOST, 6), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, 6), HERALD_ORDER_START);
    cr_expect(herald_life_is_fresh(&life), "a death that was ordered is no failure");
}

Test(herald_life_decide, pauses_longer_each_time_it_is_lost)
{
    static const int64_t pauses_s[] = {0, 1, 2, 4, 8, 16, 30, 30};
    int64_t now_us = 100;
    struct herald_life life = running(now_us);
    cr_expect(herald_life_is_fresh(&life));
    for (size_t i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        now_us += MILLISECOND_US;
        cr_expect_eq(decide(&life, HERALD_EVENT_LOST, now_us), HERALD_ORDER_NOTHING);
        cr_expect_not(herald_life_is_fresh(&life));
        int64_t until_us = now_us + pauses_s[i] * SECOND_US;
        if (pauses_s[i] > 0)
            cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, until_us - 1), HERALD_ORDER_NOTHING,
                         "row %zu", i);
        now_us = until_us;
        cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, now_us), HERALD_ORDER_START, "row %zu", i);
        cr_expect_eq(decide(&life, HERALD_EVENT_STARTED, now_us), HERALD_ORDER_NOTHING);
    }
}

Test(herald_life_decide, pauses_after_forks_that_fail_as_well)
{
    struct herald_life life;
    herald_life_init(&life);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, 0), HERALD_ORDER_START);
    cr_expect_eq(decide(&life, HERALD_EVENT_NOT_STARTED, 0), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, 0), HERALD_ORDER_START);
    cr_expect_eq(decide(&life, HERALD_EVENT_NOT_STARTED, 0), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, SECOND_US - 1), HERALD_ORDER_NOTHING);
    cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, SECOND_US), HERALD_ORDER_START);
}

Test(herald_life_decide, forgives_one_that_has_lived_for_long)
{
    static const struct {
        int64_t lived_us;
        uint32_t failures;
    } table[] = {{HERALD_PROVEN_AFTER_US - 1, 4}, {HERALD_PROVEN_AFTER_US, 1}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct herald_life life = running(7);
        life.backoff.failures = 3;
        cr_expect_eq(decide(&life, HERALD_EVENT_LOST, 7 + table[i].lived_us), HERALD_ORDER_NOTHING);
        cr_expect_eq(life.backoff.failures, table[i].failures, "row %zu", i);
    }
}

Test(herald_life_decide, forgives_one_that_was_killed)
{
    struct herald_life life = running(7);
    life.backoff.failures = 3;
    cr_expect_eq(decide(&life, HERALD_EVENT_UNWANTED, 8), HERALD_ORDER_KILL);
    cr_expect_eq(decide(&life, HERALD_EVENT_LOST, 9), HERALD_ORDER_NOTHING);
    cr_expect(herald_life_is_fresh(&life));
}

/* It may say so before it notices that it was killed. */
Test(herald_life_decide, never_starts_another_where_one_was_useless)
{
    for (int is_killed = 0; is_killed < 2; is_killed++) {
        struct herald_life life = running(0);
        if (is_killed)
            cr_expect_eq(decide(&life, HERALD_EVENT_UNWANTED, 1), HERALD_ORDER_KILL);
        cr_expect_eq(decide(&life, HERALD_EVENT_USELESS, 2), HERALD_ORDER_NOTHING);
        for (int64_t now_us = 1000 * SECOND_US; now_us < 1003 * SECOND_US; now_us += SECOND_US) {
            cr_expect_eq(life.state, HERALD_BARRED);
            cr_expect_eq(decide(&life, HERALD_EVENT_WANTED, now_us), HERALD_ORDER_NOTHING);
            cr_expect_eq(life.state, HERALD_BARRED);
            cr_expect_eq(decide(&life, HERALD_EVENT_UNWANTED, now_us), HERALD_ORDER_NOTHING);
        }
    }
}
