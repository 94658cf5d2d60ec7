#include "chance.h"

static uint64_t mix(uint64_t number)
{
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

void chance_init(struct chance *chance, uint64_t seed, uint64_t stream)
{
    chance->state = mix(mix(seed + 1) + stream);
}

uint64_t chance_number(struct chance *chance)
{
    chance->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(chance->state);
}

uint32_t chance_below(struct chance *chance, uint32_t limit)
{
    return (uint32_t)(chance_number(chance) % limit);
}

int64_t chance_between(struct chance *chance, int64_t least, int64_t most)
{
    if (most <= least)
        return least;
    return least + (int64_t)(chance_number(chance) % ((uint64_t)(most - least) + 1));
}

int64_t chance_spread(struct chance *chance, int64_t least, int64_t most)
{
    uint32_t doublings = 0;
    while (least < most >> doublings)
        doublings++;
    int64_t top = most >> chance_below(chance, doublings + 1);
    return chance_between(chance, least, top);
}

bool chance_hits(struct chance *chance, uint32_t per_mille)
{
    return chance_below(chance, 1000) < per_mille;
}

uint32_t chance_choose(struct chance *chance, const uint32_t *weights, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    uint32_t rest = sum > 0 ? chance_below(chance, sum) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rest < weights[i])
            return i;
        rest -= weights[i];
    }
    return 0;
}
