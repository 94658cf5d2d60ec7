#include "moves.h"

#include <stdio.h>
#include <string.h>

uint32_t move_pack(struct move move)
{
    return (uint32_t)move.kind | move.row << 8 | move.variant << 16;
}

struct move move_unpack(uint32_t packed)
{
    return (struct move){(enum move_kind)(packed & 0xff), packed >> 8 & 0xff, packed >> 16};
}

uint32_t move_rows(enum move_kind kind, uint32_t rows)
{
    if (kind == MOVE_BEAT || kind == MOVE_FAREWELL || kind == MOVE_EXIT)
        return rows;
    if (kind == MOVE_ONE_LESS || kind == MOVE_TORN_END)
        return rows + 1;
    return kind == MOVE_LATE ? 4 : 1;
}

uint32_t move_variants(enum move_kind kind)
{
    if (kind == MOVE_STRANGER)
        return 4;
    if (kind == MOVE_REFUSED)
        return 8;
    if (kind == MOVE_BEAT || kind == MOVE_FAREWELL || kind == MOVE_LATE)
        return 3;
    return kind == MOVE_EXIT || kind == MOVE_TORN_BEGIN || kind == MOVE_TORN_END ||
                   kind == MOVE_UPGRADE_EXIT
               ? 2
               : 1;
}

/* A script in the making. */
struct writing {
    const struct world *world;
    const int32_t *pids;
    struct move move;
    const struct moves_bounds *bounds;
    struct script *script;
};

static struct script_step *add_step(const struct writing *writing)
{
    struct script_step *step = &writing->script->steps[writing->script->count++];
    *step = (struct script_step){.pass_us = 0};
    return step;
}

static bool add_event(const struct writing *writing, struct manager_event event)
{
    struct script_step *step = add_step(writing);
    step->has_event = true;
    step->event = event;
    return true;
}

static bool add_kind(const struct writing *writing, enum manager_event_kind kind)
{
    return add_event(writing, (struct manager_event){.kind = kind});
}

static bool add_pid(const struct writing *writing, enum manager_event_kind kind, int32_t pid)
{
    return add_event(writing, (struct manager_event){.kind = kind, .pid = pid});
}

static bool add_chunk(const struct writing *writing, const char *text)
{
    struct script_step *step = add_step(writing);
    (void)snprintf(step->text, sizeof step->text, "%s", text);
    step->has_event = true;
    step->event = (struct manager_event){.kind = MANAGER_EVENT_PIPE,
                                         .chunk = {step->text, strlen(step->text)}};
    return true;
}

static bool is_torn(const struct world *world)
{
    return world->manager.reader.size > 0 || world->manager.reader.is_overlong;
}

static bool write_beat(const struct writing *writing, bool is_leaving)
{
    int32_t pid = writing->pids[writing->move.row];
    const char *mark = is_leaving ? ":1" : "";
    char text[96];
    if (writing->move.variant == 0)
        return add_event(writing, (struct manager_event){.kind = MANAGER_EVENT_HEARTBEAT,
                                                         .pid = pid,
                                                         .is_leaving = is_leaving});
    if (is_torn(writing->world))
        return false;
    if (writing->move.variant == 1) {
        (void)snprintf(text, sizeof text, "x\n999:1\n\n%d%s\n0%d:1\n", pid, mark, pid);
        return add_chunk(writing, text);
    }
    /* Torn, with a tick between the two reads. */
    (void)add_chunk(writing, "998\n10");
    (void)add_kind(writing, MANAGER_EVENT_TICK);
    (void)snprintf(text, sizeof text, "%d%s\n", pid % 10, mark);
    return add_chunk(writing, text);
}

static bool write_exit(const struct writing *writing)
{
    bool is_signal = writing->move.variant == 1;
    return add_event(writing, (struct manager_event){.kind = MANAGER_EVENT_EXITED,
                                                     .pid = writing->pids[writing->move.row],
                                                     .exit_status = is_signal ? -1 : 3,
                                                     .exit_signal = is_signal ? 11 : 0});
}

/* The dice that choose this row among the serving workers. */
static bool write_one_less(const struct writing *writing)
{
    const struct roster *roster = &writing->world->manager.roster;
    bool has_row = writing->move.row < roster->count;
    uint32_t dice = 0;
    if (!has_row && roster_count_serving(roster) > 0)
        return false;
    for (uint32_t i = 0; has_row && roster->rows[i].pid != writing->pids[writing->move.row]; i++)
        dice += worker_life_is_serving(roster->rows[i].life);
    const struct roster_row *row =
        has_row ? roster_find((struct roster *)roster, writing->pids[writing->move.row]) : NULL;
    if (row != NULL && !worker_life_is_serving(row->life))
        return false;
    return add_event(writing, (struct manager_event){.kind = MANAGER_EVENT_ONE_LESS, .dice = dice});
}

