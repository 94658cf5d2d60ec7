#include "manager/manager_loop.h"

#include "manager/manager_process.h"
#include "manager/observe.h"
#include "manager/perform.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int handled_signals[] = {SIGINT,  SIGTERM, SIGQUIT, SIGTTIN, SIGTTOU,
                                      SIGUSR1, SIGUSR2, SIGHUP,  SIGCHLD};

/* One decision and what follows from it at once. */
static void feed_one(struct manager_process *process, const struct manager_event *event,
                     int64_t now_us)
{
    enum error error = manager_decide(&process->manager, event, now_us, &process->actions);
    if (error != ERROR_NONE)
        return;
    recorder_write(&process->recorder, event, &process->actions, now_us);
    perform_all(process);
}

void manager_feed_at(struct manager_process *process, const struct manager_event *event,
                     int64_t now_us)
{
    process->outcome_count = 0;
    feed_one(process, event, now_us);
    /* Outcomes may lead to further attempts; each round has what the last one left. */
    while (process->outcome_count > 0 && !process->is_over) {
        struct manager_event outcome = process->outcomes[0];
        process->outcome_count--;
        memmove(process->outcomes, process->outcomes + 1,
                process->outcome_count * sizeof process->outcomes[0]);
        feed_one(process, &outcome, clock_monotonic_us());
    }
}

void manager_feed(struct manager_process *process, const struct manager_event *event)
{
    manager_feed_at(process, event, clock_monotonic_us());
}

static enum error prepare(struct manager_process *process, const struct manager_job *job,
                          struct problem *problem)
{
    process->job = job;
    process->outcome_count = 0;
    process->file_check_us = 0;
    process->is_over = process->is_worker = process->has_failed = false;
    process->status = 0;
    process->signal_fd = process->pipe_reader = process->pipe_writer = -1;
    process->life_reader = process->life_writer = -1;
    process->gate_reader = process->gate_writer = -1;
    process->predecessor = job->predecessor_channel;
    process->has_agreement = process->has_served = false;
    successor_init(&process->successor);
    askers_init(&process->askers);
    herald_keeper_init(&process->herald);
    process->recorder.fd = -1;
    process->passed_us = clock_monotonic_us();
    manager_init(&process->manager, &job->settings);
    pid_file_init(&process->pid_file, job->pid_path);

    /* From here on no signal ends the process behind the back of the draft, which must not stay. */
    size_t count = sizeof handled_signals / sizeof handled_signals[0];
    if (signals_open(handled_signals, count, &process->signal_fd) != ERROR_NONE ||
        process_pipe(true, &process->pipe_reader, &process->pipe_writer) != ERROR_NONE ||
        process_pipe(true, &process->life_reader, &process->life_writer) != ERROR_NONE ||
        process_pipe(true, &process->gate_reader, &process->gate_writer) != ERROR_NONE)
        return problem_set(problem, ERROR_SYSTEM, "the manager cannot start: %s", strerror(errno));
    signals_ignore(SIGPIPE);
    signals_ignore(SIGXFSZ); /* a log that may not grow any more */
    /* A start that a running server refuses must not take that one's trace away. */
    enum error error = pid_file_draft(&process->pid_file, job->predecessor, problem);
    return error == ERROR_NONE ? recorder_open(&process->recorder, job->trace_path, &job->settings,
                                               process->passed_us, problem)
                               : error;
}

static void release(struct manager_process *process)
{
    /* Promise PID-2: who has been told to take over will put its own in the place of this one. */
    if (process->manager.upgrade.life == UPGRADE_COMMITTED)
        pid_file_abandon(&process->pid_file);
    pid_file_remove(&process->pid_file);
    recorder_abandon(&process->recorder);
    process_close(&process->signal_fd);
    process_close(&process->pipe_reader);
    process_close(&process->pipe_writer);
    process_close(&process->life_reader);
    process_close(&process->life_writer);
    process_close(&process->gate_reader);
    process_close(&process->gate_writer);
    process_close(&process->predecessor);
    successor_release(&process->successor);
    herald_keeper_release(&process->herald);
    askers_close(&process->askers);
}

/* Promise LSN-9: one generation publishes, the one that serves. */
static void keep_herald(struct manager_process *process)
{
    const struct manager_job *job = process->job;
    bool is_serving = process->has_served && process->manager.phase == MANAGER_RUNNING &&
                      process->manager.upgrade.life != UPGRADE_COMMITTED;
    if (job->run_herald != NULL && !process->is_over)
        herald_keeper_pass(&process->herald, is_serving, job->run_herald, job->context);
}

enum error manager_run(const struct manager_job *job, int *ret_status, struct problem *problem)
{
    static struct manager_process process;
    enum error error = prepare(&process, job, problem);
    if (error != ERROR_NONE) {
        release(&process);
        return error;
    }
    if (job->is_debugging)
        (void)fprintf(stderr, "MANAGER STARTED %d\n", (int)getpid());
    log_write(LOG_LEVEL_INFO, "The manager starts");
    process.recorder.start_us = clock_monotonic_us();
    askers_open(&process.askers);
    manager_feed(&process,
                 &(struct manager_event){.kind = MANAGER_EVENT_START, .pid = job->predecessor});
    while (!process.is_over) {
        observe_wait(&process);
        observe_all(&process);
        keep_herald(&process);
    }
    if (process.is_worker)
        exit(job->run_worker(job->context, process.pipe_writer, process.life_reader,
                             process.gate_reader));
    *ret_status = process.status;
    release(&process);
    return ERROR_NONE;
}
