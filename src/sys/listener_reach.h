/* listener_reach - from where a listening socket can be reached. */
#ifndef TOAD_SYS_LISTENER_REACH_H
#define TOAD_SYS_LISTENER_REACH_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LISTENER_ADDRESS_MAX = 72 /* an address as text, with its zone and NUL */
};

struct listener_reach {
    bool has_ipv4;
    bool has_ipv6;
    bool is_any;      /* every address of this machine */
    bool is_loopback; /* this machine alone */
    int interface;    /* the number of the one that has the address; 0: unknown */
    uint16_t port;
    char address[LISTENER_ADDRESS_MAX]; /* without brackets */
};

/* ERROR_INVALID: it is no socket that has a port, or it has none. */
MUST_CHECK enum error listener_reach_find(int fd, struct listener_reach *ret_reach);

#endif
