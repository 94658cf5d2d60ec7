#include "policy/fairness.h"

#include "base/limits.h"

bool fairness_may_shake(size_t steps, int64_t spent_us)
{
    return steps == 0 || spent_us < HANDSHAKES_ROUND_US;
}
