#include "puppet.h"

#include "audit.h"
#include "kernel.h"

#include <signal.h>
#include <stdio.h>

static bool has_signal(const struct process *process, int number)
{
    return (process->pending & (UINT32_C(1) << number)) != 0;
}

static void drop_signal(struct process *process, int number)
{
    process->pending &= ~(UINT32_C(1) << number);
}

static const struct manager_settings *settings(void)
{
    return &kernel.scenario.settings;
}

/* How late a heartbeat is, never so late that the worker is silent. */
static int64_t lateness_us(enum temper temper)
{
    int64_t timeout_us = settings()->heartbeat_timeout_us;
    int64_t most_us = temper == TEMPER_TARDY ? timeout_us * 9 / 10 : timeout_us / 20;
    return chance_between(&kernel.chance, 0, most_us);
}

static int64_t boot_us(enum temper temper)
{
    int64_t silence_us = scenario_silence_us(&kernel.scenario);
    if (temper == TEMPER_SLOTH)
        return silence_us + chance_spread(&kernel.chance, 1, 2 * silence_us);
    return chance_spread(&kernel.chance, 100, silence_us * 8 / 10);
}

static void plan_end(struct process *process, int64_t delay_us)
{
    static const int32_t ends[] = {SIGSEGV, SIGABRT, SIGKILL, 0, -1, -255};
    int32_t end = ends[chance_below(&kernel.chance, 6)];
    kernel_plan(delay_us, HAPPENING_END, process, end);
}

static void begin_young(struct process *process)
{
    bool is_at_once = chance_hits(&kernel.chance, 500);
    plan_end(process, is_at_once ? 0 : chance_spread(&kernel.chance, 1, boot_us(TEMPER_KIND)));
}

static void plan_mischief(struct process *process)
{
    int64_t most_us = 2 * SECOND_US + 4 * scenario_silence_us(&kernel.scenario);
    kernel_plan(chance_spread(&kernel.chance, 1, most_us), HAPPENING_MISCHIEF, process, 0);
}

void puppet_begin(struct process *process)
{
    struct puppet *puppet = &process->puppet;
    if (!kernel.is_kind)
        puppet->temper = (enum temper)chance_choose(&kernel.chance, kernel.scenario.temper_weights,
                                                    TEMPER_COUNT);
    kernel_say(temper_text(puppet->temper), process->pid, 0);
    if (puppet->temper == TEMPER_YOUNG)
        begin_young(process);
    else if (puppet->temper == TEMPER_HASTY)
        plan_mischief(process);
    kernel_plan(boot_us(puppet->temper), HAPPENING_BOOT, process, 0);
}

static void say(struct process *process)
{
    char line[32];
    struct said said = {kernel.now_us, 0, process->pid, process->life, process->puppet.is_leaving};
    int size = snprintf(line, sizeof line, "%d%s\n", (int)process->pid,
                        process->puppet.is_leaving ? ":1" : "");
    CENSUS(beats);
    process->puppet.is_unheard = !beat_pipe_write(&kernel.pipe, line, (size_t)size, said);
    if (!process->puppet.is_unheard)
        dossier_note_beat(&process->dossier);
}

static void babble(void)
{
    static const char *const words[] = {"\n",
                                        "999999\n",
                                        "0\n",
                                        "-7\n",
                                        "12:2\n",
                                        ":1\n",
                                        "99999999999999999999999999999999999999999999\n",
                                        "4294967308\n",
                                        "x12\n",
                                        "12 \n",
                                        "0012\n",
                                        "1:1:1\n"};
    const char *word = words[chance_below(&kernel.chance, 12)];
    struct said said = {.at_us = kernel.now_us};
    size_t size = 0;
    while (word[size] != '\0')
        size++;
    (void)beat_pipe_write(&kernel.pipe, word, size, said);
}

static void plan_beat(struct process *process)
{
    enum temper temper = process->puppet.temper;
    kernel_plan(settings()->heartbeat_interval_us + lateness_us(temper), HAPPENING_BEAT, process,
                0);
}

