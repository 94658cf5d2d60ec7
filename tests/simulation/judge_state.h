/* judge_state - what must hold between two events, beside what the actions themselves show. */
#ifndef TOAD_TESTS_SIMULATION_JUDGE_STATE_H
#define TOAD_TESTS_SIMULATION_JUDGE_STATE_H

#include "judge.h"

/* After the event, whose actions are in the observer's books already. */
enum invariant judge_state(struct world *world, const struct world *before,
                           const struct manager_event *event);

#endif
