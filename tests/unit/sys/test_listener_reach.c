#include "sys/listener_reach.h"

#include "sys/listener.h"

#include <criterion/criterion.h>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct listener_reach reach_of(const char *host)
{
    struct listener_address address = {.host = host, .queue = {.backlog = 1}};
    struct problem problem;
    struct listener_reach reach = {.port = 0};
    int fds[LISTENERS_MAX];
    size_t count = 0;
    uint16_t port = 0;
    cr_assert_eq(listener_open(&address, LISTENERS_MAX, fds, &count, &port, &problem), ERROR_NONE,
                 "%s", problem.text);
    cr_expect_eq(listener_reach_find(fds[0], &reach), ERROR_NONE);
    cr_expect_eq(reach.port, port);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    return reach;
}

/* Promise LSN-9: what only this machine reaches is not published. */
Test(listener_reach_find, tells_addresses_families_and_interfaces_apart)
{
    static const struct {
        const char *host;
        bool has_ipv4;
        bool is_any;
        bool is_loopback;
        const char *interface;
    } table[] = {{"127.0.0.1", true, false, true, "lo"},
                 {"127.3.2.1", true, false, true, NULL},
                 {"::1", false, false, true, "lo"},
                 {"0.0.0.0", true, true, false, NULL},
                 {"::", false, true, false, NULL}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct listener_reach reach = reach_of(table[i].host);
        cr_expect_eq(reach.has_ipv4, table[i].has_ipv4, "row %zu", i);
        cr_expect_eq(reach.has_ipv6, !table[i].has_ipv4, "row %zu", i);
        cr_expect_eq(reach.is_any, table[i].is_any, "row %zu", i);
        cr_expect_eq(reach.is_loopback, table[i].is_loopback, "row %zu", i);
        cr_expect_eq(reach.interface,
                     table[i].interface == NULL ? 0 : (int)if_nametoindex(table[i].interface),
                     "row %zu", i);
        cr_expect_str_eq(reach.address, table[i].host);
    }
}

/* As a service manager may hand it over. */
Test(listener_reach_find, knows_a_socket_that_takes_both_families)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6};
    struct listener_reach reach = {.port = 0};
    int no = 0;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no), 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_expect_eq(listener_reach_find(fd, &reach), ERROR_NONE);
    cr_expect(reach.has_ipv4 && reach.has_ipv6 && reach.is_any);
    (void)close(fd);
}

Test(listener_reach_find, refuses_what_has_no_port)
{
    struct listener_reach reach = {.port = 7};
    int fds[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    cr_expect_eq(listener_reach_find(fds[0], &reach), ERROR_INVALID);
    cr_expect_eq(listener_reach_find(-1, &reach), ERROR_INVALID);
    cr_expect_eq(reach.port, 7, "untouched");
    (void)close(fds[0]);
    (void)close(fds[1]);
}
