/* publication - which of a generation's listeners are published (promise LSN-9). */
#ifndef TOAD_MAIN_PUBLICATION_H
#define TOAD_MAIN_PUBLICATION_H

#include "herald/herald_services.h"
#include "main/listening.h"

/* Those that can be reached from other machines. A service is named after the listen value's host,
 * or after this machine where that is every address. */
void publication_fill(const struct listening *listening, struct herald_services *ret_services);

#endif
