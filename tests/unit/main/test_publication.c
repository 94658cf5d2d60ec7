#include "main/publication.h"

#include "sys/listener.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct application application;
static struct listening listening;
static struct herald_services services;
static char here[HERALD_HOST_MAX];

static void begin(void)
{
    memset(&listening, 0, sizeof listening);
    application.config.listen_count = 0;
    listening.application = &application;
    cr_assert_eq(gethostname(here, sizeof here), 0);
}

static void end(void)
{
    for (size_t i = 0; i < listening.count; i++)
        (void)close(listening.fds[i]);
}

TestSuite(publication_fill, .init = begin, .fini = end);

/* Sockets at `host`, as if they were this value's; gives their port. */
static uint16_t listen_at(const char *value, const char *host)
{
    struct listener_address address = {.host = host, .queue = {.backlog = 1}};
    struct problem problem;
    size_t index = application.config.listen_count++;
    size_t count = 0;
    uint16_t port = 0;
    int *fds = listening.fds + listening.count;
    cr_assert_eq(endpoint_read(bytes_of(value), &problem, &application.endpoints[index]),
                 ERROR_NONE);
    cr_assert_eq(
        listener_open(&address, LISTENERS_MAX - listening.count, fds, &count, &port, &problem),
        ERROR_NONE, "%s", problem.text);
    for (size_t i = 0; i < count; i++)
        listening.endpoints[listening.count++] = index;
    return port;
}

static void expect(size_t index, const char *host, uint16_t port, bool is_tls)
{
    char name[512];
    (void)snprintf(name, sizeof name, "Hypnotoad (%s:%u)", host, (unsigned)port);
    cr_assert_lt(index, services.count);
    cr_expect_str_eq(services.list[index].name, name);
    cr_expect_eq(services.list[index].port, port);
    cr_expect_eq(services.list[index].is_tls, is_tls);
}

/* Promise LSN-9 */
Test(publication_fill, takes_the_ports_that_the_kernel_gave_and_one_service_for_each_value)
{
    uint16_t first = listen_at("http://*:0", "*");
    uint16_t second = listen_at("https://*:0", "*");
    publication_fill(&listening, &services);
    cr_expect_eq(services.count, 2);
    expect(0, here, first, false);
    expect(1, here, second, true);
    cr_expect(services.list[0].has_ipv4);
}

Test(publication_fill, leaves_out_what_only_this_machine_reaches)
{
    int ends[2];
    (void)listen_at("http://127.0.0.1:0", "127.0.0.1");
    (void)listen_at("http://localhost:0", "127.0.0.1");
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    listening.fds[listening.count++] = ends[0];
    (void)close(ends[1]);
    publication_fill(&listening, &services);
    cr_expect_eq(services.count, 0);
}

Test(publication_fill, names_every_address_of_this_machine_after_it_however_it_is_written)
{
    static const struct {
        const char *value;
        const char *host;
    } table[] = {
        {"http://0.0.0.0:0", "0.0.0.0"}, {"http://[::]:0", "::"}, {"http://all:0", "0.0.0.0"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint16_t port = listen_at(table[i].value, table[i].host);
        publication_fill(&listening, &services);
        cr_assert_eq(services.count, i + 1);
        expect(i, here, port, false);
    }
}
