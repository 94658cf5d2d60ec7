#include "policy/upgrade.h"

#include <stddef.h>

struct rule {
    bool is_listed;
    enum upgrade_life next;
    enum upgrade_order order;
};

static const struct rule rules[UPGRADE_KILLED + 1][UPGRADE_EVENT_OVER + 1] = {
#define UPGRADE_RULE(life, event, next, order)                                                     \
    [UPGRADE_##life][UPGRADE_EVENT_##event] = {true, UPGRADE_##next, UPGRADE_ORDER_##order},
#include "policy/upgrade.def"
#undef UPGRADE_RULE
};

void upgrade_init(struct upgrade *upgrade)
{
    *upgrade = (struct upgrade){.life = UPGRADE_IDLE, .began_us = NEVER_US, .stopped_us = NEVER_US};
}

enum error upgrade_decide(struct upgrade *upgrade, enum upgrade_event event, int32_t pid,
                          int64_t now_us, enum upgrade_order *ret_order)
{
    const struct rule *rule = &rules[upgrade->life][event];
    if (!rule->is_listed)
        return ERROR_INVALID;
    *ret_order = rule->order;
    upgrade->life = rule->next;
    if (event == UPGRADE_EVENT_SPAWNED) {
        upgrade->pid = pid;
        upgrade->began_us = now_us;
    }
    if (rule->order == UPGRADE_ORDER_ABORT)
        upgrade->stopped_us = now_us;
    if (rule->next == UPGRADE_IDLE)
        upgrade_init(upgrade);
    return ERROR_NONE;
}

int64_t upgrade_deadline_us(const struct upgrade *upgrade, int64_t timeout_us)
{
    switch (upgrade->life) {
    case UPGRADE_STARTING:
        return upgrade->began_us + timeout_us;
    case UPGRADE_ABORTING:
        return upgrade->stopped_us + KILL_AFTER_US;
    case UPGRADE_IDLE:
    case UPGRADE_FORKING:
    case UPGRADE_COMMITTED:
    case UPGRADE_KILLED:
        break;
    }
    return NEVER_US;
}

bool upgrade_is_under_way(const struct upgrade *upgrade)
{
    return upgrade->life != UPGRADE_IDLE && upgrade->life != UPGRADE_COMMITTED;
}

bool upgrade_has_process(const struct upgrade *upgrade)
{
    return upgrade->life != UPGRADE_IDLE && upgrade->life != UPGRADE_FORKING;
}
