/* state_set - every state that was found, how, and from where.
 *
 * Holds up to a bound that is given once; states have numbers in the order of their discovery. */
#ifndef TOAD_TESTS_SIMULATION_STATE_SET_H
#define TOAD_TESTS_SIMULATION_STATE_SET_H

#include "state.h"

#include <stdbool.h>
#include <stdint.h>

struct state_origin {
    uint32_t parent;
    uint32_t move;
};

struct state_set {
    uint32_t count;
    uint32_t capacity;
    uint32_t mask;
    uint32_t *slots; /* number + 1 of a state; 0 is free */
    struct state *states;
    struct state_origin *origins;
};

/* False without memory. */
bool state_set_open(struct state_set *set, uint32_t capacity);
void state_set_close(struct state_set *set);

bool state_set_is_full(const struct state_set *set);

/* Adds the state unless it is known; true if it was new. The set must not be full. */
bool state_set_add(struct state_set *set, const struct state *state, struct state_origin origin);

#endif
