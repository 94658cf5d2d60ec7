#include "audit.h"

#include "calls.h"
#include "course.h"
#include "history.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct audit audit;

/* A null pointer: no violation is. */
static const char *expected;

enum {
    SIGNALS_A_PASS = 64, /* a storm keeps the manager from its other duties no longer */
    IDLE_PASSES_MAX = 8  /* in a second; two look at the PID file, one ends the longest wait */
};

void audit_expect(const char *invariant)
{
    expected = invariant;
}

static void print_scene(void)
{
    const struct scenario *scenario = &kernel.scenario;
    (void)printf("The last that happened:\n");
    history_print();
    scenario_print(scenario);
    (void)printf("To see it again: manager_simulation --seed %llu --only %llu --verbose\n"
                 "seed %llu, scenario %llu, %.6f s: ",
                 (unsigned long long)scenario->seed, (unsigned long long)scenario->number,
                 (unsigned long long)scenario->seed, (unsigned long long)scenario->number,
                 (double)kernel.now_us / 1e6);
}

void audit_fail(const char *invariant, const char *format, ...)
{
    print_scene();
    (void)printf("%s is violated: ", invariant);
    va_list values;
    va_start(values, format);
    (void)vprintf(format, values);
    va_end(values);
    (void)printf("\n");
    exit(expected != NULL && strcmp(expected, invariant) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

void audit_begin(void)
{
    memset(&audit, 0, sizeof audit);
    audit.wanted = kernel.scenario.settings.workers;
    audit.pass_us = audit.pass_sampled_us = audit.drained_us = audit.ran_us = audit.credit_us =
        kernel.now_us;
    audit.file_missing_us = NEVER_US;
    audit.forgiven_us = audit.forgiven_by_us = 0;
    audit_earn_credit(2 * audit.wanted + 10);
}

bool audit_is_kept(void)
{
    return audit.order == ORDER_NONE && !audit.has_failed_start;
}

void audit_act(const char *what)
{
    audit.has_acted = true;
    if (audit.is_quiet)
        audit_fail("L11", "nothing happens, but the manager %s", what);
}

/* Promise MGR-12: its silence is forgiven to everybody by a manager that was held up. */
static void note_gap(int64_t sampled_us)
{
    int64_t interval_us = kernel.scenario.settings.heartbeat_interval_us;
    if (sampled_us - audit.previous_pass_sampled_us <= SECOND_US + interval_us + MILLISECOND_US)
        return;
    audit.forgiven_us = sampled_us;
    CENSUS(forgiven);
}

void audit_clock(int64_t sampled_us)
{
    audit.sampled_us = sampled_us;
    if (audit.has_sampled_pass)
        return;
    audit.has_sampled_pass = true;
    audit.previous_pass_sampled_us = audit.pass_sampled_us;
    audit.pass_sampled_us = sampled_us;
    note_gap(sampled_us);
}

static void count_time(void)
{
    audit.busy_us += kernel.now_us - audit.ran_us;
    audit.ran_us = kernel.now_us;
}

void audit_poll(int timeout_ms)
{
    int64_t wake_us = audit.sampled_us + timeout_ms * MILLISECOND_US;
    int64_t deadline_us = audit_workers_deadline_us();
    count_time();
    if (kernel.pids.zombies > 0 && timeout_ms > 0 && !kernel_is_pending(SIGCHLD))
        audit_fail("I4", "the manager sleeps, a child has ended, and no signal says so");
    if (timeout_ms < 0 || timeout_ms > 1000)
        audit_fail("L1", "the manager sleeps for %d ms", timeout_ms);
    if (deadline_us < audit.sampled_us)
        deadline_us = audit.sampled_us;
    if (deadline_us != NEVER_US && wake_us > deadline_us + MILLISECOND_US)
        audit_fail("L1", "the manager sleeps until %.6f s, past the deadline %.6f s",
                   (double)wake_us / 1e6, (double)deadline_us / 1e6);
}

void audit_wake(bool was_woken, int64_t woken_us)
{
    audit.ran_us = woken_us;
    audit.pass_us = kernel.now_us;
    audit.has_sampled_pass = false;
    audit.was_woken = was_woken;
    audit.signals = 0;
}

void audit_signal(int number)
{
    audit.has_acted = true;
    audit.signals++;
    if (number != SIGCHLD)
        audit.taken[number]++;
}

void audit_announced(void)
{
    audit_act("says that it is ready");
    if (audit.is_announced || !audit_is_kept() || audit_count_heard() < audit.wanted)
        audit_fail("I25", "the manager says that it is ready and is not");
    audit.is_announced = true;
    course_announced();
}

static void check_signals(void)
{
    for (int number = 1; number < SIGNALS_END; number++) {
        if (audit.taken[number] > 0)
            audit_fail("I29", "signal %d was read and then forgotten", number);
        if (kernel_is_pending(number) && kernel.pending_us[number] < audit.pass_us &&
            audit.signals < SIGNALS_A_PASS)
            audit_fail("I29", "signal %d waits and was not read", number);
    }
}

static void check_pipe(void)
{
    const struct said *oldest = beat_pipe_oldest(&kernel.pipe);
    if (oldest != NULL && oldest->at_us < audit.pass_us)
        audit_fail("I13", "the manager waits and has not read the line of %d", (int)oldest->pid);
}

static void check_pool(const struct manager *manager)
{
    uint32_t serving = audit_count_serving();
    if (audit.untold_births + audit.untold_failures + audit.untold_deployments +
            audit.untold_end_count >
        0)
        audit_fail("I4", "the policy was not told the outcome of a fork or the end of a child");
    if (!audit_is_kept())
        return;
    if (serving > audit.wanted)
        audit_fail("I3", "%u workers serve, %u are wanted", serving, audit.wanted);
    bool has_room = audit_count_workers() < audit.wanted + kernel.scenario.settings.spare;
    if (serving < audit.wanted && has_room && manager->backoff.failures < 2)
        audit_fail("L3", "%u workers serve, %u are wanted, and no pause is due", serving,
                   audit.wanted);
    if (!audit.is_announced && audit_count_heard() >= audit.wanted)
        audit_fail("I25", "all workers are ready and nobody is told");
}

static void check_idleness(void)
{
    if (kernel.now_us / SECOND_US != audit.idle_second) {
        audit.idle_second = kernel.now_us / SECOND_US;
        audit.idle_passes = 0;
    }
    if (audit.has_acted || audit.was_woken || audit.is_late)
        return;
    if (++audit.idle_passes > IDLE_PASSES_MAX)
        audit_fail("I12", "the manager goes round and does nothing, again and again");
}

static void judge_pass(void)
{
    count_time();
    audit.late_us += audit.busy_us;
    audit.is_late = audit.busy_us > PROMPT_US;
}

static void end_pass(void)
{
    if (!audit.is_late)
        audit.late_us = 0;
    audit.was_late_before = audit.is_late;
    audit.busy_us = 0;
}

void audit_wait(const struct manager_process *process)
{
    judge_pass();
    check_signals();
    check_pipe();
    audit_workers_pass(&process->manager.roster);
    audit_workers_order();
    check_pool(&process->manager);
    audit_file_pass();
    check_idleness();
    end_pass();
    audit.has_acted = audit.has_failed_file = false;
    kernel.pipe.tears = 0;
    kernel.files.is_looked_at = false;
    course_wait();
}

void audit_refused(void)
{
    if (!kernel.has_bad_start)
        audit_fail("I31", "the start is refused without a reason");
    if (audit_count_workers() > 0 || calls_count_open() > 0)
        audit_fail("I31", "a refused start leaves workers or open descriptors");
    CENSUS(refused_starts);
    audit_file_over();
}

void audit_over(int status)
{
    if (audit_is_kept())
        audit_fail("I31", "the manager ends and nobody told it to");
    if (audit_count_workers() > 0)
        audit_fail("I31", "the manager has ended, %u workers have not", audit_count_workers());
    if (status != (audit.has_failed_start ? 1 : 0))
        audit_fail("I31", "the exit status is %d", status);
    if (calls_count_open() > 0)
        audit_fail("I31", "%u descriptors stay open", calls_count_open());
    if (audit.order == ORDER_GRACEFUL)
        CENSUS(graceful_ends);
    if (audit.order == ORDER_NOW)
        CENSUS(sudden_ends);
    audit_file_over();
}
