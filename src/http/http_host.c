#include "http/http_host.h"

#include "base/ip_address.h"
#include "http/http_grammar.h"

enum {
    PORT_MAX = 65535
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
    struct ip_address address;
    size_t bracket = bytes_find(authority, ']');
    return bracket < authority.size &&
           ip_address_read_ipv6((struct bytes){authority.data + 1, bracket - 1}, &address) &&
           is_port(bytes_from(authority, bracket + 1));
}
