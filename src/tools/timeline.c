#include "tools/timeline.h"

#include "policy/manager_text.h"

#include <signal.h>
#include <string.h>

static const struct timeline_ties no_ties = {NEVER_US, NEVER_US, NEVER_US, NEVER_US};

void timeline_init(struct timeline *timeline)
{
    timeline->generation_count = 0;
    timeline->row_count = 0;
    timeline->mark_count = 0;
    timeline->dropped = 0;
    timeline->end_us = 0;
}

static struct timeline_generation *current(struct timeline *timeline)
{
    return &timeline->generations[timeline->generation_count - 1];
}

static struct timeline_row *manager_row(struct timeline *timeline)
{
    return &timeline->rows[current(timeline)->row];
}

/* The child of this generation that lives and has this pid; a null pointer if there is none. */
static struct timeline_row *find_child(struct timeline *timeline, int32_t pid)
{
    for (uint32_t i = timeline->row_count; i > current(timeline)->row + 1; i--) {
        struct timeline_row *row = &timeline->rows[i - 1];
        if (row->pid == pid && row->ended_us == NEVER_US)
            return row;
    }
    return NULL;
}

static struct timeline_row *add_row(struct timeline *timeline, bool is_manager, int32_t pid,
                                    int64_t now_us)
{
    if (timeline->row_count == TIMELINE_ROWS_MAX) {
        timeline->dropped++;
        return NULL;
    }
    struct timeline_row *row = &timeline->rows[timeline->row_count++];
    *row = (struct timeline_row){.is_manager = is_manager,
                                 .generation = timeline->generation_count - 1,
                                 .pid = pid,
                                 .born_us = now_us,
                                 .ready_us = NEVER_US,
                                 .leaving_us = NEVER_US,
                                 .ended_us = NEVER_US};
    return row;
}

static struct timeline_mark *mark(struct timeline *timeline, const struct timeline_row *row,
                                  enum timeline_mark_kind kind, const char *label)
{
    static struct timeline_mark nowhere;
    struct timeline_mark *mark = &nowhere;
    if (timeline->mark_count < TIMELINE_MARKS_MAX)
        mark = &timeline->marks[timeline->mark_count++];
    else
        timeline->dropped++;
    *mark = (struct timeline_mark){.kind = kind,
                                   .row = (uint32_t)(row - timeline->rows),
                                   .generation = timeline->generation_count - 1,
                                   .time_us = current(timeline)->last_us,
                                   .label = label};
    return mark;
}

static void mark_manager(struct timeline *timeline, enum timeline_mark_kind kind, const char *label)
{
    mark(timeline, manager_row(timeline), kind, label);
}

static enum error begin(struct timeline *timeline, const char *name, struct problem *problem)
{
    if (timeline->line.event.kind != MANAGER_EVENT_START)
        return problem_set(problem, ERROR_INVALID, "the first event must be \"start\"");
    if (timeline->generation_count == TIMELINE_GENERATIONS_MAX ||
        timeline->row_count == TIMELINE_ROWS_MAX)
        return problem_set(problem, ERROR_FULL, "no more than %d generations can be drawn",
                           TIMELINE_GENERATIONS_MAX);
    struct timeline_generation *generation = &timeline->generations[timeline->generation_count++];
    *generation = (struct timeline_generation){.name = name,
                                               .predecessor = timeline->line.event.pid,
                                               .row = timeline->row_count,
                                               .mark = timeline->mark_count,
                                               .last_us = timeline->line.time_us,
                                               .as_new = no_ties,
                                               .as_old = no_ties};
    generation->as_new.spawned_us = timeline->line.time_us;
    (void)add_row(timeline, true, 0, timeline->line.time_us);
    heartbeat_reader_init(&timeline->reader);
    return ERROR_NONE;
}

static void hear(struct timeline *timeline, struct heartbeat heartbeat)
{
    struct timeline_row *row = find_child(timeline, heartbeat.pid);
    if (row == NULL || row->is_manager)
        return;
    int64_t now_us = current(timeline)->last_us;
    if (!heartbeat.is_leaving && row->ready_us == NEVER_US)
        row->ready_us = now_us;
    if (heartbeat.is_leaving && row->leaving_us == NEVER_US)
        row->leaving_us = now_us;
    mark(timeline, row, heartbeat.is_leaving ? TIMELINE_FAREWELL : TIMELINE_BEAT, "");
}

