/* address - IP addresses and networks as texts.
 *
 * Pure. Nothing is looked up. */
#ifndef TOAD_CONFIG_ADDRESS_H
#define TOAD_CONFIG_ADDRESS_H

#include "base/bytes.h"

/* Four decimal numbers up to 255, without leading zeros (RFC 3986 3.2.2). */
bool address_is_ipv4(struct bytes text);

/* As in RFC 4291 2.2, without brackets and without a zone. */
bool address_is_ipv6(struct bytes text);

/* An address, or an address and the length of its prefix (RFC 4632 3.1): 10.0.0.0/8, fd00::/8. */
bool address_is_network(struct bytes text);

#endif
