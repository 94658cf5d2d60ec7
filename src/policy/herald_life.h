/* herald_life - the life of the herald, the process that publishes where the server is found.
 *
 * Pure. One that ends is started again, with the pause of policy/backoff when that happens in a
 * row; it is killed as soon as its generation does not serve any more (promise LSN-9). It is no
 * worker, and the manager's policy knows nothing of it. The table is herald_life.def. */
#ifndef TOAD_POLICY_HERALD_LIFE_H
#define TOAD_POLICY_HERALD_LIFE_H

#include "base/error.h"
#include "policy/backoff.h"

#include <stdbool.h>
#include <stdint.h>

enum herald_life_state {
#define HERALD_LIFE(name, meaning) HERALD_##name,
#include "policy/herald_life.def"
#undef HERALD_LIFE
};

enum herald_event {
#define HERALD_EVENT(name, meaning) HERALD_EVENT_##name,
#include "policy/herald_life.def"
#undef HERALD_EVENT
};

enum herald_order {
    HERALD_ORDER_NOTHING,
    HERALD_ORDER_START,
    HERALD_ORDER_KILL,
};

/* The exit statuses of a herald; any other end counts as lost. */
enum {
    HERALD_STATUS_LOST = 1,    /* it could not reach whom it tells, or not any more */
    HERALD_STATUS_USELESS = 2, /* and never will, as this process is made */
};

struct herald_life {
    enum herald_life_state state;
    struct backoff backoff;
    int64_t started_us; /* when the last one was made */
};

void herald_life_init(struct herald_life *life);

/* Takes one event and says what is to be done. ERROR_INVALID, with nothing changed, if the table
 * has no rule for it. */
MUST_CHECK enum error herald_life_decide(struct herald_life *life, enum herald_event event,
                                         int64_t now_us, enum herald_order *ret_order);

/* True if the last one has not failed: what goes wrong next is news. */
bool herald_life_is_fresh(const struct herald_life *life);

#endif