static void hear_pipe(struct timeline *timeline)
{
    struct bytes chunk = timeline->line.event.chunk;
    struct heartbeat heartbeat;
    while (heartbeat_read(&timeline->reader, &chunk, &heartbeat))
        hear(timeline, heartbeat);
}

/* How the end of a child that nobody asked to leave is labelled. */
static const char *name_of_end(int32_t signal)
{
    const char *name = sigabbrev_np(signal);
    if (signal == 0)
        return "failed";
    return name != NULL ? name : "died";
}

static void end_child(struct timeline *timeline, const struct manager_event *event)
{
    struct timeline_row *row = find_child(timeline, event->pid);
    if (row == NULL)
        return;
    row->ended_us = current(timeline)->last_us;
    row->status = event->exit_status;
    row->signal = event->exit_signal;
    if (!row->is_hearsay && row->leaving_us == NEVER_US && (row->signal != 0 || row->status != 0))
        mark(timeline, row, TIMELINE_FAILED, name_of_end(row->signal));
}

static void learn_successor(struct timeline *timeline, int32_t pid)
{
    struct timeline_generation *generation = current(timeline);
    generation->successor = pid;
    generation->as_old = no_ties;
    generation->as_old.spawned_us = generation->last_us;
    struct timeline_row *row = add_row(timeline, true, pid, generation->last_us);
    generation->hearsay = row == NULL ? 0 : (uint32_t)(row - timeline->rows);
    if (row != NULL)
        row->is_hearsay = true;
    mark(timeline, manager_row(timeline), TIMELINE_STAGE, "new one starts")->pid = pid;
}

static void get_signal(struct timeline *timeline, enum manager_event_kind kind)
{
    struct timeline_row *manager = manager_row(timeline);
    bool is_end = kind == MANAGER_EVENT_STOP_NOW || kind == MANAGER_EVENT_STOP_GRACEFULLY;
    if (is_end && manager->leaving_us == NEVER_US)
        manager->leaving_us = current(timeline)->last_us;
    mark(timeline, manager, TIMELINE_GOT, manager_event_signal(kind));
}

static void take_event(struct timeline *timeline)
{
    const struct manager_event *event = &timeline->line.event;
    struct timeline_generation *generation = current(timeline);
    int64_t now_us = generation->last_us;
    switch (event->kind) {
    case MANAGER_EVENT_SPAWNED:
        (void)add_row(timeline, false, event->pid, now_us);
        break;
    case MANAGER_EVENT_SPAWN_FAILED:
        mark_manager(timeline, TIMELINE_FAILED, "no fork");
        break;
    case MANAGER_EVENT_HEARTBEAT:
        hear(timeline, (struct heartbeat){event->pid, event->is_leaving});
        break;
    case MANAGER_EVENT_PIPE:
        hear_pipe(timeline);
        break;
    case MANAGER_EVENT_EXITED:
        end_child(timeline, event);
        break;
    case MANAGER_EVENT_HELD_UP:
        mark_manager(timeline, TIMELINE_FAILED, "held up");
        break;
    case MANAGER_EVENT_STOP_NOW:
    case MANAGER_EVENT_STOP_GRACEFULLY:
    case MANAGER_EVENT_ONE_MORE:
    case MANAGER_EVENT_ONE_LESS:
    case MANAGER_EVENT_UPGRADE:
    case MANAGER_EVENT_REOPEN_LOGS:
        get_signal(timeline, event->kind);
        break;
    case MANAGER_EVENT_UPGRADE_SPAWNED:
        learn_successor(timeline, event->pid);
        break;
    case MANAGER_EVENT_UPGRADE_FAILED:
        mark_manager(timeline, TIMELINE_FAILED, "new one fails");
        break;
    case MANAGER_EVENT_UPGRADE_READY:
        generation->as_old.asked_us = now_us;
        break;
    case MANAGER_EVENT_UPGRADE_COMMITTED:
        generation->as_new.agreed_us = now_us;
        break;
    case MANAGER_EVENT_UPGRADE_ABORTED:
        generation->as_new.refused_us = now_us;
        mark_manager(timeline, TIMELINE_FAILED, "given up");
        break;
    case MANAGER_EVENT_PREDECESSOR_GONE:
        mark_manager(timeline, TIMELINE_STAGE, "old one gone");
        break;
    case MANAGER_EVENT_START:
    case MANAGER_EVENT_TICK:
    case MANAGER_EVENT_PID_FILE_LOST:
        break;
    }
}

