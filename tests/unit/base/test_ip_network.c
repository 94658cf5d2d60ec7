#include "base/ip_network.h"

#include <criterion/criterion.h>

#include <string.h>

Test(ip_network, is_an_address_alone_or_with_a_prefix)
{
    /* Promise CFG-7 */
    static const struct {
        const char *text;
        unsigned bits;
    } rows[] = {
        {"10.0.0.1", 128},   {"10.0.0.0/8", 104}, {"0.0.0.0/0", 96},
        {"1.2.3.4/32", 128}, {"::1", 128},        {"fd00::/8", 8},
        {"::/0", 0},         {"::1/128", 128},    {"10.1.2.3/10", 106},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip_network network = {.prefix_bits = 1000};
        cr_expect(ip_network_read(bytes_of(rows[i].text), &network), "%s", rows[i].text);
        cr_expect_eq(network.prefix_bits, rows[i].bits, "%s: %u", rows[i].text,
                     network.prefix_bits);
    }
}

Test(ip_network, is_refused_untouched_if_it_is_anything_else)
{
    static const char *const texts[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "::1/129",
        "::1/",
        "10.0.0/8",
        "10.0.0.0/-1",
        "name/8",
        "10.0.0.0/ 8",
        "1.2.3.4/8/8",
        "::1/1000",
        "10.0.0.0/8 ",
        "fe80::1%eth0/64",
        "10.0.0.0/00",
        "::/00",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ip_network network;
        struct ip_network before;
        memset(&network, 0x5a, sizeof network);
        before = network;
        cr_expect_not(ip_network_read(bytes_of(texts[i]), &network), "%s", texts[i]);
        cr_expect_eq(memcmp(&network, &before, sizeof network), 0, "%s", texts[i]);
    }
}

struct row {
    const char *network;
    const char *address;
    bool is_inside;
};

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ip_network network;
        struct ip_address address;
        cr_assert(ip_network_read(bytes_of(rows[i].network), &network));
        cr_assert(ip_address_read(bytes_of(rows[i].address), &address));
        cr_expect_eq(ip_network_contains(&network, &address), rows[i].is_inside, "%s in %s",
                     rows[i].address, rows[i].network);
    }
}

Test(ip_network, contains_what_begins_alike)
{
    static const struct row rows[] = {
        {"10.0.0.0/8", "10.0.0.0", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"10.9.9.9/8", "10.1.2.3", true},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.6/31", "192.0.2.7", true},
        {"192.0.2.6/31", "192.0.2.5", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.0", false},
        {"192.0.2.1/32", "192.0.2.3", false},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"128.0.0.0/1", "128.0.0.1", true},
        {"128.0.0.0/1", "127.0.0.1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1", "::1", true},
        {"::1", "::", false},
        {"::/0", "2001:db8::1", true},
        {"0.0.0.0/0", "::1", false},
        {"0.0.0.0/0", "::", false},
    };
    expect_rows(rows, sizeof rows / sizeof rows[0]);
}

Test(ip_network, takes_an_ipv4_mapped_address_for_its_ipv4_address)
{
    static const struct row rows[] = {
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::ffff:11.1.2.3", false},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"::ffff:0:0/96", "10.1.2.3", true},
        /* Who writes a network of IPv6 means no IPv4. */
        {"::/0", "10.1.2.3", false},
        {"::/95", "10.1.2.3", false},
        {"::ffff:0:0/90", "::ffff:10.1.2.3", false},
        {"::/95", "::1:0:0", true},
        {"::/95", "::2:0:0", false},
    };
    expect_rows(rows, sizeof rows / sizeof rows[0]);
}
