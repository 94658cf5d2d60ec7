#include "sys/control_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    WAITING_MAX = 16
};

/* A name that begins with a NUL is in no file system. */
static socklen_t make_name(int32_t pid, struct sockaddr_un *ret_name)
{
    *ret_name = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length =
        snprintf(ret_name->sun_path + 1, sizeof ret_name->sun_path - 1, "hypnotoad/%d", (int)pid);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

enum error control_socket_open(int *ret_fd)
{
    struct sockaddr_un name;
    socklen_t size = make_name((int32_t)getpid(), &name);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ERROR_SYSTEM;
    if (bind(fd, (struct sockaddr *)&name, size) != 0 || listen(fd, WAITING_MAX) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return ERROR_SYSTEM;
    }
    *ret_fd = fd;
    return ERROR_NONE;
}

enum error control_socket_accept(int fd, int *ret_asker)
{
    for (;;) {
        int asker = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (asker < 0)
            return ERROR_AGAIN;
        struct ucred peer;
        socklen_t size = sizeof peer;
        if (getsockopt(asker, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
            (peer.uid == 0 || peer.uid == geteuid())) {
            *ret_asker = asker;
            return ERROR_NONE;
        }
        (void)close(asker);
    }
}

enum error control_socket_connect(int32_t pid, int *ret_fd)
{
    struct sockaddr_un name;
    socklen_t size = make_name(pid, &name);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERROR_SYSTEM;
    struct ucred peer = {.pid = 0};
    socklen_t peer_size = sizeof peer;
    int outcome = connect(fd, (struct sockaddr *)&name, size);
    if (outcome == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) == 0 &&
        peer.pid == pid) {
        *ret_fd = fd;
        return ERROR_NONE;
    }
    int reason = outcome == 0 ? EPERM : errno;
    (void)close(fd);
    errno = reason;
    return ERROR_NOT_FOUND;
}

enum error control_socket_send(int fd, const char *message, size_t size)
{
    return send(fd, message, size, MSG_NOSIGNAL) == (ssize_t)size ? ERROR_NONE : ERROR_CLOSED;
}

enum error control_socket_receive(int fd, char ret_message[CONTROL_MESSAGE_MAX], size_t *ret_size)
{
    ssize_t size = recv(fd, ret_message, CONTROL_MESSAGE_MAX, 0);
    if (size > 0) {
        *ret_size = (size_t)size;
        return ERROR_NONE;
    }
    return size < 0 && (errno == EAGAIN || errno == EINTR) ? ERROR_AGAIN : ERROR_CLOSED;
}
