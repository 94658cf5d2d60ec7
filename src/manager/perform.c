#include "manager/perform.h"

#include "base/limits.h"
#include "policy/manager_text.h"
#include "sys/channel.h"
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

/* How long a PID file that could not be written again is left alone. */
#define FILE_RETRY_US (2 * SECOND_US)

static void debug(const struct manager_process *process, const char *what, int32_t pid)
{
    if (process->job->is_debugging)
        (void)fprintf(stderr, "%s %d\n", what, (int)pid);
}

/* From here on this process is a worker: what belongs to the manager alone is closed or forgotten.
 */
static void become_worker(struct manager_process *process)
{
    process->is_over = true;
    process->is_worker = true;
    recorder_abandon(&process->recorder);
    pid_file_abandon(&process->pid_file);
    process_close(&process->signal_fd);
    process_close(&process->pipe_reader);
    process_close(&process->life_writer);
    process_close(&process->gate_writer);
    process_close(&process->predecessor);
    successor_release(&process->successor);
    askers_close(&process->askers);
    /* They stay blocked until the worker has its own handlers, so that none is lost or
     * misunderstood. */
    signals_set_defaults();
    /* Promise WRK-9 */
    if (setenv("HYPNOTOAD_WORKER", "1", 1) != 0)
        log_write(LOG_LEVEL_WARN, "HYPNOTOAD_WORKER could not be set: %s", strerror(errno));
    debug(process, "WORKER STARTED", (int32_t)getpid());
}

static void perform_spawn(struct manager_process *process)
{
    (void)fflush(NULL);
    struct manager_event *outcome = &process->outcomes[process->outcome_count];
    pid_t pid = fork();
    if (pid == 0) {
        become_worker(process);
        return;
    }
    *outcome = (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = pid};
    process->outcome_count++;
    if (pid > 0) {
        log_write(LOG_LEVEL_INFO, "Worker %d started", (int)pid);
    } else {
        outcome->kind = MANAGER_EVENT_SPAWN_FAILED;
        log_write(LOG_LEVEL_ERROR, "A worker could not be forked: %s", strerror(errno));
    }
}

static void perform_spawn_upgrade(struct manager_process *process)
{
    const struct manager_job *job = process->job;
    debug(process, "UPGRADING", (int32_t)getpid());
    int32_t pid = successor_spawn(&process->successor, job->become_successor, job->context);
    struct manager_event *outcome = &process->outcomes[process->outcome_count++];
    *outcome = (struct manager_event){.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = pid};
    if (pid < 0) {
        outcome->kind = MANAGER_EVENT_UPGRADE_FAILED;
        log_write(LOG_LEVEL_ERROR, "The new generation could not be forked: %s", strerror(errno));
    }
}

/* A peer that is gone needs no word: its end is observed. */
static void say(int channel, enum takeover_word word)
{
    if (channel >= 0 && channel_send(channel, (char)word) != ERROR_NONE)
        log_write(LOG_LEVEL_WARN, "The other generation does not listen any more");
}

static void perform_commit_upgrade(struct manager_process *process, int32_t pid)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", (int)pid);
    say(process->successor.channel, TAKEOVER_COMMIT);
    successor_relay(&process->successor, &process->askers);
    askers_end(&process->askers, ASKER_COMMITTED, text);
}

/* The gate is open for all workers when there is something to read, which nobody takes away, or
 * when it has ended. */
static void open_gate(struct manager_process *process)
{
    if (process->gate_writer < 0)
        return;
    ssize_t written = write(process->gate_writer, "!", 1);
    (void)written;
    process_close(&process->gate_writer);
}

/* This generation serves from now on, and what it says on standard error is for its own log. */
static void perform_announce(struct manager_process *process)
{
    if (process->has_failed)
        return;
    process->has_served = true;
    open_gate(process);
    log_tee(-1);
    process->job->announce(process->job->context);
}

static int number_of(enum worker_signal signal)
{
    switch (signal) {
    case WORKER_SIGNAL_NONE:
        return 0;
    case WORKER_SIGNAL_QUIT:
        return SIGQUIT;
    case WORKER_SIGNAL_TERM:
        return SIGTERM;
    case WORKER_SIGNAL_KILL:
        return SIGKILL;
    case WORKER_SIGNAL_USR1:
        return SIGUSR1;
    }
    return 0;
}

static void perform_signal(const struct manager_process *process,
                           const struct manager_action *action)
{
    if (action->signal != WORKER_SIGNAL_USR1)
        debug(process, worker_signal_text(action->signal), action->pid);
    /* Who could not take over after all leaves the old manager alone; and one that has ended
     * meanwhile may have left its pid to another process. */
    if (action->pid == process->job->predecessor &&
        (process->has_failed || (int32_t)getppid() != action->pid))
        return;
    if (kill(action->pid, number_of(action->signal)) != 0)
        log_write(LOG_LEVEL_ERROR, "Signal %s could not be sent to process %d: %s",
                  worker_signal_text(action->signal), (int)action->pid, strerror(errno));
}

