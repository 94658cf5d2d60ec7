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

    const char *applications[2]; /* borrowed: the names that somebody who asks for a deployment may
                                    give what is served here */
    int32_t predecessor;         /* the manager to take over from; 0: none */
    int predecessor_channel;     /* to it; negative: none */

    /* The life of a worker; what it returns is its exit status. It writes heartbeats to
     * `heartbeat_fd`, reads the end of the file from `life_fd` when the manager is gone (promise
     * WRK-6), and accepts nothing before `gate_fd` ends. */
    int (*run_worker)(void *context, int heartbeat_fd, int life_fd, int gate_fd);
    /* In a child: becomes the next generation, which finds `channel` open and has `errors` as its
     * standard error. What it returns is the exit status of a child that could not. */
    int (*become_successor)(void *context, int channel, int errors);
    /* In a child that is no worker: publishes where this generation serves, until it is killed.
     * What it returns is its exit status, see policy/herald_life. It says nothing of what was said
     * before if `is_quiet`. NULL: nothing is to be published. */
    int (*run_herald)(void *context, bool is_quiet);
    /* All workers are ready, the PID file is in place and nobody else serves under it. */
    void (*announce)(void *context);
    /* The service ends: with this process, which has announced it, and no new generation goes on.
     */
    void (*retire)(void *context);
    void (*reopen_logs)(void *context);
};

/* Runs the manager until it ends and gives its exit status. An error before the first worker serves
 * is in `problem`. A worker returns from this function too, with its own exit status. */
MUST_CHECK enum error manager_run(const struct manager_job *job, int *ret_status,
                                  struct problem *problem);

#endif
