#include "audit.h"

#include <signal.h>
#include <stdlib.h>

/* Promise MGR-9: five forks in ten seconds are free for ever. */
#define CREDIT_PER_SECOND 500

typedef uint32_t counter(const struct dossier *dossier);

static uint32_t count(counter *counts)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        const struct process *child = pids_find(kernel.pids.children[i]);
        if (child->kind == PROCESS_WORKER)
            sum += counts(&child->dossier);
    }
    return sum;
}

static uint32_t is_any(const struct dossier *dossier)
{
    (void)dossier;
    return 1;
}

static uint32_t is_serving(const struct dossier *dossier)
{
    return dossier_is_serving(dossier);
}

static uint32_t is_heard(const struct dossier *dossier)
{
    return dossier_is_serving(dossier) && dossier->is_heard;
}

/* It should have been ready by the time of this decision. */
static uint32_t is_late_starter(const struct dossier *dossier)
{
    int64_t silent_us = audit.decided_us - dossier->heard_us;
    return dossier_is_serving(dossier) && !dossier->is_heard &&
           silent_us >= scenario_silence_us(&kernel.scenario);
}

uint32_t audit_count_workers(void)
{
    return count(is_any);
}

uint32_t audit_count_serving(void)
{
    return count(is_serving);
}

uint32_t audit_count_heard(void)
{
    return count(is_heard);
}

bool audit_has_late_starter(void)
{
    return count(is_late_starter) > 0;
}

void audit_earn_credit(uint32_t forks)
{
    audit.credit += (int64_t)forks * 1000;
}

/* Promise MGR-9: a healthy worker ends the pauses, and its own death asks for none. */
static void earn_by_proofs(void)
{
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        struct process *child = pids_find(kernel.pids.children[i]);
        if (child->kind == PROCESS_WORKER && dossier_prove(&child->dossier))
            audit_earn_credit(2 * audit.wanted + 4);
    }
}

static void pay_for_fork(void)
{
    earn_by_proofs();
    audit.credit += (kernel.now_us - audit.credit_us) * CREDIT_PER_SECOND / SECOND_US;
    audit.credit_us = kernel.now_us;
    audit.credit -= 1000;
    if (audit.credit < 0)
        audit_fail("I12", "the manager forks again and again without a pause");
}

void audit_fork(void)
{
    audit_act("forks");
    if (!audit_is_kept() || audit_count_serving() >= audit.wanted ||
        audit_count_workers() >= audit.wanted + kernel.scenario.settings.spare)
        audit_fail("I1", "a fork with %u workers, %u of them serving, %u wanted",
                   audit_count_workers(), audit_count_serving(), audit.wanted);
    pay_for_fork();
}

void audit_forked(struct process *process)
{
    CENSUS(forks);
    audit.untold_births++;
    dossier_begin(&process->dossier);
}

void audit_fork_failed(void)
{
    CENSUS(failed_forks);
    audit.untold_failures++;
    audit.failures++;
}

void audit_deployment_refused(void)
{
    audit_act("begins a hot deployment");
    CENSUS(failed_deployments);
    if (audit.order != ORDER_NONE || audit.event != MANAGER_EVENT_UPGRADE)
        audit_fail("I29", "a hot deployment that nobody asked for");
    audit.untold_deployments++;
}

/* The worker was silent for too long, and the manager had the chance to know it. */
static void check_silence(int32_t pid, const struct dossier *dossier)
{
    int64_t silence_us = scenario_silence_us(&kernel.scenario);
    CENSUS(silent_quits);
    if (audit.event != MANAGER_EVENT_TICK)
        audit_fail("I6", "QUIT to worker %d, because of event %d", (int)pid, (int)audit.event);
    if (audit.decided_us < audit.forgiven_us + silence_us)
        audit_fail("I15", "QUIT to worker %d so soon after the manager was held up", (int)pid);
    if (audit.decided_us < dossier->heard_us + silence_us)
        audit_fail("I7", "QUIT to worker %d too early", (int)pid);
    bool was_silent =
        kernel.now_us - dossier->written_us >= silence_us || dossier->chain_us >= audit.drained_us;
    if (!was_silent)
        audit_fail("I6", "QUIT to worker %d, which has beaten in time; the last one unread",
                   (int)pid);
}

