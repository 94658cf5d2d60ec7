/* trace_members - the members of one JSON object, and what is wrong with them.
 *
 * Not pure: the JSON library allocates. */
#ifndef TOAD_TOOLS_TRACE_MEMBERS_H
#define TOAD_TOOLS_TRACE_MEMBERS_H

#include "base/error.h"
#include "base/problem.h"

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

/* What is being read, and where to complain; both borrowed. */
struct reading {
    json_t *object;
    struct problem *problem;
};

/* "is missing" or "is 17": the beginning of a complaint about a member. */
struct shown {
    char text[80];
};

struct shown trace_show(const json_t *value);

/* The results stay untouched, and the problem is written, where ERROR_INVALID is returned. */
MUST_CHECK enum error trace_read_integer(const struct reading *reading, const char *name,
                                         int64_t least, int64_t most, int64_t *ret_number);
MUST_CHECK enum error trace_read_pid(const struct reading *reading, const char *name,
                                     int32_t *ret_pid);
MUST_CHECK enum error trace_read_seconds(const struct reading *reading, const char *name,
                                         int64_t least_us, int64_t *ret_us);

/* Seconds with up to 6 decimals as whole microseconds; false for anything else. */
bool trace_read_microseconds(const json_t *value, int64_t *ret_us);

/* Every member stands in one of the two lists of words. */
MUST_CHECK enum error trace_check_members(const struct reading *reading, const char *place,
                                          const char *common, const char *own);

#endif
