#include "sys/listener.h"

#include "kit/descriptors.h"
#include "kit/ports.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ROOM = 8
};

struct opened {
    int fds[ROOM];
    size_t count;
    uint16_t port;
};

/* A table of hosts that gives a name the same addresses twice. */
int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    if (host == NULL || strcmp(host, "twice.test") != 0)
        return __real_getaddrinfo(host, port, hints, list);
    static const char *const numbers[] = {"127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2"};
    for (size_t i = 0; i < 4; i++) {
        int outcome = __real_getaddrinfo(numbers[i], port, hints, list);
        if (outcome != 0)
            return outcome;
        list = &(*list)->ai_next;
    }
    return 0;
}

static enum error try_open(const char *host, uint16_t port, struct opened *ret_opened,
                           struct problem *problem)
{
    struct listener_address address = {.host = host, .port = port, .queue = {.backlog = -1}};
    return listener_open(&address, ROOM, ret_opened->fds, &ret_opened->count, &ret_opened->port,
                         problem);
}

static struct opened must_open(const char *host, uint16_t port)
{
    struct opened opened = {.count = 0};
    struct problem problem = {.text = ""};
    cr_assert_eq(try_open(host, port, &opened, &problem), ERROR_NONE, "%s", problem.text);
    return opened;
}

static void close_all(const struct opened *opened)
{
    for (size_t i = 0; i < opened->count; i++)
        (void)close(opened->fds[i]);
}

/* A client's socket, connected; negative if it is refused. */
static int connect_to(const char *number, uint16_t port)
{
    char text[8];
    struct addrinfo *list = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    (void)snprintf(text, sizeof text, "%u", (unsigned)port);
    cr_assert_eq(__real_getaddrinfo(number, text, &hints, &list), 0);
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
        (void)close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static bool is_reached(const char *number, uint16_t port)
{
    int fd = connect_to(number, port);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is_there;
}

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    (void)getsockopt(fd, level, option, &value, &size);
    return value;
}

/* Promise LSN-1 */
Test(listener_open, listens_on_an_ipv4_address_alone)
{
    struct opened opened = must_open("127.0.0.1", 0);
    cr_assert_eq(opened.count, 1);
    cr_assert(is_reached("127.0.0.1", opened.port));
    cr_assert_not(is_reached("127.0.0.2", opened.port));
    close_all(&opened);
}

/* Promise LSN-1 */
Test(listener_open, listens_on_an_ipv6_address_alone)
{
    if (!has_ipv6())
        cr_skip_test("there is no IPv6");
    struct opened opened = must_open("::1", port_reserve());
    cr_assert_eq(opened.count, 1);
    cr_assert(is_reached("::1", opened.port));
    cr_assert_not(is_reached("127.0.0.1", opened.port));
    close_all(&opened);
}

/* Promise LSN-1 */
Test(listener_open, listens_on_a_name)
{
    struct opened opened = must_open("localhost", 0);
    cr_assert_geq(opened.count, 1);
    cr_assert(is_reached("127.0.0.1", opened.port) || is_reached("::1", opened.port));
    close_all(&opened);
}

/* Promises LSN-1 and LSN-7 */
Test(listener_open, gives_both_families_of_any_the_same_port)
{
    for (int i = 0; i < 20; i++) {
        struct opened opened = must_open("*", 0);
        cr_assert_eq(opened.count, has_ipv6() ? 2 : 1);
        cr_assert_gt(opened.port, 0);
        cr_assert(is_reached("127.0.0.1", opened.port));
        cr_assert(is_reached("127.0.0.3", opened.port), "it is any");
        cr_assert(!has_ipv6() || is_reached("::1", opened.port));
        close_all(&opened);
    }
}

Test(listener_open, takes_the_port_that_it_is_told)
{
    uint16_t port = port_reserve();
    struct opened opened = must_open("127.0.0.1", port);
    cr_assert_eq(opened.port, port);
    close_all(&opened);
}

