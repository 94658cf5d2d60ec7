#include "judge.h"

#include "judge_deployment.h"
#include "judge_state.h"

#include "policy/pool.h"

#include <string.h>

static const struct {
    const char *number;
    const char *text;
} invariants[] = {
    {"none", "all is well"},
#define INVARIANT(number, text) {#number, text},
#include "invariants.def"
#undef INVARIANT
};

const char *invariant_number(enum invariant invariant)
{
    return invariants[invariant].number;
}

const char *invariant_text(enum invariant invariant)
{
    return invariants[invariant].text;
}

enum invariant invariant_find(const char *number)
{
    for (size_t i = 1; i < sizeof invariants / sizeof invariants[0]; i++)
        if (strcmp(invariants[i].number, number) == 0)
            return (enum invariant)i;
    return INVARIANT_NONE;
}

static enum invariant judge_spawn(struct trial *trial)
{
    struct world *world = trial->world;
    const struct manager *manager = &world->manager;
    uint32_t spare = manager->settings.spare;
    if (world->ending != ENDING_NONE ||
        world_count_serving(world) + world->spawning >= world->wanted ||
        world->count + world->spawning >= world->wanted + spare)
        return INVARIANT_I1;
    world->spawning++;
    trial->spawns++;
    bool is_slowed = manager->backoff.failures >= 2;
    if (is_slowed && (trial->spawns > 1 || world->now_us < trial->before->manager.backoff.until_us))
        return INVARIANT_I12;
    return INVARIANT_NONE;
}

/* QUIT while the pool is kept: TTOU, a fork that came too late, or silence. */
static enum invariant judge_choice(struct trial *trial, struct witness *witness)
{
    const struct world *world = trial->world;
    if (!witness->is_serving)
        return INVARIANT_I6;
    if (trial->event->kind == MANAGER_EVENT_TICK) {
        if (trial->was_late)
            return INVARIANT_I15;
        return world->now_us < world_deadline_us(world, witness) ? INVARIANT_I7 : INVARIANT_NONE;
    }
    bool is_spawned = trial->event->kind == MANAGER_EVENT_SPAWNED;
    if (!is_spawned && trial->event->kind != MANAGER_EVENT_ONE_LESS)
        return INVARIANT_I6;
    uint32_t coming = is_spawned ? 0 : world->spawning;
    witness->is_blameless = true;
    return ++trial->retired > 1 || world_count_serving(world) + coming <= world->wanted
               ? INVARIANT_I3
               : INVARIANT_NONE;
}

static enum invariant judge_quit(struct trial *trial, struct witness *witness)
{
    bool is_told = trial->event->kind == MANAGER_EVENT_STOP_GRACEFULLY ||
                   trial->event->kind == MANAGER_EVENT_SPAWNED;
    /* Who was silent is asked first, even where another's silence then fails the start. */
    bool is_kept =
        trial->world->ending == ENDING_NONE ||
        (trial->event->kind == MANAGER_EVENT_TICK && trial->before->ending == ENDING_NONE);
    if (is_kept) {
        enum invariant broken = judge_choice(trial, witness);
        if (broken != INVARIANT_NONE)
            return broken;
    } else if (trial->world->ending != ENDING_GRACEFUL || !is_told) {
        return INVARIANT_I6;
    }
    witness->is_serving = false;
    if (witness->leaving_us == NEVER_US)
        witness->leaving_us = trial->world->now_us;
    return INVARIANT_NONE;
}

static enum invariant judge_term(struct trial *trial, struct witness *witness)
{
    const struct world *world = trial->world;
    bool is_due = trial->event->kind == MANAGER_EVENT_TICK && !witness->is_serving &&
                  world->now_us >= world_deadline_us(world, witness);
    if (world->ending != ENDING_NOW && !is_due)
        return INVARIANT_I8;
    witness->is_serving = false;
    witness->stopped_us = world->now_us;
    return INVARIANT_NONE;
}

static enum invariant judge_kill(const struct trial *trial, const struct witness *witness)
{
    bool is_due = witness->stopped_us != NEVER_US &&
                  trial->world->now_us >= witness->stopped_us + KILL_AFTER_US;
    return is_due ? INVARIANT_NONE : INVARIANT_I9;
}

