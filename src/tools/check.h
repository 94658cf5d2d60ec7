/* check - a record against the policy and against the promises.
 *
 * Two judges read it. The policy decides each event again, up to the first step that differs; from
 * there on its state is not the server's any more. The ledger knows no policy, judges each action
 * by itself, and reads to the end.
 *
 * Pure but for its size and the JSON library: the caller keeps it in static storage. */
#ifndef TOAD_TOOLS_CHECK_H
#define TOAD_TOOLS_CHECK_H

#include "tools/deviations.h"
#include "tools/ledger.h"
#include "tools/simulator.h"
#include "tools/trace_file.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CHECK_EXTRAS_MAX = 64 /* unexpected actions of one event that are kept to be explained */
};

/* An action of the record that the policy did not decide. */
struct check_extra {
    uint64_t line;
    bool is_judged; /* the ledger has named it */
    bool is_twin;   /* it stands in the place of one that was decided */
    struct trace_action action;
};

struct check {
    struct simulator simulator;
    struct ledger ledger;
    struct deviations deviations;
    bool is_following; /* the policy's state is still the server's */
    bool is_disordered;
    uint64_t line; /* of the last event */
    uint64_t events;
    uint64_t actions;
    int64_t now_us;
    int64_t held_up_us; /* when the manager last said that it was */
    uint32_t next;      /* decided action that is expected now */
    bool is_done[MANAGER_ACTIONS_MAX];
    uint32_t extra_count;
    struct check_extra extras[CHECK_EXTRAS_MAX];
    struct trace_line event;
    struct trace_action action;
};

/* Reads the whole file. ERROR_INVALID with a problem at line file->number if the record is broken
 * or cut; what was found before it stands. */
MUST_CHECK enum error check_run(struct check *check, struct trace_file *file,
                                struct problem *ret_problem);

#endif
