#include "state_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool state_set_open(struct state_set *set, uint32_t capacity)
{
    uint32_t slots = 1;
    while (slots / 2 < capacity)
        slots *= 2;
    *set = (struct state_set){.capacity = capacity, .mask = slots - 1};
    set->slots = calloc(slots, sizeof set->slots[0]);
    set->states = malloc(capacity * sizeof set->states[0]);
    set->origins = malloc(capacity * sizeof set->origins[0]);
    if (set->slots != NULL && set->states != NULL && set->origins != NULL)
        return true;
    state_set_close(set);
    return false;
}

void state_set_close(struct state_set *set)
{
    free(set->slots);
    free(set->states);
    free(set->origins);
    *set = (struct state_set){.slots = NULL};
}

bool state_set_is_full(const struct state_set *set)
{
    return set->count == set->capacity;
}

static uint64_t hash(const struct state *state)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < STATE_WORDS; i++) {
        sum = (sum ^ state->words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    return sum ^ sum >> 32;
}

bool state_set_add(struct state_set *set, const struct state *state, struct state_origin origin)
{
    uint32_t at = (uint32_t)hash(state) & set->mask;
    for (; set->slots[at] != 0; at = (at + 1) & set->mask)
        if (memcmp(&set->states[set->slots[at] - 1], state, sizeof *state) == 0)
            return false;
    assert(set->count < set->capacity);
    set->states[set->count] = *state;
    set->origins[set->count] = origin;
    set->slots[at] = ++set->count;
    return true;
}
