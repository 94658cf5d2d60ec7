#include "tools/trace_names.h"

#include <signal.h>
#include <string.h>

struct event_name {
    enum manager_event_kind kind;
    const char *text;
    const char *signal;
};

static const struct event_name event_names[] = {
#define MANAGER_EVENT(name, text, signal) {MANAGER_EVENT_##name, text, signal},
#include "policy/manager.def"
#undef MANAGER_EVENT
    /* Promises MGR-2 and MGR-8: two signals have a twin. */
    {MANAGER_EVENT_STOP_NOW, "signal", "INT"},
    {MANAGER_EVENT_UPGRADE, "signal", "HUP"},
};

bool trace_event_find(const char *text, const char *signal, enum manager_event_kind *ret_kind)
{
    for (size_t i = 0;
         text != NULL && signal != NULL && i < sizeof event_names / sizeof event_names[0]; i++)
        if (strcmp(event_names[i].text, text) == 0 && strcmp(event_names[i].signal, signal) == 0) {
            *ret_kind = event_names[i].kind;
            return true;
        }
    return false;
}

const char *trace_event_members(enum manager_event_kind kind)
{
    switch (kind) {
    case MANAGER_EVENT_START:
        return " predecessor settings ";
    case MANAGER_EVENT_SPAWNED:
    case MANAGER_EVENT_UPGRADE_SPAWNED:
        return " pid ";
    case MANAGER_EVENT_HEARTBEAT:
        return " pid leaving ";
    case MANAGER_EVENT_PIPE:
        return " bytes ";
    case MANAGER_EVENT_EXITED:
        return " pid status signal ";
    case MANAGER_EVENT_ONE_LESS:
        return " signal dice ";
    case MANAGER_EVENT_STOP_NOW:
    case MANAGER_EVENT_STOP_GRACEFULLY:
    case MANAGER_EVENT_ONE_MORE:
    case MANAGER_EVENT_UPGRADE:
    case MANAGER_EVENT_REOPEN_LOGS:
        return " signal ";
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
    return "";
}

bool trace_action_find(const char *text, enum manager_action_kind *ret_kind)
{
    static const struct {
        enum manager_action_kind kind;
        const char *text;
    } action_names[] = {
#define MANAGER_ACTION(name, text) {MANAGER_ACTION_##name, text},
#include "policy/manager.def"
#undef MANAGER_ACTION
    };
    for (size_t i = 0; text != NULL && i < sizeof action_names / sizeof action_names[0]; i++)
        if (strcmp(action_names[i].text, text) == 0) {
            *ret_kind = action_names[i].kind;
            return true;
        }
    return false;
}

int trace_signal_number(const char *name)
{
    for (int signal = 1; name != NULL && signal <= TRACE_SIGNAL_MAX; signal++) {
        const char *known = sigabbrev_np(signal);
        if (known != NULL && strcmp(known, name) == 0)
            return signal;
    }
    return 0;
}

void trace_names_write(struct buffer *buffer, bool of_signals)
{
    const char *before = "";
    for (size_t i = 0; i < sizeof event_names / sizeof event_names[0]; i++) {
        const char *name = of_signals ? event_names[i].signal : event_names[i].text;
        bool is_new = strcmp(name, before) != 0;
        if (name[0] != '\0' && is_new)
            (void)buffer_append_format(buffer, " %s", name);
        before = name;
    }
}
