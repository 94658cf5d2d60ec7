#include "herald/herald_services.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static struct herald_services services;

static void begin(void)
{
    services.count = 0;
}

TestSuite(herald_services, .init = begin);

static const struct herald_service *last_added(struct herald_place place)
{
    herald_services_add(&services, &place);
    return &services.list[services.count - 1];
}

/* Promise LSN-9 */
Test(herald_services, names_a_service_after_host_and_port_and_types_it_by_its_scheme)
{
    static const struct {
        struct herald_place place;
        const char *name;
        const char *type;
    } table[] = {
        {{.host = "web1", .port = 8080}, "Hypnotoad (web1:8080)", "_http._tcp"},
        {{.host = "web1", .port = 8080, .is_tls = true}, "Hypnotoad (web1:8080)", "_https._tcp"},
        {{.host = "10.1.2.3", .port = 1}, "Hypnotoad (10.1.2.3:1)", "_http._tcp"},
        {{.host = "[fd00::1]", .port = 65535}, "Hypnotoad ([fd00::1]:65535)", "_http._tcp"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct herald_service *service = last_added(table[i].place);
        cr_expect_eq(services.count, i + 1);
        cr_expect_str_eq(service->name, table[i].name);
        cr_expect_str_eq(herald_service_type(service), table[i].type);
        cr_expect_eq(service->port, table[i].place.port);
    }
}

/* RFC 6763 4.1.1: a label of the domain name system, 63 bytes. */
Test(herald_services, cuts_a_host_that_is_too_long_for_a_name)
{
    char host[HERALD_HOST_MAX];
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    static const struct {
        uint16_t port;
        size_t hosts;
    } table[] = {{65535, 45}, {80, 48}, {1, 49}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char expected[128];
        (void)snprintf(expected, sizeof expected, "Hypnotoad (%.*s:%u)", (int)table[i].hosts, host,
                       (unsigned)table[i].port);
        cr_expect_str_eq(
            last_added((struct herald_place){.host = host, .port = table[i].port})->name, expected);
        cr_expect_eq(strlen(expected), HERALD_NAME_MAX - 1);
    }
}

/* The sockets of http://STAR:8080, one for IPv4 and one for IPv6. */
Test(herald_services, makes_one_service_of_places_that_share_a_name)
{
    (void)last_added((struct herald_place){.host = "web1", .port = 80, .has_ipv4 = true});
    const struct herald_service *service =
        last_added((struct herald_place){.host = "web1", .port = 80, .has_ipv6 = true});
    cr_expect_eq(services.count, 1);
    cr_expect(service->has_ipv4 && service->has_ipv6);
    cr_expect_eq(
        last_added((struct herald_place){.host = "web1", .port = 81, .has_ipv6 = true})->has_ipv4,
        false);
    cr_expect_eq(services.count, 2);
}

Test(herald_services, keeps_an_interface_that_all_its_places_have)
{
    static const struct {
        int interfaces[3];
        int expected;
    } table[] = {{{3, 3, 3}, 3}, {{3, 4, 3}, 0}, {{3, 0, 0}, 0}, {{0, 0, 0}, 0}, {{0, 3, 3}, 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        services.count = 0;
        for (size_t k = 0; k < 3; k++)
            (void)last_added((struct herald_place){
                .host = "name", .port = 80, .interface = table[i].interfaces[k]});
        cr_expect_eq(services.list[0].interface, table[i].expected, "row %zu", i);
    }
}

Test(herald_services, has_room_for_every_socket)
{
    for (uint16_t i = 0; i < LISTENERS_MAX; i++)
        (void)last_added((struct herald_place){.host = "web1", .port = (uint16_t)(i + 1)});
    cr_expect_eq(services.count, LISTENERS_MAX);
    cr_expect_eq(services.list[LISTENERS_MAX - 1].port, LISTENERS_MAX);
}
