#include "judge_deployment.h"

bool deployment_is_under_way(const struct world *world)
{
    const struct deployment *deployment = &world->deployment;
    return deployment->stage != DEPLOYMENT_NONE && !deployment->is_committed;
}

static bool is_ready(const struct world *world)
{
    uint32_t ready = 0;
    for (uint32_t i = 0; i < world->count; i++)
        ready += world->witnesses[i].is_serving && world->witnesses[i].has_beaten;
    return ready >= world->wanted && world->spawning == 0;
}

bool may_serve(const struct trial *trial)
{
    const struct world *world = trial->world;
    if (trial->before->is_announced)
        return true;
    if (!trial->before->has_predecessor)
        return is_ready(world);
    if (trial->event->kind == MANAGER_EVENT_UPGRADE_COMMITTED)
        return world->has_asked;
    return trial->event->kind == MANAGER_EVENT_PREDECESSOR_GONE &&
           (world->has_asked || is_ready(world));
}

static enum invariant judge_begin(struct trial *trial)
{
    struct world *world = trial->world;
    bool may_begin = trial->event->kind == MANAGER_EVENT_UPGRADE && world->is_announced &&
                     world->ending == ENDING_NONE && world->deployment.stage == DEPLOYMENT_NONE;
    world->deployment.stage = DEPLOYMENT_FORKING;
    return may_begin ? INVARIANT_NONE : INVARIANT_I19;
}

static enum invariant judge_commit(struct trial *trial, const struct manager_action *action)
{
    struct deployment *deployment = &trial->world->deployment;
    bool may_commit = trial->event->kind == MANAGER_EVENT_UPGRADE_READY &&
                      deployment->stage == DEPLOYMENT_ALIVE && action->pid == NEW_PID &&
                      !deployment->is_committed && !deployment->is_aborted;
    deployment->is_committed = true;
    trial->world->has_pid_file = false;
    return may_commit ? INVARIANT_NONE : INVARIANT_I20;
}

static enum invariant judge_abort(struct trial *trial, const struct manager_action *action)
{
    struct world *world = trial->world;
    struct deployment *deployment = &world->deployment;
    if (deployment->stage != DEPLOYMENT_ALIVE || action->pid != NEW_PID ||
        deployment->is_committed || deployment->is_aborted)
        return INVARIANT_I20;
    bool is_late = trial->event->kind == MANAGER_EVENT_TICK &&
                   world->now_us >= world_deployment_deadline_us(world);
    deployment->is_aborted = true;
    return is_late || trial->event->kind == MANAGER_EVENT_UPGRADE_FAILED ||
                   world->ending != ENDING_NONE
               ? INVARIANT_NONE
               : INVARIANT_I21;
}

static enum invariant judge_end(struct trial *trial)
{
    struct deployment *deployment = &trial->world->deployment;
    bool has_ended = deployment->stage == DEPLOYMENT_FORKING
                         ? trial->event->kind == MANAGER_EVENT_UPGRADE_FAILED
                         : deployment->stage == DEPLOYMENT_ALIVE &&
                               trial->event->kind == MANAGER_EVENT_EXITED &&
                               trial->event->pid == NEW_PID;
    /* One that ends may remove it: it may never have become the other's. */
    if (deployment->is_committed && trial->world->ending != ENDING_NONE)
        trial->world->has_pid_file = true;
    *deployment = (struct deployment){.stage = DEPLOYMENT_NONE};
    return has_ended ? INVARIANT_NONE : INVARIANT_I21;
}

static enum invariant judge_ask(struct trial *trial)
{
    struct world *world = trial->world;
    bool may_ask = world->has_predecessor && !world->has_asked && world->ending == ENDING_NONE &&
                   is_ready(world);
    world->has_asked = true;
    return may_ask ? INVARIANT_NONE : INVARIANT_I23;
}

enum invariant judge_deployment_action(struct trial *trial, const struct manager_action *action)
{
    if (action->kind == MANAGER_ACTION_SPAWN_UPGRADE)
        return judge_begin(trial);
    if (action->kind == MANAGER_ACTION_COMMIT_UPGRADE)
        return judge_commit(trial, action);
    if (action->kind == MANAGER_ACTION_ABORT_UPGRADE)
        return judge_abort(trial, action);
    return action->kind == MANAGER_ACTION_END_UPGRADE ? judge_end(trial) : judge_ask(trial);
}

/* QUIT ends the predecessor, once, when this manager serves by its leave. */
static enum invariant judge_farewell(struct trial *trial, const struct manager_action *action)
{
    struct world *world = trial->world;
    bool may_end = trial->event->kind == MANAGER_EVENT_UPGRADE_COMMITTED &&
                   world->has_predecessor && world->has_pid_file && world->is_announced &&
                   action->signal == WORKER_SIGNAL_QUIT;
    world->has_predecessor = false;
    return may_end ? INVARIANT_NONE : INVARIANT_I23;
}

