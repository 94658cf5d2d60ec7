#include "policy/manager_text.h"

#include <inttypes.h>

const char *manager_phase_text(enum manager_phase phase)
{
    switch (phase) {
#define MANAGER_PHASE(name, meaning)                                                               \
    case MANAGER_##name:                                                                           \
        return #name;
#include "policy/manager.def"
#undef MANAGER_PHASE
    }
    return "?";
}

const char *manager_event_text(enum manager_event_kind kind)
{
    switch (kind) {
#define MANAGER_EVENT(name, text, signal)                                                          \
    case MANAGER_EVENT_##name:                                                                     \
        return text;
#include "policy/manager.def"
#undef MANAGER_EVENT
    }
    return "?";
}

const char *manager_event_signal(enum manager_event_kind kind)
{
    switch (kind) {
#define MANAGER_EVENT(name, text, signal)                                                          \
    case MANAGER_EVENT_##name:                                                                     \
        return signal;
#include "policy/manager.def"
#undef MANAGER_EVENT
    }
    return "";
}

const char *manager_action_text(enum manager_action_kind kind)
{
    switch (kind) {
#define MANAGER_ACTION(name, text)                                                                 \
    case MANAGER_ACTION_##name:                                                                    \
        return text;
#include "policy/manager.def"
#undef MANAGER_ACTION
    }
    return "?";
}

struct note_text {
    enum manager_level level;
    const char *before;
    const char *behind;
};

static struct note_text note_text(enum manager_note note)
{
    switch (note) {
#define MANAGER_NOTE(name, level, before, behind)                                                  \
    case MANAGER_NOTE_##name:                                                                      \
        return (struct note_text){MANAGER_LEVEL_##level, before, behind};
#include "policy/manager.def"
#undef MANAGER_NOTE
    }
    return (struct note_text){MANAGER_LEVEL_ERROR, "?", ""};
}

enum manager_level manager_note_level(enum manager_note note)
{
    return note_text(note).level;
}

static bool tells_end(enum manager_note note)
{
    static const enum manager_note telling[] = {
        MANAGER_NOTE_WORKER_DIED,  MANAGER_NOTE_WORKER_GONE,  MANAGER_NOTE_UPGRADE_FAILED,
        MANAGER_NOTE_UPGRADE_LOST, MANAGER_NOTE_UPGRADE_GONE,
    };
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
        if (telling[i] == note)
            return true;
    return false;
}

bool manager_note_write(struct buffer *buffer, const struct manager_action *action)
{
    struct note_text text = note_text(action->note);
    size_t start = buffer->size;
    bool fits = buffer_append(buffer, bytes_of(text.before));
    if (action->note != MANAGER_NOTE_PID_FILE_LOST)
        fits = fits && buffer_append_format(buffer, "%" PRId64 "%s", action->number, text.behind);
    if (tells_end(action->note))
        fits = fits && (action->exit_signal != 0
                            ? buffer_append_format(buffer, " (signal %d)", action->exit_signal)
                            : buffer_append_format(buffer, " (status %d)", action->status));
    if (!fits)
        buffer->size = start;
    return fits;
}

/* Seconds with as many decimals as are needed. */
static bool append_seconds(struct buffer *buffer, int64_t time_us)
{
    int64_t fraction = time_us % SECOND_US;
    if (!buffer_append_format(buffer, "%" PRId64, time_us / SECOND_US))
        return false;
    if (fraction == 0)
        return true;
    int digits = 6;
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    return buffer_append_format(buffer, ".%0*" PRId64, digits, fraction);
}

static bool append_setting(struct buffer *buffer, const char *name, int64_t time_us)
{
    return buffer_append_format(buffer, ",\"%s\":", name) && append_seconds(buffer, time_us);
}

static bool append_settings(struct buffer *buffer, const struct manager_settings *settings)
{
    return buffer_append_format(buffer, ",\"settings\":{\"workers\":%" PRIu32 ",\"spare\":%" PRIu32,
                                settings->workers, settings->spare) &&
           append_setting(buffer, "heartbeat_interval", settings->heartbeat_interval_us) &&
           append_setting(buffer, "heartbeat_timeout", settings->heartbeat_timeout_us) &&
           append_setting(buffer, "graceful_timeout", settings->graceful_timeout_us) &&
           append_setting(buffer, "upgrade_timeout", settings->upgrade_timeout_us) &&
           buffer_append_format(buffer, "}");
}

static bool append_string(struct buffer *buffer, struct bytes text)
{
    if (!buffer_append(buffer, BYTES("\"")))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        if (!(is_plain ? buffer_append(buffer, (struct bytes){text.data + i, 1})
                       : buffer_append_format(buffer, "\\u%04x", byte)))
            return false;
    }
    return buffer_append(buffer, BYTES("\""));
}

