#include "http/http_host.h"

#include "http/http_grammar.h"

enum {
    PORT_MAX = 65535,
    OCTET_MAX = 255,
    IPV6_GROUPS = 8,
    IPV6_GROUP_DIGITS_MAX = 4
};

static bool is_hex(char byte)
{
    return http_is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* RFC 3986 2.2, 2.3: unreserved and sub-delims */
static bool is_name_byte(char byte)
{
    switch (byte) {
    case '#':
    case '%':
    case '^':
    case '`':
    case '|':
        return false;
    case '(':
    case ')':
    case ',':
    case ';':
    case '=':
        return true;
    default:
        return http_is_token_byte(byte);
    }
}

static bool is_name(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_name_byte(text.data[i]))
            continue;
        if (text.data[i] != '%' || text.size - i < 3 || !is_hex(text.data[i + 1]) ||
            !is_hex(text.data[i + 2]))
            return false;
        i += 2;
    }
    return text.size > 0;
}

/* RFC 3986 3.2.2, dec-octet: without leading zeros */
static bool is_octet(struct bytes digits)
{
    uint64_t number;
    return bytes_to_number(digits, OCTET_MAX, &number) &&
           (digits.size == 1 || digits.data[0] != '0');
}

static bool is_ipv4(struct bytes text)
{
    for (int dots = 0; dots < 3; dots++) {
        size_t dot = bytes_find(text, '.');
        if (dot == text.size || !is_octet(bytes_first(text, dot)))
            return false;
        text = bytes_from(text, dot + 1);
    }
    return is_octet(text);
}

static bool is_ipv6_group(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_hex(text.data[i]))
            return false;
    return text.size > 0 && text.size <= IPV6_GROUP_DIGITS_MAX;
}

/* Groups between single colons, the last perhaps an IPv4 address that stands for two; how many, or
 * -1. No bytes are no groups. */
static int count_ipv6_groups(struct bytes text, bool may_end_in_ipv4)
{
    int count = 0;
    while (text.size > 0) {
        struct bytes group = bytes_first(text, bytes_find(text, ':'));
        if (group.size == text.size && may_end_in_ipv4 && is_ipv4(group))
            return count + 2;
        if (!is_ipv6_group(group) || group.size + 1 == text.size)
            return -1;
        text = bytes_from(text, group.size + 1);
        count++;
    }
    return count;
}

/* RFC 4291 2.2: eight groups, or fewer around one `::` that stands for at least one. */
static bool is_ipv6(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] != ':' || text.data[i + 1] != ':')
            continue;
        int before = count_ipv6_groups(bytes_first(text, i), false);
        int behind = count_ipv6_groups(bytes_from(text, i + 2), true);
        return before >= 0 && behind >= 0 && before + behind < IPV6_GROUPS;
    }
    return count_ipv6_groups(text, true) == IPV6_GROUPS;
}

/* Nothing, or a colon and a port. */
static bool is_port(struct bytes text)
{
    uint64_t number;
    if (text.size == 0)
        return true;
    return text.data[0] == ':' &&
           (text.size == 1 || bytes_to_number(bytes_from(text, 1), PORT_MAX, &number));
}

bool http_host_is_valid(struct bytes authority)
{
    if (!bytes_start_with(authority, BYTES("["))) {
        size_t colon = bytes_find(authority, ':');
        return is_name(bytes_first(authority, colon)) && is_port(bytes_from(authority, colon));
    }
    size_t bracket = bytes_find(authority, ']');
    return bracket < authority.size && is_ipv6((struct bytes){authority.data + 1, bracket - 1}) &&
           is_port(bytes_from(authority, bracket + 1));
}