static void send_signal(struct timeline *timeline)
{
    const struct trace_action *action = &timeline->action;
    struct timeline_generation *generation = current(timeline);
    struct timeline_row *row = find_child(timeline, action->pid);
    /* The old manager's own record shows what it gets; the new one's may not exist. */
    if (row == NULL && action->pid == generation->predecessor)
        return;
    bool is_end = action->signal == WORKER_SIGNAL_QUIT || action->signal == WORKER_SIGNAL_TERM;
    if (row != NULL && is_end && row->leaving_us == NEVER_US)
        row->leaving_us = generation->last_us;
    struct timeline_mark *sent = mark(timeline, row != NULL ? row : manager_row(timeline),
                                      TIMELINE_SENT, worker_signal_text(action->signal));
    sent->pid = action->pid;
    memcpy(sent->promise, action->promise, sizeof sent->promise);
}

static void take_action(struct timeline *timeline)
{
    struct timeline_generation *generation = current(timeline);
    struct timeline_row *manager = manager_row(timeline);
    int64_t now_us = generation->last_us;
    const char *stage = NULL;
    switch (timeline->action.kind) {
    case MANAGER_ACTION_SIGNAL:
        send_signal(timeline);
        break;
    case MANAGER_ACTION_ANNOUNCE:
        manager->ready_us = now_us;
        stage = generation->predecessor != 0 ? "takes over" : "ready";
        break;
    case MANAGER_ACTION_WRITE_PID_FILE:
        if (manager->ready_us != NEVER_US)
            stage = "PID file";
        break;
    case MANAGER_ACTION_COMMIT_UPGRADE:
        generation->as_old.agreed_us = now_us;
        if (generation->hearsay != 0)
            timeline->rows[generation->hearsay].ready_us = now_us;
        stage = "agrees";
        break;
    case MANAGER_ACTION_ABORT_UPGRADE:
        generation->as_old.refused_us = now_us;
        stage = "gives it up";
        break;
    case MANAGER_ACTION_ASK_TAKEOVER:
        generation->as_new.asked_us = now_us;
        break;
    case MANAGER_ACTION_EXIT:
        manager->ended_us = now_us;
        manager->status = timeline->action.status;
        break;
    case MANAGER_ACTION_SPAWN:
    case MANAGER_ACTION_REMOVE_PID_FILE:
    case MANAGER_ACTION_REOPEN_LOGS:
    case MANAGER_ACTION_SPAWN_UPGRADE:
    case MANAGER_ACTION_END_UPGRADE:
    case MANAGER_ACTION_LOG:
        break;
    }
    if (stage != NULL)
        memcpy(mark(timeline, manager, TIMELINE_STAGE, stage)->promise, timeline->action.promise,
               TRACE_PROMISE_MAX);
}

static enum error take_line(struct timeline *timeline, struct trace_file *file, bool is_first,
                            struct problem *problem)
{
    struct bytes text = buffer_view(&file->text);
    enum error error = trace_line_read(text, &timeline->line, problem);
    if (error == ERROR_NONE && timeline->line.is_action)
        error = trace_action_read(text, &timeline->action, problem);
    if (error != ERROR_NONE)
        return error;
    if (is_first)
        return begin(timeline, file->name, problem);
    struct timeline_generation *generation = current(timeline);
    if (timeline->line.time_us < generation->last_us)
        return problem_set(problem, ERROR_INVALID, "time goes backwards; \"t\" must grow");
    generation->last_us = timeline->line.time_us;
    if (timeline->line.is_action)
        take_action(timeline);
    else
        take_event(timeline);
    return ERROR_NONE;
}

enum error timeline_add(struct timeline *timeline, struct trace_file *file,
                        struct problem *ret_problem)
{
    bool is_first = true;
    enum error error = ERROR_NONE;
    enum trace_end end = TRACE_END_WHOLE;
    while (error == ERROR_NONE && end == TRACE_END_WHOLE) {
        end = trace_file_next(file);
        if (end == TRACE_END_TOO_LONG)
            return problem_set(ret_problem, ERROR_FULL, "the line is longer than %d bytes",
                               TRACE_LINE_MAX);
        if (end == TRACE_END_NONE)
            break;
        error = take_line(timeline, file, is_first, ret_problem);
        /* A server that was killed leaves a torn last line. */
        if (error != ERROR_NONE && end == TRACE_END_TORN && !is_first)
            error = ERROR_NONE;
        is_first = false;
    }
    if (error == ERROR_NONE)
        error = trace_file_check(file, ret_problem);
    if (error == ERROR_NONE && is_first)
        return problem_set(ret_problem, ERROR_INVALID,
                           "the record holds no event; it must begin with \"start\"");
    return error;
}
