/* manager - what the manager does about its workers.
 *
 * Pure. manager_decide() is a function of the state, one event and the time: it changes the state
 * and lists actions. The shell carries them out in order and reports the outcome of each SPAWN as
 * SPAWNED or SPAWN_FAILED (promise MGR-15). Deadlines are judged by TICK alone, so a shell that
 * reads its pipe and its dead children before it ticks never punishes a worker for what it has not
 * read (promise MGR-12). The table of phases and events is manager.def. */
#ifndef TOAD_POLICY_MANAGER_H
#define TOAD_POLICY_MANAGER_H

#include "base/bytes.h"
#include "base/error.h"
#include "policy/backoff.h"
#include "policy/heartbeat.h"
#include "policy/roster.h"
#include "policy/upgrade.h"

#include <stdbool.h>
#include <stdint.h>

enum manager_phase {
#define MANAGER_PHASE(name, meaning) MANAGER_##name,
#include "policy/manager.def"
#undef MANAGER_PHASE
};

enum manager_event_kind {
#define MANAGER_EVENT(name, text, signal) MANAGER_EVENT_##name,
#include "policy/manager.def"
#undef MANAGER_EVENT
};

enum manager_action_kind {
#define MANAGER_ACTION(name, text) MANAGER_ACTION_##name,
#include "policy/manager.def"
#undef MANAGER_ACTION
};

enum manager_note {
#define MANAGER_NOTE(name, level, before, behind) MANAGER_NOTE_##name,
#include "policy/manager.def"
#undef MANAGER_NOTE
};

struct manager_settings {
    uint32_t workers; /* 1 to WORKERS_MAX */
    uint32_t spare;   /* 0 to SPARE_MAX */
    int64_t heartbeat_interval_us;
    int64_t heartbeat_timeout_us;
    int64_t graceful_timeout_us; /* 0: at once */
    int64_t upgrade_timeout_us;
};

struct manager_event {
    enum manager_event_kind kind;
    int32_t pid;         /* SPAWNED, HEARTBEAT, EXITED, UPGRADE_SPAWNED; START: predecessor or 0 */
    bool is_leaving;     /* HEARTBEAT */
    int32_t exit_status; /* EXITED by itself; -1 otherwise */
    int32_t exit_signal; /* EXITED by a signal; 0 otherwise */
    uint32_t dice;       /* ONE_LESS: chance, any number */
    struct bytes chunk;  /* PIPE; borrowed for the call */
};

struct manager_action {
    enum manager_action_kind kind;
    int32_t pid;               /* SIGNAL, COMMIT_UPGRADE, ABORT_UPGRADE */
    enum worker_signal signal; /* SIGNAL */
    int32_t status;            /* EXIT; LOG of a death: exit status or -1 */
    int32_t exit_signal;       /* LOG of a death: signal or 0 */
    enum manager_note note;    /* LOG */
    int64_t number;            /* LOG */
    const char *promise;       /* static text: the promise that the action keeps */
};

/* At most four actions for each row (a signal and notes, a replacement) and a few for the manager
 * itself. */
enum {
    MANAGER_ACTIONS_MAX = 4 * ROSTER_ROWS_MAX + 16
};

struct manager_actions {
    uint32_t count;
    struct manager_action list[MANAGER_ACTIONS_MAX];
};

struct manager {
    struct manager_settings settings;
    enum manager_phase phase;
    uint32_t wanted;   /* workers, as TTIN and TTOU left it */
    uint32_t spawning; /* SPAWN actions whose outcome is not known yet */
    int32_t exit_status;
    int32_t predecessor; /* the manager that this one is to take over from; 0: none */
    bool has_pid_file;
    int64_t wake_us; /* when TICK is due; NEVER_US if it is not */
    struct backoff backoff;
    struct heartbeat_reader reader;
    struct upgrade upgrade; /* the new generation that this manager has made */
    struct roster roster;
};

void manager_init(struct manager *manager, const struct manager_settings *settings);

/* Takes one event. `*ret_actions` is emptied first; manager->wake_us says when TICK is due.
 * ERROR_INVALID, with nothing changed and no action, for an event that cannot happen in this phase
 * (a second START, SPAWNED that nobody asked for). */
MUST_CHECK enum error manager_decide(struct manager *manager, const struct manager_event *event,
                                     int64_t now_us, struct manager_actions *ret_actions);

#endif
