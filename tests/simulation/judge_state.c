#include "judge_state.h"

#include "judge_deployment.h"

static enum ending ending_of(enum manager_phase phase)
{
    switch (phase) {
    case MANAGER_UNSTARTED:
    case MANAGER_STARTING:
    case MANAGER_ASKING:
    case MANAGER_RUNNING:
        break;
    case MANAGER_LEAVING:
        return ENDING_GRACEFUL;
    case MANAGER_STOPPING:
        return ENDING_NOW;
    case MANAGER_GONE:
        return ENDING_OVER;
    }
    return ENDING_NONE;
}

static enum invariant judge_phase(const struct world *world, const struct world *before,
                                  const struct manager_event *event)
{
    enum manager_phase phase = world->manager.phase;
    if (event->kind == MANAGER_EVENT_SPAWN_FAILED && before->manager.phase == MANAGER_RUNNING &&
        phase != MANAGER_RUNNING)
        return INVARIANT_I17;
    bool is_idle = world->count == 0 && world->spawning == 0 && !deployment_is_under_way(world);
    if (is_idle && (world->ending == ENDING_GRACEFUL || world->ending == ENDING_NOW))
        return INVARIANT_I31;
    if (ending_of(phase) == world->ending && phase >= before->manager.phase)
        return INVARIANT_NONE;
    return ending_of(phase) == ENDING_NONE ? INVARIANT_I29 : INVARIANT_I30;
}

static enum invariant judge_pool(const struct world *world)
{
    const struct manager *manager = &world->manager;
    const struct backoff *backoff = &manager->backoff;
    uint32_t serving = world_count_serving(world);
    if (manager->wanted != world->wanted)
        return INVARIANT_I3;
    if (world->ending != ENDING_NONE)
        return INVARIANT_NONE;
    if (world->spawning == 0 && serving > world->wanted)
        return INVARIANT_I3;
    bool is_short = world->is_started && serving + world->spawning < world->wanted &&
                    world->count + world->spawning < world->wanted + manager->settings.spare;
    bool is_paused = backoff->failures >= 2 && world->now_us < backoff->until_us &&
                     manager->wake_us <= backoff->until_us;
    return is_short && !is_paused ? INVARIANT_L3 : INVARIANT_NONE;
}

/* Promise MGR-9: from 0 up to 30 s. */
static enum invariant judge_pause(const struct world *world, const struct world *before)
{
    static const int64_t pauses[] = {0, 0, 1, 2, 4, 8, 16, 30};
    const struct backoff *backoff = &world->manager.backoff;
    uint32_t failures = backoff->failures < 7 ? backoff->failures : 7;
    bool is_new = backoff->failures > before->manager.backoff.failures;
    return is_new && backoff->until_us != world->now_us + pauses[failures] * SECOND_US
               ? INVARIANT_I12
               : INVARIANT_NONE;
}

static enum invariant judge_row(const struct witness *witness, const struct roster_row *row)
{
    if (worker_life_is_serving(row->life) != witness->is_serving)
        return witness->sent == WORKER_SIGNAL_NONE ? INVARIANT_I13 : INVARIANT_I10;
    if (witness->is_serving) {
        bool agrees = row->heard_us == witness->expected_us &&
                      (row->life == WORKER_READY) == witness->has_beaten;
        return agrees ? INVARIANT_NONE : INVARIANT_I13;
    }
    static const enum worker_signal sent[] = {
        [WORKER_LEAVING] = WORKER_SIGNAL_NONE,
        [WORKER_QUITTING] = WORKER_SIGNAL_QUIT,
        [WORKER_TERMINATING] = WORKER_SIGNAL_TERM,
        [WORKER_KILLED] = WORKER_SIGNAL_KILL,
    };
    if (sent[row->life] != witness->sent)
        return INVARIANT_I10;
    return row->leaving_us == witness->leaving_us && row->stopped_us == witness->stopped_us
               ? INVARIANT_NONE
               : INVARIANT_I11;
}

static enum invariant judge_roster(const struct world *world, const struct manager_event *event)
{
    bool is_forgiving = event->kind == MANAGER_EVENT_HELD_UP || event->kind == MANAGER_EVENT_TICK;
    const struct roster *roster = &world->manager.roster;
    if (roster->count != world->count || world->manager.spawning != world->spawning)
        return INVARIANT_I4;
    for (uint32_t i = 0; i < roster->count; i++) {
        const struct witness *witness = world_find((struct world *)world, roster->rows[i].pid);
        if (witness == NULL)
            return INVARIANT_I4;
        enum invariant broken = judge_row(witness, &roster->rows[i]);
        if (broken == INVARIANT_I13 && is_forgiving)
            return INVARIANT_I15;
        if (broken != INVARIANT_NONE)
            return broken;
    }
    return INVARIANT_NONE;
}

/* What a worker that should have got its signal by now says about the manager. */
static enum invariant judge_delay(const struct world *world, const struct witness *witness)
{
    if (world->ending == ENDING_NOW)
        return INVARIANT_L5;
    if (world->ending == ENDING_GRACEFUL)
        return INVARIANT_L4;
    return witness->is_serving ? INVARIANT_I7 : INVARIANT_L1;
}

static enum invariant judge_deadlines(const struct world *world, const struct manager_event *event)
{
    bool is_tick = event->kind == MANAGER_EVENT_TICK;
    for (uint32_t i = 0; i < world->count; i++) {
        const struct witness *witness = &world->witnesses[i];
        if (world->ending == ENDING_NOW && witness->sent < WORKER_SIGNAL_TERM)
            return INVARIANT_I30;
        if (world->ending == ENDING_GRACEFUL && witness->sent < WORKER_SIGNAL_QUIT)
            return INVARIANT_L4;
        int64_t deadline_us = world_deadline_us(world, witness);
        if (is_tick && deadline_us <= world->now_us)
            return judge_delay(world, witness);
        if (world->manager.wake_us > deadline_us)
            return judge_delay(world, witness);
    }
    return INVARIANT_NONE;
}

static enum invariant judge_quiet(const struct world *world, const struct world *before,
                                  const struct manager_event *event)
{
    bool was_due = before->manager.wake_us <= world->now_us;
    /* Nothing was due, and now the manager should have been awake earlier? */
    if (!was_due && world->manager.wake_us < world->now_us)
        return INVARIANT_L11;
    if (event->kind != MANAGER_EVENT_TICK)
        return INVARIANT_NONE;
    bool is_due_again = world->manager.wake_us <= world->now_us;
    return is_due_again || (!was_due && world->actions.count > 0) ? INVARIANT_L11 : INVARIANT_NONE;
}

enum invariant judge_state(struct world *world, const struct world *before,
                           const struct manager_event *event)
{
    enum invariant broken = judge_phase(world, before, event);
    if (broken == INVARIANT_NONE)
        broken = judge_roster(world, event);
    if (broken == INVARIANT_NONE)
        broken = judge_deadlines(world, event);
    if (broken == INVARIANT_NONE)
        broken = judge_pool(world);
    if (broken == INVARIANT_NONE)
        broken = judge_pause(world, before);
    if (broken == INVARIANT_NONE)
        broken = judge_quiet(world, before, event);
    return broken;
}
