#include "tools/trace_action.h"

#include "tools/trace_members.h"
#include "tools/trace_names.h"

#include <string.h>

static enum error read_text(const struct reading *reading, const char *name, size_t size,
                            char *ret_text)
{
    const json_t *value = json_object_get(reading->object, name);
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) >= size || json_string_length(value) != strlen(text))
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"%s\" %s; it must be a text of at most %zu bytes without NUL", name,
                           trace_show(value).text, size - 1);
    memcpy(ret_text, text, strlen(text) + 1);
    return ERROR_NONE;
}

static enum error read_signal(const struct reading *reading, enum worker_signal *ret_signal)
{
    static const enum worker_signal signals[] = {WORKER_SIGNAL_QUIT, WORKER_SIGNAL_TERM,
                                                 WORKER_SIGNAL_KILL, WORKER_SIGNAL_USR1};
    const json_t *value = json_object_get(reading->object, "signal");
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < sizeof signals / sizeof signals[0]; i++)
        if (strcmp(text, worker_signal_text(signals[i])) == 0) {
            *ret_signal = signals[i];
            return ERROR_NONE;
        }
    return problem_set(reading->problem, ERROR_INVALID,
                       "\"signal\" %s; it must be one of: QUIT TERM KILL USR1",
                       trace_show(value).text);
}

static const char *members_of(enum manager_action_kind kind)
{
    switch (kind) {
    case MANAGER_ACTION_SIGNAL:
        return " pid signal ";
    case MANAGER_ACTION_COMMIT_UPGRADE:
    case MANAGER_ACTION_ABORT_UPGRADE:
        return " pid ";
    case MANAGER_ACTION_EXIT:
        return " status ";
    case MANAGER_ACTION_LOG:
        return " text ";
    case MANAGER_ACTION_SPAWN:
    case MANAGER_ACTION_WRITE_PID_FILE:
    case MANAGER_ACTION_REMOVE_PID_FILE:
    case MANAGER_ACTION_ANNOUNCE:
    case MANAGER_ACTION_REOPEN_LOGS:
    case MANAGER_ACTION_SPAWN_UPGRADE:
    case MANAGER_ACTION_END_UPGRADE:
    case MANAGER_ACTION_ASK_TAKEOVER:
        break;
    }
    return "";
}

static enum error read_own_members(const struct reading *reading, struct trace_action *action)
{
    const char *members = members_of(action->kind);
    enum error error = ERROR_NONE;
    if (strstr(members, " pid ") != NULL)
        error = trace_read_pid(reading, "pid", &action->pid);
    if (error == ERROR_NONE && strstr(members, " signal ") != NULL)
        error = read_signal(reading, &action->signal);
    if (error == ERROR_NONE && strstr(members, " text ") != NULL)
        error = read_text(reading, "text", sizeof action->text, action->text);
    if (error == ERROR_NONE && strstr(members, " status ") != NULL) {
        int64_t status = 0;
        error = trace_read_integer(reading, "status", 0, 255, &status);
        action->status = (int32_t)status;
    }
    return error;
}

static enum error read_members(const struct reading *reading, struct trace_action *action)
{
    const json_t *name = json_object_get(reading->object, "action");
    if (!trace_action_find(json_string_value(name), &action->kind))
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"action\" %s; it must be an action such as \"spawn\" or \"signal\"",
                           trace_show(name).text);
    enum error error = trace_check_members(reading, json_string_value(name), " t action promise ",
                                           members_of(action->kind));
    if (error == ERROR_NONE)
        error = trace_read_seconds(reading, "t", 0, &action->time_us);
    if (error == ERROR_NONE && json_object_get(reading->object, "promise") != NULL)
        error = read_text(reading, "promise", sizeof action->promise, action->promise);
    return error == ERROR_NONE ? read_own_members(reading, action) : error;
}

enum error trace_action_read(struct bytes text, struct trace_action *ret_action,
                             struct problem *ret_problem)
{
    json_error_t where;
    struct reading reading = {
        json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where),
        ret_problem};
    if (reading.object == NULL)
        return problem_set(ret_problem, ERROR_INVALID,
                           "not JSON (%s); an action looks like {\"t\":0,\"action\":\"spawn\"}",
                           where.text);
    static struct trace_action action; /* large */
    memset(&action, 0, sizeof action);
    enum error error = read_members(&reading, &action);
    json_decref(reading.object);
    if (error == ERROR_NONE)
        *ret_action = action;
    return error;
}