static enum invariant judge_signal(struct trial *trial, const struct manager_action *action)
{
    struct witness *witness = world_find(trial->world, action->pid);
    if (action->pid == NEW_PID || action->pid == OLD_PID)
        return judge_manager_signal(trial, action);
    if (action->pid <= 1 || witness == NULL)
        return INVARIANT_I5;
    if (action->signal == WORKER_SIGNAL_USR1)
        return trial->event->kind == MANAGER_EVENT_REOPEN_LOGS ? INVARIANT_NONE : INVARIANT_I6;
    if (action->signal <= witness->sent)
        return INVARIANT_I10;
    enum invariant broken = INVARIANT_NONE;
    if (action->signal == WORKER_SIGNAL_QUIT)
        broken = judge_quit(trial, witness);
    else if (action->signal == WORKER_SIGNAL_TERM)
        broken = judge_term(trial, witness);
    else
        broken = judge_kill(trial, witness);
    witness->sent = action->signal;
    return broken;
}

static enum invariant judge_pid_file(struct trial *trial, const struct manager_action *action)
{
    struct world *world = trial->world;
    bool is_right = false;
    if (action->kind == MANAGER_ACTION_REMOVE_PID_FILE)
        is_right = world->has_pid_file && world->ending != ENDING_NONE && world->count == 0;
    else if (!may_serve(trial))
        return trial->before->has_predecessor ? INVARIANT_I23 : INVARIANT_I25;
    else if (action->kind == MANAGER_ACTION_WRITE_PID_FILE && world->has_pid_file)
        is_right = trial->event->kind == MANAGER_EVENT_PID_FILE_LOST;
    else
        is_right = !trial->before->has_pid_file;
    world->is_announced = world->is_announced || action->kind == MANAGER_ACTION_ANNOUNCE;
    world->has_pid_file = action->kind != MANAGER_ACTION_REMOVE_PID_FILE;
    return is_right && (world->ending == ENDING_NONE || !world->has_pid_file) ? INVARIANT_NONE
                                                                              : INVARIANT_I25;
}

static enum invariant judge_exit(struct trial *trial, const struct manager_action *action)
{
    struct world *world = trial->world;
    const struct manager_actions *actions = &world->actions;
    bool may_exit = (world->ending == ENDING_GRACEFUL || world->ending == ENDING_NOW) &&
                    world->count == 0 && world->spawning == 0 && !deployment_is_under_way(world);
    bool is_last = action == &actions->list[actions->count - 1];
    world->ending = ENDING_OVER;
    return may_exit && is_last && !world->has_pid_file &&
                   action->status == world->manager.exit_status
               ? INVARIANT_NONE
               : INVARIANT_I31;
}

static enum invariant judge_action(struct trial *trial, const struct manager_action *action)
{
    /* A worker may be due at the same time. */
    if (trial->event->kind == MANAGER_EVENT_UPGRADE && action->kind != MANAGER_ACTION_LOG &&
        action->kind != MANAGER_ACTION_SPAWN && action->kind != MANAGER_ACTION_SPAWN_UPGRADE)
        return INVARIANT_I19;
    switch (action->kind) {
    case MANAGER_ACTION_SPAWN:
        return judge_spawn(trial);
    case MANAGER_ACTION_SIGNAL:
        return judge_signal(trial, action);
    case MANAGER_ACTION_WRITE_PID_FILE:
    case MANAGER_ACTION_REMOVE_PID_FILE:
    case MANAGER_ACTION_ANNOUNCE:
        return judge_pid_file(trial, action);
    case MANAGER_ACTION_EXIT:
        return judge_exit(trial, action);
    case MANAGER_ACTION_SPAWN_UPGRADE:
    case MANAGER_ACTION_COMMIT_UPGRADE:
    case MANAGER_ACTION_ABORT_UPGRADE:
    case MANAGER_ACTION_END_UPGRADE:
    case MANAGER_ACTION_ASK_TAKEOVER:
        return judge_deployment_action(trial, action);
    case MANAGER_ACTION_REOPEN_LOGS:
    case MANAGER_ACTION_LOG:
        break;
    }
    return INVARIANT_NONE;
}

