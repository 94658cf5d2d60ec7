#include "base/ip_address.h"

#include <string.h>

enum {
    IPV4_SIZE = 4,
    GROUP_SIZE = 2,
    GROUP_DIGITS_MAX = 4,
};

/* Of an IPv4-mapped address (RFC 4291 2.5.5.2). */
static const unsigned char mapped[IP_ADDRESS_SIZE - IPV4_SIZE] = {
    [10] = 0xff,
    [11] = 0xff,
};

static bool read_octet(struct bytes digits, unsigned char *ret_octet)
{
    uint64_t number;
    bool has_leading_zero = digits.size > 1 && digits.data[0] == '0';
    if (has_leading_zero || !bytes_to_number(digits, 255, &number))
        return false;
    *ret_octet = (unsigned char)number;
    return true;
}

static bool read_ipv4(struct bytes text, unsigned char ret_octets[IPV4_SIZE])
{
    for (int i = 0; i < IPV4_SIZE; i++) {
        size_t dot = bytes_find(text, '.');
        bool is_last = i == IPV4_SIZE - 1;
        if ((dot == text.size) != is_last || !read_octet(bytes_first(text, dot), &ret_octets[i]))
            return false;
        text = bytes_from(text, dot + 1);
    }
    return true;
}

/* The value of a hexadecimal digit, or -1. */
static int digit_value(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = memchr(digits, digit, sizeof digits - 1);
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

static bool read_group(struct bytes digits, unsigned char ret_octets[GROUP_SIZE])
{
    int value = 0;
    if (digits.size == 0 || digits.size > GROUP_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        int digit = digit_value(digits.data[i]);
        if (digit < 0)
            return false;
        value = value * 16 + digit;
    }
    ret_octets[0] = (unsigned char)(value / 256);
    ret_octets[1] = (unsigned char)(value % 256);
    return true;
}

/* A part without ::, perhaps of no groups; the last one may be an IPv4 address that stands for two.
 */
static bool read_groups(struct bytes text, bool may_end_in_ipv4,
                        unsigned char ret_octets[IP_ADDRESS_SIZE], size_t *ret_size)
{
    size_t size = 0;
    bool is_last = text.size == 0;
    while (!is_last) {
        size_t colon = bytes_find(text, ':');
        struct bytes group = bytes_first(text, colon);
        is_last = colon == text.size;
        if (is_last && may_end_in_ipv4 && size <= IP_ADDRESS_SIZE - IPV4_SIZE &&
            read_ipv4(group, ret_octets + size))
            size += IPV4_SIZE;
        else if (size <= IP_ADDRESS_SIZE - GROUP_SIZE && read_group(group, ret_octets + size))
            size += GROUP_SIZE;
        else
            return false;
        text = bytes_from(text, colon + 1);
    }
    *ret_size = size;
    return true;
}

bool ip_address_read_ipv4(struct bytes text, struct ip_address *ret_address)
{
    unsigned char octets[IPV4_SIZE];
    if (!read_ipv4(text, octets))
        return false;
    memcpy(ret_address->octets, mapped, sizeof mapped);
    memcpy(ret_address->octets + sizeof mapped, octets, sizeof octets);
    return true;
}

bool ip_address_read_ipv6(struct bytes text, struct ip_address *ret_address)
{
    unsigned char front[IP_ADDRESS_SIZE];
    unsigned char back[IP_ADDRESS_SIZE];
    size_t front_size;
    size_t back_size;
    const char *gap = text.size == 0 ? NULL : memmem(text.data, text.size, "::", 2);
    size_t gap_at = gap == NULL ? text.size : (size_t)(gap - text.data);
    if (!read_groups(bytes_first(text, gap_at), gap == NULL, front, &front_size) ||
        !read_groups(bytes_from(text, gap_at + 2), true, back, &back_size))
        return false;
    size_t size = front_size + back_size;
    /* :: stands for one group at least. */
    if (gap == NULL ? size != IP_ADDRESS_SIZE : size >= IP_ADDRESS_SIZE)
        return false;
    memset(ret_address->octets, 0, sizeof ret_address->octets);
    memcpy(ret_address->octets, front, front_size);
    memcpy(ret_address->octets + IP_ADDRESS_SIZE - back_size, back, back_size);
    return true;
}

bool ip_address_read(struct bytes text, struct ip_address *ret_address)
{
    return ip_address_read_ipv4(text, ret_address) || ip_address_read_ipv6(text, ret_address);
}

bool ip_address_is_ipv4(const struct ip_address *address)
{
    return memcmp(address->octets, mapped, sizeof mapped) == 0;
}
