#include "tools/check_step.h"

#include "policy/manager_text.h"
#include "policy/pool.h"

#include <stdio.h>
#include <string.h>

static struct check_text describe(enum manager_action_kind kind, int32_t pid,
                                  enum worker_signal signal, const char *log)
{
    struct check_text text;
    if (kind == MANAGER_ACTION_SIGNAL)
        (void)snprintf(text.text, sizeof text.text, "%s to %d", worker_signal_text(signal), pid);
    else if (kind == MANAGER_ACTION_LOG)
        (void)snprintf(text.text, sizeof text.text, "the log's \"%s\"", log);
    else if (pid != 0)
        (void)snprintf(text.text, sizeof text.text, "\"%s\" of %d", manager_action_text(kind), pid);
    else
        (void)snprintf(text.text, sizeof text.text, "\"%s\"", manager_action_text(kind));
    return text;
}

struct check_text check_note_of(const struct manager_action *action)
{
    struct check_text text = {""};
    struct buffer buffer;
    buffer_init(&buffer, text.text, sizeof text.text - 1);
    (void)manager_note_write(&buffer, action);
    text.text[buffer.size] = '\0';
    return text;
}

struct check_text check_text_of(const struct manager_action *action)
{
    struct check_text note = {""};
    if (action->kind == MANAGER_ACTION_LOG)
        note = check_note_of(action);
    return describe(action->kind, action->pid, action->signal, note.text);
}

struct check_text check_text_of_recorded(const struct trace_action *action)
{
    struct check_text text = describe(action->kind, action->pid, action->signal, action->text);
    for (char *letter = text.text; *letter != '\0'; letter++)
        if ((unsigned char)*letter < 0x20 || *letter == 0x7f)
            *letter = '?';
    return text;
}

/* The promise that the policy would keep by what is due then. */
static const char *promise_of_deadline(const struct manager *manager, int64_t due_us)
{
    for (uint32_t i = 0; i < manager->roster.count; i++) {
        const struct roster_row *row = &manager->roster.rows[i];
        if (pool_deadline_us(manager, row) != due_us)
            continue;
        if (worker_life_is_serving(row->life))
            return "HBT-2";
        return worker_life_is_leaving(row->life) || row->leaving_us != NEVER_US ? "MGR-4" : "MGR-2";
    }
    bool is_upgrade_s =
        upgrade_deadline_us(&manager->upgrade, manager->settings.upgrade_timeout_us) == due_us;
    return is_upgrade_s ? "UPG-4" : "MGR-9";
}

void check_punctuality(struct check *check, uint64_t line)
{
    const struct manager *manager = &check->simulator.manager;
    const struct trace_line *event = &check->event;
    if (event->event.kind == MANAGER_EVENT_HELD_UP)
        check->held_up_us = event->time_us;
    if (event->event.kind != MANAGER_EVENT_TICK || manager->wake_us == NEVER_US)
        return;
    int64_t late_us = event->time_us - manager->wake_us;
    bool is_excused = event->time_us - check->held_up_us <= SECOND_US;
    if (!is_excused && late_us > SECOND_US + manager->settings.heartbeat_interval_us)
        deviations_add(&check->deviations, line, promise_of_deadline(manager, manager->wake_us),
                       "what was due at %.6f is done %.6f s late, and the manager was not held up",
                       (double)manager->wake_us / (double)SECOND_US,
                       (double)late_us / (double)SECOND_US);
}

static bool is_whole(const struct check *check)
{
    for (uint32_t i = 0; i < check->simulator.actions.count; i++)
        if (!check->is_done[i])
            return false;
    return check->extra_count == 0;
}

/* An action that stands where this one was decided: the same signal to another, or another one to
 * the same. A null pointer if there is none. */
