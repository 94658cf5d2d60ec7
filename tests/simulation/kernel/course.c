#include "course.h"

#include "audit.h"
#include "calls.h"
#include "history.h"
#include "kernel.h"
#include "manager/manager_loop.h"
#include "mishap.h"

#include <signal.h>
#include <stdlib.h>

/* A pass of the manager takes no longer. */
#define PASS_US SECOND_US

static struct {
    uint32_t mishaps_left;
    bool is_settling;
    bool is_ordered;
} course;

static const struct manager_settings *settings(void)
{
    return &kernel.scenario.settings;
}

static void plan_mishap(void)
{
    int64_t delay_us = chance_spread(&kernel.chance, 1, kernel.scenario.mishap_gap_us);
    bool is_last = course.mishaps_left == 0;
    kernel_plan(delay_us, is_last ? HAPPENING_CALM : HAPPENING_MISHAP, NULL, 0);
}

static void begin_storm(void)
{
    kernel.is_kind = false;
    plan_mishap();
}

void course_announced(void)
{
    if (kernel.scenario.is_kind_start)
        begin_storm();
}

/* Promise MGR-9: the longest pause, and what comes before and after it: silent workers go, one that
 * starts has to prove itself, the others start. */
static int64_t settling_us(void)
{
    int64_t silence_us = scenario_silence_us(&kernel.scenario);
    return 3 * silence_us + settings()->graceful_timeout_us + KILL_AFTER_US + BACKOFF_MAX_US +
           PROVEN_AFTER_US + 4 * PASS_US;
}

static void calm_down(void)
{
    mishap_end_all();
    kernel.is_kind = kernel.is_calm = kernel.is_prompt = true;
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        struct process *child = pids_find(kernel.pids.children[i]);
        if (child->kind == PROCESS_WORKER)
            puppet_calm_down(child);
    }
    if (chance_hits(&kernel.chance, 500))
        file_room_lose(&kernel.files);
    kernel_plan(settling_us(), HAPPENING_MUST_HAVE_SETTLED, NULL, 0);
}

void course_wait(void)
{
    if (!kernel.is_calm || course.is_ordered || course.is_settling || !audit_is_settled())
        return;
    course.is_settling = true;
    kernel_plan(PROVEN_AFTER_US + PASS_US, HAPPENING_QUIET, NULL, 0);
}

static void begin_quiet(void)
{
    if (course.is_ordered)
        return;
    course.is_settling = audit_is_settled();
    if (!course.is_settling)
        return;
    CENSUS(quiet_times);
    audit.is_quiet = true;
    kernel_plan(3 * scenario_silence_us(&kernel.scenario) + PASS_US, HAPPENING_ORDER, NULL, 0);
}

static void give_last_order(void)
{
    static const int numbers[] = {SIGQUIT, SIGTERM, SIGINT};
    course_order(numbers[chance_below(&kernel.chance, 3)]);
    if (chance_hits(&kernel.chance, 300))
        kernel_plan(chance_spread(&kernel.chance, 1, SECOND_US), HAPPENING_SIGNAL, NULL,
                    numbers[chance_below(&kernel.chance, 3)]);
}

void course_order(int number)
{
    if ((kernel.blocked & (UINT32_C(1) << number)) == 0)
        return; /* it does not listen yet */
    int64_t bound_us = KILL_AFTER_US + 2 * PASS_US;
    if (number == SIGQUIT)
        bound_us += settings()->graceful_timeout_us;
    if (kernel.held_up_to > kernel.now_us)
        bound_us += kernel.held_up_to - kernel.now_us;
    course.is_ordered = true;
    audit.is_quiet = false;
    kernel.is_prompt = true;
    kernel_raise(number);
    kernel_plan(bound_us, HAPPENING_MUST_HAVE_ENDED, NULL, number);
}

void course_happen(const struct happening *happening)
{
    switch (happening->kind) {
    case HAPPENING_SIGNAL:
        mishap_signal(happening->number);
        return;
    case HAPPENING_MISHAP:
        course.mishaps_left--;
        mishap_happen();
        plan_mishap();
        return;
    case HAPPENING_FORKS_WORK:
        kernel.do_forks_fail = false;
        return;
    case HAPPENING_FILES_WORK:
        kernel.files.trouble = FILE_TROUBLE_NONE;
        return;
    case HAPPENING_CALM:
        calm_down();
        return;
    case HAPPENING_QUIET:
        begin_quiet();
        return;
    case HAPPENING_ORDER:
        give_last_order();
        return;
    case HAPPENING_MUST_HAVE_SETTLED:
        if (audit_is_kept() && !course.is_ordered && !course.is_settling)
            audit_fail("L9", "nothing goes wrong any more, but of %u wanted workers %u serve",
                       audit.wanted, audit_count_heard());
        return;
    case HAPPENING_MUST_HAVE_ENDED:
        audit_fail(happening->number == SIGQUIT ? "L4" : "L5",
                   "the manager was told to end and is still there");
    case HAPPENING_BOOT:
    case HAPPENING_BEAT:
    case HAPPENING_MISCHIEF:
    case HAPPENING_SIGNALS:
    case HAPPENING_RECOVER:
    case HAPPENING_CONTINUE:
    case HAPPENING_GO:
    case HAPPENING_END:
        return;
    }
}

static int run_worker(void *context, int heartbeat_fd, int life_fd, int gate_fd)
{
    (void)context;
    (void)heartbeat_fd;
    (void)life_fd;
    (void)gate_fd;
    abort(); /* fork never returns in a child */
}

static int become_successor(void *context, int channel, int errors)
{
    (void)context;
    (void)channel;
    (void)errors;
    abort(); /* nor there */
}

static void announce(void *context)
{
    (void)context;
    audit_announced();
}

static void retire(void *context)
{
    (void)context;
    audit_act("says that it stops");
}

static void reopen_logs(void *context)
{
    (void)context;
    audit_act("reopens its logs");
}

uint64_t course_run(const struct scenario *scenario, const char *trace_path, bool is_verbose)
{
    struct manager_job job = {.settings = scenario->settings,
                              .pid_path = PID_PATH,
                              .trace_path = trace_path,
                              .applications = {"app", "/app"},
                              .predecessor_channel = -1,
                              .run_worker = run_worker,
                              .become_successor = become_successor,
                              .announce = announce,
                              .retire = retire,
                              .reopen_logs = reopen_logs};
    struct problem problem;
    int status = 0;
    history_begin(is_verbose);
    kernel_boot(scenario);
    calls_init();
    audit_begin();
    course.mishaps_left = scenario->mishaps;
    course.is_settling = course.is_ordered = false;
    if (!scenario->is_kind_start)
        begin_storm();
    if (manager_run(&job, &status, &problem) == ERROR_NONE)
        audit_over(status);
    else
        audit_refused();
    return kernel.events;
}
