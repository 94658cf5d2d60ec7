#include "liveness.h"

enum {
    STEPS_MAX = 1000
};

/* One way to the end. */
struct way {
    struct world world;
    const struct script_listener *listener;
    enum invariant broken;
    uint64_t newcomers; /* pids that were started on this way, a bit each, from 101 */
};

static void feed(struct way *way, int64_t pass_us, struct manager_event event)
{
    if (way->broken != INVARIANT_NONE || way->world.ending == ENDING_OVER)
        return;
    struct script script = {.count = 1,
                            .steps = {{.pass_us = pass_us, .has_event = true, .event = event}}};
    way->broken = script_play(&way->world, &script, way->listener);
}

static void feed_kind(struct way *way, enum manager_event_kind kind)
{
    feed(way, 0, (struct manager_event){.kind = kind});
}

static void answer_spawns(struct way *way)
{
    while (way->world.spawning > 0 && way->broken == INVARIANT_NONE &&
           way->world.ending != ENDING_OVER) {
        int32_t pid = world_free_pid(&way->world);
        way->newcomers |= UINT64_C(1) << (pid - 101);
        feed(way, 0, (struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = pid});
    }
}

static void bury_successor(struct way *way)
{
    feed(way, 0,
         (struct manager_event){
             .kind = MANAGER_EVENT_EXITED, .pid = NEW_PID, .exit_status = -1, .exit_signal = 9});
}

/* A new generation fails, and what a predecessor is asked it agrees to. */
static void end_deployment(struct way *way)
{
    if (way->world.deployment.stage == DEPLOYMENT_FORKING)
        feed_kind(way, MANAGER_EVENT_UPGRADE_FAILED);
    if (way->world.deployment.stage == DEPLOYMENT_ALIVE)
        bury_successor(way);
    if (way->world.has_predecessor && way->world.has_asked && way->world.ending == ENDING_NONE)
        feed_kind(way, MANAGER_EVENT_UPGRADE_COMMITTED);
}

static bool has_newcomer(const struct way *way)
{
    for (uint32_t i = 0; i < way->world.count; i++)
        if (way->newcomers >> (way->world.witnesses[i].pid - 101) & 1)
            return true;
    return false;
}

/* Whoever leaves is gone, whoever serves beats. */
static void be_kind(struct way *way)
{
    answer_spawns(way);
    end_deployment(way);
    for (uint32_t i = 0; i < way->world.count && way->broken == INVARIANT_NONE;) {
        const struct witness witness = way->world.witnesses[i];
        enum manager_event_kind kind =
            witness.is_serving ? MANAGER_EVENT_HEARTBEAT : MANAGER_EVENT_EXITED;
        feed(way, 0, (struct manager_event){.kind = kind, .pid = witness.pid});
        i += witness.is_serving;
    }
    answer_spawns(way);
}

/* Time passes to the next thing that is due. */
static void wait_and_tick(struct way *way)
{
    int64_t wake_us = way->world.manager.wake_us;
    int64_t pass_us =
        wake_us == NEVER_US || wake_us < way->world.now_us ? 0 : wake_us - way->world.now_us;
    feed(way, pass_us, (struct manager_event){.kind = MANAGER_EVENT_TICK});
}

/* Time passes to the next thing that is due, but no worker stays silent for longer than it may. */
static void live_on(struct way *way)
{
    int64_t wake_us = way->world.manager.wake_us;
    int64_t next_us = way->world.now_us + way->world.manager.settings.heartbeat_interval_us;
    way->world.now_us = wake_us < next_us ? wake_us : next_us;
    be_kind(way);
    feed_kind(way, MANAGER_EVENT_TICK);
}

static bool is_whole(const struct world *world)
{
    uint32_t ready = roster_count_ready(&world->manager.roster);
    return world->count == world->wanted && ready == world->wanted && world->spawning == 0 &&
           world->manager.phase == MANAGER_RUNNING;
}

