#include "mishap.h"

#include "audit.h"
#include "course.h"
#include "kernel.h"

#include <signal.h>

enum {
    BURST_MAX = 1000,
    CROWDED_AGENDA = 300
};

static int64_t spread_us(int64_t least_us, int64_t most_us)
{
    return chance_spread(&kernel.chance, least_us, most_us);
}

static int any_signal(void)
{
    static const int numbers[] = {SIGTTIN, SIGTTIN, SIGTTOU, SIGTTOU, SIGUSR1,
                                  SIGUSR2, SIGHUP,  SIGCHLD, SIGCHLD};
    static const int ends[] = {SIGQUIT, SIGTERM, SIGINT};
    if (kernel.scenario.has_early_end && chance_hits(&kernel.chance, 20))
        return ends[chance_below(&kernel.chance, 3)];
    return numbers[chance_below(&kernel.chance, 9)];
}

void mishap_signal(int number)
{
    if (number == SIGQUIT || number == SIGTERM || number == SIGINT)
        course_order(number);
    else if (number != SIGTTIN || audit.wanted < kernel.scenario.wanted_most)
        kernel_raise(number);
}

/* Promise MGR-13 */
static void burst(void)
{
    int64_t within_us = spread_us(1, 2 * SECOND_US);
    int64_t count = spread_us(2, BURST_MAX);
    if (kernel.agenda.count > CROWDED_AGENDA)
        return;
    for (int64_t i = 0; i < count; i++)
        kernel_plan(chance_between(&kernel.chance, 0, within_us), HAPPENING_SIGNAL, NULL,
                    any_signal());
}

static void crash(struct process *process)
{
    static const int numbers[] = {SIGSEGV, SIGKILL, SIGABRT, 0};
    int number = numbers[chance_below(&kernel.chance, 4)];
    pids_end(process, number == 0 ? 1 : 0, number);
}

static void massacre(void)
{
    for (uint32_t i = 0; i < kernel.pids.child_count; i++) {
        struct process *child = pids_find(kernel.pids.children[i]);
        if (child->kind == PROCESS_WORKER)
            crash(child);
    }
}

static void stop(struct process *process)
{
    pids_stop(process);
    if (chance_hits(&kernel.chance, 600))
        kernel_plan(spread_us(10, 2 * scenario_silence_us(&kernel.scenario)), HAPPENING_CONTINUE,
                    process, 0);
}

static void adopt(void)
{
    if (kernel.pids.child_count > (uint32_t)kernel.pids.pid_max / 2)
        return;
    struct process *child = pids_begin(PROCESS_ADOPTED);
    if (child != NULL)
        kernel_plan(spread_us(1, SECOND_US), HAPPENING_END, child, 0);
}

static void start_stranger(void)
{
    if (kernel.pids.strangers >= kernel.scenario.strangers_most)
        return;
    struct process *stranger = pids_begin(PROCESS_STRANGER);
    if (stranger != NULL)
        kernel_plan(spread_us(1, 3 * SECOND_US), HAPPENING_END, stranger, 0);
}

static void flood(void)
{
    static const char line[] = "999999\n";
    struct said said = {.at_us = kernel.now_us};
    int64_t count = spread_us(1, 2 * PIPE_SIZE / (int64_t)sizeof line);
    while (count > 0 && beat_pipe_write(&kernel.pipe, line, sizeof line - 1, said))
        count--;
}

static void replace_file(bool is_held)
{
    /* Nobody can look at a name and remove it in one step. */
    if (kernel.files.is_looked_at || kernel.files.trouble != FILE_TROUBLE_NONE)
        return;
    CENSUS(foreign_files);
    kernel.has_bad_start |= is_held;
    file_room_replace(&kernel.files, is_held);
}

static void lose_file(void)
{
    int file = file_room_find(&kernel.files, PID_PATH);
    if (file == NO_FILE || kernel.files.trouble == FILE_TROUBLE_READ_ONLY)
        return;
    CENSUS(lost_files);
    file_room_lose(&kernel.files);
}

