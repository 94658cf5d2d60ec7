/* inheritance - what one generation of the server leaves to the next: listening sockets, a channel
 * and one variable of the environment (promises UPG-1, UPG-8, WRK-9, LSN-5). */
#ifndef TOAD_MAIN_INHERITANCE_H
#define TOAD_MAIN_INHERITANCE_H

#include "config/handover.h"
#include "sys/listener.h"

#include <stdbool.h>

/* What this process was given. */
struct inheritance {
    bool is_successor; /* there is a running manager to take over from */
    struct handover handover;
    struct listener_heritage sockets; /* of the predecessor, or of the service manager */
};

/* Takes what the environment says was given and removes it from there; every descriptor is
 * close-on-exec afterwards. ERROR_INVALID: it cannot be understood or does not hold. */
MUST_CHECK enum error inheritance_take(struct inheritance *inheritance, struct problem *problem);

/* Sockets of the predecessor that it had opened for this listen value, of those that nobody has
 * taken yet; they are taken. At most `room` of them; returns how many. */
size_t inheritance_claim(struct inheritance *inheritance, const char *value,
                         struct listener_queue queue, size_t room, int *ret_fds);

/* The listen value for which the predecessor had this socket; NULL: it had no such. */
const char *inheritance_value(const struct inheritance *inheritance, int fd);

/* In a child of the old manager: becomes the next generation. Returns only if it cannot, after it
 * has said why on standard error. `handover` gives what the new generation is to know. */
void inheritance_pass_on(const char *path, char *const *arguments, const struct handover *handover);

#endif
