#include "policy/worker_life.h"

#include <criterion/criterion.h>

#include <string.h>

struct rule {
    enum worker_life life;
    enum worker_event event;
    enum worker_life next;
    enum worker_signal signal;
};

static const struct rule rules[] = {
#define WORKER_RULE(life, event, next, signal)                                                     \
    {WORKER_##life, WORKER_EVENT_##event, WORKER_##next, WORKER_SIGNAL_##signal},
#include "policy/worker_life.def"
#undef WORKER_RULE
};

static const char *const lives[] = {
#define WORKER_LIFE(name, meaning) [WORKER_##name] = #name,
#include "policy/worker_life.def"
#undef WORKER_LIFE
};

static const char *const events[] = {
#define WORKER_EVENT(name, meaning) [WORKER_EVENT_##name] = #name,
#include "policy/worker_life.def"
#undef WORKER_EVENT
};

enum {
    RULES = sizeof rules / sizeof rules[0],
    LIVES = sizeof lives / sizeof lives[0],
    EVENTS = sizeof events / sizeof events[0]
};

static const struct rule *rule_of(int life, int event)
{
    for (size_t i = 0; i < RULES; i++)
        if ((int)rules[i].life == life && (int)rules[i].event == event)
            return &rules[i];
    return NULL;
}

Test(worker_life_decide, does_what_is_listed_and_refuses_what_is_not)
{
    for (int life = 0; life < LIVES; life++)
        for (int event = 0; event < EVENTS; event++) {
            enum worker_life next = (enum worker_life)99;
            enum worker_signal signal = (enum worker_signal)99;
            enum error error = worker_life_decide((enum worker_life)life, (enum worker_event)event,
                                                  &next, &signal);
            const struct rule *rule = rule_of(life, event);
            const char *place = events[event];
            cr_assert_eq(error, rule == NULL ? ERROR_INVALID : ERROR_NONE, "%s in %s", place,
                         lives[life]);
            cr_assert_eq((int)next, rule == NULL ? 99 : (int)rule->next, "%s", place);
            cr_assert_eq((int)signal, rule == NULL ? 99 : (int)rule->signal, "%s", place);
        }
}

Test(worker_life_def, lists_no_pair_twice)
{
    for (size_t i = 0; i < RULES; i++)
        cr_assert_eq(rule_of((int)rules[i].life, (int)rules[i].event), &rules[i]);
}

/* Promises MGR-2 to MGR-5: a worker only ever moves forward, and each signal is sent on the way
 * into the state that is named after it. */
Test(worker_life_def, leads_forward_and_sends_each_signal_once)
{
    static const enum worker_signal entry[LIVES] = {[WORKER_QUITTING] = WORKER_SIGNAL_QUIT,
                                                    [WORKER_TERMINATING] = WORKER_SIGNAL_TERM,
                                                    [WORKER_KILLED] = WORKER_SIGNAL_KILL};
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        cr_assert_geq(rule->next, rule->life, "row %zu", i);
        cr_assert_eq(rule->signal,
                     rule->next == rule->life ? WORKER_SIGNAL_NONE : entry[rule->next], "row %zu",
                     i);
    }
}

/* Promise HBT-3. */
Test(worker_life_def, lets_silence_matter_only_while_serving)
{
    for (int life = 0; life < LIVES; life++)
        cr_assert_eq(rule_of(life, WORKER_EVENT_SILENT) != NULL,
                     worker_life_is_serving((enum worker_life)life), "%s", lives[life]);
}

Test(worker_life, is_serving_then_leaving_then_stopping)
{
    for (int life = 0; life < LIVES; life++) {
        enum worker_life state = (enum worker_life)life;
        cr_assert_eq(worker_life_is_serving(state),
                     state == WORKER_STARTING || state == WORKER_READY);
        cr_assert_eq(worker_life_is_leaving(state),
                     state == WORKER_LEAVING || state == WORKER_QUITTING);
    }
}

Test(worker_life, gives_every_state_event_and_signal_its_name)
{
    for (int life = 0; life < LIVES; life++)
        cr_assert_str_eq(worker_life_text((enum worker_life)life), lives[life]);
    for (int event = 0; event < EVENTS; event++)
        cr_assert_str_eq(worker_event_text((enum worker_event)event), events[event]);
    static const char *const signals[] = {"NONE", "QUIT", "TERM", "KILL", "USR1"};
    for (int signal = 0; signal < 5; signal++)
        cr_assert_str_eq(worker_signal_text((enum worker_signal)signal), signals[signal]);
    cr_assert_str_eq(worker_life_text((enum worker_life)LIVES), "?");
    cr_assert_str_eq(worker_event_text((enum worker_event)EVENTS), "?");
    cr_assert_str_eq(worker_signal_text((enum worker_signal)5), "?");
}
