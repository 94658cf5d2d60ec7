/* deviations - where a record leaves the promises, line by line.
 *
 * Pure but for its size: the caller keeps it in static storage. */
#ifndef TOAD_TOOLS_DEVIATIONS_H
#define TOAD_TOOLS_DEVIATIONS_H

#include "tools/trace_action.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DEVIATIONS_MAX = 64,
    DEVIATION_TEXT_MAX = 400
};

struct deviation {
    uint64_t line;
    char promise[TRACE_PROMISE_MAX];
    char text[DEVIATION_TEXT_MAX];
    bool is_owed; /* a signal that was due and has not come yet */
    int32_t pid;
    enum worker_signal signal;
    int64_t due_us;
};

struct deviations {
    uint32_t count;
    uint32_t dropped; /* that had no room */
    struct deviation list[DEVIATIONS_MAX];
};

/* Adds one, which the caller may complete; a place that nobody reads if there is no room. */
__attribute__((format(printf, 4, 5))) struct deviation *
deviations_add(struct deviations *deviations, uint64_t line, const char *promise,
               const char *format, ...);

/* The action that is owed and now comes; a null pointer if there is none. */
struct deviation *deviations_find_owed(struct deviations *deviations,
                                       const struct trace_action *action);

/* Replaces the text. */
__attribute__((format(printf, 2, 3))) void deviation_say(struct deviation *deviation,
                                                         const char *format, ...);

#endif
