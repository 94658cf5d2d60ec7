/* guardian - the first process of a container: starts the server, passes signals on, reaps.
 *
 * A container ends with its first process. Were that the manager, a hot deployment would end it
 * with every connection (promise UPG-3). */
#ifndef TOAD_MAIN_GUARDIAN_H
#define TOAD_MAIN_GUARDIAN_H

#include "base/problem.h"

#include <stdbool.h>

/* Forks. In the server it returns at once. In the guardian, for which `ret_is_guardian` is true, it
 * returns when the last generation has ended, with its exit status, or 128 and the signal that
 * ended it. Which generation serves is read from the PID file (promise PID-2). */
MUST_CHECK enum error guardian_begin(const char *pid_file, bool *ret_is_guardian, int *ret_status,
                                     struct problem *problem);

#endif
