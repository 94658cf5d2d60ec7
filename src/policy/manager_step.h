/* manager_step - one call of manager_decide(), for the files that share its handlers.
 *
 * Pure; of no use to anybody but manager.c and takeover.c. */
#ifndef TOAD_POLICY_MANAGER_STEP_H
#define TOAD_POLICY_MANAGER_STEP_H

#include "policy/manager.h"

struct step {
    struct manager *manager;
    const struct manager_event *event;
    int64_t now_us;
    struct manager_actions *actions;
};

/* Adds an action to the list; the caller fills in the rest. */
struct manager_action *step_act(struct step *step, enum manager_action_kind kind,
                                const char *promise);

/* Adds a line of the log. */
struct manager_action *step_note(struct step *step, enum manager_note name, int64_t number);

/* The same about a process that has ended, whose end the event tells. */
void step_note_end(struct step *step, enum manager_note name);

/* Adds a signal. */
void step_signal(struct step *step, int32_t pid, enum worker_signal signal, const char *promise);

/* Every worker is told to stop, and with the last one the manager ends with this status. */
void step_stop(struct step *step, int32_t exit_status, const char *promise);

#endif
