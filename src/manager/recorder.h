/* recorder - the trace of a manager: every event and every decision as a line of JSON (promise
 * OBS-2). */
#ifndef TOAD_MANAGER_RECORDER_H
#define TOAD_MANAGER_RECORDER_H

#include "base/problem.h"
#include "policy/manager.h"

struct recorder {
    int fd;                                  /* negative: nothing is recorded */
    int64_t start_us;                        /* times in the trace count from here */
    const struct manager_settings *settings; /* borrowed from the job */
};

/* Begins a new file; a null `path` gives a recorder that records nothing. */
MUST_CHECK enum error recorder_open(struct recorder *recorder, const char *path,
                                    const struct manager_settings *settings, int64_t start_us,
                                    struct problem *problem);

void recorder_write(const struct recorder *recorder, const struct manager_event *event,
                    const struct manager_actions *actions, int64_t now_us);

/* In a child: lets go of the file. */
void recorder_abandon(struct recorder *recorder);

#endif
