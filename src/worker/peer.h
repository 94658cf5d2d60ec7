/* peer - an end of a connection: the client's, or this one.
 *
 * IPv4 is kept as ::ffff:a.b.c.d, so that all addresses have one form. */
#ifndef TOAD_WORKER_PEER_H
#define TOAD_WORKER_PEER_H

#include "base/bytes.h"

#include <netinet/in.h>
#include <stdbool.h>

struct peer {
    struct in6_addr address;
    uint16_t port;
};

enum {
    PEER_TEXT_SIZE = INET6_ADDRSTRLEN
};

/* All zero for an address that is neither IPv4 nor IPv6, such as that of a UNIX domain socket. */
struct peer peer_of(const struct sockaddr_storage *address);

bool peer_has_address(const struct peer *peer);

/* This process's end of a connection; false if the system does not tell. */
bool peer_at_this_end(int fd, struct peer *ret_peer);

/* "127.0.0.1" or "::1", a view of `storage`; empty if it has no address. */
struct bytes peer_text(const struct peer *peer, char storage[PEER_TEXT_SIZE]);

#endif