void puppet_beat(struct process *process)
{
    struct puppet *puppet = &process->puppet;
    puppet->owes_beat = process->is_stopped || puppet->is_stuck;
    if (puppet->owes_beat)
        return;
    if (puppet->temper == TEMPER_BABBLER)
        babble();
    say(process);
    plan_beat(process);
}

void puppet_become_ready(struct process *process)
{
    struct puppet *puppet = &process->puppet;
    if (puppet->is_ready)
        return;
    puppet->is_ready = true;
    puppet_beat(process);
    puppet_take_signals(process);
    if (puppet->temper != TEMPER_KIND && !puppet->is_leaving)
        plan_mischief(process);
}

void puppet_leave(struct process *process)
{
    struct puppet *puppet = &process->puppet;
    if (puppet->is_leaving)
        return;
    puppet->is_leaving = true;
    puppet->is_ready = true;
    say(process);
    int64_t most_us = settings()->graceful_timeout_us * (kernel.is_kind ? 1 : 2);
    kernel_plan(chance_spread(&kernel.chance, 10, most_us + 10), HAPPENING_GO, process, 0);
}

void puppet_go(struct process *process)
{
    struct puppet *puppet = &process->puppet;
    puppet->owes_going = process->is_stopped || puppet->is_stuck;
    if (!puppet->owes_going)
        pids_end(process, 0, 0);
}

void puppet_get_stuck(struct process *process, int64_t for_us)
{
    process->puppet.is_stuck = true;
    if (for_us >= 0)
        kernel_plan(for_us, HAPPENING_RECOVER, process, 0);
}

void puppet_follow_temper(struct process *process)
{
    int64_t silence_us = scenario_silence_us(&kernel.scenario);
    switch (process->puppet.temper) {
    case TEMPER_KIND:
    case TEMPER_TARDY:
    case TEMPER_BABBLER:
    case TEMPER_YOUNG:
    case TEMPER_SLOTH:
    case TEMPER_DEAF:
    case TEMPER_STUBBORN:
        return;
    case TEMPER_SPENT:
    case TEMPER_HASTY:
        if (!process->is_stopped && !process->puppet.is_stuck)
            puppet_leave(process);
        return;
    case TEMPER_DOOMED:
        plan_end(process, 0);
        return;
    case TEMPER_DREAMER:
        puppet_get_stuck(process, chance_spread(&kernel.chance, 10, 2 * silence_us));
        return;
    case TEMPER_FROZEN:
        puppet_get_stuck(process, -1);
        return;
    }
}

/* TERM ends a worker even in the application; QUIT is heard by its loop alone. */
void puppet_take_signals(struct process *process)
{
    const struct puppet *puppet = &process->puppet;
    if (has_signal(process, SIGKILL)) {
        pids_end(process, 0, SIGKILL);
        return;
    }
    if (process->is_stopped || !puppet->is_ready)
        return;
    if (has_signal(process, SIGTERM) && puppet->temper != TEMPER_STUBBORN) {
        pids_end(process, 0, SIGTERM);
        return;
    }
    if (has_signal(process, SIGQUIT) && !puppet->is_stuck) {
        drop_signal(process, SIGQUIT);
        if (puppet->temper != TEMPER_DEAF && puppet->temper != TEMPER_STUBBORN)
            puppet_leave(process);
    }
}

void puppet_go_on(struct process *process)
{
    puppet_take_signals(process);
    if (process->state == PROCESS_ALIVE && process->puppet.owes_beat)
        puppet_beat(process);
    if (process->state == PROCESS_ALIVE && process->puppet.owes_going)
        puppet_go(process);
}

void puppet_calm_down(struct process *process)
{
    struct puppet *puppet = &process->puppet;
    bool is_lost = puppet->temper == TEMPER_DEAF || puppet->temper == TEMPER_STUBBORN;
    if (!is_lost || !process->dossier.is_heard)
        puppet->temper = TEMPER_KIND;
    if (process->is_stopped && chance_hits(&kernel.chance, 500))
        pids_continue(process);
}

const char *temper_text(enum temper temper)
{
    static const char *const texts[] = {
#define TEMPER(name, weight, text) text,
#include "tempers.def"
#undef TEMPER
    };
    return texts[temper];
}
