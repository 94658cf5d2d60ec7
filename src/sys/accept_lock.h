/* accept_lock - the mutex under which workers accept: an exclusive flock.
 *
 * The manager opens the file once; each worker gets a description of its own of the same file,
 * because a flock belongs to a description (promises LCK-1, LCK-2). */
#ifndef TOAD_SYS_ACCEPT_LOCK_H
#define TOAD_SYS_ACCEPT_LOCK_H

#include "base/problem.h"

/* Opens the file `path`, created with mode 0600 if it is missing and never truncated; or, if `path`
 * is a null pointer or "", a private file in `directory` that has no name any more and is gone with
 * its last user. */
MUST_CHECK enum error accept_lock_open(const char *path, const char *directory, int *ret_fd,
                                       struct problem *problem);

/* Opens the same file again. */
MUST_CHECK enum error accept_lock_share(int fd, int *ret_fd);

/* ERROR_BUSY if somebody else holds it. Never waits. */
MUST_CHECK enum error accept_lock_take(int fd);
void accept_lock_release(int fd);

#endif
