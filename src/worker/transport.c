#include "worker/transport.h"

#include "tls/tls_session.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum error transport_read(struct transport transport, char *data, size_t capacity, size_t *ret_size)
{
    if (transport.tls != NULL)
        return tls_session_read(transport.tls, data, capacity, ret_size);
    ssize_t size = read(transport.fd, data, capacity);
    if (size > 0) {
        *ret_size = (size_t)size;
        return ERROR_NONE;
    }
    if (size == 0)
        return ERROR_CLOSED;
    return errno == EAGAIN || errno == EINTR ? ERROR_AGAIN : ERROR_SYSTEM;
}

/* One behind the other, the second one if the first one goes whole. */
static enum error write_in_turn(struct tls_session *tls, struct bytes first, struct bytes second,
                                size_t *ret_size)
{
    size_t sent = 0;
    size_t more = 0;
    enum error error = tls_session_write(tls, first, &sent);
    if (error == ERROR_NONE && sent == first.size && second.size > 0)
        error = tls_session_write(tls, second, &more);
    if (sent == 0 && more == 0 && error != ERROR_NONE)
        return error;
    if (error == ERROR_SYSTEM)
        return error;
    *ret_size = sent + more;
    return ERROR_NONE;
}

/* A short first part goes in one record with the beginning of the second one: a record of its own
 * would be a packet of its own. */
static enum error write_encrypted(struct tls_session *tls, struct bytes first, struct bytes second,
                                  size_t *ret_size)
{
    char record[TLS_RECORD_SIZE];
    if (second.size == 0 || first.size >= sizeof record)
        return write_in_turn(tls, first, second, ret_size);
    struct bytes begin = bytes_first(second, sizeof record - first.size);
    memcpy(record, first.data, first.size);
    memcpy(record + first.size, begin.data, begin.size);
    return write_in_turn(tls, (struct bytes){record, first.size + begin.size},
                         bytes_from(second, begin.size), ret_size);
}

enum error transport_write(struct transport transport, struct bytes first, struct bytes second,
                           size_t *ret_size)
{
    if (transport.tls != NULL)
        return write_encrypted(transport.tls, first, second, ret_size);
    struct iovec parts[2] = {{.iov_base = (char *)(uintptr_t)first.data, .iov_len = first.size},
                             {.iov_base = (char *)(uintptr_t)second.data, .iov_len = second.size}};
    ssize_t size = second.size == 0 ? write(transport.fd, first.data, first.size)
                                    : writev(transport.fd, parts, 2);
    if (size >= 0) {
        *ret_size = (size_t)size;
        return ERROR_NONE;
    }
    return errno == EAGAIN || errno == EINTR ? ERROR_AGAIN : ERROR_SYSTEM;
}

enum error transport_send_file(struct transport transport, int file_fd, uint64_t offset,
                               size_t size, size_t *ret_size)
{
    if (transport.tls != NULL)
        return tls_session_send_file(transport.tls, file_fd, offset, size, ret_size);
    off_t place = (off_t)offset;
    ssize_t sent = sendfile(transport.fd, file_fd, &place, size);
    if (sent > 0) {
        *ret_size = (size_t)sent;
        return ERROR_NONE;
    }
    if (sent == 0)
        return ERROR_CLOSED;
    return errno == EAGAIN || errno == EINTR ? ERROR_AGAIN : ERROR_SYSTEM;
}

enum error transport_end(struct transport transport)
{
    return transport.tls == NULL ? ERROR_NONE : tls_session_end(transport.tls);
}

bool transport_has_input(struct transport transport)
{
    return transport.tls != NULL && tls_session_has_input(transport.tls);
}

bool transport_wants_room(struct transport transport)
{
    return transport.tls != NULL && tls_session_wants_room(transport.tls);
}

size_t transport_unconfirmed(int fd)
{
    int size = 0;
    return ioctl(fd, SIOCOUTQ, &size) == 0 && size > 0 ? (size_t)size : 0;
}

void transport_finish(int fd)
{
    (void)shutdown(fd, SHUT_WR);
}

void transport_reset(int fd)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}
