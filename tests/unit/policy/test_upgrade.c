/* The life of a hot deployment: promises UPG-2 and UPG-4. */
#include "policy/upgrade.h"

#include <criterion/criterion.h>

#include <string.h>

struct rule {
    enum upgrade_life life;
    enum upgrade_event event;
    enum upgrade_life next;
    enum upgrade_order order;
};

static const struct rule rules[] = {
#define UPGRADE_RULE(life, event, next, order)                                                     \
    {UPGRADE_##life, UPGRADE_EVENT_##event, UPGRADE_##next, UPGRADE_ORDER_##order},
#include "policy/upgrade.def"
#undef UPGRADE_RULE
};

enum {
    RULES = sizeof rules / sizeof rules[0],
    LIVES = UPGRADE_KILLED + 1,
    EVENTS = UPGRADE_EVENT_OVER + 1,
    PID = 301
};

static const struct rule *rule_of(int life, int event)
{
    for (size_t i = 0; i < RULES; i++)
        if ((int)rules[i].life == life && (int)rules[i].event == event)
            return &rules[i];
    return NULL;
}

static uint32_t count_orders(enum upgrade_order order)
{
    uint32_t count = 0;
    for (size_t i = 0; i < RULES; i++)
        count += rules[i].order == order;
    return count;
}

static struct upgrade at_life(int life)
{
    return (struct upgrade){(enum upgrade_life)life, PID, 1000, 2000};
}

Test(upgrade_init, begins_with_none)
{
    struct upgrade upgrade = at_life(UPGRADE_KILLED);
    upgrade_init(&upgrade);
    cr_assert_eq(upgrade.life, UPGRADE_IDLE);
    cr_assert_eq(upgrade.pid, 0);
    cr_assert_eq(upgrade.began_us, NEVER_US);
    cr_assert_eq(upgrade.stopped_us, NEVER_US);
}

Test(upgrade_decide, does_what_is_listed_and_refuses_what_is_not)
{
    for (int life = 0; life < LIVES; life++)
        for (int event = 0; event < EVENTS; event++) {
            struct upgrade upgrade = at_life(life);
            const struct upgrade before = upgrade;
            enum upgrade_order order = (enum upgrade_order)99;
            enum error error =
                upgrade_decide(&upgrade, (enum upgrade_event)event, PID + 1, 5000, &order);
            const struct rule *rule = rule_of(life, event);
            cr_assert_eq(error, rule == NULL ? ERROR_INVALID : ERROR_NONE, "%d in %d", event, life);
            cr_assert_eq((int)order, rule == NULL ? 99 : (int)rule->order);
            cr_assert_eq((int)upgrade.life, rule == NULL ? life : (int)rule->next);
            if (rule == NULL)
                cr_assert_eq(memcmp(&upgrade, &before, sizeof before), 0);
        }
}

Test(upgrade_def, lists_no_pair_twice)
{
    for (size_t i = 0; i < RULES; i++)
        cr_assert_eq(rule_of((int)rules[i].life, (int)rules[i].event), &rules[i]);
}

/* Promise UPG-2: each word has one row, and after one of them no way leads to the other, but over
 * the end of the process. */
Test(upgrade_def, never_says_commit_and_abort_of_the_same_process)
{
    cr_assert_eq(count_orders(UPGRADE_ORDER_SPAWN), 1);
    cr_assert_eq(count_orders(UPGRADE_ORDER_COMMIT), 1);
    cr_assert_eq(count_orders(UPGRADE_ORDER_ABORT), 1);
    cr_assert_eq(count_orders(UPGRADE_ORDER_KILL), 1);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        bool is_word = rule->order == UPGRADE_ORDER_COMMIT || rule->order == UPGRADE_ORDER_ABORT;
        cr_assert(!is_word || rule->life == UPGRADE_STARTING);
        bool is_back = rule->next <= UPGRADE_STARTING && rule->life > UPGRADE_STARTING;
        cr_assert(!is_back || (rule->event == UPGRADE_EVENT_OVER && rule->next == UPGRADE_IDLE));
        cr_assert(rule->life != UPGRADE_COMMITTED || rule->next == UPGRADE_COMMITTED || is_back);
    }
}

