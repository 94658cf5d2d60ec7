/* roster - the table of the manager's workers.
 *
 * Pure. Holds at most ROSTER_ROWS_MAX rows in place; rows keep no pointers. Every row is a child
 * that has not been reaped. A row returned by roster_find() or roster_add() is valid until the next
 * add or remove. */
#ifndef TOAD_POLICY_ROSTER_H
#define TOAD_POLICY_ROSTER_H

#include "base/limits.h"
#include "policy/worker_life.h"

#include <stdbool.h>
#include <stdint.h>

struct roster_row {
    int32_t pid;
    enum worker_life life;
    int64_t heard_us;   /* its last heartbeat, or its start */
    int64_t ready_us;   /* its first heartbeat; NEVER_US before */
    int64_t leaving_us; /* when it began to leave; NEVER_US before */
    int64_t stopped_us; /* when it got TERM; NEVER_US before */
    bool is_proven;     /* has served for PROVEN_AFTER_US */
    bool was_silent;    /* leaves because its heartbeats failed */
};

struct roster {
    uint32_t count;
    struct roster_row rows[ROSTER_ROWS_MAX];
};

void roster_init(struct roster *roster);

/* Adds a worker that has just been started. A null pointer if the table is full or has the pid
 * already. */
struct roster_row *roster_add(struct roster *roster, int32_t pid, int64_t now_us);

/* A null pointer if no worker has this pid. */
struct roster_row *roster_find(struct roster *roster, int32_t pid);

/* Removes a row of this table; the order of the others does not change. */
void roster_remove(struct roster *roster, struct roster_row *row);

/* Workers that start or serve. */
uint32_t roster_count_serving(const struct roster *roster);
/* Workers that serve. */
uint32_t roster_count_ready(const struct roster *roster);

/* The serving worker that `dice` chooses, all with the same chance; a null pointer if none serves.
 */
struct roster_row *roster_choose_serving(struct roster *roster, uint32_t dice);

#endif