/* What a worker relies on. */
Test(listener_open, gives_sockets_that_neither_block_nor_are_inherited)
{
    struct opened opened = must_open("*", 0);
    for (size_t i = 0; i < opened.count; i++) {
        cr_assert_neq(fcntl(opened.fds[i], F_GETFL) & O_NONBLOCK, 0);
        cr_assert_neq(fcntl(opened.fds[i], F_GETFD) & FD_CLOEXEC, 0);
    }
    int client = connect_to("127.0.0.1", opened.port);
    int accepted = accept4(opened.fds[0], NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(accepted, 0);
    cr_assert_eq(option_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
    (void)close(accepted);
    (void)close(client);
    close_all(&opened);
}

static unsigned backlog_of(int fd)
{
    struct tcp_info info = {.tcpi_sacked = 0};
    socklen_t size = sizeof info;
    cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    return info.tcpi_sacked; /* of a socket that listens: the length of its queue */
}

/* Promise LSN-10 */
static int deferral_of(int fd)
{
    int seconds = -1;
    socklen_t size = sizeof seconds;
    cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &size), 0);
    return seconds;
}

Test(listener_open, defers_connections_if_it_is_told_to)
{
    const struct listener_queue patient = {.backlog = -1, .is_deferred = true};
    struct listener_address address = {.host = "127.0.0.1", .queue = patient};
    struct problem problem;
    int fd;
    size_t count;
    uint16_t port;
    cr_assert_eq(listener_open(&address, 1, &fd, &count, &port, &problem), ERROR_NONE);
    cr_expect_gt(deferral_of(fd), 0);
    cr_assert_eq(listener_adopt(fd, (struct listener_queue){.backlog = -1}), ERROR_NONE);
    cr_expect_eq(deferral_of(fd), 0);
    cr_assert_eq(listener_adopt(fd, patient), ERROR_NONE);
    cr_expect_gt(deferral_of(fd), 0);
    cr_expect_eq(close(fd), 0);
}

Test(listener_open, sets_the_backlog)
{
    unsigned most = SOMAXCONN;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    if (file != NULL) {
        cr_assert_eq(fscanf(file, "%u", &most), 1);
        (void)fclose(file);
    }
    static const int given[] = {-1, 0, 1, 7, 1000000};
    const unsigned expected[] = {most < SOMAXCONN ? most : SOMAXCONN, 0, 1, 7, most};
    for (size_t i = 0; i < 5; i++) {
        struct opened opened = {.count = 0};
        struct problem problem;
        struct listener_address address = {.host = "127.0.0.1", .queue = {.backlog = given[i]}};
        cr_assert_eq(
            listener_open(&address, ROOM, opened.fds, &opened.count, &opened.port, &problem),
            ERROR_NONE);
        cr_expect_eq(backlog_of(opened.fds[0]), expected[i], "backlog %d gives %u", given[i],
                     backlog_of(opened.fds[0]));
        close_all(&opened);
    }
}

Test(listener_open, shares_a_port_only_when_both_say_so)
{
    struct opened opened[2] = {{.count = 0}, {.count = 0}};
    struct problem problem;
    struct listener_address address = {.host = "127.0.0.1", .is_shared = true};
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(listener_open(&address, ROOM, opened[i].fds, &opened[i].count, &opened[i].port,
                                   &problem),
                     ERROR_NONE);
        address.port = opened[0].port;
    }
    cr_assert_eq(opened[0].port, opened[1].port);
    struct opened third = {.count = 0};
    cr_assert_eq(try_open("127.0.0.1", opened[0].port, &third, &problem), ERROR_BUSY);
    close_all(&opened[0]);
    close_all(&opened[1]);
}

static void expect_refusal(const char *host, uint16_t port, enum error expected, const char *part)
{
    char place[32];
    struct descriptors before = descriptors_look();
    struct opened opened = {.count = 77, .port = 77};
    struct problem problem = {.text = ""};
    cr_expect_eq(try_open(host, port, &opened, &problem), expected, "%s", host);
    (void)snprintf(place, sizeof place, "%u", (unsigned)port);
    cr_expect(strstr(problem.text, host) != NULL, "%s", problem.text);
    cr_expect(port == 0 || strstr(problem.text, place) != NULL, "%s", problem.text);
    cr_expect(strstr(problem.text, part) != NULL, "%s", problem.text);
    cr_expect_eq(opened.count, 77);
    cr_expect_eq(opened.port, 77);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s\n%s", before.text, after.text);
}

