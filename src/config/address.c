#include "config/address.h"
#include "config/perl_letter.h"

enum {
    IPV4_NUMBERS = 4,
    IPV4_BITS = 32,
    IPV6_GROUPS = 8,
    IPV6_BITS = 128
};

static bool is_small_number(struct bytes digits, uint64_t most)
{
    uint64_t number;
    bool has_leading_zero = digits.size > 1 && digits.data[0] == '0';
    return !has_leading_zero && digits.size <= 3 && bytes_to_number(digits, most, &number);
}

bool address_is_ipv4(struct bytes text)
{
    for (int left = IPV4_NUMBERS; left > 1; left--) {
        size_t dot = bytes_find(text, '.');
        if (dot == text.size || !is_small_number(bytes_first(text, dot), 255))
            return false;
        text = bytes_from(text, dot + 1);
    }
    return is_small_number(text, 255);
}

static bool is_group(struct bytes text)
{
    for (size_t at = 0; at < text.size; at++)
        if (perl_letter_value(text.data[at]) >= 16)
            return false;
    return text.size >= 1 && text.size <= 4;
}

/* Counts the groups of a part without ::, an IPv4 address as its last one for two. False if it is
 * not such a part. */
static bool count_groups(struct bytes text, bool may_end_in_ipv4, int *ret_groups)
{
    int groups = 0;
    bool is_last = text.size == 0;
    while (!is_last && groups < IPV6_GROUPS) {
        size_t colon = bytes_find(text, ':');
        struct bytes group = bytes_first(text, colon);
        is_last = colon == text.size;
        text = bytes_from(text, colon + 1);
        if (is_last && may_end_in_ipv4 && address_is_ipv4(group))
            groups += 2;
        else if (is_group(group))
            groups++;
        else
            return false;
    }
    *ret_groups = groups;
    return is_last;
}

/* Where :: stands; the size of the text if it does not. */
static size_t find_gap(struct bytes text)
{
    for (size_t at = 1; at < text.size; at++)
        if (text.data[at - 1] == ':' && text.data[at] == ':')
            return at - 1;
    return text.size;
}

bool address_is_ipv6(struct bytes text)
{
    int before = 0;
    int after = 0;
    size_t gap = find_gap(text);
    bool has_gap = gap < text.size;
    if (!count_groups(bytes_first(text, gap), !has_gap, &before))
        return false;
    if (!has_gap)
        return before == IPV6_GROUPS;
    return count_groups(bytes_from(text, gap + 2), true, &after) && before + after < IPV6_GROUPS;
}

bool address_is_network(struct bytes text)
{
    size_t slash = bytes_find(text, '/');
    struct bytes address = bytes_first(text, slash);
    bool is_ipv4 = address_is_ipv4(address);
    if (!is_ipv4 && !address_is_ipv6(address))
        return false;
    return slash == text.size ||
           is_small_number(bytes_from(text, slash + 1), is_ipv4 ? IPV4_BITS : IPV6_BITS);
}
