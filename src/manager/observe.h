/* observe - turns what happened around the manager into events.
 *
 * Heartbeats are heeded before dead children, and both before signals: a worker is judged by all
 * that it has said (promise MGR-12). */
#ifndef TOAD_MANAGER_OBSERVE_H
#define TOAD_MANAGER_OBSERVE_H

#include "manager/manager_process.h"

/* Waits until something happens, the policy's deadline or the next look at the PID file. */
void observe_wait(const struct manager_process *process);

/* Feeds everything that can be seen now, the passing of time last. */
void observe_all(struct manager_process *process);

#endif