static enum invariant judge_healing(struct way *way)
{
    int64_t start_us = way->world.now_us;
    be_kind(way);
    for (int step = 0; step < STEPS_MAX && way->broken == INVARIANT_NONE; step++) {
        if (way->world.ending == ENDING_OVER)
            return INVARIANT_NONE;
        if (is_whole(&way->world))
            break;
        live_on(way);
        be_kind(way);
    }
    if (way->broken != INVARIANT_NONE)
        return way->broken;
    if (!is_whole(&way->world) || way->world.now_us - start_us > BACKOFF_MAX_US + PROVEN_AFTER_US)
        return INVARIANT_L9;
    /* Whole again: beats and ticks go on, and nothing else happens. */
    for (int step = 0; step < 4; step++) {
        live_on(way);
        if (way->world.actions.count > 0)
            return INVARIANT_L11;
    }
    /* Promise MGR-9: a newcomer that has proven healthy ends all pauses. */
    bool is_damaged = has_newcomer(way) && way->world.manager.backoff.failures > 0;
    return way->broken == INVARIANT_NONE && is_damaged ? INVARIANT_L9 : way->broken;
}

static int32_t find_killed(const struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++)
        if (world->witnesses[i].sent == WORKER_SIGNAL_KILL)
            return world->witnesses[i].pid;
    return 0;
}

/* Nobody does anything any more, but the kernel delivers KILL. */
static enum invariant judge_freezing(struct way *way, enum manager_event_kind stop, int64_t most_us,
                                     enum invariant bound)
{
    int64_t start_us = way->world.now_us;
    feed_kind(way, stop);
    answer_spawns(way);
    if (way->world.deployment.stage == DEPLOYMENT_FORKING)
        feed(way, 0, (struct manager_event){.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = NEW_PID});
    for (int step = 0; step < STEPS_MAX && way->broken == INVARIANT_NONE; step++) {
        if (way->world.ending == ENDING_OVER)
            return way->world.now_us - start_us > most_us ? bound : INVARIANT_NONE;
        int32_t pid = find_killed(&way->world);
        if (way->world.deployment.sent == WORKER_SIGNAL_KILL)
            bury_successor(way);
        else if (pid != 0)
            feed(
                way, 0,
                (struct manager_event){.kind = MANAGER_EVENT_EXITED, .pid = pid, .exit_signal = 9});
        else
            wait_and_tick(way);
    }
    return way->broken != INVARIANT_NONE ? way->broken : bound;
}

enum way_kind {
    WAY_HEALING,
    WAY_GRACEFUL_STOP,
    WAY_STOP,
    WAY_KINDS
};

static enum invariant judge_way(const struct world *world, enum way_kind kind,
                                const struct script_listener *listener)
{
    static struct way way;
    int64_t grace_us = world->manager.settings.graceful_timeout_us;
    world_copy(&way.world, world);
    way.broken = INVARIANT_NONE;
    way.newcomers = 0;
    way.listener = listener;
    if (kind == WAY_HEALING)
        return judge_healing(&way);
    if (kind == WAY_GRACEFUL_STOP)
        return judge_freezing(&way, MANAGER_EVENT_STOP_GRACEFULLY, grace_us + KILL_AFTER_US,
                              INVARIANT_L4);
    return judge_freezing(&way, MANAGER_EVENT_STOP_NOW, KILL_AFTER_US, INVARIANT_L5);
}

enum invariant liveness_judge(const struct world *world, const struct script_listener *listener)
{
    if (!world->is_started || world->ending == ENDING_OVER)
        return INVARIANT_NONE;
    for (int kind = 0; kind < WAY_KINDS; kind++) {
        enum invariant broken = judge_way(world, (enum way_kind)kind, NULL);
        if (broken != INVARIANT_NONE)
            return listener == NULL ? broken : judge_way(world, (enum way_kind)kind, listener);
    }
    return INVARIANT_NONE;
}
