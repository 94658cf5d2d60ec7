#include "config/address.h"

#include <criterion/criterion.h>

typedef bool check(struct bytes text);

static void expect(check *is_right, bool right, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(is_right(bytes_of(texts[i])), right, "\"%s\"", texts[i]);
}

#define EXPECT(is_right, right, ...)                                                               \
    do {                                                                                           \
        static const char *const texts[] = {__VA_ARGS__};                                          \
        expect(is_right, right, texts, sizeof texts / sizeof texts[0]);                            \
    } while (0)

Test(address, is_ipv4_with_four_numbers_up_to_255)
{
    EXPECT(address_is_ipv4, true, "0.0.0.0", "127.0.0.1", "255.255.255.255", "10.20.30.40");
    EXPECT(address_is_ipv4, false, "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.1.1.256",
           "01.1.1.1", "1.1.1.01", "1..1.1", "1.1.1.", ".1.1.1", "1.1.1.1 ", "a.1.1.1", "1.1.1.-1",
           "1.1.1.+1", "1000.1.1.1", "1.1.1.00");
}

Test(address, is_ipv6_as_rfc_4291_writes_it)
{
    EXPECT(address_is_ipv6, true, "::", "::1", "1::", "fe80::1", "2001:db8::1:2", "1:2:3:4:5:6:7:8",
           "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "FFFF::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
           "64:ff9b::1.2.3.4");
    EXPECT(address_is_ipv6, false, "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
           "12345::", "g::", "1::2::3", ":1", "1:", "::1:", ":1::", "1:::2",
           "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5",
           "fe80::1%eth0", "1.2.3.4");
}

Test(address, is_a_network_alone_or_with_a_prefix)
{
    /* Promise CFG-7 */
    EXPECT(address_is_network, true, "10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::1",
           "fd00::/8", "::/0", "::1/128");
    EXPECT(address_is_network, false, "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08",
           "::1/129", "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/-1", "name/8", "10.0.0.0/ 8",
           "fe80::1%eth0/64");
}
