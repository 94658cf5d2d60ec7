/* ledger - what a record alone says of a manager's processes, kept by somebody who does not trust
 * the manager and does not know its policy.
 *
 * Pure but for its size: the caller keeps it in static storage. Events are believed, actions are
 * judged: each must be one that the promises allow there. What is missing is not seen here, but by
 * whoever compares the record with the policy. A signal that is judged wrong was sent nevertheless;
 * any other wrong action changes nothing in the books, so that it is not held against what follows.
 */
#ifndef TOAD_TOOLS_LEDGER_H
#define TOAD_TOOLS_LEDGER_H

#include "base/problem.h"
#include "policy/heartbeat.h"
#include "policy/manager.h"
#include "tools/trace_action.h"
#include "tools/trace_reader.h"

#include <stdbool.h>
#include <stdint.h>

/* How far the manager is on its way out. */
enum ledger_ending {
    LEDGER_ENDING_NONE,
    LEDGER_ENDING_GRACEFUL,
    LEDGER_ENDING_NOW,
    LEDGER_ENDING_OVER
};

struct ledger_worker {
    int32_t pid;
    bool has_beaten;
    enum worker_signal sent; /* the strongest so far */
    int64_t heard_us;        /* its last heartbeat, or its start */
    int64_t leaving_us;      /* NEVER_US: it serves */
    int64_t stopped_us;      /* it got TERM; NEVER_US: not yet */
};

/* The new generation that the manager makes. */
struct ledger_upgrade {
    bool is_asked; /* its process is being made */
    bool is_committed;
    bool is_aborted;
    int32_t pid; /* 0: there is no process */
    enum worker_signal sent;
    int64_t began_us;
    int64_t stopped_us;
};

struct ledger {
    struct manager_settings settings;
    int64_t now_us;
    enum manager_event_kind event; /* whose actions are judged */
    int32_t event_pid;
    enum ledger_ending ending;
    bool has_failed; /* the start did */
    bool has_pid_file;
    bool is_announced;
    bool has_asked;
    bool is_agreed;
    int32_t predecessor; /* 0: none, or gone */
    uint32_t wanted;
    uint32_t spawning;
    uint32_t retired; /* workers, because of this event */
    struct ledger_upgrade upgrade;
    struct heartbeat_reader reader;
    uint32_t count;
    struct ledger_worker workers[ROSTER_ROWS_MAX];
};

void ledger_init(struct ledger *ledger);

/* Takes an event into the books. */
void ledger_observe(struct ledger *ledger, const struct trace_line *line);

/* Judges one action of that event. The promise that it breaks (static text) with a problem that
 * says how, or a null pointer. */
const char *ledger_judge(struct ledger *ledger, const struct trace_action *action,
                         struct problem *ret_problem);

/* A null pointer if nobody has this pid. */
struct ledger_worker *ledger_find(struct ledger *ledger, int32_t pid);

/* Workers that nobody has asked to leave; of these, the ones that have beaten. */
uint32_t ledger_count_serving(const struct ledger *ledger);
uint32_t ledger_count_ready(const struct ledger *ledger);

#endif
