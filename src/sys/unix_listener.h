/* unix_listener - UNIX domain sockets that listen, and the files under which they are found.
 *
 * Such a file is made, replaced and removed under a lock of its directory, so that of two servers
 * only one has it at any time. It is live as long as a process holds a socket that was bound to it,
 * and stale afterwards (promise LSN-2). */
#ifndef TOAD_SYS_UNIX_LISTENER_H
#define TOAD_SYS_UNIX_LISTENER_H

#include "base/file_identity.h"
#include "base/problem.h"
#include "sys/listener.h"

struct unix_address {
    const char *path; /* borrowed; absolute */
    unsigned mode;    /* permissions of the file, whatever the umask */
    struct listener_queue queue;
    struct listener_heritage *heritage; /* borrowed; looked at before a socket is opened; or NULL */
};

/* Checks whether the file could be made, or replaced if it is stale, without touching it. */
MUST_CHECK enum error unix_listener_check(const char *path, struct problem *problem);

/* Opens a socket that is found under the path, or takes the one that was inherited if its file is
 * still there. `ret_file` is the file that this server, or its predecessor, has made for it, or
 * none. On an error nothing stays open and no file is left;
 * ERROR_BUSY: somebody else has it. */
MUST_CHECK enum error unix_listener_open(const struct unix_address *address, int *ret_fd,
                                         struct file_identity *ret_file, struct problem *problem);

/* Gives the file these permissions if it still is this one. */
void unix_listener_set_mode(const char *path, struct file_identity file, unsigned mode);

/* Removes the file if it still is this one and nobody holds its socket any more. The caller has
 * closed its own. */
void unix_listener_remove(const char *path, struct file_identity file);

/* The same even if somebody holds it still: nobody has ever served there. */
void unix_listener_withdraw(const char *path, struct file_identity file);

#endif
