/* trace_action - one action of a trace, as its manager recorded it.
 *
 * Not pure: the JSON library allocates. What is read does not point into the text. */
#ifndef TOAD_TOOLS_TRACE_ACTION_H
#define TOAD_TOOLS_TRACE_ACTION_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/problem.h"
#include "policy/manager.h"

enum {
    TRACE_PROMISE_MAX = 8 /* a number such as MGR-15, with its NUL */
};

struct trace_action {
    int64_t time_us;
    enum manager_action_kind kind;
    int32_t pid;                     /* SIGNAL, COMMIT_UPGRADE, ABORT_UPGRADE; else 0 */
    enum worker_signal signal;       /* SIGNAL */
    int32_t status;                  /* EXIT */
    char promise[TRACE_PROMISE_MAX]; /* empty: the record names none */
    char text[LOG_LINE_MAX];         /* LOG */
};

/* Reads one line. ERROR_INVALID with a problem that says what is wrong and what would be right. */
MUST_CHECK enum error trace_action_read(struct bytes text, struct trace_action *ret_action,
                                        struct problem *ret_problem);

#endif
