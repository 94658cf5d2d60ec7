/* trace_reader - one line of a trace, from JSON to what the policy understands.
 *
 * Not pure: the JSON library allocates. What is read does not point into the text. */
#ifndef TOAD_TOOLS_TRACE_READER_H
#define TOAD_TOOLS_TRACE_READER_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/problem.h"
#include "policy/manager.h"

#include <stdbool.h>
#include <stdint.h>

struct trace_line {
    int64_t time_us;
    bool is_action;
    enum manager_action_kind action; /* of an action; compare the rest with trace_actions_agree() */
    struct manager_event event;      /* of an event; its chunk is `chunk` below */
    struct manager_settings settings; /* of START */
    char chunk[TRACE_CHUNK_MAX];
};

/* Reads one line. ERROR_INVALID with a problem that says what is wrong and what would be right. */
MUST_CHECK enum error trace_line_read(struct bytes text, struct trace_line *ret_line,
                                      struct problem *ret_problem);

/* Both lines are the same action: equal members in any order and notation. The recorded one may
 * leave out its promise. */
bool trace_actions_agree(struct bytes recorded, struct bytes decided);

#endif
