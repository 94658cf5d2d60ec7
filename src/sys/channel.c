#include "sys/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum error channel_open(int *ret_ours, int *ret_theirs)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return ERROR_SYSTEM;
    *ret_ours = ends[0];
    *ret_theirs = ends[1];
    return ERROR_NONE;
}

enum error channel_send(int fd, char word)
{
    return send(fd, &word, 1, MSG_NOSIGNAL) == 1 ? ERROR_NONE : ERROR_CLOSED;
}

enum error channel_receive(int fd, char *ret_word)
{
    ssize_t size = recv(fd, ret_word, 1, 0);
    if (size == 1)
        return ERROR_NONE;
    return size < 0 && (errno == EAGAIN || errno == EINTR) ? ERROR_AGAIN : ERROR_CLOSED;
}

bool channel_is_from(int fd, int32_t pid)
{
    struct ucred maker;
    socklen_t size = sizeof maker;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &maker, &size) == 0 && maker.pid == pid;
}
