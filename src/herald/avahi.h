/* avahi - Avahi's client library, opened at run time: who does not have it need not have it. */
#ifndef TOAD_HERALD_AVAHI_H
#define TOAD_HERALD_AVAHI_H

#include "base/problem.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/strlst.h>

#define AVAHI_LIBRARY "libavahi-client.so.3"

struct avahi {
#define AVAHI_CALL(name) __typeof__(&avahi_##name) name;
#include "herald/avahi_calls.def"
#undef AVAHI_CALL
};

/* Opens the library of this name, for as long as the process lives. ERROR_NOT_FOUND: it is not
 * there, or lacks a function. */
MUST_CHECK enum error avahi_open(const char *library, struct avahi *ret_avahi,
                                 struct problem *problem);

#endif
