/* listener - sockets that listen.
 *
 * Non-blocking and close-on-exec; what TCP ones accept inherits TCP_NODELAY. UNIX domain sockets
 * are opened by unix_listener. */
#ifndef TOAD_SYS_LISTENER_H
#define TOAD_SYS_LISTENER_H

#include "base/file_identity.h"
#include "base/limits.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listening sockets that this process was given. One that is taken becomes negative. */
struct listener_heritage {
    size_t count;
    int fds[LISTENERS_MAX];
    const char *names[LISTENERS_MAX]; /* what a service manager calls them; borrowed; may be NULL */
    struct file_identity files[LISTENERS_MAX]; /* that the predecessor has made for them, or none */
};

/* How connections wait to be accepted. */
struct listener_queue {
    int backlog;      /* how many may; negative: as many as SOMAXCONN says */
    bool is_deferred; /* TCP_DEFER_ACCEPT: until they have sent something, for a second or so */
};

struct listener_address {
    const char *host; /* borrowed; an address without brackets, a name, or "*" */
    uint16_t port;    /* 0: the kernel chooses */
    bool is_shared;   /* SO_REUSEPORT */
    struct listener_queue queue;
    struct listener_heritage *heritage; /* borrowed; looked at before a socket is opened; or NULL */
};

/* The port that the socket is bound to; 0 if it is none that has a port. */
uint16_t listener_port(int fd);

/* True if the descriptor is a socket that listens for streams. */
bool listener_is_listening(int fd);

/* True if it is a UNIX domain socket. */
bool listener_is_unix(int fd);

/* Lets a socket that is bound listen, or changes its queue; false: errno says why. */
MUST_CHECK bool listener_listen(int fd, struct listener_queue queue);

/* Makes a listening socket that was inherited this process's own: non-blocking, close-on-exec, with
 * this queue. ERROR_INVALID: it is no such socket. */
MUST_CHECK enum error listener_adopt(int fd, struct listener_queue queue);

/* Takes this one, if it is there. */
void listener_take(struct listener_heritage *heritage, int fd);

/* Closes what nobody has taken. */
void listener_disown(struct listener_heritage *heritage);

/* Checks that the host stands for an address, without opening anything. */
MUST_CHECK enum error listener_check(const struct listener_address *address,
                                     struct problem *problem);

/* Opens a socket for every address that the host stands for, at most `room`, all on the same port.
 * An inherited IPv6 socket that takes IPv4 connections as well is both families of `*`.
 * `ret_port` is the port that they have. On an error none stays open, and the problem says which
 * address and why; ERROR_BUSY: somebody else has it. */
MUST_CHECK enum error listener_open(const struct listener_address *address, size_t room,
                                    int *ret_fds, size_t *ret_count, uint16_t *ret_port,
                                    struct problem *problem);

#endif
