#include "tools/trace_reader.h"

#include "base/buffer.h"
#include "tools/trace_members.h"
#include "tools/trace_names.h"

#include <string.h>

static enum error read_counts(const struct reading *reading, struct manager_settings *settings)
{
    int64_t number = 0;
    if (json_object_get(reading->object, "workers") != NULL) {
        if (trace_read_integer(reading, "workers", 1, WORKERS_MAX, &number) != ERROR_NONE)
            return ERROR_INVALID;
        settings->workers = (uint32_t)number;
    }
    if (json_object_get(reading->object, "spare") != NULL) {
        if (trace_read_integer(reading, "spare", 0, SPARE_MAX, &number) != ERROR_NONE)
            return ERROR_INVALID;
        settings->spare = (uint32_t)number;
    }
    return ERROR_NONE;
}

/* Promises CFG-5, CFG-6 and CFG-7: the defaults, and where 0 is an error. */
static enum error read_settings(const struct reading *line, struct manager_settings *ret_settings)
{
    struct manager_settings settings = {.workers = 4,
                                        .spare = 2,
                                        .heartbeat_interval_us = 5 * SECOND_US,
                                        .heartbeat_timeout_us = 2 * SECOND_US,
                                        .graceful_timeout_us = 30 * SECOND_US,
                                        .upgrade_timeout_us = 30 * SECOND_US};
    const struct {
        const char *name;
        int64_t least_us;
        int64_t *ret_us;
    } durations[] = {
        {"heartbeat_interval", 1, &settings.heartbeat_interval_us},
        {"heartbeat_timeout", 0, &settings.heartbeat_timeout_us},
        {"graceful_timeout", 0, &settings.graceful_timeout_us},
        {"upgrade_timeout", 1, &settings.upgrade_timeout_us},
    };
    struct reading reading = {json_object_get(line->object, "settings"), line->problem};
    if (reading.object != NULL && !json_is_object(reading.object))
        return problem_set(line->problem, ERROR_INVALID,
                           "\"settings\" %s; it must be an object such as {\"workers\":2}",
                           trace_show(reading.object).text);
    if (trace_check_members(&reading, "\"settings\"", " workers spare heartbeat_interval ",
                            " heartbeat_timeout graceful_timeout upgrade_timeout ") != ERROR_NONE ||
        read_counts(&reading, &settings) != ERROR_NONE)
        return ERROR_INVALID;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        if (json_object_get(reading.object, durations[i].name) != NULL &&
            trace_read_seconds(&reading, durations[i].name, durations[i].least_us,
                               durations[i].ret_us) != ERROR_NONE)
            return ERROR_INVALID;
    *ret_settings = settings;
    return ERROR_NONE;
}

static enum error read_start(const struct reading *reading, struct trace_line *line)
{
    if (json_object_get(reading->object, "predecessor") != NULL &&
        trace_read_pid(reading, "predecessor", &line->event.pid) != ERROR_NONE)
        return ERROR_INVALID;
    return read_settings(reading, &line->settings);
}

static enum error read_leaving(const struct reading *reading, struct manager_event *event)
{
    const json_t *value = json_object_get(reading->object, "leaving");
    if (value != NULL && !json_is_boolean(value))
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"leaving\" %s; it must be true or false", trace_show(value).text);
    event->is_leaving = json_is_true(value);
    return ERROR_NONE;
}

/* UTF-8 back to the bytes that its code points 0 to 255 stand for. */
static enum error read_chunk(const struct reading *reading, struct trace_line *line)
{
    const json_t *value = json_object_get(reading->object, "bytes");
    const char *text = json_string_value(value);
    size_t size = 0;
    bool is_right = text != NULL;
    for (size_t i = 0; is_right && i < json_string_length(value); i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == 0xc2 || byte == 0xc3)
            byte = (unsigned char)((byte << 6) | ((unsigned char)text[++i] & 0x3f));
        else if (byte >= 0x80)
            is_right = false;
        if (size == sizeof line->chunk)
            is_right = false;
        else
            line->chunk[size++] = (char)byte;
    }
    if (!is_right)
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"bytes\" %s; it must be a string of at most %d code points 0 to 255",
                           trace_show(value).text, TRACE_CHUNK_MAX);
    line->event.chunk = (struct bytes){line->chunk, size};
    return ERROR_NONE;
}

/* A number, or a name without SIG. */
static enum error read_exit_signal(const struct reading *reading, struct manager_event *event)
{
    const json_t *value = json_object_get(reading->object, "signal");
    int64_t number = json_is_integer(value) ? json_integer_value(value)
                                            : trace_signal_number(json_string_value(value));
    if (number < 1 || number > TRACE_SIGNAL_MAX)
        return problem_set(
            reading->problem, ERROR_INVALID,
            "\"signal\" %s; it must be a number from 1 to %d or a name such as \"KILL\"",
            trace_show(value).text, TRACE_SIGNAL_MAX);
    event->exit_status = -1;
    event->exit_signal = (int32_t)number;
    return ERROR_NONE;
}

static enum error read_exit(const struct reading *reading, struct manager_event *event)
{
    bool has_signal = json_object_get(reading->object, "signal") != NULL;
    bool has_status = json_object_get(reading->object, "status") != NULL;
    if (trace_read_pid(reading, "pid", &event->pid) != ERROR_NONE)
        return ERROR_INVALID;
    if (has_signal == has_status)
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"exited\" must have \"status\" or \"signal\", and not both");
    if (has_signal)
        return read_exit_signal(reading, event);
    int64_t status = 0;
    enum error error = trace_read_integer(reading, "status", 0, 255, &status);
    event->exit_status = (int32_t)status;
    return error;
}

