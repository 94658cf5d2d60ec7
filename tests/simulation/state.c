#include "state.h"

#include "policy/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where an unpacked world's clock stands. */
#define BASE_US (1000 * QUANTUM_US)

enum {
    WAKE_NEVER = 31
};

/* Fields of a few bits each, appended to a word or taken from it in the same order. */
struct bits {
    uint32_t word;
    uint32_t used;
};

static void put(struct bits *bits, uint32_t value, uint32_t width)
{
    assert(bits->used + width <= 32 && value < 1u << width);
    bits->word |= value << bits->used;
    bits->used += width;
}

static uint32_t take(struct bits *bits, uint32_t width)
{
    uint32_t value = bits->word & ((1u << width) - 1);
    bits->word >>= width;
    return value;
}

static uint32_t age(const struct world *world, int64_t time_us)
{
    int64_t quanta = (world->now_us - time_us) / QUANTUM_US;
    assert(quanta >= 0 && quanta <= STATE_AGE_MAX);
    return (uint32_t)quanta;
}

static bool is_kept(const struct world *world)
{
    return world->manager.phase <= MANAGER_RUNNING;
}

/* How many quanta ago its first heartbeat came; a proven worker's does not matter any more. */
enum readiness {
    READINESS_NOW,
    READINESS_PROVEN_NOW,
    READINESS_OLD,
    READINESS_NEVER
};
static_assert(PROVEN_AFTER_US == READINESS_PROVEN_NOW * QUANTUM_US, "it takes a quantum to prove");

static enum readiness readiness_of(const struct world *world, const struct roster_row *row)
{
    if (row->ready_us == NEVER_US)
        return READINESS_NEVER;
    int64_t quanta = (world->now_us - row->ready_us) / QUANTUM_US;
    return row->is_proven || quanta > READINESS_OLD ? READINESS_OLD : (enum readiness)quanta;
}

/* Its end will count as a failure, whenever it comes. */
static bool will_fail(const struct world *world, const struct roster_row *row)
{
    return is_kept(world) && row->ready_us == NEVER_US &&
           (row->was_silent || row->life == WORKER_LEAVING);
}

/* Its workers' first second matters. */
static bool is_followed(const struct world *world)
{
    return pool_is_untried(&world->manager) && world->has_predecessor;
}

static void pack_serving(const struct world *world, const struct roster_row *row, struct bits *bits)
{
    put(bits, age(world, row->heard_us), 3);
    put(bits, readiness_of(world, row), 2);
    put(bits, row->is_proven, 1);
}

static void pack_going(const struct world *world, const struct roster_row *row, struct bits *bits)
{
    bool is_leaving = worker_life_is_leaving(row->life);
    put(bits, will_fail(world, row), 1);
    put(bits, is_leaving ? age(world, row->leaving_us) : 0, 3);
    put(bits, row->life == WORKER_TERMINATING ? age(world, row->stopped_us) : 0, 3);
}

static uint32_t pack_row(const struct world *world, const struct roster_row *row)
{
    const struct witness *witness = world_find((struct world *)world, row->pid);
    struct bits bits = {0, 0};
    /* No row with a worker is 0. */
    put(&bits, (uint32_t)row->life + 1, 3);
    if (worker_life_is_serving(row->life))
        pack_serving(world, row, &bits);
    else
        pack_going(world, row, &bits);
    put(&bits, witness->sent, 2);
    put(&bits, witness->is_serving ? age(world, witness->expected_us) : 0, 3);
    put(&bits,
        witness->is_serving || witness->sent > WORKER_SIGNAL_QUIT ? 0
                                                                  : age(world, witness->leaving_us),
        3);
    put(&bits, witness->sent == WORKER_SIGNAL_TERM ? age(world, witness->stopped_us) : 0, 3);
    bool is_to_blame = !witness->has_beaten && !witness->is_blameless;
    put(&bits, pool_is_untried(&world->manager) && is_to_blame, 1);
    /* It has proven healthy after a quantum; before, its end is the end of a new generation. */
    put(&bits, is_followed(world) && witness->ready_us == world->now_us, 1);
    return bits.word;
}

static void unpack_serving(struct world *world, struct roster_row *row, struct bits *bits)
{
    row->heard_us = world->now_us - (int64_t)take(bits, 3) * QUANTUM_US;
    enum readiness readiness = (enum readiness)take(bits, 2);
    row->ready_us =
        readiness == READINESS_NEVER ? NEVER_US : world->now_us - (int64_t)readiness * QUANTUM_US;
    row->is_proven = take(bits, 1);
}