static void refuse_files(void)
{
    kernel.files.trouble =
        (enum file_trouble)chance_between(&kernel.chance, FILE_TROUBLE_READ_ONLY, FILE_TROUBLE_IO);
    if (!audit.is_announced)
        kernel.has_bad_start = true;
    kernel_plan(spread_us(MILLISECOND_US, 5 * SECOND_US), HAPPENING_FILES_WORK, NULL, 0);
}

static void refuse_forks(void)
{
    kernel.do_forks_fail = true;
    kernel_plan(spread_us(MILLISECOND_US, 20 * SECOND_US), HAPPENING_FORKS_WORK, NULL, 0);
}

static void happen_to_machine(enum mishap mishap)
{
    switch (mishap) {
    case MISHAP_SIGNAL:
        mishap_signal(any_signal());
        return;
    case MISHAP_BURST:
        burst();
        return;
    case MISHAP_MASSACRE:
        massacre();
        return;
    case MISHAP_NO_FORKS:
        refuse_forks();
        return;
    case MISHAP_HOLD_UP:
        kernel.hold_us = spread_us(
            MILLISECOND_US, 3 * (SECOND_US + kernel.scenario.settings.heartbeat_interval_us));
        return;
    case MISHAP_ADOPT:
        adopt();
        return;
    case MISHAP_STRANGER:
        start_stranger();
        return;
    case MISHAP_FLOOD:
        flood();
        return;
    case MISHAP_LOSE_FILE:
    case MISHAP_CLEAR_FILE:
        lose_file();
        return;
    case MISHAP_REPLACE_FILE:
        replace_file(chance_hits(&kernel.chance, 500));
        return;
    case MISHAP_NO_FILES:
        refuse_files();
        return;
    case MISHAP_CRASH:
    case MISHAP_STOP:
    case MISHAP_STICK:
    case MISHAP_LEAVE:
    case MISHAP_ASK:
        return;
    }
}

static bool happen_to_worker(enum mishap mishap, struct process *worker)
{
    switch (mishap) {
    case MISHAP_CRASH:
        crash(worker);
        return true;
    case MISHAP_STOP:
        stop(worker);
        return true;
    case MISHAP_STICK:
        puppet_get_stuck(worker, spread_us(10, 2 * scenario_silence_us(&kernel.scenario)));
        return true;
    case MISHAP_LEAVE:
        if (worker->puppet.is_ready && !worker->puppet.is_stuck && !worker->is_stopped)
            puppet_leave(worker);
        return true;
    case MISHAP_ASK:
        pids_signal(worker, chance_hits(&kernel.chance, 500) ? SIGQUIT : SIGTERM);
        return true;
    case MISHAP_SIGNAL:
    case MISHAP_BURST:
    case MISHAP_MASSACRE:
    case MISHAP_NO_FORKS:
    case MISHAP_HOLD_UP:
    case MISHAP_ADOPT:
    case MISHAP_STRANGER:
    case MISHAP_FLOOD:
    case MISHAP_LOSE_FILE:
    case MISHAP_CLEAR_FILE:
    case MISHAP_REPLACE_FILE:
    case MISHAP_NO_FILES:
        break;
    }
    return false;
}

void mishap_happen(void)
{
    static const char *const texts[] = {
#define MISHAP(name, weight, text) text,
#include "mishaps.def"
#undef MISHAP
    };
    enum mishap mishap =
        (enum mishap)chance_choose(&kernel.chance, kernel.scenario.mishap_weights, MISHAP_COUNT);
    struct process *worker = pids_some_worker();
    kernel_say(texts[mishap], worker != NULL ? worker->pid : NO_PID, 0);
    if (worker == NULL || !happen_to_worker(mishap, worker))
        happen_to_machine(mishap);
}

void mishap_end_all(void)
{
    kernel.do_forks_fail = false;
    kernel.files.trouble = FILE_TROUBLE_NONE;
    kernel.hold_us = 0;
}
