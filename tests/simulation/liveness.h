/* liveness - what must come about from here, played to its end. */
#ifndef TOAD_TESTS_SIMULATION_LIVENESS_H
#define TOAD_TESTS_SIMULATION_LIVENESS_H

#include "judge.h"
#include "moves.h"

/* Tries, from copies of this world: a world in which everything works heals the pool (L9) and then
 * is quiet (L11); QUIT and TERM end a manager whose workers are all frozen (L4, L5). The first
 * that fails, or INVARIANT_NONE; a listener hears that one way. */
enum invariant liveness_judge(const struct world *world, const struct script_listener *listener);

#endif
