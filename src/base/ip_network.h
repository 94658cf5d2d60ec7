/* ip_network - a set of addresses that begin alike, in CIDR form (RFC 4632 3.1): 10.0.0.0/8.
 *
 * Pure. */
#ifndef TOAD_BASE_IP_NETWORK_H
#define TOAD_BASE_IP_NETWORK_H

#include "base/ip_address.h"

struct ip_network {
    struct ip_address address; /* what stands behind the prefix does not count */
    unsigned prefix_bits;      /* of all 128, for IPv4 as well */
};

/* An address, which is a network of its own, or an address and the length of its prefix. False, and
 * `ret_network` untouched, for anything else. */
bool ip_network_read(struct bytes text, struct ip_network *ret_network);

/* A network of IPv6 addresses holds no IPv4 address, not even ::/0 does. */
bool ip_network_contains(const struct ip_network *network, const struct ip_address *address);

#endif
