/* transport - how the bytes of a connection move: as they are, or within TLS. */
#ifndef TOAD_WORKER_TRANSPORT_H
#define TOAD_WORKER_TRANSPORT_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>

struct tls_session;

struct transport {
    int fd;
    struct tls_session *tls; /* borrowed; NULL: the bytes move as they are */
};

/* Reads at most `capacity` bytes. ERROR_AGAIN: nothing is there now. ERROR_CLOSED: the peer sends
 * no more. ERROR_SYSTEM: the connection is broken. */
MUST_CHECK enum error transport_read(struct transport transport, char *data, size_t capacity,
                                     size_t *ret_size);

/* Writes the first part, then the second; `ret_size` counts both. ERROR_AGAIN: nothing was taken;
 * what is written next must begin with the same bytes. */
MUST_CHECK enum error transport_write(struct transport transport, struct bytes first,
                                      struct bytes second, size_t *ret_size);

/* Writes at most `size` bytes of the regular file from `offset` on. ERROR_AGAIN: nothing was taken.
 * ERROR_CLOSED: the file ends before. ERROR_SYSTEM: the connection or the file is broken; errno
 * says more. A transport that the kernel cannot fill from a file reads and writes here. */
MUST_CHECK enum error transport_send_file(struct transport transport, int file_fd, uint64_t offset,
                                          size_t size, size_t *ret_size);

/* What belongs behind the last byte is with the kernel. ERROR_AGAIN: it is not yet. */
MUST_CHECK enum error transport_end(struct transport transport);

/* There is something to be read although the system may not say so again. */
bool transport_has_input(struct transport transport);

/* Something waits that is no output of the connection's own: for room to be written. */
bool transport_wants_room(struct transport transport);

/* Bytes that were written and that the peer's system has not confirmed; 0 if that is not known. */
size_t transport_unconfirmed(int fd);

/* Tells the peer that nothing more comes. */
void transport_finish(int fd);

/* The close that follows is a reset: what the peer has got is not to be taken for the whole. */
void transport_reset(int fd);

#endif
