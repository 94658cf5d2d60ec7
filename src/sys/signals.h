/* signals - a process's signals, read from a descriptor instead of interrupting it.
 *
 * Nothing is lost between two reads: a blocked signal stays pending, and equal ones coalesce as the
 * kernel has it. */
#ifndef TOAD_SYS_SIGNALS_H
#define TOAD_SYS_SIGNALS_H

#include "base/error.h"

#include <stddef.h>

/* Every signal at its default, whatever the parent left behind. */
void signals_set_defaults(void);

/* No signal is blocked any more; those that were pending arrive now. */
void signals_unblock(void);

/* Blocks these signals and gives a non-blocking, close-on-exec descriptor that they are read from.
 */
MUST_CHECK enum error signals_open(const int *signals, size_t count, int *ret_fd);

/* The next signal that has arrived. ERROR_AGAIN: there is none. */
MUST_CHECK enum error signals_read(int fd, int *ret_signal);

/* Ignores a signal. */
void signals_ignore(int signal);

/* "TERM" for SIGTERM; "?" for one that the system does not name. */
const char *signals_name(int signal);

#endif
