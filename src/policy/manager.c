#include "policy/manager.h"

#include "policy/pool.h"

#include <assert.h>
#include <stddef.h>

/* One call of manager_decide(). */
struct step {
    struct manager *manager;
    const struct manager_event *event;
    int64_t now_us;
    struct manager_actions *actions;
};

void manager_init(struct manager *manager, const struct manager_settings *settings)
{
    manager->settings = *settings;
    manager->phase = MANAGER_UNSTARTED;
    manager->wanted = settings->workers;
    manager->spawning = 0;
    manager->exit_status = 0;
    manager->has_pid_file = false;
    manager->wake_us = NEVER_US;
    backoff_reset(&manager->backoff);
    heartbeat_reader_init(&manager->reader);
    roster_init(&manager->roster);
}

static struct manager_action *act(struct step *step, enum manager_action_kind kind,
                                  const char *promise)
{
    assert(step->actions->count < MANAGER_ACTIONS_MAX);
    struct manager_action *action = &step->actions->list[step->actions->count++];
    *action = (struct manager_action){.kind = kind, .promise = promise};
    return action;
}

static struct manager_action *note(struct step *step, enum manager_note name, int64_t number)
{
    struct manager_action *action = act(step, MANAGER_ACTION_LOG, "OBS-3");
    action->note = name;
    action->number = number;
    return action;
}

/* Leads one worker through its table, which has a rule for whatever is asked here. */
static void move_worker(struct step *step, struct roster_row *row, enum worker_event event,
                        const char *promise)
{
    enum worker_signal signal = WORKER_SIGNAL_NONE;
    enum error error = worker_life_decide(row->life, event, &row->life, &signal);
    assert(error == ERROR_NONE);
    if (row->life == WORKER_READY && row->ready_us == NEVER_US)
        row->ready_us = step->now_us;
    if (worker_life_is_leaving(row->life) && row->leaving_us == NEVER_US)
        row->leaving_us = step->now_us;
    if (signal == WORKER_SIGNAL_TERM)
        row->stopped_us = step->now_us;
    if (signal != WORKER_SIGNAL_NONE) {
        struct manager_action *action = act(step, MANAGER_ACTION_SIGNAL, promise);
        action->pid = row->pid;
        action->signal = signal;
    }
}

static void move_all(struct step *step, enum worker_event event, const char *promise)
{
    struct roster *roster = &step->manager->roster;
    for (uint32_t i = 0; i < roster->count; i++)
        move_worker(step, &roster->rows[i], event, promise);
}

static void stop_all(struct step *step, const char *promise)
{
    step->manager->phase = MANAGER_STOPPING;
    move_all(step, WORKER_EVENT_STOP, promise);
}

static void fail_start(struct step *step, enum manager_note why, int64_t number)
{
    note(step, why, number);
    step->manager->exit_status = 1;
    stop_all(step, "CLI-6");
}

/* A worker that has served long enough ends the pauses, once in its life. */
static void prove(struct step *step, struct roster_row *row)
{
    if (row->life != WORKER_READY || row->is_proven || !pool_is_healthy(row, step->now_us))
        return;
    row->is_proven = true;
    backoff_reset(&step->manager->backoff);
}

/* A worker or a fork failed: the next attempt may have to wait. */
static void count_failure(struct step *step)
{
    struct manager *manager = step->manager;
    /* Who proved healthy before this failure says nothing about what follows it. */
    for (uint32_t i = 0; i < manager->roster.count; i++)
        prove(step, &manager->roster.rows[i]);
    int64_t before_us = manager->backoff.until_us;
    backoff_fail(&manager->backoff, step->now_us);
    int64_t pause_us = manager->backoff.until_us - step->now_us;
    if (pause_us > 0 && manager->backoff.until_us != before_us && pool_is_short(manager))
        note(step, MANAGER_NOTE_PAUSE, pause_us / MILLISECOND_US);
}

static enum error stay(struct step *step)
{
    (void)step;
    return ERROR_NONE;
}

static enum error begin(struct step *step)
{
    step->manager->phase = MANAGER_STARTING;
    return ERROR_NONE;
}

static enum error learn_worker(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->spawning == 0 || step->event->pid <= 1)
        return ERROR_INVALID;
    struct roster_row *row = roster_add(&manager->roster, step->event->pid, step->now_us);
    if (row == NULL)
        return ERROR_INVALID;
    manager->spawning--;
    /* What was decided while the fork was under way holds for the new worker as well. */
    if (manager->phase == MANAGER_STOPPING)
        move_worker(step, row, WORKER_EVENT_STOP, "MGR-2");
    else if (manager->phase == MANAGER_LEAVING)
        move_worker(step, row, WORKER_EVENT_RETIRE, "MGR-3");
    else if (roster_count_serving(&manager->roster) > manager->wanted)
        move_worker(step, row, WORKER_EVENT_RETIRE, "MGR-6");
    return ERROR_NONE;
}

