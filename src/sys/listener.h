/* listener - sockets that listen.
 *
 * Non-blocking and close-on-exec; what they accept inherits TCP_NODELAY. */
#ifndef TOAD_SYS_LISTENER_H
#define TOAD_SYS_LISTENER_H

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listener_address {
    const char *host; /* borrowed; an address without brackets, a name, or "*" */
    uint16_t port;    /* 0: the kernel chooses */
    int backlog;      /* connections that may wait; negative: as many as SOMAXCONN says */
    bool is_shared;   /* SO_REUSEPORT */
};

/* Checks that the host stands for an address, without opening anything. */
MUST_CHECK enum error listener_check(const struct listener_address *address,
                                     struct problem *problem);

/* Opens a socket for every address that the host stands for, at most `room`, all on the same port.
 * `ret_port` is the port that they have. On an error none stays open, and the problem says which
 * address and why; ERROR_BUSY: somebody else has it. */
MUST_CHECK enum error listener_open(const struct listener_address *address, size_t room,
                                    int *ret_fds, size_t *ret_count, uint16_t *ret_port,
                                    struct problem *problem);

#endif