static enum error read_dice(const struct reading *reading, struct manager_event *event)
{
    int64_t dice = 0;
    if (json_object_get(reading->object, "dice") != NULL &&
        trace_read_integer(reading, "dice", 0, UINT32_MAX, &dice) != ERROR_NONE)
        return ERROR_INVALID;
    event->dice = (uint32_t)dice;
    return ERROR_NONE;
}

static enum error read_members(const struct reading *reading, struct trace_line *line)
{
    switch (line->event.kind) {
    case MANAGER_EVENT_START:
        return read_start(reading, line);
    case MANAGER_EVENT_SPAWNED:
    case MANAGER_EVENT_UPGRADE_SPAWNED:
        return trace_read_pid(reading, "pid", &line->event.pid);
    case MANAGER_EVENT_HEARTBEAT:
        return trace_read_pid(reading, "pid", &line->event.pid) != ERROR_NONE
                   ? ERROR_INVALID
                   : read_leaving(reading, &line->event);
    case MANAGER_EVENT_PIPE:
        return read_chunk(reading, line);
    case MANAGER_EVENT_EXITED:
        return read_exit(reading, &line->event);
    case MANAGER_EVENT_ONE_LESS:
        return read_dice(reading, &line->event);
    case MANAGER_EVENT_STOP_NOW:
    case MANAGER_EVENT_STOP_GRACEFULLY:
    case MANAGER_EVENT_ONE_MORE:
    case MANAGER_EVENT_UPGRADE:
    case MANAGER_EVENT_REOPEN_LOGS:
    case MANAGER_EVENT_SPAWN_FAILED:
    case MANAGER_EVENT_TICK:
    case MANAGER_EVENT_HELD_UP:
    case MANAGER_EVENT_PID_FILE_LOST:
    case MANAGER_EVENT_UPGRADE_FAILED:
    case MANAGER_EVENT_UPGRADE_READY:
    case MANAGER_EVENT_UPGRADE_COMMITTED:
    case MANAGER_EVENT_UPGRADE_ABORTED:
    case MANAGER_EVENT_PREDECESSOR_GONE:
        break;
    }
    return ERROR_NONE;
}

static enum error refuse_name(const struct reading *reading, const char *member, bool is_signal)
{
    char storage[PROBLEM_TEXT_MAX / 2];
    struct buffer names;
    buffer_init(&names, storage, sizeof storage);
    trace_names_write(&names, is_signal);
    return problem_set(reading->problem, ERROR_INVALID, "\"%s\" %s; it must be one of:%.*s", member,
                       trace_show(json_object_get(reading->object, member)).text, (int)names.size,
                       names.data);
}

static enum error read_event(const struct reading *reading, struct trace_line *line)
{
    const char *text = json_string_value(json_object_get(reading->object, "event"));
    const char *signal = json_string_value(json_object_get(reading->object, "signal"));
    bool is_signal = text != NULL && strcmp(text, "signal") == 0;
    if (!trace_event_find(text, is_signal ? signal : "", &line->event.kind))
        return refuse_name(reading, is_signal ? "signal" : "event", is_signal);
    if (trace_check_members(reading, is_signal ? signal : text, " t event ",
                            trace_event_members(line->event.kind)) != ERROR_NONE)
        return ERROR_INVALID;
    return read_members(reading, line);
}

static enum error read_action(const struct reading *reading, struct trace_line *line)
{
    const json_t *action = json_object_get(reading->object, "action");
    line->is_action = true;
    if (!trace_action_find(json_string_value(action), &line->action))
        return problem_set(reading->problem, ERROR_INVALID,
                           "\"action\" %s; it must be an action such as \"spawn\" or \"signal\"",
                           trace_show(action).text);
    return ERROR_NONE;
}

enum error trace_line_read(struct bytes text, struct trace_line *ret_line,
                           struct problem *ret_problem)
{
    json_error_t where;
    struct reading reading = {
        json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where),
        ret_problem};
    if (reading.object == NULL)
        return problem_set(ret_problem, ERROR_INVALID,
                           "not JSON (%s); a line looks like {\"t\":0,\"event\":\"tick\"}",
                           where.text);
    ret_line->is_action = false;
    ret_line->event = (struct manager_event){.kind = MANAGER_EVENT_TICK};
    enum error error = trace_read_seconds(&reading, "t", 0, &ret_line->time_us);
    if (error == ERROR_NONE)
        error = json_object_get(reading.object, "action") != NULL ? read_action(&reading, ret_line)
                                                                  : read_event(&reading, ret_line);
    json_decref(reading.object);
    return error;
}

static json_t *load_action(struct bytes text, int64_t *ret_time_us)
{
    json_error_t where;
    json_t *object = json_loadb(text.data, text.size, 0, &where);
    /* 12 and 12.0 are the same time. */
    if (trace_read_microseconds(json_object_get(object, "t"), ret_time_us))
        (void)json_object_del(object, "t");
    return object;
}

bool trace_actions_agree(struct bytes recorded, struct bytes decided)
{
    int64_t recorded_us = -1;
    int64_t decided_us = -1;
    json_t *a = load_action(recorded, &recorded_us);
    json_t *b = load_action(decided, &decided_us);
    if (json_object_get(a, "promise") == NULL)
        (void)json_object_del(b, "promise");
    bool agree = recorded_us == decided_us && json_equal(a, b) != 0;
    json_decref(a);
    json_decref(b);
    return agree;
}
