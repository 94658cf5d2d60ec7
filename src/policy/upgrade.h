/* upgrade - the life of a hot deployment, as the old manager judges it.
 *
 * Pure. The old manager is the arbiter: whether the new generation takes over or is given up is
 * decided here, once (promises UPG-2, UPG-4). The table is upgrade.def. */
#ifndef TOAD_POLICY_UPGRADE_H
#define TOAD_POLICY_UPGRADE_H

#include "base/error.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum upgrade_life {
#define UPGRADE_LIFE(name, meaning) UPGRADE_##name,
#include "policy/upgrade.def"
#undef UPGRADE_LIFE
};

enum upgrade_event {
#define UPGRADE_EVENT(name, meaning) UPGRADE_EVENT_##name,
#include "policy/upgrade.def"
#undef UPGRADE_EVENT
};

enum upgrade_order {
#define UPGRADE_ORDER(name) UPGRADE_ORDER_##name,
#include "policy/upgrade.def"
#undef UPGRADE_ORDER
};

struct upgrade {
    enum upgrade_life life;
    int32_t pid;        /* of the new manager; 0 in IDLE and FORKING */
    int64_t began_us;   /* when its process was made */
    int64_t stopped_us; /* when it got TERM */
};

void upgrade_init(struct upgrade *upgrade);

/* Takes one event and says what is to be done. ERROR_INVALID, with nothing changed, if the table
 * has no rule for it. `pid` counts for SPAWNED alone. */
MUST_CHECK enum error upgrade_decide(struct upgrade *upgrade, enum upgrade_event event, int32_t pid,
                                     int64_t now_us, enum upgrade_order *ret_order);

/* When GIVE_UP or STILL_THERE is due; NEVER_US if neither is. COMMITTED has no deadline any more.
 */
int64_t upgrade_deadline_us(const struct upgrade *upgrade, int64_t timeout_us);

/* True if a process of a new generation exists that has not been told to take over: its manager
 * must see it end. */
bool upgrade_is_under_way(const struct upgrade *upgrade);

/* True if the new generation exists. */
bool upgrade_has_process(const struct upgrade *upgrade);

#endif
