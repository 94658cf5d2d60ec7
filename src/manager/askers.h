/* askers - those who have asked this manager for a hot deployment and wait for its outcome (promise
 * CLI-8).
 *
 * Each sends what it wants deployed and gets messages, the first byte of which tells what they are:
 * text of the new generation, or the outcome. */
#ifndef TOAD_MANAGER_ASKERS_H
#define TOAD_MANAGER_ASKERS_H

#include "base/error.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum asker_message {
    ASKER_TEXT = 'T',      /* what the new generation has to say */
    ASKER_COMMITTED = 'C', /* it takes over; its PID in decimal */
    ASKER_FAILED = 'F',    /* it does not; the reason */
};

enum {
    ASKERS_MAX = 8
};

struct askers {
    int socket_fd; /* negative: nobody can ask */
    size_t count;
    struct {
        int fd;
        bool is_waiting; /* for the outcome; otherwise it has still to say what it wants */
    } list[ASKERS_MAX];
};

void askers_init(struct askers *askers);

/* Where to ask is an extra: a manager that cannot have it serves all the same. */
void askers_open(struct askers *askers);
void askers_close(struct askers *askers);

/* Adds what to wait for; returns how many were added, at most ASKERS_MAX + 1. */
size_t askers_watch(const struct askers *askers, struct pollfd *watched);

/* True if somebody has now asked for the application, which is known under both `names`. Who asks
 * for something else, or while `refusal` is not NULL, is told so. */
bool askers_observe(struct askers *askers, const char *const names[2], const char *refusal);

/* Everybody who waits gets the text, and remains. */
void askers_tell(struct askers *askers, const char *text, size_t size);

/* Everybody who waits gets the outcome, and is dismissed. */
void askers_end(struct askers *askers, enum asker_message outcome, const char *text);

#endif
