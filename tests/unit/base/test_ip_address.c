#include "base/ip_address.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

typedef bool read_function(struct bytes text, struct ip_address *ret_address);

struct row {
    const char *text;
    const char *octets; /* in hexadecimal; NULL: it is no such address */
};

static const char *shown(const struct ip_address *address)
{
    static char text[2 * IP_ADDRESS_SIZE + 1];
    for (size_t i = 0; i < IP_ADDRESS_SIZE; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", address->octets[i]);
    return text;
}

static void expect(read_function *read, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ip_address address;
        memset(&address, 0x5a, sizeof address);
        bool is_read = read(bytes_of(rows[i].text), &address);
        const char *octets = rows[i].octets;
        cr_expect_eq(is_read, octets != NULL, "\"%s\"", rows[i].text);
        cr_expect_str_eq(shown(&address),
                         octets != NULL ? octets : "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "\"%s\"",
                         rows[i].text);
    }
}

#define EXPECT(read, rows) expect(read, rows, sizeof(rows) / sizeof((rows)[0]))
#define MAPPED "00000000000000000000ffff"

static const struct row ipv4[] = {
    {"0.0.0.0", MAPPED "00000000"},
    {"127.0.0.1", MAPPED "7f000001"},
    {"255.255.255.255", MAPPED "ffffffff"},
    {"10.200.30.40", MAPPED "0ac81e28"},
    {"", NULL},
    {"1", NULL},
    {"1.2.3", NULL},
    {"1.2.3.4.5", NULL},
    {"256.1.1.1", NULL},
    {"1.1.1.256", NULL},
    {"01.1.1.1", NULL},
    {"1.1.1.01", NULL},
    {"1.1.1.00", NULL},
    {"1..1.1", NULL},
    {"1.1.1.", NULL},
    {".1.1.1", NULL},
    {"1.1.1.1 ", NULL},
    {"a.1.1.1", NULL},
    {"1.1.1.-1", NULL},
    {"1.1.1.+1", NULL},
    {"1000.1.1.1", NULL},
    {"0x7f.0.0.1", NULL},
    {"::1", NULL},
};

Test(ip_address, reads_ipv4_as_four_numbers_up_to_255)
{
    EXPECT(ip_address_read_ipv4, ipv4);
}

static const struct row ipv6[] = {
    {"::", "00000000000000000000000000000000"},
    {"::1", "00000000000000000000000000000001"},
    {"1::", "00010000000000000000000000000000"},
    {"fe80::1", "fe800000000000000000000000000001"},
    {"2001:db8::1:20", "20010db8000000000000000000010020"},
    {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
    {"::ffff:1.2.3.4", MAPPED "01020304"},
    {"::FFFF:102:304", MAPPED "01020304"},
    {"64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304"},
    {"1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"},
    {"1:2:3:4:5::1.2.3.4", "00010002000300040005000001020304"},
    {"AbCd:9f::", "abcd009f000000000000000000000000"},
    {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
    {"::2:3:4:5:6:7:8", "00000002000300040005000600070008"},
    {"", NULL},
    {":", NULL},
    {":::", NULL},
    {"1", NULL},
    {"1:2", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"12345::", NULL},
    {"g::", NULL},
    {"/::", NULL},
    {"@::", NULL},
    {"~::", NULL},
    {"1::2::3", NULL},
    {":1", NULL},
    {"1:", NULL},
    {"::1:", NULL},
    {":1::", NULL},
    {"1:::2", NULL},
    {"1:2:3:4:5:6:7:8::", NULL},
    {"::1:2:3:4:5:6:7:8", NULL},
    {"1:2:3:4::5:6:7:8", NULL},
    {"::1.2.3", NULL},
    {"1.2.3.4::", NULL},
    {"1.2.3.4::1", NULL},
    {"1:2:3:4:5:6:7:1.2.3.4", NULL},
    {"1:2:3:4:5:6::1.2.3.4", NULL},
    {"1:2:3:4:5:1.2.3.4", NULL},
    {"::1.2.3.4:5", NULL},
    {"fe80::1%eth0", NULL},
    {"[::1]", NULL},
    {" ::1", NULL},
    {"1.2.3.4", NULL},
};

Test(ip_address, reads_ipv6_as_rfc_4291_writes_it)
{
    EXPECT(ip_address_read_ipv6, ipv6);
}

Test(ip_address, ends_where_its_view_ends)
{
    struct ip_address address;
    cr_expect(ip_address_read_ipv4(bytes_first(BYTES("1.2.3.45"), 7), &address));
    cr_expect_str_eq(shown(&address), MAPPED "01020304");
    cr_expect(ip_address_read_ipv6(bytes_first(BYTES("::12"), 3), &address));
    cr_expect_str_eq(shown(&address), "00000000000000000000000000000001");
    cr_expect_not(ip_address_read_ipv6((struct bytes){"::\0", 3}, &address));
}

Test(ip_address, is_read_as_what_it_is)
{
    static const struct row rows[] = {{"1.2.3.4", MAPPED "01020304"},
                                      {"::ffff:1.2.3.4", MAPPED "01020304"},
                                      {"::1", "00000000000000000000000000000001"},
                                      {"localhost", NULL}};
    EXPECT(ip_address_read, rows);
}

Test(ip_address, knows_ipv4_however_it_was_written)
{
    static const struct {
        const char *text;
        bool is_ipv4;
    } rows[] = {
        {"1.2.3.4", true},      {"::ffff:1.2.3.4", true},    {"::ffff:0:0", true},
        {"::1.2.3.4", false},   {"::fffe:1.2.3.4", false},   {"::", false},
        {"1::ffff:0:0", false}, {"::1:ffff:1.2.3.4", false}, {"::feff:1.2.3.4", false},
        {"64:ff9b::1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip_address address;
        cr_assert(ip_address_read(bytes_of(rows[i].text), &address));
        cr_expect_eq(ip_address_is_ipv4(&address), rows[i].is_ipv4, "%s", rows[i].text);
    }
}
