#include "policy/roster.h"

#include <criterion/criterion.h>

static struct roster roster;

static void fill(uint32_t count)
{
    roster_init(&roster);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_not_null(roster_add(&roster, (int32_t)(100 + i), 5));
}

Test(roster_add, begins_a_worker_that_has_done_nothing_yet)
{
    fill(0);
    const struct roster_row *row = roster_add(&roster, 101, 77);
    cr_assert_eq(row->pid, 101);
    cr_assert_eq(row->life, WORKER_STARTING);
    cr_assert_eq(row->heard_us, 77);
    cr_assert_eq(row->ready_us, NEVER_US);
    cr_assert_eq(row->leaving_us, NEVER_US);
    cr_assert_eq(row->stopped_us, NEVER_US);
    cr_assert_not(row->is_proven);
    cr_assert_not(row->was_silent);
    cr_assert_eq(roster.count, 1);
}

Test(roster_add, refuses_a_pid_twice_and_a_row_too_many)
{
    fill(ROSTER_ROWS_MAX - 1);
    cr_assert_null(roster_add(&roster, 100, 5));
    cr_assert_not_null(roster_add(&roster, 5000, 5));
    cr_assert_null(roster_add(&roster, 5001, 5));
    cr_assert_eq(roster.count, ROSTER_ROWS_MAX);
    roster_remove(&roster, roster_find(&roster, 100));
    cr_assert_not_null(roster_add(&roster, 5001, 5), "a row that is free again can be used");
    roster_remove(&roster, &roster.rows[ROSTER_ROWS_MAX - 1]);
    cr_assert_null(roster_find(&roster, 5001), "the last row of a full table is free again, too");
    cr_assert_eq(roster.rows[ROSTER_ROWS_MAX - 2].pid, 5000);
}

Test(roster_find, finds_each_and_no_other)
{
    fill(20);
    for (int32_t pid = 90; pid < 130; pid++) {
        const struct roster_row *row = roster_find(&roster, pid);
        cr_assert_eq(row != NULL, pid >= 100 && pid < 120, "pid %d", pid);
        cr_assert(row == NULL || row->pid == pid);
    }
}

Test(roster_remove, keeps_the_order_of_the_others)
{
    for (uint32_t gone = 0; gone < 5; gone++) {
        fill(5);
        roster_remove(&roster, &roster.rows[gone]);
        cr_assert_eq(roster.count, 4);
        for (uint32_t i = 0; i < 4; i++)
            cr_assert_eq(roster.rows[i].pid, (int32_t)(100 + i + (i >= gone)));
    }
}

Test(roster_count, tells_serving_and_ready_workers)
{
    fill(7);
    static const enum worker_life lives[] = {WORKER_STARTING, WORKER_READY,    WORKER_READY,
                                             WORKER_LEAVING,  WORKER_QUITTING, WORKER_TERMINATING,
                                             WORKER_KILLED};
    for (uint32_t i = 0; i < 7; i++)
        roster.rows[i].life = lives[i];
    cr_assert_eq(roster_count_serving(&roster), 3);
    cr_assert_eq(roster_count_ready(&roster), 2);
}

/* Promise MGR-6: a random worker that is not yet stopping. */
Test(roster_choose_serving, chooses_each_serving_worker_with_the_same_chance)
{
    fill(6);
    roster.rows[1].life = WORKER_LEAVING;
    roster.rows[2].life = WORKER_READY;
    roster.rows[4].life = WORKER_KILLED;
    uint32_t chosen[6] = {0};
    for (uint32_t dice = 0; dice < 400; dice++)
        chosen[roster_choose_serving(&roster, dice) - roster.rows]++;
    static const uint32_t expected[6] = {100, 0, 100, 100, 0, 100};
    cr_assert_arr_eq(chosen, expected, sizeof expected);
    cr_assert_not_null(roster_choose_serving(&roster, UINT32_MAX));
}

Test(roster_choose_serving, has_nobody_to_choose_when_none_serves)
{
    fill(0);
    cr_assert_null(roster_choose_serving(&roster, 3));
    fill(1);
    roster.rows[0].life = WORKER_QUITTING;
    cr_assert_null(roster_choose_serving(&roster, 3));
}
