/* chance - numbers that look random and are the same for the same seed.
 *
 * Pure: the state is the caller's. */
#ifndef TOAD_TESTS_KERNEL_CHANCE_H
#define TOAD_TESTS_KERNEL_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* Each (seed, stream) gives a sequence of its own. */
void chance_init(struct chance *chance, uint64_t seed, uint64_t stream);

uint64_t chance_number(struct chance *chance);
/* 0 to limit - 1; `limit` is at least 1. */
uint32_t chance_below(struct chance *chance, uint32_t limit);
/* Both ends are possible. */
int64_t chance_between(struct chance *chance, int64_t least, int64_t most);
/* As between, but each order of magnitude is as likely as the others; `least` is at least 1. */
int64_t chance_spread(struct chance *chance, int64_t least, int64_t most);
bool chance_hits(struct chance *chance, uint32_t per_mille);
/* An index into `weights`, each as likely as its weight; 0 if all weights are 0. */
uint32_t chance_choose(struct chance *chance, const uint32_t *weights, uint32_t count);

#endif
