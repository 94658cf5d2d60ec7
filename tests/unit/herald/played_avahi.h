/* played_avahi - an Avahi that does what a test tells it to, round by round.
 *
 * A round is one wait of the announcer's loop. What it is told to do in a round it does then, by
 * calling the announcer back; the clock goes on by as long as the wait was to take. */
#ifndef TOAD_TESTS_HERALD_PLAYED_AVAHI_H
#define TOAD_TESTS_HERALD_PLAYED_AVAHI_H

#include "herald/avahi.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PLAYED_GROUPS_MAX = 4,
    PLAYED_ROUNDS_MAX = 64,
    PLAYED_NAMES_MAX = 64,
};

struct played_round {
    int client_state;  /* negative: says nothing */
    int group_state;   /* the same, of the first group */
    bool is_of_signal; /* the watched descriptor can be read from */
    bool is_last;      /* the wait fails */
};

#define PLAYED_NOTHING                                                                             \
    {                                                                                              \
        .client_state = -1, .group_state = -1                                                      \
    }

struct played_group {
    char name[128]; /* of what was added last; "" once it is withdrawn */
    char type[32];
    char text[32];
    int interface;
    int protocol;
    unsigned port;
    bool is_committed;
};

struct played {
    struct played_round rounds[PLAYED_ROUNDS_MAX];
    unsigned round_count;
    int first_state;    /* what the client says while it is made; negative: nothing */
    bool has_no_client; /* it cannot be made */
    bool has_no_poll;
    bool has_no_groups;
    unsigned taken_from;  /* from this attempt to add on, */
    unsigned taken_count; /* so many end with a local collision */
    int add_error;        /* what adding gives; 0: works */
    int commit_error;
    int client_error; /* what client_errno() gives */
    /* What was seen. */
    struct played_group groups[PLAYED_GROUPS_MAX];
    unsigned group_count;
    char tried[PLAYED_NAMES_MAX][128]; /* every name that was to be added */
    unsigned tried_count;
    int64_t tried_us[PLAYED_NAMES_MAX];
    int waits_ms[PLAYED_ROUNDS_MAX];
    unsigned round;
    unsigned resets;
    int watched_fd;
    bool is_freed; /* the client, and the poll after it */
};

extern struct played played;
extern int64_t played_now_us;

const struct avahi *played_open(void);

#endif
