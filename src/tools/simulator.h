/* simulator - the policy in virtual time: lines of a trace in, lines of a trace out.
 *
 * Pure but for its size: the caller keeps it in static storage. */
#ifndef TOAD_TOOLS_SIMULATOR_H
#define TOAD_TOOLS_SIMULATOR_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/problem.h"
#include "policy/manager.h"
#include "tools/trace_reader.h"

#include <stdbool.h>
#include <stdint.h>

struct simulator {
    struct manager manager;
    struct manager_actions actions; /* what the last event led to */
    int64_t now_us;
};

void simulator_init(struct simulator *simulator);

/* Feeds one event. ERROR_INVALID with a problem if time goes backwards or the policy refuses. */
MUST_CHECK enum error simulator_feed(struct simulator *simulator, const struct trace_line *line,
                                     struct problem *ret_problem);

/* Appends the line of one of the actions. */
bool simulator_write(const struct simulator *simulator, uint32_t index, struct buffer *buffer);

#endif
