/* worker_life - the states of one worker and what may happen in each; the table is worker_life.def.
 *
 * Pure. A worker only ever moves forward: serving, leaving, QUIT, TERM, KILL (promises MGR-2 to
 * MGR-5, HBT-2, HBT-3). */
#ifndef TOAD_POLICY_WORKER_LIFE_H
#define TOAD_POLICY_WORKER_LIFE_H

#include "base/error.h"

#include <stdbool.h>

enum worker_life {
#define WORKER_LIFE(name, meaning) WORKER_##name,
#include "policy/worker_life.def"
#undef WORKER_LIFE
};

enum worker_event {
#define WORKER_EVENT(name, meaning) WORKER_EVENT_##name,
#include "policy/worker_life.def"
#undef WORKER_EVENT
};

enum worker_signal {
    WORKER_SIGNAL_NONE,
    WORKER_SIGNAL_QUIT,
    WORKER_SIGNAL_TERM,
    WORKER_SIGNAL_KILL,
    WORKER_SIGNAL_USR1,
};

/* The rule for `event` in `life`. ERROR_INVALID, with the results untouched, where the table has
 * none. */
MUST_CHECK enum error worker_life_decide(enum worker_life life, enum worker_event event,
                                         enum worker_life *ret_life,
                                         enum worker_signal *ret_signal);

/* Starting or ready: counts for the pool and owes heartbeats. */
bool worker_life_is_serving(enum worker_life life);

/* Leaving or asked to: its graceful_timeout runs. */
bool worker_life_is_leaving(enum worker_life life);

const char *worker_life_text(enum worker_life life);
const char *worker_event_text(enum worker_event event);
/* "QUIT", "TERM", ... as kill(1) names it. */
const char *worker_signal_text(enum worker_signal signal);

#endif