static bool append_exit(struct buffer *buffer, const struct manager_event *event)
{
    return event->exit_signal != 0 ? buffer_append_format(buffer, ",\"pid\":%d,\"signal\":%d",
                                                          event->pid, event->exit_signal)
                                   : buffer_append_format(buffer, ",\"pid\":%d,\"status\":%d",
                                                          event->pid, event->exit_status);
}

static bool append_event(struct buffer *buffer, const struct manager_event *event,
                         const struct manager_settings *settings)
{
    switch (event->kind) {
    case MANAGER_EVENT_START:
        return (event->pid == 0 ||
                buffer_append_format(buffer, ",\"predecessor\":%d", event->pid)) &&
               append_settings(buffer, settings);
    case MANAGER_EVENT_SPAWNED:
    case MANAGER_EVENT_UPGRADE_SPAWNED:
        return buffer_append_format(buffer, ",\"pid\":%d", event->pid);
    case MANAGER_EVENT_HEARTBEAT:
        return buffer_append_format(buffer, ",\"pid\":%d,\"leaving\":%s", event->pid,
                                    event->is_leaving ? "true" : "false");
    case MANAGER_EVENT_PIPE:
        return buffer_append(buffer, BYTES(",\"bytes\":")) && append_string(buffer, event->chunk);
    case MANAGER_EVENT_EXITED:
        return append_exit(buffer, event);
    case MANAGER_EVENT_ONE_LESS:
        return buffer_append_format(buffer, ",\"signal\":\"TTOU\",\"dice\":%" PRIu32, event->dice);
    case MANAGER_EVENT_STOP_NOW:
    case MANAGER_EVENT_STOP_GRACEFULLY:
    case MANAGER_EVENT_ONE_MORE:
    case MANAGER_EVENT_UPGRADE:
    case MANAGER_EVENT_REOPEN_LOGS:
        return buffer_append_format(buffer, ",\"signal\":\"%s\"",
                                    manager_event_signal(event->kind));
    case MANAGER_EVENT_SPAWN_FAILED:
    case MANAGER_EVENT_TICK:
    case MANAGER_EVENT_HELD_UP:
    case MANAGER_EVENT_PID_FILE_LOST:
    case MANAGER_EVENT_UPGRADE_FAILED:
    case MANAGER_EVENT_UPGRADE_READY:
    case MANAGER_EVENT_UPGRADE_COMMITTED:
    case MANAGER_EVENT_UPGRADE_ABORTED:
    case MANAGER_EVENT_PREDECESSOR_GONE:
        return true;
    }
    return false;
}

bool manager_event_write(struct buffer *buffer, const struct manager_event *event, int64_t now_us,
                         const struct manager_settings *settings)
{
    size_t start = buffer->size;
    bool fits =
        buffer_append(buffer, BYTES("{\"t\":")) && append_seconds(buffer, now_us) &&
        buffer_append_format(buffer, ",\"event\":\"%s\"", manager_event_text(event->kind)) &&
        append_event(buffer, event, settings) && buffer_append(buffer, BYTES("}\n"));
    if (!fits)
        buffer->size = start;
    return fits;
}

static bool append_action(struct buffer *buffer, const struct manager_action *action)
{
    switch (action->kind) {
    case MANAGER_ACTION_SIGNAL:
        return buffer_append_format(buffer, ",\"pid\":%d,\"signal\":\"%s\"", action->pid,
                                    worker_signal_text(action->signal));
    case MANAGER_ACTION_COMMIT_UPGRADE:
    case MANAGER_ACTION_ABORT_UPGRADE:
        return buffer_append_format(buffer, ",\"pid\":%d", action->pid);
    case MANAGER_ACTION_EXIT:
        return buffer_append_format(buffer, ",\"status\":%d", action->status);
    case MANAGER_ACTION_LOG:
        return buffer_append(buffer, BYTES(",\"text\":\"")) && manager_note_write(buffer, action) &&
               buffer_append(buffer, BYTES("\""));
    case MANAGER_ACTION_SPAWN:
    case MANAGER_ACTION_WRITE_PID_FILE:
    case MANAGER_ACTION_REMOVE_PID_FILE:
    case MANAGER_ACTION_ANNOUNCE:
    case MANAGER_ACTION_REOPEN_LOGS:
    case MANAGER_ACTION_SPAWN_UPGRADE:
    case MANAGER_ACTION_END_UPGRADE:
    case MANAGER_ACTION_ASK_TAKEOVER:
        return true;
    }
    return false;
}

bool manager_action_write(struct buffer *buffer, const struct manager_action *action,
                          int64_t now_us)
{
    size_t start = buffer->size;
    bool fits =
        buffer_append(buffer, BYTES("{\"t\":")) && append_seconds(buffer, now_us) &&
        buffer_append_format(buffer, ",\"action\":\"%s\"", manager_action_text(action->kind)) &&
        append_action(buffer, action) &&
        buffer_append_format(buffer, ",\"promise\":\"%s\"}\n", action->promise);
    if (!fits)
        buffer->size = start;
    return fits;
}
