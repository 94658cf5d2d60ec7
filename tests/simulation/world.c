#include "world.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void world_init(struct world *world, const struct manager_settings *settings)
{
    manager_init(&world->manager, settings);
    world->now_us = 0;
    world->ending = ENDING_NONE;
    world->is_started = false;
    world->has_pid_file = false;
    world->is_announced = false;
    world->has_predecessor = false;
    world->has_asked = false;
    world->deployment = (struct deployment){.stage = DEPLOYMENT_NONE};
    world->wanted = settings->workers;
    world->spawning = 0;
    world->line_size = 0;
    world->count = 0;
    world->actions.count = 0;
}

void world_copy(struct world *to, const struct world *from)
{
    memcpy(&to->manager, &from->manager,
           offsetof(struct manager, roster.rows) +
               from->manager.roster.count * sizeof from->manager.roster.rows[0]);
    size_t start = offsetof(struct world, now_us);
    size_t end = offsetof(struct world, witnesses) + from->count * sizeof from->witnesses[0];
    memcpy((char *)to + start, (const char *)from + start, end - start);
    to->actions.count = 0;
}

struct witness *world_find(struct world *world, int32_t pid)
{
    for (uint32_t i = 0; i < world->count; i++)
        if (world->witnesses[i].pid == pid)
            return &world->witnesses[i];
    return NULL;
}

uint32_t world_count_serving(const struct world *world)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->count; i++)
        count += world->witnesses[i].is_serving;
    return count;
}

int32_t world_free_pid(const struct world *world)
{
    int32_t pid = 101;
    for (uint32_t i = 0; i < world->count;)
        if (world->witnesses[i++].pid == pid) {
            pid++;
            i = 0;
        }
    return pid;
}

static bool is_free(const struct world *world, int32_t pid)
{
    bool is_new_manager = world->deployment.stage == DEPLOYMENT_ALIVE && pid == NEW_PID;
    return pid > 1 && !is_new_manager && world_find((struct world *)world, pid) == NULL;
}

static bool allows_spawned(const struct world *world, const struct manager_event *event)
{
    return world->spawning > 0 &&
           (event->kind == MANAGER_EVENT_SPAWN_FAILED || is_free(world, event->pid));
}

/* What may be said of a new generation, and to one. */
static bool allows_deployment(const struct world *world, const struct manager_event *event)
{
    bool is_ending = world->ending != ENDING_NONE;
    if (event->kind == MANAGER_EVENT_UPGRADE_SPAWNED)
        return world->deployment.stage == DEPLOYMENT_FORKING && is_free(world, event->pid);
    if (event->kind == MANAGER_EVENT_UPGRADE_READY)
        return world->deployment.stage == DEPLOYMENT_ALIVE;
    if (event->kind == MANAGER_EVENT_UPGRADE_FAILED)
        return is_ending || world->is_announced;
    if (event->kind == MANAGER_EVENT_UPGRADE_COMMITTED)
        return is_ending || (world->has_predecessor && world->has_asked);
    if (event->kind == MANAGER_EVENT_UPGRADE_ABORTED ||
        event->kind == MANAGER_EVENT_PREDECESSOR_GONE)
        return is_ending || world->has_predecessor;
    return true;
}

bool world_allows(const struct world *world, const struct manager_event *event)
{
    if (event->kind == MANAGER_EVENT_START)
        return !world->is_started;
    if (!world->is_started || world->ending == ENDING_OVER)
        return false;
    return event->kind == MANAGER_EVENT_SPAWNED || event->kind == MANAGER_EVENT_SPAWN_FAILED
               ? allows_spawned(world, event)
               : allows_deployment(world, event);
}

bool world_is_late(const struct world *world, int64_t wake_us)
{
    return wake_us != NEVER_US &&
           world->now_us - wake_us > world->manager.settings.heartbeat_interval_us;
}

static void add_witness(struct world *world, int32_t pid)
{
    assert(world->count < WITNESSES_MAX);
    world->witnesses[world->count++] = (struct witness){.pid = pid,
                                                        .is_serving = true,
                                                        .ready_us = NEVER_US,
                                                        .expected_us = world->now_us,
                                                        .leaving_us = NEVER_US,
                                                        .stopped_us = NEVER_US};
}

static void remove_witness(struct world *world, int32_t pid)
{
    struct witness *witness = world_find(world, pid);
    if (witness != NULL)
        *witness = world->witnesses[--world->count];
}

static void hear(struct world *world, int32_t pid, bool is_leaving)
{
    struct witness *witness = world_find(world, pid);
    if (witness == NULL || !witness->is_serving)
        return;
    witness->expected_us = world->now_us;
    if (is_leaving) {
        witness->is_serving = false;
        witness->leaving_us = world->now_us;
    } else {
        if (!witness->has_beaten)
            witness->ready_us = world->now_us;
        witness->has_beaten = true;
    }
}

