/* herald_keeper - keeps a herald alive for as long as this generation serves (promise LSN-9).
 *
 * The decisions are policy/herald_life's; the manager's policy never hears of this child. */
#ifndef TOAD_MANAGER_HERALD_KEEPER_H
#define TOAD_MANAGER_HERALD_KEEPER_H

#include "policy/herald_life.h"
#include "sys/process.h"

#include <stdbool.h>
#include <stdint.h>

struct herald_keeper {
    struct herald_life life;
    int32_t pid; /* 0: there is none */
};

void herald_keeper_init(struct herald_keeper *keeper);

/* The loop comes round: starts one, in which `run` is called and does not return, or kills it. */
void herald_keeper_pass(struct herald_keeper *keeper, bool is_wanted,
                        int (*run)(void *context, bool is_quiet), void *context);

/* True if it was the herald that has ended. */
bool herald_keeper_heed(struct herald_keeper *keeper, const struct process_end *end);

/* It opens the log anew, too. */
void herald_keeper_reopen_log(const struct herald_keeper *keeper);

/* Kills it and sees it end. */
void herald_keeper_release(struct herald_keeper *keeper);

#endif
