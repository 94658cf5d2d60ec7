/* puppet - a worker without a server: it beats, hears signals and behaves as a test tells it to.
 *
 * What all puppets of a test do, and are told, stands on the stage: memory that they share with the
 * test. */
#ifndef TOAD_TESTS_MANAGER_PUPPET_H
#define TOAD_TESTS_MANAGER_PUPPET_H

#include "kit/descriptors.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PUPPETS_MAX = 64,
    PUPPET_EXIT_YOUNG = 3, /* the exit status of PUPPET_DYING */
};

enum puppet_part {
    PUPPET_GOOD,     /* beats, ends at QUIT and at TERM */
    PUPPET_MUTE,     /* never beats */
    PUPPET_SILENT,   /* beats once */
    PUPPET_STUBBORN, /* hears QUIT and stays */
    PUPPET_DEAF,     /* hears TERM as well and stays */
    PUPPET_DYING,    /* ends before it has beaten */
    PUPPET_TORN,     /* writes its beats byte by byte, between garbage */
    PUPPET_FLOODING, /* fills the pipe when it is told to */
};

struct puppet {
    pid_t pid;
    unsigned beats;
    unsigned quits; /* signals that it heard */
    unsigned terms;
    unsigned reopens; /* USR1 */
    int64_t started_us;
    int64_t beat_us; /* when it began to write the last beat that it has written */
    int64_t quit_us; /* when it first heard the signal */
    int64_t term_us;
    bool is_marked; /* HYPNOTOAD_WORKER is 1 */
    bool is_full;   /* the pipe took nothing more */
    bool is_let_in; /* the gate has ended */
    struct descriptors open;
    /* What the test tells it. */
    bool must_leave; /* says farewell and goes on living */
    bool must_flood;
    int must_exit; /* with this status; 0: not */
};

struct stage {
    unsigned count; /* puppets that have been born */
    int64_t beat_every_us;
    enum puppet_part parts[PUPPETS_MAX]; /* in the order of birth; may change any time */
    struct puppet puppets[PUPPETS_MAX];
};

extern struct stage *stage;

/* The stage of this test, with GOOD parts for all. */
void stage_open(void);

/* To be a manager's run_worker: never returns. */
int puppet_run(void *context, int heartbeat_fd, int life_fd, int gate_fd);

#endif
