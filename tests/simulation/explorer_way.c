#include "explorer.h"

#include "liveness.h"
#include "trace.h"

#include <string.h>

enum {
    WAY_MAX = 4096
};

/* Numbers of the states on the way, the last one first. */
static uint32_t find_way(const struct state_set *set, uint32_t state, uint32_t *ret_way)
{
    uint32_t length = 0;
    for (; state != 0 && length < WAY_MAX; state = set->origins[state].parent)
        ret_way[length++] = state;
    return length;
}

/* Plays one move in a world whose rows may stand in another order than the state's. */
static enum invariant play(const struct explorer *explorer, struct world *world, struct move move,
                           const struct script_listener *listener)
{
    struct state state;
    int32_t pids[STATE_ROWS_MAX + 1] = {0};
    struct script script;
    state_pack(world, &state, pids);
    if (!move_write(world, pids, move, &explorer->bounds, &script))
        return INVARIANT_NONE;
    return script_play(world, &script, listener);
}

bool explorer_print_way(const struct explorer *explorer, uint32_t state, FILE *file)
{
    static struct world world;
    uint32_t way[WAY_MAX];
    struct script_listener listener = trace_listener(file);
    uint32_t length = find_way(&explorer->set, state, way);
    world_init(&world, &explorer->settings);
    for (; length > 0; length--) {
        struct state reached;
        struct move move = move_unpack(explorer->set.origins[way[length - 1]].move);
        enum invariant broken = play(explorer, &world, move, &listener);
        state_pack(&world, &reached, NULL);
        if (broken != INVARIANT_NONE ||
            memcmp(&reached, &explorer->set.states[way[length - 1]], sizeof reached) != 0)
            return false;
    }
    if (explorer->broken == INVARIANT_NONE || state != explorer->broken_state)
        return true;
    enum invariant broken = explorer->broke_later
                                ? liveness_judge(&world, &listener)
                                : play(explorer, &world, explorer->broken_move, &listener);
    return broken == explorer->broken;
}
