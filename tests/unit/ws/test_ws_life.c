#include "ws/ws_life.h"

#include "base/limits.h"

#include <criterion/criterion.h>
#include <string.h>

enum {
    LIVES = WS_LIFE_CLOSED + 1,
    EVENTS = WS_LIFE_EVENT_LOST + 1
};

struct rule {
    enum ws_life life;
    enum ws_life_event event;
    enum ws_life next;
};

static const struct rule rules[] = {
#define WS_RULE(life, event, next) {WS_LIFE_##life, WS_LIFE_EVENT_##event, WS_LIFE_##next},
#include "ws/ws_life.def"
#undef WS_RULE
};

enum {
    RULES = sizeof rules / sizeof rules[0]
};

static const struct ws_life_settings settings = {
    .websocket_timeout_us = 300, .close_timeout_us = 20, .linger_timeout_us = 7};

static const struct rule *rule_find(enum ws_life life, enum ws_life_event event)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].life == life && rules[i].event == event)
            return &rules[i];
    return NULL;
}

static struct ws_life_state state_in(enum ws_life life)
{
    return (struct ws_life_state){.life = life, .moved_us = 1, .began_us = 1};
}

static bool check_rule(enum ws_life life, enum ws_life_event event)
{
    const struct rule *rule = rule_find(life, event);
    struct ws_life_state state = state_in(life);
    struct ws_life_state before = state;
    enum error error = ws_life_observe(&state, event, 7);
    if (rule == NULL) {
        cr_expect_eq(error, ERROR_INVALID);
        cr_expect_eq(memcmp(&state, &before, sizeof state), 0);
        return false;
    }
    cr_expect_eq(error, ERROR_NONE);
    cr_expect_eq(state.life, rule->next, "%s in %s", ws_life_event_text(event), ws_life_text(life));
    cr_expect_eq(state.moved_us, 7);
    cr_expect_eq(state.began_us, rule->next == life ? 1 : 7);
    return true;
}

/* Promise CON-8 */
Test(ws_life_observe, follows_the_table_and_refuses_everything_else)
{
    size_t listed = 0;
    for (int life = 0; life < LIVES; life++)
        for (int event = 0; event < EVENTS; event++)
            listed += check_rule((enum ws_life)life, (enum ws_life_event)event);
    cr_expect_eq(listed, RULES, "a rule stands twice");
}

Test(ws_life_observe, leads_from_everywhere_to_the_end)
{
    for (int life = 0; life < WS_LIFE_CLOSED; life++) {
        struct ws_life_state state = state_in((enum ws_life)life);
        for (int i = 0; i < 2 && state.life != WS_LIFE_CLOSED; i++)
            cr_assert_eq(ws_life_observe(&state, WS_LIFE_EVENT_TIMED_OUT, 2), ERROR_NONE);
        cr_expect_eq(state.life, WS_LIFE_CLOSED, "%s", ws_life_text((enum ws_life)life));
        state = state_in((enum ws_life)life);
        cr_assert_eq(ws_life_observe(&state, WS_LIFE_EVENT_LOST, 2), ERROR_NONE);
        cr_expect_eq(state.life, WS_LIFE_CLOSED);
    }
}

struct due {
    enum ws_life life;
    int64_t due_us;
};

/* An open one counts from the last movement, the others from their beginning. */
Test(ws_life_deadline, knows_what_limits_each_life)
{
    static const struct due table[] = {{WS_LIFE_OPEN, 400},
                                       {WS_LIFE_CLOSING, 30},
                                       {WS_LIFE_FINISHING, 30},
                                       {WS_LIFE_LINGERING, 17},
                                       {WS_LIFE_CLOSED, NEVER_US}};
    cr_assert_eq(sizeof table / sizeof table[0], LIVES);
    for (size_t i = 0; i < LIVES; i++) {
        struct ws_life_state state = {.life = table[i].life, .moved_us = 100, .began_us = 10};
        cr_expect_eq(ws_life_deadline(&state, &settings), table[i].due_us, "%s",
                     ws_life_text(table[i].life));
    }
}

Test(ws_life_deadline, has_no_limit_for_zero_nor_beyond_the_end_of_time)
{
    struct ws_life_state state = {.life = WS_LIFE_OPEN, .moved_us = 100};
    struct ws_life_settings without = settings;
    without.websocket_timeout_us = 0;
    cr_expect_eq(ws_life_deadline(&state, &without), NEVER_US);
    without.websocket_timeout_us = NEVER_US - 99;
    cr_expect_eq(ws_life_deadline(&state, &without), NEVER_US);
}

Test(ws_life_stall, counts_from_its_first_call_and_ends_with_the_flush)
{
    struct ws_life_state state;
    ws_life_init(&state, 5);
    ws_life_stall(&state, 10);
    ws_life_stall(&state, 50);
    cr_expect_eq(ws_life_deadline(&state, &settings), 310);
    cr_assert_eq(ws_life_observe(&state, WS_LIFE_EVENT_FLUSHED, 60), ERROR_NONE);
    cr_expect_not(state.is_stalled);
    ws_life_stall(&state, 70);
    cr_expect_eq(ws_life_deadline(&state, &settings), 370);
}