/* Whatever is asked of a table by the handlers has a rule, in every life. */
Test(upgrade_def, has_a_rule_for_what_may_come_at_any_time)
{
    for (int life = 0; life < LIVES; life++) {
        cr_assert_not_null(rule_of(life, UPGRADE_EVENT_ASKED));
        cr_assert_not_null(rule_of(life, UPGRADE_EVENT_GIVE_UP));
        struct upgrade upgrade = at_life(life);
        bool has_process = upgrade_has_process(&upgrade);
        cr_assert_eq(rule_of(life, UPGRADE_EVENT_READY) != NULL, has_process);
        cr_assert_eq(rule_of(life, UPGRADE_EVENT_OVER) != NULL,
                     has_process || life == UPGRADE_FORKING);
    }
}

Test(upgrade_decide, keeps_the_times_and_the_process)
{
    struct upgrade upgrade;
    enum upgrade_order order;
    upgrade_init(&upgrade);
    cr_assert_eq(upgrade_decide(&upgrade, UPGRADE_EVENT_ASKED, PID, 100, &order), ERROR_NONE);
    cr_assert_eq(upgrade.pid, 0);
    cr_assert_eq(upgrade_decide(&upgrade, UPGRADE_EVENT_SPAWNED, PID, 200, &order), ERROR_NONE);
    cr_assert_eq(upgrade.pid, PID);
    cr_assert_eq(upgrade.began_us, 200);
    cr_assert_eq(upgrade_decide(&upgrade, UPGRADE_EVENT_GIVE_UP, 7, 300, &order), ERROR_NONE);
    cr_assert_eq(upgrade.stopped_us, 300);
    cr_assert_eq(upgrade_decide(&upgrade, UPGRADE_EVENT_GIVE_UP, 7, 400, &order), ERROR_NONE);
    cr_assert_eq(upgrade.stopped_us, 300, "the second runs from the first time");
    cr_assert_eq(upgrade.pid, PID);
    cr_assert_eq(upgrade_decide(&upgrade, UPGRADE_EVENT_OVER, 7, 500, &order), ERROR_NONE);
    cr_assert_eq(upgrade.pid, 0);
    cr_assert_eq(upgrade.began_us, NEVER_US);
    cr_assert_eq(upgrade.stopped_us, NEVER_US);
}

/* Promise UPG-4: and COMMITTED has no deadline any more (promise UPG-2). */
Test(upgrade_deadline_us, is_the_timeout_and_then_a_second)
{
    static const int64_t deadlines[LIVES + 1] = {[UPGRADE_IDLE] = NEVER_US,
                                                 [UPGRADE_FORKING] = NEVER_US,
                                                 [UPGRADE_STARTING] = 1030,
                                                 [UPGRADE_ABORTING] = 2000 + SECOND_US,
                                                 [UPGRADE_COMMITTED] = NEVER_US,
                                                 [UPGRADE_KILLED] = NEVER_US,
                                                 [LIVES] = NEVER_US};
    for (int life = 0; life <= LIVES; life++) {
        struct upgrade upgrade = at_life(life);
        cr_assert_eq(upgrade_deadline_us(&upgrade, 30), deadlines[life], "%d", life);
    }
}

Test(upgrade, has_a_process_from_its_fork_on_and_is_under_way_until_committed)
{
    for (int life = 0; life < LIVES; life++) {
        struct upgrade upgrade = at_life(life);
        cr_assert_eq(upgrade_has_process(&upgrade),
                     life != UPGRADE_IDLE && life != UPGRADE_FORKING);
        cr_assert_eq(upgrade_is_under_way(&upgrade),
                     life != UPGRADE_IDLE && life != UPGRADE_COMMITTED);
    }
}
