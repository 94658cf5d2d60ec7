/* launch - a server in the background: the launcher waits for it, the server detaches once it is
 * ready.
 *
 * The launcher's terminal stays the server's until then, so every error before is seen (promises
 * CLI-5, CLI-6, CLI-7). */
#ifndef TOAD_MAIN_LAUNCH_H
#define TOAD_MAIN_LAUNCH_H

#include "base/problem.h"

#include <stdbool.h>

struct launch {
    bool is_detached; /* this server runs in the background */
    int ready_fd;     /* to the launcher; negative once it was told */
};

/* Forks. In the launcher it returns with `ret_status`, its exit status, once the server is ready or
 * has failed, and `ret_is_launcher` is true; in the server it returns at once, in a session of its
 * own. */
MUST_CHECK enum error launch_begin(struct launch *launch, bool *ret_is_launcher, int *ret_status,
                                   struct problem *problem);

/* In the manager: the server is ready. The launcher is told and the standard streams are given up.
 */
void launch_end(struct launch *launch);

/* In the server, when the log was opened anew: the standard error of a daemon that has ended its
 * launch is the new one, too (promise CLI-7). */
void launch_follow_log(const struct launch *launch);

/* In a worker: the launcher is none of its business. */
void launch_abandon(struct launch *launch);

#endif
