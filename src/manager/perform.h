/* perform - carries out what the policy decided, in order. */
#ifndef TOAD_MANAGER_PERFORM_H
#define TOAD_MANAGER_PERFORM_H

#include "manager/manager_process.h"

/* Performs process->actions. What came of each SPAWN is left in process->outcomes. In a new worker
 * it returns with process->is_worker set, and nothing else may be done for the manager. */
void perform_all(struct manager_process *process);

#endif
