/* The half of announcer that a test can play Avahi for. Private to the room. */
#ifndef TOAD_HERALD_ANNOUNCER_AVAHI_H
#define TOAD_HERALD_ANNOUNCER_AVAHI_H

#include "herald/announcer.h"
#include "herald/avahi.h"

/* announcer_run() with this library. */
int announcer_run_with(const struct avahi *avahi, const struct announcer_plan *plan);

#endif
