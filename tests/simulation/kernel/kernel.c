#include "kernel.h"

#include "course.h"
#include "history.h"

#include <signal.h>

struct kernel kernel;

void kernel_boot(const struct scenario *scenario)
{
    kernel.scenario = *scenario;
    chance_init(&kernel.chance, scenario->seed, 2 * scenario->number + 1);
    kernel.now_us = chance_between(&kernel.chance, 1, 1000 * SECOND_US);
    kernel.realtime_us = chance_between(&kernel.chance, 0, 4000000000 * SECOND_US);
    kernel.events = 0;
    kernel.blocked = kernel.pending = 0;
    kernel.is_kind = scenario->is_kind_start;
    kernel.is_calm = kernel.is_prompt = kernel.do_forks_fail = false;
    kernel.has_bad_start = scenario->first_file == FIRST_FILE_HELD;
    kernel.hold_us = kernel.held_up_to = 0;
    agenda_init(&kernel.agenda);
    pids_init(&kernel.pids, scenario->pid_max);
    beat_pipe_init(&kernel.pipe);
    file_room_init(&kernel.files, scenario->first_file);
}

void kernel_say(const char *what, int32_t pid, int64_t number)
{
    history_note(kernel.now_us, what, pid, number);
}

static void happen_to(struct process *process, const struct happening *happening)
{
    switch (happening->kind) {
    case HAPPENING_BOOT:
        puppet_become_ready(process);
        return;
    case HAPPENING_BEAT:
        puppet_beat(process);
        return;
    case HAPPENING_MISCHIEF:
        puppet_follow_temper(process);
        return;
    case HAPPENING_SIGNALS:
        puppet_take_signals(process);
        return;
    case HAPPENING_RECOVER:
        process->puppet.is_stuck = false;
        puppet_go_on(process);
        return;
    case HAPPENING_CONTINUE:
        pids_continue(process);
        return;
    case HAPPENING_GO:
        puppet_go(process);
        return;
    case HAPPENING_END:
        pids_end(process, happening->number < 0 ? -happening->number : 0,
                 happening->number > 0 ? happening->number : 0);
        return;
    case HAPPENING_SIGNAL:
    case HAPPENING_MISHAP:
    case HAPPENING_FORKS_WORK:
    case HAPPENING_FILES_WORK:
    case HAPPENING_CALM:
    case HAPPENING_QUIET:
    case HAPPENING_ORDER:
    case HAPPENING_MUST_HAVE_SETTLED:
    case HAPPENING_MUST_HAVE_ENDED:
        return;
    }
}

static void happen_next(void)
{
    struct happening happening = agenda_take(&kernel.agenda);
    if (happening.at_us > kernel.now_us)
        kernel.now_us = happening.at_us;
    kernel.events++;
    if (happening.pid == NO_PID) {
        kernel_say(happening_text(happening.kind), NO_PID, happening.number);
        course_happen(&happening);
    } else if (!pids_is_past(happening.pid, happening.life)) {
        kernel_say(happening_text(happening.kind), happening.pid, happening.number);
        happen_to(pids_find(happening.pid), &happening);
    }
}

void kernel_pass(int64_t time_us)
{
    int64_t end_us = kernel.now_us + time_us;
    while (agenda_next_us(&kernel.agenda) <= end_us)
        happen_next();
    kernel.now_us = end_us;
}

void kernel_hold_up(int64_t time_us)
{
    CENSUS(hold_ups);
    kernel_say("the manager is held up", NO_PID, time_us);
    kernel.held_up_to = kernel.now_us + time_us;
    kernel_pass(time_us);
    kernel_say("the manager goes on", NO_PID, 0);
}

void kernel_lapse(void)
{
    const struct scenario *scenario = &kernel.scenario;
    if (!kernel.is_prompt && chance_hits(&kernel.chance, scenario->habits.lapses_per_mille))
        kernel_hold_up(chance_between(&kernel.chance, 1, scenario_silence_us(scenario)));
}

void kernel_enter(void)
{
    const struct habits *habits = &kernel.scenario.habits;
    if (habits->call_us > 0)
        kernel_pass(chance_between(&kernel.chance, 0, habits->call_us));
    if (habits->preempts_per_million > 0 && !kernel.is_prompt &&
        chance_below(&kernel.chance, 1000000) < habits->preempts_per_million)
        kernel_hold_up(chance_spread(&kernel.chance, 100, habits->preempt_most_us));
}

bool kernel_wait(bool (*is_over)(void), int64_t deadline_us)
{
    while (!is_over() && agenda_next_us(&kernel.agenda) <= deadline_us)
        happen_next();
    if (is_over())
        return true;
    kernel.now_us = deadline_us > kernel.now_us ? deadline_us : kernel.now_us;
    return false;
}

void kernel_raise(int number)
{
    uint32_t bit = UINT32_C(1) << number;
    if ((kernel.blocked & bit) == 0)
        return; /* before the manager has begun to listen */
    CENSUS(signals);
    if (kernel_is_pending(number)) {
        CENSUS(coalesced);
        return;
    }
    kernel.pending |= bit;
    kernel.pending_us[number] = kernel.now_us;
}

bool kernel_is_pending(int number)
{
    return (kernel.pending & (UINT32_C(1) << number)) != 0;
}

int kernel_take_signal(void)
{
    uint32_t readable = kernel.pending & kernel.blocked;
    uint32_t count = 0;
    int numbers[SIGNALS_END];
    for (int number = 1; number < SIGNALS_END; number++)
        if (readable & (UINT32_C(1) << number))
            numbers[count++] = number;
    if (count == 0)
        return 0;
    bool is_lowest = kernel.scenario.habits.has_signal_order;
    int number = numbers[is_lowest ? 0 : chance_below(&kernel.chance, count)];
    kernel.pending &= ~(UINT32_C(1) << number);
    return number;
}

void kernel_plan(int64_t delay_us, enum happening_kind kind, const struct process *process,
                 int32_t number)
{
    agenda_note(&kernel.agenda, (struct happening){.at_us = kernel.now_us + delay_us,
                                                   .kind = kind,
                                                   .pid = process != NULL ? process->pid : NO_PID,
                                                   .life = process != NULL ? process->life : 0,
                                                   .number = number});
}
