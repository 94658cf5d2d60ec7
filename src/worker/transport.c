#include "worker/transport.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum error transport_read(int fd, char *data, size_t capacity, size_t *ret_size)
{
    ssize_t size = read(fd, data, capacity);
    if (size > 0) {
        *ret_size = (size_t)size;
        return ERROR_NONE;
    }
    if (size == 0)
        return ERROR_CLOSED;
    return errno == EAGAIN || errno == EINTR ? ERROR_AGAIN : ERROR_SYSTEM;
}

enum error transport_write(int fd, struct bytes first, struct bytes second, size_t *ret_size)
{
    struct iovec parts[2] = {{.iov_base = (char *)(uintptr_t)first.data, .iov_len = first.size},
                             {.iov_base = (char *)(uintptr_t)second.data, .iov_len = second.size}};
    ssize_t size = second.size == 0 ? write(fd, first.data, first.size) : writev(fd, parts, 2);
    if (size >= 0) {
        *ret_size = (size_t)size;
        return ERROR_NONE;
    }
    return errno == EAGAIN || errno == EINTR ? ERROR_AGAIN : ERROR_SYSTEM;
}

enum error transport_send_file(int fd, int file_fd, uint64_t offset, size_t size, size_t *ret_size)
{
    off_t place = (off_t)offset;
    ssize_t sent = sendfile(fd, file_fd, &place, size);
    if (sent > 0) {
        *ret_size = (size_t)sent;
        return ERROR_NONE;
    }
    if (sent == 0)
        return ERROR_CLOSED;
    return errno == EAGAIN || errno == EINTR ? ERROR_AGAIN : ERROR_SYSTEM;
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
