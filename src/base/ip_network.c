#include "base/ip_network.h"

#include <string.h>

enum {
    OCTET_BITS = 8,
    ADDRESS_BITS = OCTET_BITS * IP_ADDRESS_SIZE,
};

/* The length of a prefix, without leading zeros. */
static bool read_bits(struct bytes digits, uint64_t most, uint64_t *ret_bits)
{
    bool has_leading_zero = digits.size > 1 && digits.data[0] == '0';
    return !has_leading_zero && bytes_to_number(digits, most, ret_bits);
}

bool ip_network_read(struct bytes text, struct ip_network *ret_network)
{
    struct ip_network network;
    size_t slash = bytes_find(text, '/');
    struct bytes address = bytes_first(text, slash);
    bool is_ipv4 = ip_address_read_ipv4(address, &network.address);
    unsigned front = is_ipv4 ? IP_ADDRESS_MAPPED_BITS : 0;
    uint64_t bits = ADDRESS_BITS - front;
    if (!is_ipv4 && !ip_address_read_ipv6(address, &network.address))
        return false;
    if (slash < text.size && !read_bits(bytes_from(text, slash + 1), bits, &bits))
        return false;
    network.prefix_bits = front + (unsigned)bits;
    *ret_network = network;
    return true;
}

bool ip_network_contains(const struct ip_network *network, const struct ip_address *address)
{
    if (network->prefix_bits < IP_ADDRESS_MAPPED_BITS && ip_address_is_ipv4(address))
        return false;
    size_t whole = network->prefix_bits / OCTET_BITS;
    unsigned rest = network->prefix_bits % OCTET_BITS;
    const unsigned char *one = network->address.octets;
    const unsigned char *other = address->octets;
    return memcmp(one, other, whole) == 0 &&
           (rest == 0 || (one[whole] ^ other[whole]) >> (OCTET_BITS - rest) == 0);
}
