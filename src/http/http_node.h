/* http_node - how a reverse proxy names the other end of a connection.
 *
 * Pure. Only addresses are understood: `unknown`, names, and identifiers that hide somebody
 * (RFC 7239 6.3) are not. */
#ifndef TOAD_HTTP_HTTP_NODE_H
#define TOAD_HTTP_HTTP_NODE_H

#include "base/ip_address.h"

struct http_node {
    struct ip_address address;
    uint16_t port; /* 0: none is named */
};

/* An element of X-Forwarded-For: an IPv4 address or an IPv6 address in brackets, perhaps with a
 * port, or an IPv6 address alone. False, and `ret_node` untouched, for anything else. */
bool http_node_read(struct bytes text, struct http_node *ret_node);

/* A node of Forwarded (RFC 7239 6): IPv6 stands in brackets, and a port may hide behind an
 * identifier, which is none then. */
bool http_node_read_forwarded(struct bytes text, struct http_node *ret_node);

#endif
