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

/* Writes at most `size` bytes of the regular file from `offset` on. ERROR_AGAIN: nothing was taken.
 * ERROR_CLOSED: the file ends before. ERROR_SYSTEM: the connection or the file is broken; errno
 * says more. A transport that the kernel cannot fill from a file reads and writes here. */
MUST_CHECK enum error transport_send_file(int fd, int file_fd, uint64_t offset, size_t size,
                                          size_t *ret_size);

/* Bytes that were written and that the peer's system has not confirmed; 0 if that is not known. */
size_t transport_unconfirmed(int fd);

/* Tells the peer that nothing more comes. */
void transport_finish(int fd);

/* The close that follows is a reset: what the peer has got is not to be taken for the whole. */
void transport_reset(int fd);

#endif
