/* explorer - every state that the manager can reach, breadth first, so that the first way to a
 * violation is the shortest. */
#ifndef TOAD_TESTS_SIMULATION_EXPLORER_H
#define TOAD_TESTS_SIMULATION_EXPLORER_H

#include "judge.h"
#include "moves.h"
#include "state_set.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct explorer {
    struct manager_settings settings;
    struct moves_bounds bounds;
    bool tries_every_variant;
    uint32_t failures_max; /* a running manager is not led beyond so many failures in a row */
    struct state_set set;
    uint64_t transitions;
    struct state last; /* that was looked for */
    uint32_t next;     /* the first state whose moves have not been tried */
    bool changes[MANAGER_GONE + 1][MANAGER_GONE + 1];
    enum invariant broken;
    uint32_t broken_state; /* where it broke, and by which move */
    struct move broken_move;
    bool broke_later; /* not by the move: on one of the ways that liveness.h plays */
};

/* Walks until everything is known, something is broken, or the set is full. */
void explorer_run(struct explorer *explorer);

/* Prints the way to this state as a trace, and what is broken there if something is. False if the
 * way does not lead where the explorer went, which would be its own fault. */
bool explorer_print_way(const struct explorer *explorer, uint32_t state, FILE *file);

#endif
