#include "policy/admission.h"

#include <criterion/criterion.h>

struct row {
    uint64_t accepts;
    uint32_t clients;
    uint64_t accepted;
    uint32_t connected;
    bool is_leaving;
    uint32_t room;
    bool is_spent;
    bool may_go;
};

/* Promises WRK-2, WRK-4, WRK-10 and WRK-11. */
Test(admission, answers_the_table)
{
    static const struct row table[] = {
        /* WRK-11: up to `clients` at a time, and again when one closes */
        {0, 1000, 0, 0, false, 1000, false, false},
        {0, 1000, 1000, 999, false, 1, false, false},
        {0, 1000, 1000, 1000, false, 0, false, false},
        {0, 1000, 1001, 1001, false, 0, false, false},
        {0, 1, 5, 1, false, 0, false, false},
        {0, 1, 5, 0, false, 1, false, false},
        /* WRK-10: up to `accepts` in all; 0 is without limit */
        {0, UINT32_MAX, UINT64_MAX, 0, false, UINT32_MAX, false, false},
        {10, 1000, 0, 0, false, 10, false, false},
        {10, 1000, 9, 9, false, 1, false, false},
        {10, 1000, 10, 3, false, 0, true, false},
        {10, 1000, 11, 3, false, 0, true, false},
        {10, 4, 3, 3, false, 1, false, false},
        {10, 4, 7, 1, false, 3, false, false},
        {10, 4, 7, 0, false, 3, false, false},
        {10, 4, 8, 0, false, 2, false, false},
        {UINT64_MAX, UINT32_MAX, 0, 0, false, UINT32_MAX, false, false},
        /* WRK-2, WRK-4: a leaving worker accepts nothing, and goes when nobody is connected */
        {0, 1000, 7, 1, true, 0, false, false},
        {0, 1000, 7, 0, true, 0, false, true},
        {10, 1000, 10, 0, true, 0, true, true},
        {10, 1000, 10, 0, false, 0, true, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct row *row = &table[i];
        struct admission_limits limits = {row->accepts, row->clients};
        struct admission_facts facts = {row->accepted, row->connected, row->is_leaving};
        cr_assert_eq(admission_room(&facts, &limits), row->room, "row %zu", i);
        cr_assert_eq(admission_is_spent(&facts, &limits), row->is_spent, "row %zu", i);
        cr_assert_eq(admission_may_go(&facts), row->may_go, "row %zu", i);
    }
}

/* Whoever takes all the room that there is stands exactly at a limit. */
Test(admission_room, never_leads_beyond_a_limit)
{
    for (uint64_t accepts = 0; accepts < 6; accepts++)
        for (uint32_t clients = 1; clients < 6; clients++)
            for (uint64_t accepted = 0; accepted < 7; accepted++)
                for (uint32_t connected = 0; connected < 7; connected++) {
                    struct admission_limits limits = {accepts, clients};
                    struct admission_facts facts = {accepted, connected, false};
                    uint32_t room = admission_room(&facts, &limits);
                    bool is_within =
                        connected + room <= clients && (accepts == 0 || accepted + room <= accepts);
                    bool is_full = connected + room == clients || accepted + room == accepts;
                    cr_assert(room == 0 || (is_within && is_full));
                    cr_assert(room > 0 || connected >= clients ||
                              (accepts > 0 && accepted >= accepts));
                }
}
