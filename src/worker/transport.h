/* transport - how the bytes of a connection move. */
#ifndef TOAD_WORKER_TRANSPORT_H
#define TOAD_WORKER_TRANSPORT_H

#include "base/bytes.h"
#include "base/error.h"

/* Reads at most `capacity` bytes. ERROR_AGAIN: nothing is there now. ERROR_CLOSED: the peer sends
 * no more. ERROR_SYSTEM: the connection is broken. */
MUST_CHECK enum error transport_read(int fd, char *data, size_t capacity, size_t *ret_size);

/* Writes the first part, then the second; `ret_size` counts both. ERROR_AGAIN: nothing was taken.
 */
MUST_CHECK enum error transport_write(int fd, struct bytes first, struct bytes second,
                                      size_t *ret_size);

/* Bytes that were written and that the peer's system has not confirmed; 0 if that is not known. */
size_t transport_unconfirmed(int fd);

/* Tells the peer that nothing more comes. */
void transport_finish(int fd);

#endif
