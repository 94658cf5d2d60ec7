/* backoff - the pause before the next attempt to start a worker.
 *
 * Pure. The first failure costs nothing, the next ones 1, 2, 4, ... up to 30 s; while failures are
 * counted only one attempt is made in each pause. Workers that fail together, in a pause in which
 * nothing was attempted, count as one failure. A healthy worker resets it (promises MGR-9, MGR-10).
 */
#ifndef TOAD_POLICY_BACKOFF_H
#define TOAD_POLICY_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    uint32_t failures;
    int64_t until_us;   /* no attempt before */
    bool has_attempted; /* since the last failure that counts */
};

/* The pause after so many failures in a row, in microseconds. */
int64_t backoff_pause_us(uint32_t failures);

/* A worker died young or could not be forked. */
void backoff_fail(struct backoff *backoff, int64_t now_us);

/* An attempt is being made. */
void backoff_attempt(struct backoff *backoff, int64_t now_us);

/* A worker has proven healthy. */
void backoff_reset(struct backoff *backoff);

bool backoff_allows(const struct backoff *backoff, int64_t now_us);

#endif
