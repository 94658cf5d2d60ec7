/* herald_services - what is published: a service for each place where the server can be reached.
 *
 * Pure. Names are kept in place. */
#ifndef TOAD_HERALD_HERALD_SERVICES_H
#define TOAD_HERALD_HERALD_SERVICES_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket that listens. */
struct herald_place {
    const char *host; /* borrowed: what the service's name calls it, brackets included */
    uint16_t port;
    bool is_tls;
    bool has_ipv4;
    bool has_ipv6;
    int interface; /* the number of the one that it can be reached by; 0: by all */
};

struct herald_service {
    char name[HERALD_NAME_MAX]; /* "Hypnotoad (HOST:PORT)" */
    uint16_t port;
    bool is_tls;
    bool has_ipv4;
    bool has_ipv6;
    int interface;
};

struct herald_services {
    size_t count;
    struct herald_service list[LISTENERS_MAX];
};

/* Adds a place, to the service that it shares its name with if there is one: the sockets of one
 * listen value are one service (promise LSN-9). A host that is too long for a name is cut. There is
 * room for all places that a server can have. */
void herald_services_add(struct herald_services *services, const struct herald_place *place);

/* "_http._tcp" or "_https._tcp". */
const char *herald_service_type(const struct herald_service *service);

#endif
