#include "policy/manager.h"

#include "policy/manager_step.h"
#include "policy/pool.h"
#include "policy/takeover.h"

#include <assert.h>
#include <stddef.h>

void manager_init(struct manager *manager, const struct manager_settings *settings)
{
    manager->settings = *settings;
    manager->phase = MANAGER_UNSTARTED;
    manager->wanted = settings->workers;
    manager->spawning = 0;
    manager->exit_status = 0;
    manager->predecessor = 0;
    manager->has_pid_file = false;
    manager->wake_us = NEVER_US;
    backoff_reset(&manager->backoff);
    heartbeat_reader_init(&manager->reader);
    roster_init(&manager->roster);
    upgrade_init(&manager->upgrade);
}

struct manager_action *step_act(struct step *step, enum manager_action_kind kind,
                                const char *promise)
{
    assert(step->actions->count < MANAGER_ACTIONS_MAX);
    struct manager_action *action = &step->actions->list[step->actions->count++];
    *action = (struct manager_action){.kind = kind, .promise = promise};
    return action;
}

struct manager_action *step_note(struct step *step, enum manager_note name, int64_t number)
{
    struct manager_action *action = step_act(step, MANAGER_ACTION_LOG, "OBS-3");
    action->note = name;
    action->number = number;
    return action;
}

void step_note_end(struct step *step, enum manager_note name)
{
    struct manager_action *action = step_note(step, name, step->event->pid);
    action->status = step->event->exit_status;
    action->exit_signal = step->event->exit_signal;
}

void step_signal(struct step *step, int32_t pid, enum worker_signal signal, const char *promise)
{
    struct manager_action *action = step_act(step, MANAGER_ACTION_SIGNAL, promise);
    action->pid = pid;
    action->signal = signal;
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
    if (signal != WORKER_SIGNAL_NONE)
        step_signal(step, row->pid, signal, promise);
}

static void move_all(struct step *step, enum worker_event event, const char *promise)
{
    struct roster *roster = &step->manager->roster;
    for (uint32_t i = 0; i < roster->count; i++)
        move_worker(step, &roster->rows[i], event, promise);
}

void step_stop(struct step *step, int32_t exit_status, const char *promise)
{
    step->manager->exit_status = exit_status;
    step->manager->phase = MANAGER_STOPPING;
    move_all(step, WORKER_EVENT_STOP, promise);
    takeover_give_up(step);
}

static void fail_start(struct step *step, enum manager_note why, int64_t number)
{
    step_note(step, why, number);
    step_stop(step, 1, "CLI-6");
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
        step_note(step, MANAGER_NOTE_PAUSE, pause_us / MILLISECOND_US);
}

static enum error stay(struct step *step)
{
    (void)step;
    return ERROR_NONE;
}

static enum error begin(struct step *step)
{
    if (step->event->pid < 0)
        return ERROR_INVALID;
    step->manager->phase = MANAGER_STARTING;
    step->manager->predecessor = step->event->pid;
    return ERROR_NONE;
}

static enum error learn_worker(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->spawning == 0 || step->event->pid <= 1 || step->event->pid == manager->upgrade.pid)
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
    step_note(step, MANAGER_NOTE_FORK_FAILED, manager->backoff.failures);
    if (pool_is_untried(manager) && manager->backoff.failures >= START_ATTEMPTS_MAX)
        step_stop(step, 1, "CLI-6");
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
        step_note(step, MANAGER_NOTE_WORKER_LEAVES, row->pid);
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
    if (takeover_bury(step))
        return ERROR_NONE;
    struct roster_row *row = roster_find(&manager->roster, step->event->pid);
    if (row == NULL) {
        step_note(step, MANAGER_NOTE_UNKNOWN_CHILD, step->event->pid);
        return ERROR_NONE;
    }
    struct roster_row late = *row;
    roster_remove(&manager->roster, row);

    bool was_serving = worker_life_is_serving(late.life);
    step_note_end(step, was_serving ? MANAGER_NOTE_WORKER_DIED : MANAGER_NOTE_WORKER_GONE);

    /* One that says farewell before it ever served has failed as well. */
    bool has_failed = was_serving || late.was_silent ||
                      (late.life == WORKER_LEAVING && late.ready_us == NEVER_US);
    if (!has_failed || pool_is_healthy(&late, step->now_us))
        return ERROR_NONE;
    if (pool_is_untried(manager) && late.ready_us == NEVER_US)
        fail_start(step, MANAGER_NOTE_START_FAILED, late.pid);
    else if (pool_is_untried(manager) && manager->predecessor != 0)
        fail_start(step, MANAGER_NOTE_START_UNSOUND, late.pid); /* Promise MGR-9 */
    else
        count_failure(step);
    return ERROR_NONE;
}

