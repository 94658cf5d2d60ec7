#include "policy/fairness.h"

#include "base/limits.h"

#include <criterion/criterion.h>

Test(fairness, lets_handshakes_have_their_time)
{
    static const struct {
        size_t steps;
        int64_t spent_us;
        bool is_next;
    } table[] = {
        {0, 0, true},
        {1, 0, true},
        {1, HANDSHAKES_ROUND_US - 1, true},
        {1, HANDSHAKES_ROUND_US, false},
        {1000, HANDSHAKES_ROUND_US - 1, true},
        {1, 1999, true}, /* decision 22 was measured with 2 ms */
        {1, 2000, false},
        {1000, 1000 * SECOND_US, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_expect_eq(fairness_may_shake(table[i].steps, table[i].spent_us), table[i].is_next,
                     "row %zu", i);
}

/* One alone may take longer than the time of all, with a large key on a small machine. */
Test(fairness, lets_at_least_one_handshake_go_on)
{
    cr_expect(fairness_may_shake(0, HANDSHAKES_ROUND_US));
    cr_expect(fairness_may_shake(0, 1000 * SECOND_US));
}
