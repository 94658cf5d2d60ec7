/* Where Avahi's headers were not there. */
#include "herald/announcer.h"

#include "policy/herald_life.h"

bool announcer_is_built(void)
{
    return false;
}

int announcer_run(const struct announcer_plan *plan)
{
    (void)plan;
    return HERALD_STATUS_USELESS;
}