/* Promise MGR-9: a new generation does not take over with workers that die young. */
static bool is_unsound(const struct world *world, const struct witness *late)
{
    return world->has_predecessor && late->is_serving && late->has_beaten &&
           world->now_us - late->ready_us < PROVEN_AFTER_US;
}

/* A start may fail because of a worker that never beat, of a predecessor that gives up, or of forks
 * that fail again and again. */
static bool may_fail_start(const struct trial *trial)
{
    struct world *before = (struct world *)trial->before;
    if (!pool_is_untried(&before->manager))
        return false;
    if (trial->event->kind == MANAGER_EVENT_UPGRADE_ABORTED)
        return true;
    if (trial->event->kind == MANAGER_EVENT_EXITED) {
        const struct witness *late = world_find(before, trial->event->pid);
        return late != NULL &&
               ((!late->has_beaten && !late->is_blameless) || is_unsound(before, late));
    }
    if (trial->event->kind == MANAGER_EVENT_SPAWN_FAILED)
        return trial->world->manager.backoff.failures >= START_ATTEMPTS_MAX;
    for (uint32_t i = 0; i < before->count; i++) {
        const struct witness *witness = &before->witnesses[i];
        if (witness->is_serving && !witness->has_beaten &&
            trial->world->now_us >= world_deadline_us(before, witness))
            return trial->event->kind == MANAGER_EVENT_TICK;
    }
    return false;
}

static bool must_fail_start(const struct trial *trial)
{
    struct world *before = (struct world *)trial->before;
    if (!pool_is_untried(&before->manager) || trial->event->kind != MANAGER_EVENT_EXITED)
        return trial->event->kind == MANAGER_EVENT_UPGRADE_ABORTED && before->ending == ENDING_NONE;
    const struct witness *late = world_find(before, trial->event->pid);
    return late != NULL && is_unsound(before, late);
}

static enum invariant judge_failed_start(const struct trial *trial)
{
    if (must_fail_start(trial) && trial->world->manager.exit_status == 0)
        return INVARIANT_I31;
    if (trial->world->manager.exit_status == trial->before->manager.exit_status)
        return INVARIANT_NONE;
    trial->world->ending = ENDING_NOW;
    if (may_fail_start(trial))
        return INVARIANT_NONE;
    if (trial->event->kind == MANAGER_EVENT_TICK)
        return INVARIANT_I7;
    return trial->event->kind == MANAGER_EVENT_SPAWN_FAILED ? INVARIANT_I17 : INVARIANT_I31;
}

static enum invariant judge_refusal(const struct world *world, const struct world *before,
                                    bool is_allowed)
{
    if (is_allowed || world->actions.count > 0)
        return INVARIANT_I16;
    const struct manager *after = &world->manager;
    size_t head = offsetof(struct manager, roster.rows);
    return memcmp(after, &before->manager, head) == 0 &&
                   memcmp(after->roster.rows, before->manager.roster.rows,
                          after->roster.count * sizeof after->roster.rows[0]) == 0
               ? INVARIANT_NONE
               : INVARIANT_I16;
}

enum invariant judge_step(struct world *world, const struct world *before,
                          const struct manager_event *event)
{
    struct trial trial = {.world = world, .before = before, .event = event};
    int64_t wake_us = before->manager.wake_us;
    bool is_allowed = world_allows(world, event);
    trial.was_late = world_is_late(world, wake_us);
    if (manager_decide(&world->manager, event, world->now_us, &world->actions) != ERROR_NONE)
        return judge_refusal(world, before, is_allowed);
    if (!is_allowed)
        return INVARIANT_I16;
    world_observe(world, event, wake_us);
    enum invariant broken = judge_failed_start(&trial);
    for (uint32_t i = 0; broken == INVARIANT_NONE && i < world->actions.count; i++)
        broken = judge_action(&trial, &world->actions.list[i]);
    if (broken == INVARIANT_NONE)
        broken = judge_deployment(&trial);
    return broken != INVARIANT_NONE ? broken : judge_state(world, before, event);
}
