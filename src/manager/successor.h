/* successor - the old manager's end of a hot deployment: the new generation's process, the channel
 * to it, and what it says before it can speak for itself (promises UPG-1, UPG-5). */
#ifndef TOAD_MANAGER_SUCCESSOR_H
#define TOAD_MANAGER_SUCCESSOR_H

#include "manager/askers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SUCCESSOR_LINE_MAX = 2048
};

/* The words on the channel. */
enum takeover_word {
    TAKEOVER_READY = 'R', /* new to old */
    TAKEOVER_COMMIT = 'C',
    TAKEOVER_ABORT = 'A',
};

struct successor {
    int32_t pid;   /* of the last one that was made */
    int channel;   /* negative: there is none */
    int errors_fd; /* its standard error, until it serves; negative: there is none */
    size_t line_size;
    char line[SUCCESSOR_LINE_MAX];
    bool is_over; /* it has ended, or could not be made */
};

void successor_init(struct successor *successor);

/* Makes the process; in the child `become` is called with its end of the channel and its standard
 * error, and this function does not return. The PID, or a negative number with errno. */
int32_t successor_spawn(struct successor *successor,
                        int (*become)(void *context, int channel, int errors), void *context);

/* Takes what it has said on its standard error to the log and to those who wait. */
void successor_relay(struct successor *successor, struct askers *askers);

/* Closes everything that leads to it; in its siblings, too. */
void successor_release(struct successor *successor);

#endif