static void perform_write_pid_file(struct manager_process *process)
{
    struct problem problem;
    bool was_published = process->pid_file.is_published;
    if (process->job->is_debugging)
        (void)fprintf(stderr, "PID %s\n", process->job->pid_path);
    bool is_handed_over = process->has_agreement && !was_published;
    enum error error = is_handed_over ? pid_file_replace(&process->pid_file, &problem)
                                      : pid_file_publish(&process->pid_file, &problem);
    if (error == ERROR_NONE)
        return;
    log_write(LOG_LEVEL_ERROR, "%s", problem.text);
    process->file_check_us = clock_monotonic_us() + FILE_RETRY_US;
    if (was_published)
        return;
    /* Promise PID-5: a server without its file ends before anybody is told that it serves. */
    process->has_failed = true;
    process->outcomes[process->outcome_count++] =
        (struct manager_event){.kind = MANAGER_EVENT_STOP_NOW};
}

static enum log_level level_of(enum manager_note note)
{
    switch (manager_note_level(note)) {
    case MANAGER_LEVEL_INFO:
        return LOG_LEVEL_INFO;
    case MANAGER_LEVEL_WARN:
        return LOG_LEVEL_WARN;
    case MANAGER_LEVEL_ERROR:
        return LOG_LEVEL_ERROR;
    }
    return LOG_LEVEL_ERROR;
}

static bool is_for_askers(enum manager_note note)
{
    static const enum manager_note reasons[] = {
        MANAGER_NOTE_UPGRADE_FORK_FAILED, MANAGER_NOTE_UPGRADE_LATE,   MANAGER_NOTE_UPGRADE_BROKEN,
        MANAGER_NOTE_UPGRADE_STOPPED,     MANAGER_NOTE_UPGRADE_KILLED, MANAGER_NOTE_UPGRADE_FAILED,
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i] == note)
            return true;
    return false;
}

static void perform_log(struct manager_process *process, const struct manager_action *action)
{
    char storage[256];
    struct buffer text;
    /* What it has said comes before what is said about it. */
    if (is_for_askers(action->note))
        successor_relay(&process->successor, &process->askers);
    buffer_init(&text, storage, sizeof storage);
    (void)manager_note_write(&text, action);
    log_write(level_of(action->note), "%.*s", (int)text.size, text.data);
    /* Promise CLI-8: who has asked for the deployment is told why it failed. */
    if (is_for_askers(action->note) && buffer_append(&text, BYTES("\n")))
        askers_tell(&process->askers, text.data, text.size);
    if (action->note == MANAGER_NOTE_WORKER_DIED || action->note == MANAGER_NOTE_WORKER_GONE)
        debug(process, "WORKER DIED", (int32_t)action->number);
    if (action->note == MANAGER_NOTE_UPGRADE_FAILED || action->note == MANAGER_NOTE_UPGRADE_LOST)
        debug(process, "UPGRADE FAILED", (int32_t)action->number);
    if (action->note == MANAGER_NOTE_STOPS_GRACEFULLY || action->note == MANAGER_NOTE_STOPS_NOW)
        if (process->has_served && process->manager.upgrade.life != UPGRADE_COMMITTED)
            process->job->retire(process->job->context);
    if (action->note == MANAGER_NOTE_WORKER_SILENT)
        debug(process, "STOPPING WORKER", (int32_t)action->number);
}

static void perform_exit(struct manager_process *process, const struct manager_action *action)
{
    debug(process, "STOPPING MANAGER", (int32_t)getpid());
    process->status = process->has_failed ? 1 : action->status;
    log_write(LOG_LEVEL_INFO, "The manager ends (status %d)", process->status);
    process->is_over = true;
}

static void perform(struct manager_process *process, const struct manager_action *action)
{
    switch (action->kind) {
    case MANAGER_ACTION_SPAWN:
        perform_spawn(process);
        return;
    case MANAGER_ACTION_SIGNAL:
        perform_signal(process, action);
        return;
    case MANAGER_ACTION_WRITE_PID_FILE:
        perform_write_pid_file(process);
        return;
    case MANAGER_ACTION_REMOVE_PID_FILE:
        pid_file_remove(&process->pid_file);
        return;
    case MANAGER_ACTION_ANNOUNCE:
        perform_announce(process);
        return;
    case MANAGER_ACTION_SPAWN_UPGRADE:
        perform_spawn_upgrade(process);
        return;
    case MANAGER_ACTION_COMMIT_UPGRADE:
        perform_commit_upgrade(process, action->pid);
        return;
    case MANAGER_ACTION_ABORT_UPGRADE:
        say(process->successor.channel, TAKEOVER_ABORT);
        return;
    case MANAGER_ACTION_END_UPGRADE:
        process->successor.is_over = true;
        return;
    case MANAGER_ACTION_ASK_TAKEOVER:
        say(process->predecessor, TAKEOVER_READY);
        return;
    case MANAGER_ACTION_REOPEN_LOGS:
        process->job->reopen_logs(process->job->context);
        herald_keeper_reopen_log(&process->herald);
        return;
    case MANAGER_ACTION_LOG:
        perform_log(process, action);
        return;
    case MANAGER_ACTION_EXIT:
        perform_exit(process, action);
        return;
    }
}

/* Last of all, so that who has asked also gets what was said on the way. */
static void end_upgrade(struct manager_process *process)
{
    successor_relay(&process->successor, &process->askers);
    askers_end(&process->askers, ASKER_FAILED, "the new generation ended before it took over");
    pid_file_remove_draft(process->job->pid_path, process->successor.pid);
    successor_release(&process->successor);
}

void perform_all(struct manager_process *process)
{
    for (uint32_t i = 0; i < process->actions.count && !process->is_worker; i++)
        perform(process, &process->actions.list[i]);
    if (process->successor.is_over && !process->is_worker)
        end_upgrade(process);
}