static void unpack_going(struct world *world, struct roster_row *row, struct bits *bits)
{
    bool fails = take(bits, 1);
    row->ready_us = fails ? NEVER_US : world->now_us - PROVEN_AFTER_US;
    row->was_silent = fails && row->life != WORKER_LEAVING;
    int64_t leaving_us = world->now_us - (int64_t)take(bits, 3) * QUANTUM_US;
    int64_t stopped_us = world->now_us - (int64_t)take(bits, 3) * QUANTUM_US;
    row->leaving_us = worker_life_is_leaving(row->life) ? leaving_us : NEVER_US;
    row->stopped_us = worker_life_is_leaving(row->life) ? NEVER_US : stopped_us;
}

static void unpack_row(struct world *world, uint32_t index, uint32_t word)
{
    struct bits bits = {word, 0};
    struct roster_row *row = &world->manager.roster.rows[index];
    *row = (struct roster_row){.pid = 101 + (int32_t)index,
                               .heard_us = world->now_us,
                               .leaving_us = NEVER_US,
                               .stopped_us = NEVER_US};
    row->life = (enum worker_life)(take(&bits, 3) - 1);
    if (worker_life_is_serving(row->life))
        unpack_serving(world, row, &bits);
    else
        unpack_going(world, row, &bits);

    struct witness *witness = &world->witnesses[index];
    *witness = (struct witness){.pid = row->pid};
    witness->sent = (enum worker_signal)take(&bits, 2);
    witness->is_serving = worker_life_is_serving(row->life);
    witness->expected_us = world->now_us - (int64_t)take(&bits, 3) * QUANTUM_US;
    int64_t leaving_us = world->now_us - (int64_t)take(&bits, 3) * QUANTUM_US;
    int64_t stopped_us = world->now_us - (int64_t)take(&bits, 3) * QUANTUM_US;
    witness->leaving_us = row->leaving_us == NEVER_US ? NEVER_US : leaving_us;
    witness->stopped_us = row->stopped_us == NEVER_US ? NEVER_US : stopped_us;
    bool is_to_blame = take(&bits, 1);
    witness->has_beaten = witness->is_serving ? row->life == WORKER_READY : !is_to_blame;
    bool is_young = take(&bits, 1);
    witness->ready_us = !witness->has_beaten ? NEVER_US
                        : is_young           ? world->now_us
                                             : world->now_us - PROVEN_AFTER_US;
}

static uint32_t quanta_until(const struct world *world, int64_t time_us)
{
    return time_us <= world->now_us ? 0 : (uint32_t)((time_us - world->now_us) / QUANTUM_US);
}

/* The manager's own view first, then the observer's. */
static uint32_t pack_deployment(const struct world *world)
{
    const struct upgrade *upgrade = &world->manager.upgrade;
    const struct deployment *deployment = &world->deployment;
    bool is_timed = deployment->stage == DEPLOYMENT_ALIVE && !deployment->is_committed;
    struct bits bits = {0, 0};
    put(&bits, upgrade->life, 3);
    put(&bits, upgrade->life == UPGRADE_STARTING ? age(world, upgrade->began_us) : 0, 3);
    put(&bits, upgrade->life == UPGRADE_ABORTING ? age(world, upgrade->stopped_us) : 0, 3);
    put(&bits, is_followed(world) && world->manager.predecessor != 0, 1);
    put(&bits, deployment->stage, 2);
    put(&bits, deployment->is_committed, 1);
    put(&bits, deployment->is_aborted, 1);
    put(&bits, deployment->sent, 2);
    put(&bits, is_timed && !deployment->is_aborted ? age(world, deployment->began_us) : 0, 3);
    put(&bits,
        is_timed && deployment->sent == WORKER_SIGNAL_TERM ? age(world, deployment->stopped_us) : 0,
        3);
    put(&bits, world->is_announced, 1);
    put(&bits, is_followed(world), 1);
    put(&bits, is_followed(world) && world->has_asked, 1);
    return bits.word;
}

static int64_t take_age(const struct world *world, struct bits *bits)
{
    return world->now_us - (int64_t)take(bits, 3) * QUANTUM_US;
}

static void unpack_deployment(uint32_t word, struct world *world)
{
    struct upgrade *upgrade = &world->manager.upgrade;
    struct deployment *deployment = &world->deployment;
    struct bits bits = {word, 0};
    upgrade->life = (enum upgrade_life)take(&bits, 3);
    upgrade->began_us = take_age(world, &bits);
    upgrade->stopped_us = take_age(world, &bits);
    upgrade->pid = upgrade_has_process(upgrade) ? NEW_PID : 0;
    world->manager.predecessor = take(&bits, 1) ? OLD_PID : 0;
    deployment->stage = (enum deployment_stage)take(&bits, 2);
    deployment->is_committed = take(&bits, 1);
    deployment->is_aborted = take(&bits, 1);
    deployment->sent = (enum worker_signal)take(&bits, 2);
    deployment->began_us = take_age(world, &bits);
    deployment->stopped_us = take_age(world, &bits);
    world->is_announced = take(&bits, 1);
    world->has_predecessor = take(&bits, 1);
    world->has_asked = take(&bits, 1);
}

