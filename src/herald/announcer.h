/* announcer - publishes services by Avahi, and goes on until it loses it.
 *
 * A name that somebody on the network has already gives way to the next one, "NAME #2". One that
 * somebody on this machine has is waited for first: it may be the generation before, which is just
 * about to end. When Avahi or the machine's name changes, everything is published anew. */
#ifndef TOAD_HERALD_ANNOUNCER_H
#define TOAD_HERALD_ANNOUNCER_H

#include "herald/herald_services.h"
#include "sys/log.h"

#include <stdbool.h>

struct announcer_plan {
    const struct herald_services *services; /* borrowed */
    enum log_level level;                   /* of what goes wrong */
    bool is_quiet;                          /* that Avahi cannot be reached is known already */
    int signal_fd;                          /* negative: none */
    void (*on_signal)(int signal_fd);       /* it can be read from */
};

/* False: this server was built without Avahi. */
bool announcer_is_built(void);

/* Returns when Avahi cannot be reached, or not any more: HERALD_STATUS_LOST, or
 * HERALD_STATUS_USELESS if its library is not there. The log tells why. */
int announcer_run(const struct announcer_plan *plan);

#endif
