/* Listening sockets that a process was given (promises LSN-5, UPG-1). */
#include "sys/listener.h"

#include "kit/descriptors.h"
#include "kit/ports.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct listener_heritage heritage;
static struct problem problem;
static const struct listener_queue any_backlog = {.backlog = -1};

static void begin(void)
{
    heritage.count = 0;
}

TestSuite(heritage, .init = begin);

static void let_others(int fd)
{
    int value = 1;
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value), 0);
}

/* As somebody else opened it: it blocks, and it survives exec. */
static int open_foreign_at(uint16_t port)
{
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    let_others(fd);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

static int open_foreign(uint16_t *ret_port)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    int fd = open_foreign_at(0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    *ret_port = ntohs(name.sin_port);
    return fd;
}

static void expect_own(int fd)
{
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_expect_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    cr_expect_neq(no_delay, 0);
}

static struct listener_address address_of(uint16_t port)
{
    return (struct listener_address){
        .host = "127.0.0.1", .port = port, .queue = {.backlog = -1}, .heritage = &heritage};
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int open_one(const struct listener_address *address)
{
    int fd = -1;
    size_t count = 0;
    uint16_t port = 0;
    cr_assert_eq(listener_open(address, 1, &fd, &count, &port, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_expect_eq(count, 1);
    cr_expect(address->port == 0 || port == address->port);
    return fd;
}

Test(heritage, is_adopted_if_it_listens)
{
    uint16_t port = 0;
    int fd = open_foreign(&port);
    cr_expect(listener_is_listening(fd));
    cr_expect_eq(listener_adopt(fd, (struct listener_queue){.backlog = 7}), ERROR_NONE);
    expect_own(fd);
    cr_expect_eq(listener_port(fd), port);
    cr_expect_eq(listener_adopt(fd, any_backlog), ERROR_NONE);
}

/* Bad input: a descriptor that is something else. */
Test(heritage, is_refused_if_it_does_not_listen)
{
    int ends[2];
    int idle = socket(AF_INET, SOCK_STREAM, 0);
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    int packets = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(packets, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)), 0);
    cr_assert_eq(listen(packets, 1), 0);
    cr_assert_eq(pipe(ends), 0);
    const int fds[] = {idle, datagrams, ends[0], packets, 1000, -1};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        cr_expect_not(listener_is_listening(fds[i]), "%zu", i);
        cr_expect_eq(listener_adopt(fds[i], any_backlog), ERROR_INVALID, "%zu", i);
    }
    cr_expect_eq(fcntl(idle, F_GETFL) & O_NONBLOCK, 0, "it is left as it was");
}

Test(heritage, is_taken_for_its_address)
{
    uint16_t port = 0;
    heritage.fds[heritage.count++] = open_foreign(&port);
    heritage.fds[heritage.count++] = open_foreign(&port);
    int expected = heritage.fds[1];
    struct listener_address address = address_of(port);
    cr_expect_eq(open_one(&address), expected);
    expect_own(expected);
    cr_expect_eq(heritage.fds[1], -1, "nobody else takes it");
    cr_expect_geq(heritage.fds[0], 0);
}

static void expect_not_taken(const struct listener_address *address)
{
    int fd = open_one(address);
    cr_expect_neq(fd, heritage.fds[0]);
    cr_expect_geq(heritage.fds[0], 0);
    (void)close(fd);
}

Test(heritage, is_left_for_other_addresses)
{
    uint16_t port = port_reserve();
    heritage.fds[heritage.count++] = open_foreign_at(port);
    struct listener_address address = address_of(0);
    expect_not_taken(&address);
    address.port = port;
    address.host = "127.0.0.2";
    expect_not_taken(&address);
    address.host = "::1";
    expect_not_taken(&address);
}

static void listen_anywhere(int fd, bool is_alone, uint16_t port)
{
    struct sockaddr_in6 name = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_any, .sin6_port = htons(port)};
    int value = is_alone;
    let_others(fd);
    cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value), 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    cr_assert_eq(listen(fd, 1), 0);
}

/* As a service manager opens a port alone: one socket of IPv6 that takes IPv4, too. */
Test(heritage, may_be_both_families_at_once)
{
    int both = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (both < 0)
        cr_skip_test("there is no IPv6");
    struct listener_address address = address_of(port_reserve());
    listen_anywhere(both, false, address.port);
    address.host = "*";
    heritage.fds[heritage.count++] = both;
    int fds[4];
    size_t count = 0;
    uint16_t port = 0;
    cr_assert_eq(listener_open(&address, 4, fds, &count, &port, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_assert_eq(count, 1);
    cr_expect_eq(fds[0], both);
    cr_expect_eq(port, address.port);
}

/* Of one that is IPv6 alone the other family is opened. */
Test(heritage, of_one_family_is_completed)
{
    int alone = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (alone < 0)
        cr_skip_test("there is no IPv6");
    struct listener_address address = address_of(port_reserve());
    listen_anywhere(alone, true, address.port);
    address.host = "*";
    heritage.fds[heritage.count++] = alone;
    int fds[4];
    size_t count = 0;
    uint16_t port = 0;
    cr_assert_eq(listener_open(&address, 4, fds, &count, &port, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_assert_eq(count, 2);
    cr_expect(fds[0] == alone || fds[1] == alone);
}

Test(heritage, is_taken_by_its_number)
{
    uint16_t port = 0;
    heritage.fds[heritage.count++] = open_foreign(&port);
    heritage.fds[heritage.count++] = open_foreign(&port);
    int fd = heritage.fds[1];
    listener_take(&heritage, fd);
    cr_expect_eq(heritage.fds[1], -1);
    listener_take(&heritage, 1000);
    int other = heritage.fds[0];
    listener_disown(&heritage);
    cr_expect(is_open(fd));
    cr_expect_not(is_open(other));
}

/* What cannot be adopted is no obstacle. */
Test(heritage, is_passed_by_if_it_is_no_listener)
{
    uint16_t port = 0;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    heritage.fds[heritage.count++] = -1;
    heritage.fds[heritage.count++] = ends[0];
    heritage.fds[heritage.count++] = open_foreign(&port);
    int expected = heritage.fds[2];
    struct listener_address address = address_of(port);
    cr_expect_eq(open_one(&address), expected);
    cr_expect_eq(heritage.fds[1], ends[0]);
}

/* A generation serves on the very sockets of the one before it: no connection is lost between. */
Test(heritage, is_taken_with_those_who_wait)
{
    uint16_t port = 0;
    heritage.fds[heritage.count++] = open_foreign(&port);
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client, (struct sockaddr *)&name, sizeof name), 0);
    struct listener_address address = address_of(port);
    int fd = open_one(&address);
    cr_expect_geq(accept4(fd, NULL, NULL, SOCK_CLOEXEC), 0);
}

Test(heritage, that_nobody_takes_is_closed)
{
    uint16_t port = 0;
    int fds[3];
    struct descriptors before = descriptors_look();
    for (size_t i = 0; i < 3; i++)
        heritage.fds[heritage.count++] = fds[i] = open_foreign(&port);
    heritage.fds[1] = -1;
    listener_disown(&heritage);
    cr_expect_not(is_open(fds[0]));
    cr_expect(is_open(fds[1]));
    cr_expect_not(is_open(fds[2]));
    listener_disown(&heritage);
    (void)close(fds[1]);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}

Test(heritage, need_not_be_there)
{
    struct listener_address address = address_of(0);
    listener_disown(&heritage);
    (void)close(open_one(&address));
    address.heritage = NULL;
    (void)close(open_one(&address));
}
