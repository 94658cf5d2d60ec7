#include "sys/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ATTEMPTS_MAX =
        16, /* the port that the kernel chose for one address may be taken for the next */
    DEFERRED_S = 1,
};

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, option, &value, &size) == 0 ? value : -1;
}

bool listener_is_unix(int fd)
{
    return option_of(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
}

bool listener_listen(int fd, struct listener_queue queue)
{
    if (!listener_is_unix(fd))
        set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, queue.is_deferred ? DEFERRED_S : 0);
    return listen(fd, queue.backlog < 0 ? SOMAXCONN : queue.backlog) == 0;
}

static int open_socket(const struct addrinfo *info, const struct listener_address *address)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (address->is_shared)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (info->ai_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listener_listen(fd, address->queue))
        return fd;
    int reason = errno;
    (void)close(fd);
    errno = reason;
    return -1;
}

uint16_t listener_port(int fd)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    memset(&name, 0, sizeof name);
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
        return 0;
    if (name.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
    if (name.ss_family != AF_INET)
        return 0;
    return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

static void set_port(struct sockaddr *address, uint16_t port)
{
    if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)address)->sin_port = htons(port);
}

/* This machine has no such kind of address; with `*` that is no error. */
static bool is_family_missing(int reason)
{
    return reason == EAFNOSUPPORT || reason == EADDRNOTAVAIL || reason == EPROTONOSUPPORT;
}

static enum error look_up(const struct listener_address *address, struct addrinfo **ret_list,
                          struct problem *problem)
{
    bool is_any = strcmp(address->host, "*") == 0;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)address->port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int outcome = getaddrinfo(is_any ? NULL : address->host, port, &hints, ret_list);
    if (outcome != 0)
        return problem_set(problem, ERROR_NOT_FOUND, "cannot find the address of \"%s\": %s",
                           address->host,
                           outcome == EAI_SYSTEM ? strerror(errno) : gai_strerror(outcome));
    return ERROR_NONE;
}

enum error listener_check(const struct listener_address *address, struct problem *problem)
{
    struct addrinfo *list = NULL;
    enum error error = look_up(address, &list, problem);
    if (error == ERROR_NONE)
        freeaddrinfo(list);
    return error;
}

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family != AF_INET6)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    const struct sockaddr_in6 *one = (const struct sockaddr_in6 *)a;
    const struct sockaddr_in6 *other = (const struct sockaddr_in6 *)b;
    return memcmp(&one->sin6_addr, &other->sin6_addr, sizeof one->sin6_addr) == 0 &&
           one->sin6_scope_id == other->sin6_scope_id;
}

/* A table of hosts may give a name the same address twice. */
static bool is_repeated(const struct addrinfo *list, const struct addrinfo *info)
{
    while (list != info && !is_same_host(list->ai_addr, info->ai_addr))
        list = list->ai_next;
    return list != info;
}

bool listener_is_listening(int fd)
{
    return option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) > 0 &&
           option_of(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
}

enum error listener_adopt(int fd, struct listener_queue queue)
{
    if (!listener_is_listening(fd))
        return ERROR_INVALID;
    int flags = fcntl(fd, F_GETFL);
    bool is_ours = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
                   fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && listener_listen(fd, queue);
    if (!listener_is_unix(fd))
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return is_ours ? ERROR_NONE : ERROR_INVALID;
}

void listener_take(struct listener_heritage *heritage, int fd)
{
    for (size_t i = 0; i < heritage->count; i++)
        if (heritage->fds[i] == fd)
            heritage->fds[i] = -1;
}

void listener_disown(struct listener_heritage *heritage)
{
    for (size_t i = 0; i < heritage->count; i++) {
        if (heritage->fds[i] >= 0)
            (void)close(heritage->fds[i]);
        heritage->fds[i] = -1;
    }
}