/* Carries out the deadline of one worker, which has come. */
static void enforce(struct step *step, struct roster_row *row)
{
    if (worker_life_is_serving(row->life)) {
        row->was_silent = true;
        if (pool_is_untried(step->manager) && row->ready_us == NEVER_US) {
            fail_start(step, MANAGER_NOTE_START_HUNG, row->pid);
            return;
        }
        step_note(step, MANAGER_NOTE_WORKER_SILENT, row->pid);
        move_worker(step, row, WORKER_EVENT_SILENT, "HBT-2");
    } else if (worker_life_is_leaving(row->life)) {
        step_note(step, MANAGER_NOTE_WORKER_FORCED, row->pid);
        move_worker(step, row, WORKER_EVENT_GRACE_OVER, "MGR-4");
    } else {
        step_note(step, MANAGER_NOTE_WORKER_KILLED, row->pid);
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
    if (step->manager->upgrade.life == UPGRADE_STARTING)
        step->manager->upgrade.began_us = step->now_us;
    step_note(step, MANAGER_NOTE_HELD_UP, forgiven);
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
    takeover_judge(step);
    return ERROR_NONE;
}

static enum error restore_pid_file(struct step *step)
{
    /* Promise PID-2: while somebody takes over, it is that one's. */
    if (!step->manager->has_pid_file)
        return ERROR_NONE;
    step_note(step, MANAGER_NOTE_PID_FILE_LOST, 0);
    step_act(step, MANAGER_ACTION_WRITE_PID_FILE, "PID-3");
    return ERROR_NONE;
}

static enum error stop(struct step *step)
{
    step_note(step, MANAGER_NOTE_STOPS_NOW, step->manager->roster.count);
    step_stop(step, step->manager->exit_status, "MGR-2");
    return ERROR_NONE;
}

static enum error leave(struct step *step)
{
    step_note(step, MANAGER_NOTE_STOPS_GRACEFULLY, step->manager->roster.count);
    step->manager->phase = MANAGER_LEAVING;
    move_all(step, WORKER_EVENT_RETIRE, "MGR-3");
    takeover_give_up(step);
    return ERROR_NONE;
}

static enum error want_more(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->wanted == WORKERS_MAX) {
        step_note(step, MANAGER_NOTE_MOST_WORKERS, WORKERS_MAX);
        return ERROR_NONE;
    }
    manager->wanted++;
    step_note(step, MANAGER_NOTE_MORE_WORKERS, manager->wanted);
    return ERROR_NONE;
}

static enum error want_fewer(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->wanted == 0)
        return ERROR_NONE;
    manager->wanted--;
    step_note(step, MANAGER_NOTE_FEWER_WORKERS, manager->wanted);
    if (roster_count_serving(&manager->roster) + manager->spawning <= manager->wanted)
        return ERROR_NONE;
    struct roster_row *row = roster_choose_serving(&manager->roster, step->event->dice);
    if (row == NULL)
        return ERROR_NONE;
    step_note(step, MANAGER_NOTE_WORKER_RETIRED, row->pid);
    move_worker(step, row, WORKER_EVENT_RETIRE, "MGR-6");
    return ERROR_NONE;
}

static enum error reopen_logs(struct step *step)
{
    const struct roster *roster = &step->manager->roster;
    step_act(step, MANAGER_ACTION_REOPEN_LOGS, "MGR-8");
    for (uint32_t i = 0; i < roster->count; i++)
        step_signal(step, roster->rows[i].pid, WORKER_SIGNAL_USR1, "MGR-8");
    step_note(step, MANAGER_NOTE_LOGS_REOPENED, roster->count);
    return ERROR_NONE;
}

static void fill_pool(struct step *step)
{
    struct manager *manager = step->manager;
    while (pool_is_short(manager) && backoff_allows(&manager->backoff, step->now_us)) {
        bool replaces_leaving = roster_count_serving(&manager->roster) < manager->roster.count;
        step_act(step, MANAGER_ACTION_SPAWN, replaces_leaving ? "MGR-11" : "MGR-1");
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
    step_note(step, MANAGER_NOTE_READY, manager->wanted);
    if (manager->predecessor == 0)
        takeover_serve(step, "PID-1");
    else
        takeover_ask(step);
}

static void exit_when_empty(struct step *step)
{
    struct manager *manager = step->manager;
    bool is_ending = manager->phase == MANAGER_LEAVING || manager->phase == MANAGER_STOPPING;
    if (!is_ending || manager->roster.count > 0 || manager->spawning > 0 ||
        upgrade_is_under_way(&manager->upgrade))
        return;
    if (manager->has_pid_file)
        step_act(step, MANAGER_ACTION_REMOVE_PID_FILE, "PID-1");
    step_act(step, MANAGER_ACTION_EXIT, manager->phase == MANAGER_LEAVING ? "MGR-3" : "MGR-2")
        ->status = manager->exit_status;
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
