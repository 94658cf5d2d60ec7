#include "pair.h"

#include "policy/pool.h"

enum {
    STEPS_MAX = 400
};

/* One way to the end. */
struct settling {
    struct pair pair;
    bool is_frozen; /* of the new manager nothing is heard any more */
    int64_t start_us;
};

static bool try_move(struct settling *settling, enum pair_move_kind kind, enum side side,
                     uint32_t row)
{
    return pair_play(&settling->pair, (struct pair_move){kind, side, row});
}

/* Whatever is on its way to the old manager arrives, then what is on its way to the new one. */
static bool deliver(struct settling *settling)
{
    static const enum pair_move_kind to_old[] = {PAIR_MOVE_FORKED, PAIR_MOVE_QUIT, PAIR_MOVE_READY,
                                                 PAIR_MOVE_REAPED};
    static const enum pair_move_kind to_new[] = {PAIR_MOVE_LOADED, PAIR_MOVE_TERM, PAIR_MOVE_WORD,
                                                 PAIR_MOVE_NO_WORD};
    for (size_t i = 0; i < sizeof to_old / sizeof to_old[0]; i++)
        if (try_move(settling, to_old[i], SIDE_OLD, 0))
            return true;
    for (size_t i = 0; !settling->is_frozen && i < sizeof to_new / sizeof to_new[0]; i++)
        if (try_move(settling, to_new[i], SIDE_NEW, 0))
            return true;
    return false;
}

/* Who serves beats, who was told to go is gone. */
static bool work(struct settling *settling, enum side side)
{
    const struct roster_row *rows[PAIR_ROWS_MAX] = {NULL};
    pair_order(&settling->pair, side, rows);
    if (try_move(settling, PAIR_MOVE_WORKER_FORKED, side, 0))
        return true;
    for (uint32_t i = 0; i < PAIR_ROWS_MAX && rows[i] != NULL; i++) {
        bool is_serving = worker_life_is_serving(rows[i]->life);
        bool is_fresh = rows[i]->life == WORKER_READY && rows[i]->heard_us == settling->pair.now_us;
        if (!is_serving)
            return try_move(settling, PAIR_MOVE_WORKER_ENDS, side, i);
        if (!is_fresh)
            return try_move(settling, PAIR_MOVE_WORKER_BEATS, side, i);
    }
    return try_move(settling, PAIR_MOVE_TICK, side, 0);
}

static bool is_settled(const struct settling *settling)
{
    const struct pair *pair = &settling->pair;
    const struct manager *old = &pair->managers[SIDE_OLD];
    if (settling->is_frozen)
        return !pair->is_old_alive || old->upgrade.life == UPGRADE_IDLE ||
               old->upgrade.life == UPGRADE_COMMITTED;
    if (pair->is_old_alive)
        return old->phase == MANAGER_RUNNING && old->upgrade.life == UPGRADE_IDLE;
    return pair_is_over(pair);
}

static bool pass(struct settling *settling)
{
    struct pair *pair = &settling->pair;
    if (!settling->is_frozen)
        return try_move(settling, PAIR_MOVE_PASS, SIDE_OLD, 0);
    pair->now_us += QUANTUM_US;
    return true;
}

/* Promise UPG-4 and, for one that was committed, MGR-4. */
static int64_t bound_us(const struct settling *settling)
{
    const struct manager_settings *settings = &settling->pair.managers[SIDE_OLD].settings;
    int64_t least_us = settings->upgrade_timeout_us + KILL_AFTER_US;
    return settling->is_frozen ? least_us
                               : least_us + settings->graceful_timeout_us + KILL_AFTER_US;
}

static enum invariant settle(struct settling *settling)
{
    for (int step = 0; step < STEPS_MAX; step++) {
        bool has_moved = deliver(settling) ||
                         (settling->pair.is_old_alive && work(settling, SIDE_OLD)) ||
                         (!settling->is_frozen && settling->pair.process == PROCESS_LIVING &&
                          work(settling, SIDE_NEW));
        enum invariant broken = pair_judge(&settling->pair);
        if (broken != INVARIANT_NONE)
            return broken;
        if (has_moved)
            continue;
        if (settling->pair.now_us - settling->start_us > bound_us(settling))
            return INVARIANT_L6;
        if (is_settled(settling))
            return INVARIANT_NONE;
        if (!pass(settling))
            return INVARIANT_L6;
    }
    return INVARIANT_L6;
}

enum invariant pair_settle(const struct pair *pair)
{
    static struct settling settling;
    enum invariant broken = INVARIANT_NONE;
    for (int way = 0; way < 2 && broken == INVARIANT_NONE; way++) {
        pair_copy(&settling.pair, pair);
        settling.pair.traces[SIDE_OLD] = settling.pair.traces[SIDE_NEW] = NULL;
        settling.is_frozen = way == 1;
        settling.start_us = pair->now_us;
        broken = settle(&settling);
    }
    return broken;
}
