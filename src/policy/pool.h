/* pool - what the state of a manager says about its workers: who is due, who is missing.
 *
 * Pure, and changes nothing. manager.c acts on the answers. */
#ifndef TOAD_POLICY_POOL_H
#define TOAD_POLICY_POOL_H

#include "policy/manager.h"

#include <stdbool.h>
#include <stdint.h>

/* Starting, asking or running: workers that go are replaced. */
bool pool_is_kept(const struct manager *manager);

/* Not serving yet: a worker that fails before it is ready fails the start (promise CLI-6). */
bool pool_is_untried(const struct manager *manager);

/* One worker more may be started, as soon as the pause between attempts allows it (promises MGR-1,
 * MGR-11). */
bool pool_is_short(const struct manager *manager);

/* It has served for PROVEN_AFTER_US (promise MGR-9). */
bool pool_is_healthy(const struct roster_row *row, int64_t now_us);

/* When something has to be done about this worker; NEVER_US if nothing ever (promises HBT-2, HBT-3,
 * MGR-2, MGR-4). */
int64_t pool_deadline_us(const struct manager *manager, const struct roster_row *row);

/* When the manager has to look again; NEVER_US if nothing is due. */
int64_t pool_wake_us(const struct manager *manager);

#endif
