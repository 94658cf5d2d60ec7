/* takeover - both ends of a hot deployment: the manager that makes a new generation, and the one
 * that takes over.
 *
 * Pure: handlers of manager.def, and what manager.c asks about a deployment that is under way
 * (promises UPG-1 to UPG-6, PID-2, MGR-7). */
#ifndef TOAD_POLICY_TAKEOVER_H
#define TOAD_POLICY_TAKEOVER_H

#include "policy/manager_step.h"

/* The old manager's end. */
MUST_CHECK enum error takeover_begin(struct step *step);
MUST_CHECK enum error takeover_learn(struct step *step);
MUST_CHECK enum error takeover_lose(struct step *step);
MUST_CHECK enum error takeover_agree(struct step *step);

/* The manager ends: a new generation that has not been told to take over ends with it. */
void takeover_give_up(struct step *step);

/* True if the process that has ended is the new manager; everything about it is done then. */
bool takeover_bury(struct step *step);

/* Enforces its deadline, if that has come. */
void takeover_judge(struct step *step);

/* The new manager's end. */
void takeover_ask(struct step *step);
MUST_CHECK enum error takeover_complete(struct step *step);
MUST_CHECK enum error takeover_refuse(struct step *step);
MUST_CHECK enum error takeover_inherit(struct step *step);

/* The manager serves from now on: its PID file, its announcement. */
void takeover_serve(struct step *step, const char *promise);

#endif
