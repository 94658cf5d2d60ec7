/* channel - one word at a time between the managers of two generations.
 *
 * A pair of connected sockets that nobody else can reach. Words arrive whole and in order; the end
 * of the file means that the peer is gone. */
#ifndef TOAD_SYS_CHANNEL_H
#define TOAD_SYS_CHANNEL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Both ends are close-on-exec and never block. */
MUST_CHECK enum error channel_open(int *ret_ours, int *ret_theirs);

/* ERROR_CLOSED: the peer is gone. */
MUST_CHECK enum error channel_send(int fd, char word);

/* ERROR_AGAIN: nothing has been said; ERROR_CLOSED: nothing will be. */
MUST_CHECK enum error channel_receive(int fd, char *ret_word);

/* True if the descriptor is an end of a channel whose other end this process made. */
bool channel_is_from(int fd, int32_t pid);

#endif
