/* control_socket - where a running manager can be asked for something, and its answers.
 *
 * A name that the kernel keeps, made of the manager's PID: no file, nothing left behind. Both sides
 * make sure who the other one is: the manager hears its own user and root, and who asks speaks to
 * no other process than the owner of the PID file (promises CLI-8, CLI-10). */
#ifndef TOAD_SYS_CONTROL_SOCKET_H
#define TOAD_SYS_CONTROL_SOCKET_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_MESSAGE_MAX = 16384
};

/* In the manager. Never blocks. */
MUST_CHECK enum error control_socket_open(int *ret_fd);

/* In the manager: the next one who asks. ERROR_AGAIN: nobody does. Who may not is sent away. */
MUST_CHECK enum error control_socket_accept(int fd, int *ret_asker);

/* Connects to the manager. ERROR_NOT_FOUND: nobody answers there, or another process does; errno
 * says why. */
MUST_CHECK enum error control_socket_connect(int32_t pid, int *ret_fd);

/* A message arrives whole or not at all. ERROR_CLOSED: nobody hears it. */
MUST_CHECK enum error control_socket_send(int fd, const char *message, size_t size);

/* ERROR_AGAIN: there is none yet; ERROR_CLOSED: there will be none. */
MUST_CHECK enum error control_socket_receive(int fd, char ret_message[CONTROL_MESSAGE_MAX],
                                             size_t *ret_size);

#endif