static void check_quit(int32_t pid, const struct dossier *dossier)
{
    if (audit.order == ORDER_GRACEFUL)
        return;
    if (!audit.was_kept || dossier->has_farewell)
        audit_fail("I6", "QUIT to worker %d, which leaves already", (int)pid);
    audit_earn_credit(1);
    if (audit.event != MANAGER_EVENT_ONE_LESS)
        check_silence(pid, dossier);
    else if (audit.retired++ > 0 || audit_count_serving() <= audit.wanted)
        audit_fail("I3", "TTOU asks worker %d to leave, %u serve, %u are wanted", (int)pid,
                   audit_count_serving(), audit.wanted);
}

static void check_term(int32_t pid, const struct dossier *dossier)
{
    int64_t grace_us = kernel.scenario.settings.graceful_timeout_us;
    CENSUS(terms);
    if (audit.order == ORDER_NOW || audit.has_failed_start)
        return;
    if (dossier_is_serving(dossier) || audit.decided_us < dossier->leaving_us + grace_us)
        audit_fail("I8", "TERM to worker %d too early", (int)pid);
}

static void check_kill(int32_t pid, const struct dossier *dossier)
{
    CENSUS(kills);
    if (dossier->sent != WORKER_SIGNAL_TERM ||
        audit.decided_us < dossier->stopped_us + KILL_AFTER_US)
        audit_fail("I9", "KILL to worker %d too early", (int)pid);
}

static enum worker_signal worker_signal_of(int number)
{
    switch (number) {
    case SIGQUIT:
        return WORKER_SIGNAL_QUIT;
    case SIGTERM:
        return WORKER_SIGNAL_TERM;
    case SIGKILL:
        return WORKER_SIGNAL_KILL;
    default:
        return WORKER_SIGNAL_NONE;
    }
}

void audit_kill(int32_t pid, int number)
{
    audit_act("sends a signal");
    struct process *process = pid > 1 && pid < PIDS_MAX ? pids_find(pid) : NULL;
    if (process == NULL || process->state == PROCESS_NONE || process->kind != PROCESS_WORKER)
        audit_fail("I5", "signal %d to %d, which is no worker", number, (int)pid);
    if (number == SIGUSR1 && audit.event == MANAGER_EVENT_REOPEN_LOGS)
        return;
    struct dossier *dossier = &process->dossier;
    enum worker_signal signal = worker_signal_of(number);
    if (signal <= dossier->sent)
        audit_fail("I10", "signal %d to worker %d after a stronger one", number, (int)pid);
    if (signal == WORKER_SIGNAL_QUIT)
        check_quit(pid, dossier);
    else if (signal == WORKER_SIGNAL_TERM)
        check_term(pid, dossier);
    else
        check_kill(pid, dossier);
    dossier_note_signal(dossier, signal, audit.decided_us);
}

void audit_reaped(struct process *process)
{
    struct dossier *dossier = &process->dossier;
    audit.has_acted = true;
    audit.untold_ends[audit.untold_end_count++] = process->pid;
    audit.is_told_end_failed = false;
    if (process->kind != PROCESS_WORKER) {
        CENSUS(reaped_others);
        return;
    }
    CENSUS(reaped_workers);
    if (dossier_prove(&process->dossier))
        audit_earn_credit(2 * audit.wanted + 4);
    audit.failures++;
    audit.is_told_end_failed = !dossier->is_heard && dossier->sent == WORKER_SIGNAL_NONE;
}

void audit_heard(void)
{
    struct said said;
    audit.has_acted = true;
    while (beat_pipe_hear(&kernel.pipe, &said)) {
        if (said.pid == NO_PID)
            continue;
        struct process *process = pids_find(said.pid);
        if (process->life != said.life || process->state == PROCESS_NONE)
            continue;
        if (said.is_leaving && dossier_is_serving(&process->dossier))
            audit_earn_credit(1);
        dossier_note_heard(&process->dossier, said.is_leaving);
    }
}