static enum error miss_worker(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->spawning == 0)
        return ERROR_INVALID;
    manager->spawning--;
    count_failure(step);
    note(step, MANAGER_NOTE_FORK_FAILED, manager->backoff.failures);
    if (manager->phase == MANAGER_STARTING && manager->backoff.failures >= START_ATTEMPTS_MAX) {
        manager->exit_status = 1;
        stop_all(step, "CLI-6");
    }
    return ERROR_NONE;
}

static void hear(struct step *step, struct heartbeat heartbeat)
{
    struct roster_row *row = roster_find(&step->manager->roster, heartbeat.pid);
    if (row == NULL)
        return;
    row->heard_us = step->now_us;
    bool was_serving = worker_life_is_serving(row->life);
    move_worker(step, row, heartbeat.is_leaving ? WORKER_EVENT_FAREWELL : WORKER_EVENT_BEAT,
                "HBT-1");
    if (was_serving && row->life == WORKER_LEAVING)
        note(step, MANAGER_NOTE_WORKER_LEAVES, row->pid);
}

static enum error hear_worker(struct step *step)
{
    hear(step, (struct heartbeat){step->event->pid, step->event->is_leaving});
    return ERROR_NONE;
}

static enum error hear_pipe(struct step *step)
{
    struct bytes chunk = step->event->chunk;
    struct heartbeat heartbeat;
    while (heartbeat_read(&step->manager->reader, &chunk, &heartbeat))
        hear(step, heartbeat);
    return ERROR_NONE;
}

static enum error bury_worker(struct step *step)
{
    struct manager *manager = step->manager;
    struct roster_row *row = roster_find(&manager->roster, step->event->pid);
    if (row == NULL) {
        note(step, MANAGER_NOTE_UNKNOWN_CHILD, step->event->pid);
        return ERROR_NONE;
    }
    struct roster_row late = *row;
    roster_remove(&manager->roster, row);

    bool was_serving = worker_life_is_serving(late.life);
    struct manager_action *action =
        note(step, was_serving ? MANAGER_NOTE_WORKER_DIED : MANAGER_NOTE_WORKER_GONE, late.pid);
    action->status = step->event->exit_status;
    action->exit_signal = step->event->exit_signal;

    /* One that says farewell before it ever served has failed as well. */
    bool has_failed = was_serving || late.was_silent ||
                      (late.life == WORKER_LEAVING && late.ready_us == NEVER_US);
    if (manager->phase == MANAGER_STARTING && has_failed && late.ready_us == NEVER_US)
        fail_start(step, MANAGER_NOTE_START_FAILED, late.pid);
    else if (has_failed && !pool_is_healthy(&late, step->now_us))
        count_failure(step);
    return ERROR_NONE;
}

/* Carries out the deadline of one worker, which has come. */
static void enforce(struct step *step, struct roster_row *row)
{
    if (worker_life_is_serving(row->life)) {
        row->was_silent = true;
        if (step->manager->phase == MANAGER_STARTING && row->ready_us == NEVER_US) {
            fail_start(step, MANAGER_NOTE_START_HUNG, row->pid);
            return;
        }
        note(step, MANAGER_NOTE_WORKER_SILENT, row->pid);
        move_worker(step, row, WORKER_EVENT_SILENT, "HBT-2");
    } else if (worker_life_is_leaving(row->life)) {
        note(step, MANAGER_NOTE_WORKER_FORCED, row->pid);
        move_worker(step, row, WORKER_EVENT_GRACE_OVER, "MGR-4");
    } else {
        note(step, MANAGER_NOTE_WORKER_KILLED, row->pid);
        move_worker(step, row, WORKER_EVENT_STILL_THERE,
                    row->leaving_us == NEVER_US ? "MGR-2" : "MGR-4");
    }
}

static enum error forgive_workers(struct step *step)
{
    struct roster *roster = &step->manager->roster;
    uint32_t forgiven = 0;
    for (uint32_t i = 0; i < roster->count; i++) {
        if (!worker_life_is_serving(roster->rows[i].life))
            continue;
        roster->rows[i].heard_us = step->now_us;
        forgiven++;
    }
    note(step, MANAGER_NOTE_HELD_UP, forgiven);
    return ERROR_NONE;
}

static enum error judge_workers(struct step *step)
{
    struct manager *manager = step->manager;
    /* Promise MGR-12: nobody but a manager that was held up is so late for its own deadline. */
    if (pool_is_kept(manager) && manager->wake_us != NEVER_US &&
        step->now_us - manager->wake_us > manager->settings.heartbeat_interval_us)
        (void)forgive_workers(step);
    for (uint32_t i = 0; i < manager->roster.count; i++) {
        struct roster_row *row = &manager->roster.rows[i];
        prove(step, row);
        if (pool_deadline_us(manager, row) <= step->now_us)
            enforce(step, row);
    }
    return ERROR_NONE;
}

static enum error restore_pid_file(struct step *step)
{
    note(step, MANAGER_NOTE_PID_FILE_LOST, 0);
    act(step, MANAGER_ACTION_WRITE_PID_FILE, "PID-3");
    return ERROR_NONE;
}