static bool write_pass(const struct writing *writing)
{
    const struct world *world = writing->world;
    if (world->manager.wake_us <= world->now_us || world->manager.wake_us == NEVER_US)
        return false;
    add_step(writing)->pass_us = QUANTUM_US;
    return true;
}

static bool write_all_beats(const struct writing *writing)
{
    const struct world *world = writing->world;
    char text[96] = "";
    size_t size = 0;
    for (uint32_t i = 0; i < world->count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%d\n", writing->pids[i]);
    return add_chunk(writing, text);
}

/* The manager comes to its tick some quanta late; time never passes it by in any other way. */
static bool write_late(const struct writing *writing)
{
    const struct world *world = writing->world;
    int64_t interval = world->manager.settings.heartbeat_interval_us / QUANTUM_US;
    if (world->manager.wake_us == NEVER_US || (int64_t)writing->move.row > interval ||
        (writing->move.variant == 1 && is_torn(world)))
        return false;
    if (writing->move.variant == 1)
        (void)write_all_beats(writing);
    else if (writing->move.variant == 2)
        (void)add_kind(writing, MANAGER_EVENT_HELD_UP);
    (void)add_kind(writing, MANAGER_EVENT_TICK);
    writing->script->steps[0].pass_us =
        world->manager.wake_us - world->now_us + (int64_t)(writing->move.row + 1) * QUANTUM_US;
    return true;
}

static bool write_torn_end(const struct writing *writing)
{
    const struct world *world = writing->world;
    char text[96] = "\n";
    if (!is_torn(world) || (writing->move.row == world->count && writing->move.variant > 0))
        return false;
    if (writing->move.row < world->count)
        (void)snprintf(text, sizeof text, "%d%s\n", writing->pids[writing->move.row] % 10,
                       writing->move.variant == 1 ? ":1" : "");
    return add_chunk(writing, text);
}

static bool write_torn_begin(const struct writing *writing)
{
    if (is_torn(writing->world) || !writing->bounds->tears_across)
        return false;
    return add_chunk(writing, writing->move.variant == 0
                                  ? "10"
                                  : "1010101010101010101010101010101010101010101010101010101010");
}

static bool write_stranger(const struct writing *writing)
{
    switch (writing->move.variant) {
    case 0:
        return add_pid(writing, MANAGER_EVENT_HEARTBEAT, 999);
    case 1:
        return add_event(writing, (struct manager_event){.kind = MANAGER_EVENT_HEARTBEAT,
                                                         .pid = 999,
                                                         .is_leaving = true});
    case 2:
        return add_pid(writing, MANAGER_EVENT_EXITED, 999);
    default:
        return !is_torn(writing->world) && add_chunk(writing, "\n:1\n101 \n-101\n0101\n101:2\n");
    }
}

static bool write_refused(const struct writing *writing)
{
    const struct world *world = writing->world;
    switch (writing->move.variant) {
    case 0:
        return add_kind(writing, world->is_started ? MANAGER_EVENT_START : MANAGER_EVENT_TICK);
    case 1:
        return add_pid(writing, MANAGER_EVENT_SPAWNED, world->count > 0 ? writing->pids[0] : 1);
    case 2:
        return world->spawning == 0 &&
               add_pid(writing, MANAGER_EVENT_SPAWNED, world_free_pid(world));
    case 3:
        return world->spawning == 0 && add_kind(writing, MANAGER_EVENT_SPAWN_FAILED);
    case 4: /* the new manager is no worker */
        return add_pid(writing, MANAGER_EVENT_SPAWNED, NEW_PID);
    case 5:
        return add_pid(writing, MANAGER_EVENT_UPGRADE_SPAWNED,
                       world->count > 0 ? writing->pids[0] : 1);
    case 6:
        return add_kind(writing, MANAGER_EVENT_UPGRADE_READY);
    default:
        return add_kind(writing, MANAGER_EVENT_UPGRADE_COMMITTED);
    }
}

/* Those of the refused ones that sometimes are right are tried only where they are not. */
static bool write_wrong(const struct writing *writing)
{
    return write_refused(writing) &&
           !world_allows(writing->world, &writing->script->steps[0].event);
}

static bool write_upgrade_exit(const struct writing *writing)
{
    bool is_signal = writing->move.variant == 1;
    return writing->world->deployment.stage == DEPLOYMENT_ALIVE &&
           add_event(writing, (struct manager_event){.kind = MANAGER_EVENT_EXITED,
                                                     .pid = NEW_PID,
                                                     .exit_status = is_signal ? -1 : 1,
                                                     .exit_signal = is_signal ? 9 : 0});
}

/* What is said of a new generation, or to one, wherever it may be said. */
static bool write_deployment(const struct writing *writing, enum manager_event_kind kind)
{
    bool is_spawned = kind == MANAGER_EVENT_UPGRADE_SPAWNED;
    bool is_mine = kind == MANAGER_EVENT_UPGRADE_SPAWNED || kind == MANAGER_EVENT_UPGRADE_READY ||
                   kind == MANAGER_EVENT_UPGRADE_FAILED;
    struct manager_event event = {.kind = kind, .pid = is_spawned ? NEW_PID : 0};
    return (is_mine ? writing->bounds->deploys : writing->bounds->follows) &&
           world_allows(writing->world, &event) && add_event(writing, event);
}

static bool write_move(const struct writing *writing)
{
    const struct world *world = writing->world;
    switch (writing->move.kind) {
    case MOVE_START:
        return add_pid(writing, MANAGER_EVENT_START, writing->bounds->follows ? OLD_PID : 0);
    case MOVE_SPAWNED:
        return world->spawning > 0 &&
               add_pid(writing, MANAGER_EVENT_SPAWNED, world_free_pid(world));
    case MOVE_SPAWN_FAILED:
        return world->spawning > 0 && add_kind(writing, MANAGER_EVENT_SPAWN_FAILED);
    case MOVE_BEAT:
        return write_beat(writing, false);
    case MOVE_FAREWELL:
        return write_beat(writing, true);
    case MOVE_EXIT:
        return write_exit(writing);
    case MOVE_STOP_NOW:
        return add_kind(writing, MANAGER_EVENT_STOP_NOW);
    case MOVE_STOP_GRACEFULLY:
        return add_kind(writing, MANAGER_EVENT_STOP_GRACEFULLY);
    case MOVE_ONE_MORE:
        return world->wanted < writing->bounds->wanted && add_kind(writing, MANAGER_EVENT_ONE_MORE);
    case MOVE_ONE_LESS:
        return write_one_less(writing);
    case MOVE_UPGRADE:
        return writing->bounds->deploys && add_kind(writing, MANAGER_EVENT_UPGRADE);
    case MOVE_REOPEN_LOGS:
        return add_kind(writing, MANAGER_EVENT_REOPEN_LOGS);
    case MOVE_HELD_UP:
        return add_kind(writing, MANAGER_EVENT_HELD_UP);
    case MOVE_PID_FILE_LOST:
        return add_kind(writing, MANAGER_EVENT_PID_FILE_LOST);
    case MOVE_TICK:
        return add_kind(writing, MANAGER_EVENT_TICK);
    case MOVE_PASS:
        return write_pass(writing);
    case MOVE_LATE:
        return write_late(writing);
    case MOVE_TORN_BEGIN:
        return write_torn_begin(writing);
    case MOVE_TORN_END:
        return write_torn_end(writing);
    case MOVE_STRANGER:
        return write_stranger(writing);
    case MOVE_REFUSED:
        return write_wrong(writing);
    case MOVE_UPGRADE_SPAWNED:
        return write_deployment(writing, MANAGER_EVENT_UPGRADE_SPAWNED);
    case MOVE_UPGRADE_FAILED:
        return write_deployment(writing, MANAGER_EVENT_UPGRADE_FAILED);
    case MOVE_UPGRADE_READY:
        return write_deployment(writing, MANAGER_EVENT_UPGRADE_READY);
    case MOVE_UPGRADE_EXIT:
        return write_upgrade_exit(writing);
    case MOVE_COMMITTED:
        return write_deployment(writing, MANAGER_EVENT_UPGRADE_COMMITTED);
    case MOVE_ABORTED:
        return write_deployment(writing, MANAGER_EVENT_UPGRADE_ABORTED);
    case MOVE_PREDECESSOR_GONE:
        return write_deployment(writing, MANAGER_EVENT_PREDECESSOR_GONE);
    case MOVE_KINDS:
        break;
    }
    return false;
}

bool move_write(const struct world *world, const int32_t *pids, struct move move,
                const struct moves_bounds *bounds, struct script *ret_script)
{
    struct writing writing = {world, pids, move, bounds, ret_script};
    ret_script->count = 0;
    bool is_beginning = move.kind == MOVE_START || move.kind == MOVE_REFUSED;
    return world->is_started != (move.kind == MOVE_START) &&
           (world->ending != ENDING_OVER || is_beginning) && write_move(&writing);
}

enum invariant script_play(struct world *world, const struct script *script,
                           const struct script_listener *listener)
{
    static struct world before;
    enum invariant broken = INVARIANT_NONE;
    for (uint32_t i = 0; i < script->count && broken == INVARIANT_NONE; i++) {
        const struct script_step *step = &script->steps[i];
        world->now_us += step->pass_us;
        if (!step->has_event)
            continue;
        if (listener != NULL)
            listener->hear_event(listener->context, world, &step->event);
        world_copy(&before, world);
        broken = judge_step(world, &before, &step->event);
        if (listener != NULL)
            listener->hear_actions(listener->context, world);
    }
    return broken;
}