/* An inherited socket that is bound to just this address; negative if there is none. */
static int take_heritage(const struct sockaddr *wanted, const struct listener_address *address)
{
    struct listener_heritage *heritage = address->heritage;
    for (size_t i = 0; heritage != NULL && address->port != 0 && i < heritage->count; i++) {
        struct sockaddr_storage name;
        socklen_t size = sizeof name;
        int fd = heritage->fds[i];
        memset(&name, 0, sizeof name);
        if (fd < 0 || getsockname(fd, (struct sockaddr *)&name, &size) != 0 ||
            !is_same_host((struct sockaddr *)&name, wanted) || listener_port(fd) != address->port ||
            listener_adopt(fd, address->queue) != ERROR_NONE)
            continue;
        heritage->fds[i] = -1;
        return fd;
    }
    return -1;
}

static bool takes_both_families(int fd, uint16_t port)
{
    struct sockaddr_in6 name = {.sin6_family = AF_UNSPEC};
    socklen_t size = sizeof name;
    return fd >= 0 && getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
           name.sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&name.sin6_addr) &&
           ntohs(name.sin6_port) == port && option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

/* What a service manager opens for a port alone is one socket for both families. */
static bool is_covered(const struct addrinfo *info, const struct listener_address *address,
                       const int *fds, size_t count)
{
    const struct listener_heritage *heritage = address->heritage;
    bool is_covered = false;
    if (info->ai_family != AF_INET || heritage == NULL || address->port == 0)
        return false;
    for (size_t i = 0; i < heritage->count && !is_covered; i++)
        is_covered = takes_both_families(heritage->fds[i], address->port);
    for (size_t i = 0; i < count && !is_covered; i++)
        is_covered = takes_both_families(fds[i], address->port);
    return is_covered;
}

/* ERROR_BUSY: somebody else has the address. */
static enum error refuse(const struct listener_address *address, uint16_t port,
                         struct problem *problem)
{
    return problem_set(problem, errno == EADDRINUSE ? ERROR_BUSY : ERROR_SYSTEM,
                       "cannot listen on %s port %u: %s", address->host, (unsigned)port,
                       strerror(errno));
}

static enum error open_all(struct addrinfo *list, const struct listener_address *address,
                           size_t room, int *ret_fds, size_t *ret_count, uint16_t *ret_port,
                           struct problem *problem)
{
    bool is_any = strcmp(address->host, "*") == 0;
    uint16_t port = address->port;
    for (struct addrinfo *info = list; info != NULL; info = info->ai_next) {
        if (is_repeated(list, info))
            continue;
        if (*ret_count == room)
            return problem_set(problem, ERROR_FULL, "\"%s\" stands for too many addresses",
                               address->host);
        set_port(info->ai_addr, port);
        int fd = take_heritage(info->ai_addr, address);
        if (fd < 0 && is_any && is_covered(info, address, ret_fds, *ret_count))
            continue;
        if (fd < 0)
            fd = open_socket(info, address);
        if (fd < 0 && is_any && is_family_missing(errno))
            continue;
        if (fd < 0)
            return refuse(address, port, problem);
        ret_fds[(*ret_count)++] = fd;
        port = listener_port(fd);
        if (port == 0)
            return refuse(address, port, problem);
    }
    if (*ret_count == 0)
        return problem_set(problem, ERROR_SYSTEM, "this machine has neither IPv4 nor IPv6");
    *ret_port = port;
    return ERROR_NONE;
}

enum error listener_open(const struct listener_address *address, size_t room, int *ret_fds,
                         size_t *ret_count, uint16_t *ret_port, struct problem *problem)
{
    struct addrinfo *list = NULL;
    enum error error = look_up(address, &list, problem);
    if (error != ERROR_NONE)
        return error;
    int attempts = address->port == 0 ? ATTEMPTS_MAX : 1;
    do {
        size_t count = 0;
        error = open_all(list, address, room, ret_fds, &count, ret_port, problem);
        if (error == ERROR_NONE)
            *ret_count = count;
        while (error != ERROR_NONE && count > 0)
            (void)close(ret_fds[--count]);
    } while (error == ERROR_BUSY && --attempts > 0);
    freeaddrinfo(list);
    return error;
}
