#include "kit/ports.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket that has a port and is in nobody's way, as it does not listen; negative on failure. */
static int hold(const struct sockaddr *any, socklen_t size)
{
    int is_alone = 0;
    int lets_others = 1;
    int fd = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_alone, sizeof is_alone);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &lets_others, sizeof lets_others);
    if (fd < 0 || bind(fd, any, size) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

uint16_t port_reserve(void)
{
    struct sockaddr_in6 both = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    struct sockaddr_in one = {.sin_family = AF_INET};
    socklen_t size = sizeof both;
    int fd = hold((struct sockaddr *)&both, size);
    if (fd >= 0) {
        cr_assert_eq(getsockname(fd, (struct sockaddr *)&both, &size), 0);
        return ntohs(both.sin6_port);
    }
    size = sizeof one;
    fd = hold((struct sockaddr *)&one, size);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&one, &size), 0);
    return ntohs(one.sin_port);
}