static void pack_head(const struct world *world, uint32_t *words)
{
    const struct manager *manager = &world->manager;
    const struct backoff *backoff = &manager->backoff;
    uint32_t until = is_kept(world) ? quanta_until(world, backoff->until_us) : 0;
    struct bits first = {0, 0};
    put(&first, manager->phase, 3);
    put(&first, manager->wanted, 4);
    put(&first, manager->spawning, 4);
    put(&first, is_kept(world) ? backoff->failures : 0, 3);
    put(&first, until, 5);
    put(&first, until > 0 && backoff->has_attempted, 1);
    put(&first, (uint32_t)manager->exit_status, 1);
    put(&first, manager->has_pid_file, 1);
    put(&first, manager->roster.count, 4);
    put(&first, manager->wake_us == NEVER_US ? WAKE_NEVER : quanta_until(world, manager->wake_us),
        5);
    struct bits second = {0, 0};
    put(&second, world->ending, 2);
    put(&second, world->wanted, 4);
    put(&second, world->spawning, 4);
    put(&second, world->has_pid_file, 1);
    /* The pipe: nothing of a line, "10", or too much garbage. */
    put(&second, manager->reader.is_overlong ? 2 : manager->reader.size > 0, 2);
    words[0] = first.word;
    words[1] = second.word;
    words[2] = pack_deployment(world);
}

static void unpack_pipe(struct world *world, uint32_t kind)
{
    struct heartbeat_reader *reader = &world->manager.reader;
    heartbeat_reader_init(reader);
    reader->is_overlong = kind == 2;
    reader->size = kind == 1 ? 2 : 0;
    memcpy(reader->line, "10", 2);
    world->line_size = kind == 2 ? sizeof world->line : reader->size;
    memset(world->line, 'x', sizeof world->line);
    memcpy(world->line, reader->line, reader->size);
}

static void unpack_head(const uint32_t *words, struct world *world)
{
    struct manager *manager = &world->manager;
    struct bits first = {words[0], 0};
    manager->phase = (enum manager_phase)take(&first, 3);
    manager->wanted = take(&first, 4);
    manager->spawning = take(&first, 4);
    manager->backoff.failures = take(&first, 3);
    manager->backoff.until_us = world->now_us + (int64_t)take(&first, 5) * QUANTUM_US;
    manager->backoff.has_attempted = take(&first, 1);
    manager->exit_status = (int32_t)take(&first, 1);
    manager->has_pid_file = take(&first, 1);
    manager->roster.count = take(&first, 4);
    uint32_t wake = take(&first, 5);
    manager->wake_us = wake == WAKE_NEVER ? NEVER_US : world->now_us + (int64_t)wake * QUANTUM_US;
    struct bits second = {words[1], 0};
    world->ending = (enum ending)take(&second, 2);
    world->wanted = take(&second, 4);
    world->spawning = take(&second, 4);
    world->has_pid_file = take(&second, 1);
    unpack_pipe(world, take(&second, 2));
    unpack_deployment(words[2], world);
    world->is_started = manager->phase != MANAGER_UNSTARTED;
    world->count = manager->roster.count;
}

void state_pack(const struct world *world, struct state *ret_state, int32_t *ret_pids)
{
    const struct roster *roster = &world->manager.roster;
    assert(roster->count <= STATE_ROWS_MAX && roster->count == world->count);
    *ret_state = (struct state){{0}};
    pack_head(world, ret_state->words);
    uint32_t *rows = ret_state->words + STATE_HEAD_WORDS;
    int32_t pids[STATE_ROWS_MAX];
    for (uint32_t i = 0; i < roster->count; i++) {
        uint32_t word = pack_row(world, &roster->rows[i]);
        uint32_t at = i;
        for (; at > 0 && rows[at - 1] < word; at--) {
            rows[at] = rows[at - 1];
            pids[at] = pids[at - 1];
        }
        rows[at] = word;
        pids[at] = roster->rows[i].pid;
    }
    if (ret_pids != NULL)
        memcpy(ret_pids, pids, roster->count * sizeof pids[0]);
}

void state_unpack(const struct state *state, const struct manager_settings *settings,
                  struct world *ret_world)
{
    ret_world->manager.settings = *settings;
    ret_world->now_us = BASE_US;
    ret_world->actions.count = 0;
    unpack_head(state->words, ret_world);
    for (uint32_t i = 0; i < ret_world->count; i++)
        unpack_row(ret_world, i, state->words[STATE_HEAD_WORDS + i]);
}

uint32_t state_rows(const struct state *state)
{
    uint32_t count = 0;
    while (count < STATE_ROWS_MAX && state->words[STATE_HEAD_WORDS + count] != 0)
        count++;
    return count;
}

bool state_rows_are_alike(const struct state *state, uint32_t a, uint32_t b)
{
    return state->words[STATE_HEAD_WORDS + a] == state->words[STATE_HEAD_WORDS + b];
}
