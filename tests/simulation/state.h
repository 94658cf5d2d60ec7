/* state - a world as a few words, equal for all worlds that will behave alike.
 *
 * Times become ages in quanta, pids disappear (rows are sorted), and what no decision depends on
 * any more is left out. */
#ifndef TOAD_TESTS_SIMULATION_STATE_H
#define TOAD_TESTS_SIMULATION_STATE_H

#include "world.h"

#define QUANTUM_US SECOND_US

enum {
    STATE_ROWS_MAX = 8,
    STATE_HEAD_WORDS = 3,
    STATE_WORDS = STATE_HEAD_WORDS + STATE_ROWS_MAX,
    STATE_AGE_MAX = 6 /* quanta: an interval and its timeout, a graceful timeout, a deployment's */
};

struct state {
    uint32_t words[STATE_WORDS];
};

/* `ret_pids` (may be a null pointer): who stands in which row of the state. */
void state_pack(const struct world *world, struct state *ret_state, int32_t *ret_pids);

/* A world that packs to this state: its rows have the pids 101, 102, ... in order. */
void state_unpack(const struct state *state, const struct manager_settings *settings,
                  struct world *ret_world);

/* How many rows the state has, and whether two of them are alike. */
uint32_t state_rows(const struct state *state);
bool state_rows_are_alike(const struct state *state, uint32_t a, uint32_t b);

#endif
