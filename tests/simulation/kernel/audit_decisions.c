/* What the policy is told, and what it makes of it. */
#include "audit.h"

#include <signal.h>

/* A signal that was read becomes an event once. */
static void act_upon(int number, int other)
{
    if (audit.taken[number] == 0)
        number = other;
    if (audit.taken[number] == 0)
        audit_fail("I29", "the manager acts upon signal %d, which it did not get", number);
    audit.taken[number]--;
}

static void act_upon_end(int32_t pid)
{
    uint32_t i = 0;
    while (i < audit.untold_end_count && audit.untold_ends[i] != pid)
        i++;
    if (i == audit.untold_end_count)
        audit_fail("I4", "the policy is told the end of %d, which was not reaped", (int)pid);
    audit.untold_ends[i] = audit.untold_ends[--audit.untold_end_count];
    if (beat_pipe_has(&kernel.pipe, pid, pids_find(pid)->life))
        audit_fail("I13", "worker %d is buried, and its last words are unread", (int)pid);
}

static void act_upon_birth(uint32_t *untold)
{
    if (*untold == 0)
        audit_fail("I4", "the policy is told of a fork that was not");
    (*untold)--;
}

/* Promise PID-5: a start that cannot leave its PID file ends itself. */
static void act_upon_stop(void)
{
    if (audit.has_failed_file && !audit.is_announced && audit_is_kept()) {
        audit.has_failed_start = true;
        CENSUS(failed_starts);
        return;
    }
    act_upon(SIGTERM, SIGINT);
}

static void expect_cause(const struct manager_event *event)
{
    switch (event->kind) {
    case MANAGER_EVENT_SPAWNED:
        act_upon_birth(&audit.untold_births);
        return;
    case MANAGER_EVENT_SPAWN_FAILED:
        act_upon_birth(&audit.untold_failures);
        return;
    case MANAGER_EVENT_EXITED:
        act_upon_end(event->pid);
        return;
    case MANAGER_EVENT_STOP_NOW:
        act_upon_stop();
        return;
    case MANAGER_EVENT_STOP_GRACEFULLY:
        act_upon(SIGQUIT, SIGQUIT);
        return;
    case MANAGER_EVENT_ONE_MORE:
        act_upon(SIGTTIN, SIGTTIN);
        return;
    case MANAGER_EVENT_ONE_LESS:
        act_upon(SIGTTOU, SIGTTOU);
        return;
    case MANAGER_EVENT_UPGRADE:
        act_upon(SIGUSR2, SIGHUP);
        return;
    case MANAGER_EVENT_REOPEN_LOGS:
        act_upon(SIGUSR1, SIGUSR1);
        return;
    case MANAGER_EVENT_UPGRADE_FAILED:
        act_upon_birth(&audit.untold_deployments);
        return;
    case MANAGER_EVENT_UPGRADE_SPAWNED:
    case MANAGER_EVENT_UPGRADE_READY:
    case MANAGER_EVENT_UPGRADE_COMMITTED:
    case MANAGER_EVENT_UPGRADE_ABORTED:
    case MANAGER_EVENT_PREDECESSOR_GONE:
        audit_fail("I29", "the policy is told of a generation that there is not");
    case MANAGER_EVENT_START:
    case MANAGER_EVENT_HEARTBEAT:
    case MANAGER_EVENT_PIPE:
    case MANAGER_EVENT_TICK:
    case MANAGER_EVENT_HELD_UP:
    case MANAGER_EVENT_PID_FILE_LOST:
        return;
    }
}

void audit_before_decision(const struct manager *manager, const struct manager_event *event,
                           int64_t now_us)
{
    (void)manager;
    expect_cause(event);
    if (now_us < audit.decided_us || now_us > kernel.now_us)
        audit_fail("I13", "the policy's time goes from %lld to %lld us",
                   (long long)audit.decided_us, (long long)now_us);
    audit.decided_us = now_us;
    audit.event = event->kind;
    audit.retired = 0;
    audit.was_kept = audit_is_kept();
}

static void take_order(void)
{
    if (audit.has_failed_start)
        return;
    if (audit.event == MANAGER_EVENT_STOP_NOW)
        audit.order = ORDER_NOW;
    if (!audit_is_kept())
        return;
    if (audit.event == MANAGER_EVENT_STOP_GRACEFULLY)
        audit.order = ORDER_GRACEFUL;
    if (audit.event == MANAGER_EVENT_ONE_LESS && audit.wanted > 0)
        audit.wanted--;
    if (audit.event == MANAGER_EVENT_ONE_MORE && audit.wanted < WORKERS_MAX) {
        audit.wanted++;
        audit_earn_credit(2);
    }
}

/* Promise CLI-6: a start fails because of a worker that never was ready, or of many failed forks.
 */
static bool may_fail_start(void)
{
    if (audit.is_announced)
        return false;
    if (audit.event == MANAGER_EVENT_SPAWN_FAILED)
        return audit.failures >= START_ATTEMPTS_MAX;
    if (audit.event == MANAGER_EVENT_EXITED)
        return audit.is_told_end_failed;
    return audit.event == MANAGER_EVENT_TICK && audit_has_late_starter();
}

static void check_phase(enum manager_phase phase)
{
    if (phase == MANAGER_ASKING)
        audit_fail("I31", "the manager waits for a predecessor that there is not");
    bool is_kept = phase == MANAGER_STARTING || phase == MANAGER_RUNNING;
    bool is_stopping = phase == MANAGER_STOPPING || phase == MANAGER_GONE;
    if (!is_kept && audit_is_kept()) {
        if (!is_stopping || !may_fail_start())
            audit_fail("I31", "the manager ends and nobody told it to");
        audit.has_failed_start = true;
        CENSUS(failed_starts);
    }
    if (is_kept && !audit_is_kept())
        audit_fail("I29", "the manager was told to end and goes on");
    bool is_sudden = audit.order == ORDER_NOW || audit.has_failed_start;
    if (is_sudden ? !is_stopping : phase == MANAGER_STOPPING)
        audit_fail("I30", "the manager ends in the wrong way (phase %d)", (int)phase);
    if (phase == MANAGER_GONE && audit_count_workers() > 0)
        audit_fail("I31", "the manager ends, but %u workers are left", audit_count_workers());
}

void audit_after_decision(const struct manager *manager, enum error error,
                          enum manager_phase before)
{
    if (error != ERROR_NONE)
        audit_fail("I16", "the policy refuses event %d in phase %d", (int)audit.event, (int)before);
    take_order();
    check_phase(manager->phase);
    if (manager->wanted != audit.wanted)
        audit_fail("I3", "the manager wants %u workers, TTIN and TTOU left %u", manager->wanted,
                   audit.wanted);
}