static enum error stop(struct step *step)
{
    note(step, MANAGER_NOTE_STOPS_NOW, step->manager->roster.count);
    stop_all(step, "MGR-2");
    return ERROR_NONE;
}

static enum error leave(struct step *step)
{
    note(step, MANAGER_NOTE_STOPS_GRACEFULLY, step->manager->roster.count);
    step->manager->phase = MANAGER_LEAVING;
    move_all(step, WORKER_EVENT_RETIRE, "MGR-3");
    return ERROR_NONE;
}

static enum error want_more(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->wanted == WORKERS_MAX) {
        note(step, MANAGER_NOTE_MOST_WORKERS, WORKERS_MAX);
        return ERROR_NONE;
    }
    manager->wanted++;
    note(step, MANAGER_NOTE_MORE_WORKERS, manager->wanted);
    return ERROR_NONE;
}

static enum error want_fewer(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->wanted == 0)
        return ERROR_NONE;
    manager->wanted--;
    note(step, MANAGER_NOTE_FEWER_WORKERS, manager->wanted);
    if (roster_count_serving(&manager->roster) + manager->spawning <= manager->wanted)
        return ERROR_NONE;
    struct roster_row *row = roster_choose_serving(&manager->roster, step->event->dice);
    if (row == NULL)
        return ERROR_NONE;
    note(step, MANAGER_NOTE_WORKER_RETIRED, row->pid);
    move_worker(step, row, WORKER_EVENT_RETIRE, "MGR-6");
    return ERROR_NONE;
}

static enum error decline_upgrade(struct step *step)
{
    note(step, MANAGER_NOTE_NO_UPGRADE, step->manager->roster.count);
    return ERROR_NONE;
}

static enum error reopen_logs(struct step *step)
{
    const struct roster *roster = &step->manager->roster;
    act(step, MANAGER_ACTION_REOPEN_LOGS, "MGR-8");
    for (uint32_t i = 0; i < roster->count; i++) {
        struct manager_action *action = act(step, MANAGER_ACTION_SIGNAL, "MGR-8");
        action->pid = roster->rows[i].pid;
        action->signal = WORKER_SIGNAL_USR1;
    }
    note(step, MANAGER_NOTE_LOGS_REOPENED, roster->count);
    return ERROR_NONE;
}

static void fill_pool(struct step *step)
{
    struct manager *manager = step->manager;
    while (pool_is_short(manager) && backoff_allows(&manager->backoff, step->now_us)) {
        bool replaces_leaving = roster_count_serving(&manager->roster) < manager->roster.count;
        act(step, MANAGER_ACTION_SPAWN, replaces_leaving ? "MGR-11" : "MGR-1");
        manager->spawning++;
        backoff_attempt(&manager->backoff, step->now_us);
    }
}

static void announce_when_ready(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->phase != MANAGER_STARTING || manager->spawning > 0 ||
        roster_count_ready(&manager->roster) < manager->wanted)
        return;
    manager->phase = MANAGER_RUNNING;
    manager->has_pid_file = true;
    act(step, MANAGER_ACTION_WRITE_PID_FILE, "PID-1");
    act(step, MANAGER_ACTION_ANNOUNCE, "CLI-6");
    note(step, MANAGER_NOTE_READY, manager->wanted);
}

static void exit_when_empty(struct step *step)
{
    struct manager *manager = step->manager;
    bool is_ending = manager->phase == MANAGER_LEAVING || manager->phase == MANAGER_STOPPING;
    if (!is_ending || manager->roster.count > 0 || manager->spawning > 0)
        return;
    if (manager->has_pid_file)
        act(step, MANAGER_ACTION_REMOVE_PID_FILE, "PID-1");
    act(step, MANAGER_ACTION_EXIT, manager->phase == MANAGER_LEAVING ? "MGR-3" : "MGR-2")->status =
        manager->exit_status;
    manager->phase = MANAGER_GONE;
}

typedef enum error handler(struct step *step);

static handler *handler_of(enum manager_phase phase, enum manager_event_kind event)
{
    static const struct {
        enum manager_phase phase;
        enum manager_event_kind event;
        handler *handle;
    } rules[] = {
#define MANAGER_RULE(phase, event, handle) {MANAGER_##phase, MANAGER_EVENT_##event, handle},
#include "policy/manager.def"
#undef MANAGER_RULE
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].phase == phase && rules[i].event == event)
            return rules[i].handle;
    return NULL;
}

enum error manager_decide(struct manager *manager, const struct manager_event *event,
                          int64_t now_us, struct manager_actions *ret_actions)
{
    ret_actions->count = 0;
    handler *handle = handler_of(manager->phase, event->kind);
    if (handle == NULL)
        return ERROR_INVALID;
    struct step step = {manager, event, now_us, ret_actions};
    enum error error = handle(&step);
    if (error != ERROR_NONE)
        return error;
    fill_pool(&step);
    announce_when_ready(&step);
    exit_when_empty(&step);
    manager->wake_us = pool_wake_us(manager);
    return ERROR_NONE;
}