static struct check_extra *find_twin(struct check *check, const struct manager_action *decided)
{
    for (uint32_t i = 0; i < check->extra_count; i++) {
        struct check_extra *extra = &check->extras[i];
        bool is_like =
            decided->kind == MANAGER_ACTION_SIGNAL
                ? extra->action.signal == decided->signal || extra->action.pid == decided->pid
                : decided->kind != MANAGER_ACTION_LOG;
        if (!extra->is_twin && extra->action.kind == decided->kind && is_like)
            return extra;
    }
    return NULL;
}

static void miss(struct check *check, const struct manager_action *decided, uint64_t last_line)
{
    struct check_text text = check_text_of(decided);
    struct check_extra *twin = find_twin(check, decided);
    if (twin != NULL) {
        twin->is_twin = true;
        if (twin->is_judged) /* and so it is named */
            return;
        if (decided->kind == MANAGER_ACTION_EXIT)
            deviations_add(&check->deviations, twin->line, decided->promise,
                           "the exit status is %d; it must be %d", twin->action.status,
                           decided->status);
        else
            deviations_add(&check->deviations, twin->line, decided->promise, "%s; it must be %s",
                           check_text_of_recorded(&twin->action).text, text.text);
        return;
    }
    if (last_line != 0) {
        deviations_add(&check->deviations, last_line, decided->promise,
                       "the record ends here, before %s", text.text);
        return;
    }
    struct deviation *owed = deviations_add(&check->deviations, check->line, decided->promise,
                                            "%s is due here and does not come", text.text);
    owed->is_owed = decided->kind == MANAGER_ACTION_SIGNAL;
    owed->pid = decided->pid;
    owed->signal = decided->signal;
    owed->due_us = check->now_us;
}

/* Log lines follow from the rest: they are named if nothing else is wrong. Returns how many are. */
static uint32_t name_missing(struct check *check, bool of_log, uint64_t last_line)
{
    const struct manager_actions *actions = &check->simulator.actions;
    uint32_t named = 0;
    /* A record that was cut ends before all that is missing. */
    if (check->extra_count > 0 || actions->count == 0 || check->is_done[actions->count - 1])
        last_line = 0;
    for (uint32_t i = 0; i < actions->count; i++) {
        bool is_log = actions->list[i].kind == MANAGER_ACTION_LOG;
        if (check->is_done[i] || is_log != of_log)
            continue;
        miss(check, &actions->list[i], last_line);
        named++;
        if (last_line != 0)
            break;
    }
    return named;
}

static const char *promise_of(const struct check *check, const struct trace_action *action)
{
    const struct manager *manager = &check->simulator.manager;
    if (action->kind == MANAGER_ACTION_SPAWN && !backoff_allows(&manager->backoff, check->now_us))
        return "MGR-9"; /* whatever the record says of it: it comes within a pause */
    if (action->promise[0] != '\0')
        return action->promise;
    return action->kind == MANAGER_ACTION_LOG ? "OBS-3" : "MGR-15";
}

static uint32_t name_extras(struct check *check, bool of_log)
{
    uint32_t named = 0;
    for (uint32_t i = 0; i < check->extra_count; i++) {
        const struct check_extra *extra = &check->extras[i];
        if ((extra->action.kind == MANAGER_ACTION_LOG) != of_log)
            continue;
        named++;
        if (!extra->is_judged && !extra->is_twin)
            deviations_add(&check->deviations, extra->line, promise_of(check, &extra->action),
                           "%s comes here, for no reason",
                           check_text_of_recorded(&extra->action).text);
    }
    return named;
}

void check_step_end(struct check *check, uint64_t last_line)
{
    if (!check->is_following || check->events == 0)
        return;
    if (is_whole(check)) {
        if (check->is_disordered) {
            deviations_add(&check->deviations, check->line, "MGR-15",
                           "the actions of this event come in another order than decided");
            check->is_following = false;
        }
        return;
    }
    check->is_following = false;
    uint32_t named = name_missing(check, false, last_line);
    named += name_extras(check, false);
    if (named == 0) {
        (void)name_missing(check, true, last_line);
        (void)name_extras(check, true);
    }
}