void audit_drained(void)
{
    audit.drained_us = kernel.now_us;
}

static void check_row(const struct roster_row *row)
{
    const struct process *process = pids_find(row->pid);
    if (process->state == PROCESS_NONE || process->kind != PROCESS_WORKER)
        audit_fail("I4", "the manager keeps %d as a worker, which it is not", (int)row->pid);
    if (row->life != dossier_life(&process->dossier))
        audit_fail("I13", "worker %d is %s, the manager takes it for %s", (int)row->pid,
                   worker_life_text(dossier_life(&process->dossier)), worker_life_text(row->life));
    if (row->heard_us < process->dossier.heard_us)
        audit_fail("I13", "a heartbeat of worker %d was not heard", (int)row->pid);
}

static void check_deadline(const struct process *process)
{
    const struct dossier *dossier = &process->dossier;
    int64_t deadline_us = dossier_deadline_us(dossier, audit.forgiven_by_us);
    if (deadline_us > audit.pass_sampled_us || audit.is_late)
        return;
    if (dossier_is_serving(dossier))
        audit_fail("I7", "silent worker %d was not asked to leave", (int)process->pid);
    audit_fail("L1", "worker %d was not forced out", (int)process->pid);
}

void audit_workers_pass(const struct roster *roster)
{
    /* Who was as late as this may have forgiven everybody: at once, or in the next pass if this one
     * had read its clock before. */
    int64_t interval_us = kernel.scenario.settings.heartbeat_interval_us;
    if (audit.late_us >= interval_us - 10 * MILLISECOND_US &&
        (audit.is_late || audit.was_late_before))
        audit.forgiven_by_us = kernel.now_us;
    if (roster->count != audit_count_workers())
        audit_fail("I4", "%u workers live, the manager has %u", audit_count_workers(),
                   roster->count);
    for (uint32_t i = 0; i < roster->count; i++)
        check_row(&roster->rows[i]);
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        struct process *child = pids_find(kernel.pids.children[i]);
        if (child->state == PROCESS_ZOMBIE && child->ended_us < audit.pass_us)
            audit_fail("I4", "child %d has ended and was not reaped", (int)child->pid);
        if (child->kind != PROCESS_WORKER)
            continue;
        check_deadline(child);
        dossier_end_pass(&child->dossier);
    }
}

void audit_workers_order(void)
{
    enum worker_signal least = audit_is_kept()                 ? WORKER_SIGNAL_NONE
                               : audit.order == ORDER_GRACEFUL ? WORKER_SIGNAL_QUIT
                                                               : WORKER_SIGNAL_TERM;
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        const struct process *child = pids_find(kernel.pids.children[i]);
        if (child->kind == PROCESS_WORKER && child->dossier.sent < least)
            audit_fail("I29", "the manager ends, but worker %d was not told", (int)child->pid);
    }
}

int64_t audit_workers_deadline_us(void)
{
    int64_t earliest_us = NEVER_US;
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        const struct process *child = pids_find(kernel.pids.children[i]);
        if (child->kind != PROCESS_WORKER)
            continue;
        int64_t deadline_us = dossier_deadline_us(&child->dossier, audit.forgiven_by_us);
        earliest_us = deadline_us < earliest_us ? deadline_us : earliest_us;
    }
    return earliest_us;
}

/* Somebody will be silent, and something will be done about it. */
static bool is_somebody_stuck(void)
{
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        const struct process *child = pids_find(kernel.pids.children[i]);
        if (child->is_stopped || child->puppet.is_stuck || child->puppet.is_unheard)
            return true;
    }
    return false;
}

bool audit_is_settled(void)
{
    return audit_is_kept() && !is_somebody_stuck() && audit.is_announced &&
           audit_count_heard() == audit.wanted && kernel.pids.child_count == audit.wanted &&
           audit_has_right_file();
}