/* Promise CLI-5 */
Test(listener_open, names_the_address_that_is_in_use_and_leaves_nothing_open)
{
    struct opened opened = must_open("127.0.0.1", 0);
    expect_refusal("127.0.0.1", opened.port, ERROR_BUSY, "Address already in use");
    expect_refusal("*", opened.port, ERROR_BUSY, "Address already in use");
    close_all(&opened);
    if (!has_ipv6())
        return;
    /* A port whose first family of any is free; the second one is not. */
    opened = must_open("::1", port_reserve());
    expect_refusal("::1", opened.port, ERROR_BUSY, "Address already in use");
    expect_refusal("*", opened.port, ERROR_BUSY, "Address already in use");
    struct opened first = must_open("127.0.0.1", opened.port);
    close_all(&first);
    close_all(&opened);
}

Test(listener_open, refuses_a_host_that_is_not_to_be_had)
{
    expect_refusal("no-such-host.invalid", 0, ERROR_NOT_FOUND, "cannot find the address of");
    expect_refusal("192.0.2.1", 0, ERROR_SYSTEM, "Cannot assign requested address");
}

Test(listener_open, takes_an_address_once_that_a_name_has_twice)
{
    struct opened opened = must_open("twice.test", 0);
    cr_assert_eq(opened.count, 2);
    cr_assert(is_reached("127.0.0.1", opened.port));
    cr_assert(is_reached("127.0.0.2", opened.port));
    close_all(&opened);
}

Test(listener_open, opens_no_more_sockets_than_there_is_room)
{
    struct descriptors before = descriptors_look();
    struct opened opened = {.count = 77, .port = 77};
    struct problem problem;
    struct listener_address address = {.host = "twice.test"};
    cr_assert_eq(listener_open(&address, 1, opened.fds, &opened.count, &opened.port, &problem),
                 ERROR_FULL);
    cr_assert(strstr(problem.text, "twice.test") != NULL);
    cr_assert_eq(opened.count, 77);
    struct descriptors after = descriptors_look();
    cr_assert(descriptors_equal(&before, &after));
    cr_assert_eq(listener_open(&address, 2, opened.fds, &opened.count, &opened.port, &problem),
                 ERROR_NONE);
    close_all(&opened);
}

Test(listener_open, refuses_the_scope_of_an_interface_that_is_not_there)
{
    expect_refusal("fe80::1%no-such-zone", 0, ERROR_NOT_FOUND, "cannot find the address of");
}

/* Promise LSN-1 */
Test(listener_open, gives_several_addresses_one_port)
{
    uint16_t port = port_reserve();
    struct opened first = must_open("127.0.0.1", port);
    struct opened second = must_open("127.0.0.2", port);
    cr_expect_eq(second.port, first.port);
    close_all(&first);
    cr_expect_not(is_reached("127.0.0.1", second.port));
    cr_expect(is_reached("127.0.0.2", second.port));
    close_all(&second);
}

Test(listener_open, is_no_unix_domain_socket)
{
    struct opened opened = must_open("127.0.0.1", 0);
    cr_expect_not(listener_is_unix(opened.fds[0]));
    cr_expect_not(listener_is_unix(-1));
    close_all(&opened);
}

/* Promise CLI-4 */
Test(listener_check, looks_a_host_up_and_opens_nothing)
{
    struct descriptors before = descriptors_look();
    struct opened opened = must_open("127.0.0.1", 0);
    struct problem problem = {.text = ""};
    struct listener_address address = {.host = "127.0.0.1", .port = opened.port};
    cr_expect_eq(listener_check(&address, &problem), ERROR_NONE, "a port in use is no matter here");
    close_all(&opened);
    address.host = "*";
    cr_expect_eq(listener_check(&address, &problem), ERROR_NONE);
    address.host = "no-such-host.invalid";
    cr_expect_eq(listener_check(&address, &problem), ERROR_NOT_FOUND);
    cr_expect(strstr(problem.text, "no-such-host.invalid") != NULL, "%s", problem.text);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}
