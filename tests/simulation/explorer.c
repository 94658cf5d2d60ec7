#include "explorer.h"

#include "liveness.h"
#include "policy/pool.h"

#include <string.h>

/* Every so many states are tried for liveness as well. */
enum {
    LIVENESS_STRIDE = 64
};

/* Beyond the bound: not wrong, but not walked any further. */
static bool is_beyond(const struct explorer *explorer, const struct world *world)
{
    const struct manager *manager = &world->manager;
    uint32_t most = pool_is_untried(manager) ? START_ATTEMPTS_MAX : explorer->failures_max;
    return pool_is_kept(manager) && manager->backoff.failures > most;
}

static void try_move(struct explorer *explorer, const struct world *base, struct move move)
{
    static struct world world;
    static const int32_t pids[STATE_ROWS_MAX + 1] = {101, 102, 103, 104, 105, 106, 107, 108, 0};
    struct script script;
    if (!move_write(base, pids, move, &explorer->bounds, &script))
        return;
    explorer->transitions++;
    world_copy(&world, base);
    explorer->broken = script_play(&world, &script, NULL);
    if (explorer->broken != INVARIANT_NONE) {
        explorer->broken_state = explorer->next;
        explorer->broken_move = move;
        return;
    }
    explorer->changes[base->manager.phase][world.manager.phase] = true;
    if (is_beyond(explorer, &world))
        return;
    struct state state;
    state_pack(&world, &state, NULL);
    /* Most moves change nothing, or the same as the move before: no need to search for those. */
    if (memcmp(&state, &explorer->set.states[explorer->next], sizeof state) == 0 ||
        memcmp(&state, &explorer->last, sizeof state) == 0)
        return;
    explorer->last = state;
    if (!state_set_is_full(&explorer->set))
        (void)state_set_add(&explorer->set, &state,
                            (struct state_origin){explorer->next, move_pack(move)});
}

/* Other ways to say the same (a beat through the pipe, a death by signal), and what nobody says,
 * are tried in turn from state to state, unless all are asked for. */
static bool is_chosen(const struct explorer *explorer, enum move_kind kind, uint32_t row,
                      uint32_t variant)
{
    if (explorer->tries_every_variant)
        return true;
    if (kind == MOVE_BEAT || kind == MOVE_FAREWELL)
        return variant == 0 || (explorer->next + row) % 8 == variant;
    if (kind == MOVE_STRANGER || kind == MOVE_REFUSED || kind == MOVE_EXIT ||
        kind == MOVE_UPGRADE_EXIT)
        return (explorer->next + row) % move_variants(kind) == variant;
    return true;
}

static void try_kind(struct explorer *explorer, const struct state *state, const struct world *base,
                     enum move_kind kind)
{
    uint32_t rows = state_rows(state);
    bool is_by_row = kind == MOVE_BEAT || kind == MOVE_FAREWELL || kind == MOVE_EXIT ||
                     kind == MOVE_ONE_LESS || kind == MOVE_TORN_END;
    for (uint32_t row = 0; row < move_rows(kind, rows); row++) {
        /* What happens to one of two that are alike happens to the other. */
        if (is_by_row && row > 0 && row < rows && state_rows_are_alike(state, row - 1, row))
            continue;
        for (uint32_t variant = 0; variant < move_variants(kind); variant++)
            if (explorer->broken == INVARIANT_NONE && is_chosen(explorer, kind, row, variant))
                try_move(explorer, base, (struct move){kind, row, variant});
    }
}

static void try_liveness(struct explorer *explorer, const struct world *base)
{
    if (explorer->broken != INVARIANT_NONE || explorer->next % LIVENESS_STRIDE != 0)
        return;
    explorer->broken = liveness_judge(base, NULL);
    explorer->broken_state = explorer->next;
    explorer->broke_later = explorer->broken != INVARIANT_NONE;
}

void explorer_run(struct explorer *explorer)
{
    static struct world base;
    struct state state;
    world_init(&base, &explorer->settings);
    state_pack(&base, &state, NULL);
    (void)state_set_add(&explorer->set, &state, (struct state_origin){0, 0});
    for (; explorer->next < explorer->set.count; explorer->next++) {
        state = explorer->set.states[explorer->next];
        state_unpack(&state, &explorer->settings, &base);
        for (int kind = 0; kind < MOVE_KINDS; kind++)
            try_kind(explorer, &state, &base, (enum move_kind)kind);
        try_liveness(explorer, &base);
        if (explorer->broken != INVARIANT_NONE || state_set_is_full(&explorer->set))
            return;
    }
}
