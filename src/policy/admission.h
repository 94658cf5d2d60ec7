/* admission - may a worker accept, must it leave, may it go.
 *
 * Pure: facts and limits in, an answer out (promises WRK-2, WRK-4, WRK-10, WRK-11). */
#ifndef TOAD_POLICY_ADMISSION_H
#define TOAD_POLICY_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

struct admission_limits {
    uint64_t accepts; /* connections in the worker's life; 0: without limit */
    uint32_t clients; /* connections at a time */
};

struct admission_facts {
    uint64_t accepted;  /* connections so far */
    uint32_t connected; /* connections now */
    bool is_leaving;
};

/* How many connections the worker may accept now. */
uint32_t admission_room(const struct admission_facts *facts, const struct admission_limits *limits);

/* The worker has accepted all that it may in its life. */
bool admission_is_spent(const struct admission_facts *facts, const struct admission_limits *limits);

/* It leaves and nobody is connected any more. */
bool admission_may_go(const struct admission_facts *facts);

#endif
