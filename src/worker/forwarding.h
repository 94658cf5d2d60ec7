/* forwarding - who is at the ends of a request's connection, and whom a reverse proxy speaks for.
 *
 * Nothing is looked up before it is asked for; what was found lives as long as the request. */
#ifndef TOAD_WORKER_FORWARDING_H
#define TOAD_WORKER_FORWARDING_H

#include "worker/peer.h"

struct toad_request;

/* What requests remember; all zero in a new one. */
struct forwarding {
    const struct http_forwarded *told; /* NULL: not looked up */
    const char *client_text;           /* these are NULL until they are asked for */
    const char *peer_text;
    const char *local_text;
    const char *host_text;
    uint16_t local_port; /* known with local_text */
};

/* The client, the one that a proxy names if it is believed (promise CON-9). */
struct peer forwarding_client(const struct toad_request *request);

#endif
