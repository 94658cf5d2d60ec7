/* manager_loop - the manager process: observe, decide, perform, until the policy says exit.
 *
 * The decisions are policy/manager's. Runs in the manager; run_worker() runs in each worker. */
#ifndef TOAD_MANAGER_MANAGER_LOOP_H
#define TOAD_MANAGER_MANAGER_LOOP_H

#include "base/problem.h"
#include "policy/manager.h"
#include "sys/pid_file.h"

#include <stdbool.h>

struct manager_job {
    struct manager_settings settings;
    const char *pid_path;   /* borrowed */
    const char *trace_path; /* borrowed; NULL: no trace (promise OBS-2) */
    bool is_debugging;      /* prints the diagnostics of promise OBS-1 on standard error */
    void *context;          /* handed to the functions below; borrowed */

    /* The life of a worker; what it returns is its exit status. It writes heartbeats to
     * `heartbeat_fd`, and reads the end of the file from `life_fd` when the manager is gone
     * (promise WRK-6). */
    int (*run_worker)(void *context, int heartbeat_fd, int life_fd);
    /* All workers are ready and the PID file is in place. */
    void (*announce)(void *context);
    void (*reopen_logs)(void *context);
};

/* Runs the manager until it ends and gives its exit status. An error before the first worker serves
 * is in `problem`. A worker returns from this function too, with its own exit status. */
MUST_CHECK enum error manager_run(const struct manager_job *job, int *ret_status,
                                  struct problem *problem);

#endif
