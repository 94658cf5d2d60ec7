/* herald - the process that publishes where the server is found, and nothing else.
 *
 * A child of the manager, but no worker (promise LSN-9). It keeps nothing of its parent but the log
 * and has nothing to tidy up: whoever ends it ends its connection to D-Bus, and Avahi withdraws
 * what it has published. */
#ifndef TOAD_HERALD_HERALD_H
#define TOAD_HERALD_HERALD_H

#include "herald/herald_services.h"
#include "sys/privileges.h"

#include <stdbool.h>
#include <stdint.h>

/* What ps(1) shows. */
#define HERALD_PROCESS_NAME "hypnotoad-mdns"

/* Everything is borrowed. */
struct herald_plan {
    const struct herald_services *services;
    const struct privileges *privileges; /* a worker's */
    int32_t manager;
    bool is_asked_for; /* the configuration says so: what goes wrong is a warning */
    bool is_quiet;     /* that Avahi cannot be reached is known already */
};

/* False: this server was built without Avahi. */
bool herald_is_built(void);

/* In a child of the manager, which ends with what this returns: HERALD_STATUS_LOST or
 * HERALD_STATUS_USELESS. */
int herald_run(const struct herald_plan *plan);

#endif
