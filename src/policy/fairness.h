/* fairness - how long the costly work of some may keep others waiting.
 *
 * Pure. A handshake of TLS costs as much as a hundred requests, and hundreds may be asked for at
 * once: those whose handshakes are done must not wait for all of them. */
#ifndef TOAD_POLICY_FAIRNESS_H
#define TOAD_POLICY_FAIRNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether another step of a handshake is taken before everybody else is looked at, when `steps`
 * took `spent_us` since that was done last. One always is, so that handshakes get on however slow
 * the machine is. */
bool fairness_may_shake(size_t steps, int64_t spent_us);

#endif
