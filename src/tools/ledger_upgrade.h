/* ledger_upgrade - what the promises say of the PID file and of two generations.
 *
 * Pure; of no use to anybody but ledger_judge.c. */
#ifndef TOAD_TOOLS_LEDGER_UPGRADE_H
#define TOAD_TOOLS_LEDGER_UPGRADE_H

#include "tools/ledger.h"

/* Writes the problem and returns the promise. */
__attribute__((format(printf, 3, 4))) const char *
ledger_blame(struct problem *problem, const char *promise, const char *format, ...);

/* As ledger_judge(), of the PID file and of deployments. */
const char *ledger_judge_upgrade(struct ledger *ledger, const struct trace_action *action,
                                 struct problem *problem);

/* A signal to the new manager. */
const char *ledger_judge_successor(struct ledger *ledger, const struct trace_action *action,
                                   struct problem *problem);

/* A signal to the old manager. */
const char *ledger_judge_farewell(struct ledger *ledger, const struct trace_action *action,
                                  struct problem *problem);

#endif
