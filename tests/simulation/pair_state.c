#include "pair.h"

#include "policy/pool.h"

#include <assert.h>
#include <string.h>

#define BASE_US (1000 * QUANTUM_US)

/* Fields of a few bits each, appended to a word or taken from it in the same order. */
struct fields {
    uint32_t word;
    uint32_t used;
};

static void put(struct fields *fields, int64_t value, uint32_t width)
{
    assert(value >= 0 && value < INT64_C(1) << width && fields->used + width <= 32);
    fields->word |= (uint32_t)value << fields->used;
    fields->used += width;
}

static uint32_t take(struct fields *fields, uint32_t width)
{
    uint32_t value = fields->word & ((UINT32_C(1) << width) - 1);
    fields->word >>= width;
    return value;
}

static void put_age(struct fields *fields, const struct pair *pair, int64_t time_us, bool matters)
{
    put(fields, matters ? (pair->now_us - time_us) / QUANTUM_US : 0, 3);
}

static int64_t take_age(struct fields *fields, const struct pair *pair)
{
    return pair->now_us - (int64_t)take(fields, 3) * QUANTUM_US;
}

/* Never ready, ready just now, or healthy: nothing else is asked about the first heartbeat. */
static uint32_t readiness_of(const struct pair *pair, const struct roster_row *row)
{
    if (row->ready_us == NEVER_US)
        return 0;
    return pool_is_healthy(row, pair->now_us) ? 2 : 1;
}

static uint32_t pack_row(const struct pair *pair, const struct roster_row *row)
{
    struct fields fields = {0, 0};
    put(&fields, (uint32_t)row->life + 1, 3);
    put_age(&fields, pair, row->heard_us, worker_life_is_serving(row->life));
    put_age(&fields, pair, row->leaving_us, worker_life_is_leaving(row->life));
    put_age(&fields, pair, row->stopped_us, row->life == WORKER_TERMINATING);
    put(&fields, readiness_of(pair, row), 2);
    put(&fields, row->is_proven, 1);
    put(&fields, row->was_silent, 1);
    return fields.word;
}

static void unpack_row(struct pair *pair, struct manager *manager, uint32_t word)
{
    struct fields fields = {word, 0};
    uint32_t life = take(&fields, 3);
    if (life == 0)
        return;
    int32_t pid = 101 + (int32_t)manager->roster.count;
    struct roster_row *row = roster_add(&manager->roster, pid, pair->now_us);
    row->life = (enum worker_life)(life - 1);
    row->heard_us = take_age(&fields, pair);
    int64_t leaving_us = take_age(&fields, pair);
    int64_t stopped_us = take_age(&fields, pair);
    row->leaving_us = worker_life_is_leaving(row->life) ? leaving_us : NEVER_US;
    row->stopped_us = row->life == WORKER_TERMINATING ? stopped_us : NEVER_US;
    uint32_t readiness = take(&fields, 2);
    row->ready_us = readiness == 0   ? NEVER_US
                    : readiness == 1 ? pair->now_us
                                     : pair->now_us - PROVEN_AFTER_US;
    row->is_proven = take(&fields, 1);
    row->was_silent = take(&fields, 1);
}

void pair_order(const struct pair *pair, enum side side,
                const struct roster_row *ret_rows[PAIR_ROWS_MAX])
{
    const struct roster *roster = &pair->managers[side].roster;
    assert(roster->count <= PAIR_ROWS_MAX);
    for (uint32_t i = 0; i < roster->count; i++)
        ret_rows[i] = &roster->rows[i];
    if (roster->count == 2 && pack_row(pair, ret_rows[0]) < pack_row(pair, ret_rows[1])) {
        ret_rows[0] = &roster->rows[1];
        ret_rows[1] = &roster->rows[0];
    }
}

/* The time of waking follows from the rest. */
static uint32_t pack_head(const struct pair *pair, const struct manager *manager)
{
    const struct upgrade *upgrade = &manager->upgrade;
    const struct backoff *backoff = &manager->backoff;
    bool is_paused = backoff->until_us > pair->now_us && pool_is_kept(manager);
    struct fields fields = {0, 0};
    put(&fields, manager->phase, 3);
    put(&fields, manager->spawning, 2);
    put(&fields, pool_is_kept(manager) ? backoff->failures : 0, 3);
    put_age(&fields, pair, 2 * pair->now_us - backoff->until_us, is_paused);
    put(&fields, is_paused && backoff->has_attempted, 1);
    put(&fields, manager->exit_status, 1);
    put(&fields, manager->has_pid_file, 1);
    put(&fields, pool_is_untried(manager) && manager->predecessor != 0, 1);
    put(&fields, upgrade->life, 3);
    put_age(&fields, pair, upgrade->began_us, upgrade->life == UPGRADE_STARTING);
    put_age(&fields, pair, upgrade->stopped_us, upgrade->life == UPGRADE_ABORTING);
    return fields.word;
}