/* A second reading of the lines, as slow and plain as can be. */
static void hear_line(struct world *world)
{
    int64_t pid = 0;
    uint32_t digits = 0;
    while (digits < world->line_size && world->line[digits] >= '0' && world->line[digits] <= '9' &&
           digits < 11)
        pid = pid * 10 + (world->line[digits++] - '0');
    uint32_t rest = world->line_size - digits;
    bool is_leaving = rest == 2 && memcmp(world->line + digits, ":1", 2) == 0;
    world->line_size = 0;
    if (digits > 0 && world->line[0] != '0' && pid <= INT32_MAX && (rest == 0 || is_leaving))
        hear(world, (int32_t)pid, is_leaving);
}

static void hear_pipe(struct world *world, struct bytes chunk)
{
    for (size_t i = 0; i < chunk.size; i++) {
        if (chunk.data[i] == '\n')
            hear_line(world);
        else if (world->line_size < sizeof world->line)
            world->line[world->line_size++] = chunk.data[i];
    }
}

static void forgive(struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++)
        if (world->witnesses[i].is_serving)
            world->witnesses[i].expected_us = world->now_us;
    struct deployment *deployment = &world->deployment;
    if (deployment->stage == DEPLOYMENT_ALIVE && !deployment->is_aborted)
        deployment->began_us = world->now_us;
}

static void observe_signal(struct world *world, enum manager_event_kind kind)
{
    bool is_kept = world->ending == ENDING_NONE;
    if (kind == MANAGER_EVENT_STOP_NOW)
        world->ending = ENDING_NOW;
    else if (kind == MANAGER_EVENT_STOP_GRACEFULLY && is_kept)
        world->ending = ENDING_GRACEFUL;
    else if (kind == MANAGER_EVENT_ONE_MORE && is_kept && world->wanted < WORKERS_MAX)
        world->wanted++;
    else if (kind == MANAGER_EVENT_ONE_LESS && is_kept && world->wanted > 0)
        world->wanted--;
}

static void observe_deployment(struct world *world, const struct manager_event *event)
{
    if (event->kind == MANAGER_EVENT_UPGRADE_SPAWNED)
        world->deployment =
            (struct deployment){.stage = DEPLOYMENT_ALIVE, .began_us = world->now_us};
    /* Who is told to give up ends, with a status that says so. */
    if (event->kind == MANAGER_EVENT_UPGRADE_ABORTED && world->ending == ENDING_NONE)
        world->ending = ENDING_NOW;
}

void world_observe(struct world *world, const struct manager_event *event, int64_t wake_us)
{
    bool is_kept = world->ending == ENDING_NONE;
    switch (event->kind) {
    case MANAGER_EVENT_START:
        world->is_started = true;
        world->has_predecessor = event->pid != 0;
        break;
    case MANAGER_EVENT_SPAWNED:
        world->spawning--;
        add_witness(world, event->pid);
        break;
    case MANAGER_EVENT_SPAWN_FAILED:
        world->spawning--;
        break;
    case MANAGER_EVENT_HEARTBEAT:
        hear(world, event->pid, event->is_leaving);
        break;
    case MANAGER_EVENT_PIPE:
        hear_pipe(world, event->chunk);
        break;
    case MANAGER_EVENT_EXITED:
        remove_witness(world, event->pid);
        break;
    case MANAGER_EVENT_TICK:
        if (is_kept && world_is_late(world, wake_us))
            forgive(world);
        break;
    case MANAGER_EVENT_HELD_UP:
        if (is_kept)
            forgive(world);
        break;
    case MANAGER_EVENT_STOP_NOW:
    case MANAGER_EVENT_STOP_GRACEFULLY:
    case MANAGER_EVENT_ONE_MORE:
    case MANAGER_EVENT_ONE_LESS:
        observe_signal(world, event->kind);
        break;
    case MANAGER_EVENT_PID_FILE_LOST:
    case MANAGER_EVENT_UPGRADE:
    case MANAGER_EVENT_REOPEN_LOGS:
        break;
    case MANAGER_EVENT_UPGRADE_SPAWNED:
    case MANAGER_EVENT_UPGRADE_FAILED:
    case MANAGER_EVENT_UPGRADE_READY:
    case MANAGER_EVENT_UPGRADE_COMMITTED:
    case MANAGER_EVENT_UPGRADE_ABORTED:
    case MANAGER_EVENT_PREDECESSOR_GONE:
        observe_deployment(world, event);
        break;
    }
}

int64_t world_deployment_deadline_us(const struct world *world)
{
    const struct deployment *deployment = &world->deployment;
    if (deployment->stage != DEPLOYMENT_ALIVE || deployment->is_committed ||
        deployment->sent == WORKER_SIGNAL_KILL)
        return NEVER_US;
    return deployment->is_aborted
               ? deployment->stopped_us + KILL_AFTER_US
               : deployment->began_us + world->manager.settings.upgrade_timeout_us;
}

int64_t world_deadline_us(const struct world *world, const struct witness *witness)
{
    const struct manager_settings *settings = &world->manager.settings;
    if (witness->is_serving)
        return witness->expected_us + settings->heartbeat_interval_us +
               settings->heartbeat_timeout_us;
    if (witness->stopped_us == NEVER_US)
        return witness->leaving_us + settings->graceful_timeout_us;
    return witness->sent == WORKER_SIGNAL_KILL ? NEVER_US : witness->stopped_us + KILL_AFTER_US;
}
