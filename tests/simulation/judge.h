/* judge - lets the manager decide about one event and compares the outcome with the invariants.
 *
 * The list of invariants is invariants.def. */
#ifndef TOAD_TESTS_SIMULATION_JUDGE_H
#define TOAD_TESTS_SIMULATION_JUDGE_H

#include "world.h"

enum invariant {
    INVARIANT_NONE,
#define INVARIANT(number, text) INVARIANT_##number,
#include "invariants.def"
#undef INVARIANT
};

const char *invariant_number(enum invariant invariant);
const char *invariant_text(enum invariant invariant);

/* The invariant with this number; INVARIANT_NONE if there is none. */
enum invariant invariant_find(const char *number);

/* Feeds the event at world->now_us. `before` is the same world, at the same time, and stays as it
 * is. The invariant that is violated, or INVARIANT_NONE. */
enum invariant judge_step(struct world *world, const struct world *before,
                          const struct manager_event *event);

#endif
