#include "tools/ledger.h"

#include <string.h>

void ledger_init(struct ledger *ledger)
{
    memset(ledger, 0, sizeof *ledger);
    heartbeat_reader_init(&ledger->reader);
}

struct ledger_worker *ledger_find(struct ledger *ledger, int32_t pid)
{
    for (uint32_t i = 0; i < ledger->count; i++)
        if (ledger->workers[i].pid == pid)
            return &ledger->workers[i];
    return NULL;
}

uint32_t ledger_count_serving(const struct ledger *ledger)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ledger->count; i++)
        count += ledger->workers[i].leaving_us == NEVER_US;
    return count;
}

uint32_t ledger_count_ready(const struct ledger *ledger)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ledger->count; i++)
        count += ledger->workers[i].leaving_us == NEVER_US && ledger->workers[i].has_beaten;
    return count;
}

static void add(struct ledger *ledger, int32_t pid)
{
    if (ledger->spawning > 0)
        ledger->spawning--;
    if (ledger->count == ROSTER_ROWS_MAX || ledger_find(ledger, pid) != NULL)
        return;
    ledger->workers[ledger->count++] = (struct ledger_worker){
        .pid = pid, .heard_us = ledger->now_us, .leaving_us = NEVER_US, .stopped_us = NEVER_US};
}

static void bury(struct ledger *ledger, int32_t pid)
{
    struct ledger_worker *worker = ledger_find(ledger, pid);
    if (worker != NULL)
        *worker = ledger->workers[--ledger->count];
}

static void hear(struct ledger *ledger, struct heartbeat heartbeat)
{
    struct ledger_worker *worker = ledger_find(ledger, heartbeat.pid);
    if (worker == NULL)
        return;
    worker->heard_us = ledger->now_us;
    worker->has_beaten = worker->has_beaten || !heartbeat.is_leaving;
    if (heartbeat.is_leaving && worker->leaving_us == NEVER_US)
        worker->leaving_us = ledger->now_us;
}

static void hear_pipe(struct ledger *ledger, struct bytes chunk)
{
    struct heartbeat heartbeat;
    while (heartbeat_read(&ledger->reader, &chunk, &heartbeat))
        hear(ledger, heartbeat);
}

static void begin(struct ledger *ledger, const struct trace_line *line)
{
    ledger_init(ledger);
    ledger->settings = line->settings;
    ledger->wanted = line->settings.workers;
    ledger->predecessor = line->event.pid;
    ledger->now_us = line->time_us;
    ledger->event = MANAGER_EVENT_START;
}

static void observe_signal(struct ledger *ledger, enum manager_event_kind kind)
{
    bool is_kept = ledger->ending == LEDGER_ENDING_NONE;
    if (kind == MANAGER_EVENT_STOP_NOW && ledger->ending != LEDGER_ENDING_OVER)
        ledger->ending = LEDGER_ENDING_NOW;
    else if (kind == MANAGER_EVENT_STOP_GRACEFULLY && is_kept)
        ledger->ending = LEDGER_ENDING_GRACEFUL;
    else if (kind == MANAGER_EVENT_ONE_MORE && is_kept && ledger->wanted < WORKERS_MAX)
        ledger->wanted++;
    else if (kind == MANAGER_EVENT_ONE_LESS && is_kept && ledger->wanted > 0)
        ledger->wanted--;
}

void ledger_observe(struct ledger *ledger, const struct trace_line *line)
{
    const struct manager_event *event = &line->event;
    if (event->kind == MANAGER_EVENT_START) {
        begin(ledger, line);
        return;
    }
    ledger->now_us = line->time_us;
    ledger->event = event->kind;
    ledger->event_pid = event->pid;
    ledger->retired = 0;
    switch (event->kind) {
    case MANAGER_EVENT_SPAWNED:
        add(ledger, event->pid);
        break;
    case MANAGER_EVENT_SPAWN_FAILED:
        ledger->spawning -= ledger->spawning > 0;
        break;
    case MANAGER_EVENT_HEARTBEAT:
        hear(ledger, (struct heartbeat){event->pid, event->is_leaving});
        break;
    case MANAGER_EVENT_PIPE:
        hear_pipe(ledger, event->chunk);
        break;
    case MANAGER_EVENT_EXITED:
        bury(ledger, event->pid);
        break;
    case MANAGER_EVENT_UPGRADE_SPAWNED:
        ledger->upgrade = (struct ledger_upgrade){.pid = event->pid, .began_us = line->time_us};
        break;
    case MANAGER_EVENT_UPGRADE_COMMITTED:
        ledger->is_agreed = true;
        break;
    case MANAGER_EVENT_PREDECESSOR_GONE:
        ledger->predecessor = 0;
        break;
    case MANAGER_EVENT_STOP_NOW:
    case MANAGER_EVENT_STOP_GRACEFULLY:
    case MANAGER_EVENT_ONE_MORE:
    case MANAGER_EVENT_ONE_LESS:
        observe_signal(ledger, event->kind);
        break;
    case MANAGER_EVENT_START:
    case MANAGER_EVENT_TICK:
    case MANAGER_EVENT_HELD_UP:
    case MANAGER_EVENT_PID_FILE_LOST:
    case MANAGER_EVENT_UPGRADE:
    case MANAGER_EVENT_REOPEN_LOGS:
    case MANAGER_EVENT_UPGRADE_FAILED:
    case MANAGER_EVENT_UPGRADE_READY:
    case MANAGER_EVENT_UPGRADE_ABORTED:
        break;
    }
}
