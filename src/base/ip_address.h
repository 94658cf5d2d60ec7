/* ip_address - an IPv4 or IPv6 address, read from text.
 *
 * Pure. Nothing is looked up. IPv4 is kept as ::ffff:a.b.c.d, so that all addresses have one form,
 * and an IPv4-mapped IPv6 address is its IPv4 address. */
#ifndef TOAD_BASE_IP_ADDRESS_H
#define TOAD_BASE_IP_ADDRESS_H

#include "base/bytes.h"

enum {
    IP_ADDRESS_SIZE = 16,
    IP_ADDRESS_MAPPED_BITS = 96, /* in front of the IPv4 address in an IPv4-mapped one */
};

struct ip_address {
    unsigned char octets[IP_ADDRESS_SIZE];
};

/* Each reads the whole text; false, and `ret_address` untouched, if it is anything else. */

/* Four decimal numbers up to 255, without leading zeros (RFC 3986 3.2.2). */
bool ip_address_read_ipv4(struct bytes text, struct ip_address *ret_address);

/* As in RFC 4291 2.2, without brackets and without a zone. */
bool ip_address_read_ipv6(struct bytes text, struct ip_address *ret_address);

/* One or the other. */
bool ip_address_read(struct bytes text, struct ip_address *ret_address);

bool ip_address_is_ipv4(const struct ip_address *address);

#endif
