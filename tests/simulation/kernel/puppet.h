/* puppet - a simulated worker: becomes ready, beats, leaves when it is asked, and has a temper. */
#ifndef TOAD_TESTS_KERNEL_PUPPET_H
#define TOAD_TESTS_KERNEL_PUPPET_H

#include "scenario.h"

#include <stdbool.h>
#include <stdint.h>

struct process;

struct puppet {
    enum temper temper;
    bool is_ready; /* serves; before that it takes no signal but KILL */
    bool is_leaving;
    bool is_stuck;   /* in the application: no beat, no QUIT */
    bool is_unheard; /* the pipe was too full for its last heartbeat */
    bool owes_beat;  /* its timer ran out while it could not beat */
    bool owes_going; /* its last connection ended while it could not go */
};

/* It was just forked. */
void puppet_begin(struct process *process);

void puppet_become_ready(struct process *process);
void puppet_beat(struct process *process);
void puppet_follow_temper(struct process *process);
/* Takes those of its pending signals that it can take now. */
void puppet_take_signals(struct process *process);
/* Is stuck for this long; for ever if it is negative. */
void puppet_get_stuck(struct process *process, int64_t for_us);
/* Goes on after it was stuck or stopped. */
void puppet_go_on(struct process *process);
void puppet_leave(struct process *process);
/* It has no connection left. */
void puppet_go(struct process *process);
/* Nothing goes wrong any more, but for what is wrong already. */
void puppet_calm_down(struct process *process);

const char *temper_text(enum temper temper);

#endif
