/* acceptor - takes connections from the listeners, under the accept mutex.
 *
 * The mutex is held while accepting and never while waiting or serving. A worker that finds it
 * taken steps back for a while that grows, so nobody spins; a sibling that was stopped with the
 * mutex in its hand is passed by (promises LCK-1, LCK-3, HBT-6). */
#ifndef TOAD_WORKER_ACCEPTOR_H
#define TOAD_WORKER_ACCEPTOR_H

#include "base/error.h"
#include "base/limits.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct toad_worker;

struct acceptor {
    struct toad_worker *worker; /* borrowed */
    int lock_fd;
    size_t count;
    ev_io listeners[LISTENERS_MAX];
    bool accepts_one[LISTENERS_MAX]; /* of each: one connection per wake-up (promise LSN-6) */
    ev_timer retry;
    int64_t blocked_us; /* since when the mutex was not to be had; NEVER_US: it was */
    double pause_s;     /* how long to step back next time */
    bool is_open;       /* the listeners are still this worker's */
    bool has_begun;     /* it accepts, or would if there were room */
    bool passes_lock;   /* a stopped sibling holds the mutex, or it cannot be had at all */
};

/* Opens the mutex `lock_fd` anew, so that this worker holds it alone. The mutex is the manager's
 * private file: a worker that becomes another user does it before. ERROR_SYSTEM: errno says why. */
MUST_CHECK enum error acceptor_share_lock(struct acceptor *acceptor, int lock_fd);

/* Makes everything ready, under the mutex that was shared. */
void acceptor_open(struct acceptor *acceptor, struct toad_worker *worker);

/* Begins to accept. */
void acceptor_begin(struct acceptor *acceptor);

/* A connection has closed: there may be room again (promise WRK-11). */
void acceptor_resume(struct acceptor *acceptor);

/* Accepts nothing any more and lets go of the listeners (promise WRK-4). */
void acceptor_close(struct acceptor *acceptor);

#endif