static void unpack_head(struct pair *pair, struct manager *manager, uint32_t word)
{
    struct upgrade *upgrade = &manager->upgrade;
    struct fields fields = {word, 0};
    manager->phase = (enum manager_phase)take(&fields, 3);
    manager->spawning = take(&fields, 2);
    manager->backoff.failures = take(&fields, 3);
    manager->backoff.until_us = 2 * pair->now_us - take_age(&fields, pair);
    manager->backoff.has_attempted = take(&fields, 1);
    manager->exit_status = (int32_t)take(&fields, 1);
    manager->has_pid_file = take(&fields, 1);
    manager->predecessor = take(&fields, 1) ? OLD_PID : 0;
    upgrade->life = (enum upgrade_life)take(&fields, 3);
    upgrade->began_us = take_age(&fields, pair);
    upgrade->stopped_us = take_age(&fields, pair);
    upgrade->pid = upgrade_has_process(upgrade) ? NEW_PID : 0;
}

static uint32_t pack_between(const struct pair *pair)
{
    struct fields fields = {0, 0};
    put(&fields, pair->is_old_alive, 1);
    put(&fields, pair->is_forking, 1);
    put(&fields, pair->process, 2);
    put(&fields, pair->has_ready, 1);
    put(&fields, pair->word, 2);
    put(&fields, pair->said, 2);
    put(&fields, pair->has_heard, 1);
    put(&fields, pair->has_quit, 1);
    put(&fields, pair->has_term, 1);
    put(&fields, pair->has_taken_over, 1);
    put(&fields, pair->may_old_be_over, 1);
    put(&fields, pair->may_new_be_over, 1);
    put(&fields, pair->file, 2);
    return fields.word;
}

static void unpack_between(struct pair *pair, uint32_t word)
{
    struct fields fields = {word, 0};
    pair->is_old_alive = take(&fields, 1);
    pair->is_forking = take(&fields, 1);
    pair->process = (enum pair_process)take(&fields, 2);
    pair->has_ready = take(&fields, 1);
    pair->word = (enum pair_word)take(&fields, 2);
    pair->said = (enum pair_word)take(&fields, 2);
    pair->has_heard = take(&fields, 1);
    pair->has_quit = take(&fields, 1);
    pair->has_term = take(&fields, 1);
    pair->has_taken_over = take(&fields, 1);
    pair->may_old_be_over = take(&fields, 1);
    pair->may_new_be_over = take(&fields, 1);
    pair->file = (enum pair_file)take(&fields, 2);
}

void pair_pack(const struct pair *pair, struct state *ret_state)
{
    *ret_state = (struct state){{0}};
    ret_state->words[0] = pack_between(pair);
    for (int side = SIDE_OLD; side <= SIDE_NEW; side++) {
        uint32_t *words = ret_state->words + 1 + 3 * side;
        const struct roster_row *rows[PAIR_ROWS_MAX] = {NULL};
        bool is_alive = side == SIDE_OLD ? pair->is_old_alive : pair->process == PROCESS_LIVING;
        if (!is_alive)
            continue;
        words[0] = pack_head(pair, &pair->managers[side]);
        pair_order(pair, (enum side)side, rows);
        for (uint32_t i = 0; i < PAIR_ROWS_MAX && rows[i] != NULL; i++)
            words[1 + i] = pack_row(pair, rows[i]);
    }
}

void pair_unpack(const struct state *state, const struct manager_settings *settings,
                 struct pair *ret_pair)
{
    ret_pair->now_us = BASE_US;
    unpack_between(ret_pair, state->words[0]);
    for (int side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const uint32_t *words = state->words + 1 + 3 * side;
        struct manager *manager = &ret_pair->managers[side];
        manager_init(manager, settings);
        if (words[0] == 0)
            continue;
        unpack_head(ret_pair, manager, words[0]);
        for (uint32_t i = 0; i < PAIR_ROWS_MAX; i++)
            unpack_row(ret_pair, manager, words[1 + i]);
        manager->wake_us = pool_wake_us(manager);
    }
}