enum invariant judge_manager_signal(struct trial *trial, const struct manager_action *action)
{
    struct world *world = trial->world;
    struct deployment *deployment = &world->deployment;
    if (action->pid == OLD_PID)
        return judge_farewell(trial, action);
    if (deployment->stage != DEPLOYMENT_ALIVE)
        return INVARIANT_I5;
    if (deployment->is_committed || !deployment->is_aborted)
        return INVARIANT_I20;
    if (action->signal <= deployment->sent)
        return INVARIANT_I10;
    enum worker_signal before = deployment->sent;
    deployment->sent = action->signal;
    if (action->signal == WORKER_SIGNAL_TERM) {
        deployment->stopped_us = world->now_us;
        return INVARIANT_NONE;
    }
    bool is_due = action->signal == WORKER_SIGNAL_KILL && before == WORKER_SIGNAL_TERM &&
                  world->now_us >= deployment->stopped_us + KILL_AFTER_US;
    return is_due ? INVARIANT_NONE : INVARIANT_I9;
}

/* The manager's own view is the observer's. */
static bool agrees(const struct world *world)
{
    const struct upgrade *upgrade = &world->manager.upgrade;
    const struct deployment *deployment = &world->deployment;
    enum upgrade_life life = UPGRADE_STARTING;
    if (deployment->stage != DEPLOYMENT_ALIVE)
        life = deployment->stage == DEPLOYMENT_FORKING ? UPGRADE_FORKING : UPGRADE_IDLE;
    else if (deployment->is_committed)
        life = UPGRADE_COMMITTED;
    else if (deployment->is_aborted)
        life = deployment->sent == WORKER_SIGNAL_KILL ? UPGRADE_KILLED : UPGRADE_ABORTING;
    return upgrade->life == life &&
           upgrade->pid == (deployment->stage == DEPLOYMENT_ALIVE ? NEW_PID : 0);
}

/* What the old manager had to do with this event. */
static enum invariant judge_old(const struct trial *trial)
{
    const struct world *world = trial->world;
    const struct deployment *deployment = &world->deployment;
    bool is_undecided = deployment->stage == DEPLOYMENT_ALIVE && !deployment->is_committed &&
                        !deployment->is_aborted;
    if (trial->event->kind == MANAGER_EVENT_UPGRADE && world->is_announced &&
        world->ending == ENDING_NONE && deployment->stage == DEPLOYMENT_NONE)
        return INVARIANT_I21;
    if (trial->event->kind == MANAGER_EVENT_UPGRADE_READY && is_undecided)
        return INVARIANT_I20;
    if (trial->event->kind == MANAGER_EVENT_UPGRADE_FAILED &&
        (is_undecided || deployment->stage == DEPLOYMENT_FORKING))
        return INVARIANT_I21;
    if (deployment->is_aborted && deployment->sent == WORKER_SIGNAL_NONE)
        return INVARIANT_L6;
    /* Promise UPG-6. */
    if (world->ending != ENDING_NONE && is_undecided)
        return INVARIANT_I29;
    bool is_another_s = deployment->is_committed;
    if (world->is_announced && world->ending == ENDING_NONE && world->has_pid_file == is_another_s)
        return INVARIANT_I25;
    if (world->ending != ENDING_OVER && world->manager.has_pid_file != world->has_pid_file)
        return INVARIANT_I25;
    return agrees(world) ? INVARIANT_NONE : INVARIANT_I21;
}

/* What the new one had to do. */
static enum invariant judge_new(struct trial *trial)
{
    struct world *world = trial->world;
    if (trial->event->kind == MANAGER_EVENT_PREDECESSOR_GONE && world->ending == ENDING_NONE) {
        world->has_predecessor = false;
        if (world->has_asked && !world->is_announced)
            return INVARIANT_I23;
    }
    if (trial->event->kind == MANAGER_EVENT_UPGRADE_COMMITTED && world->ending == ENDING_NONE &&
        (world->has_predecessor || !world->is_announced))
        return INVARIANT_I23;
    /* Of two managers only one may serve. */
    bool may_run = world->is_announced || world->ending != ENDING_NONE;
    return may_run || world->manager.phase != MANAGER_RUNNING ? INVARIANT_NONE : INVARIANT_I23;
}

static enum invariant judge_times(const struct trial *trial)
{
    const struct world *world = trial->world;
    int64_t deadline_us = world_deployment_deadline_us(world);
    bool is_overdue = trial->event->kind == MANAGER_EVENT_TICK && deadline_us <= world->now_us;
    return is_overdue || world->manager.wake_us > deadline_us ? INVARIANT_L6 : INVARIANT_NONE;
}

enum invariant judge_deployment(struct trial *trial)
{
    enum invariant broken = judge_old(trial);
    if (broken == INVARIANT_NONE)
        broken = judge_new(trial);
    return broken == INVARIANT_NONE ? judge_times(trial) : broken;
}
