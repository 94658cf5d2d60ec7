#include "policy/pool.h"

#include <criterion/criterion.h>

static struct manager manager;

static struct roster_row *prepare(enum manager_phase phase, enum worker_life life)
{
    static const struct manager_settings settings = {.workers = 2,
                                                     .spare = 1,
                                                     .heartbeat_interval_us = 500,
                                                     .heartbeat_timeout_us = 20,
                                                     .graceful_timeout_us = 3000};
    manager_init(&manager, &settings);
    manager.phase = phase;
    struct roster_row *row = roster_add(&manager.roster, 101, 7);
    row->life = life;
    row->ready_us = 100;
    row->leaving_us = 10000;
    row->stopped_us = 20000;
    return row;
}

Test(pool_is_kept, while_the_manager_starts_asks_and_runs)
{
    for (int phase = MANAGER_UNSTARTED; phase <= MANAGER_GONE; phase++) {
        (void)prepare((enum manager_phase)phase, WORKER_READY);
        bool is_untried = phase == MANAGER_STARTING || phase == MANAGER_ASKING;
        cr_assert_eq(pool_is_untried(&manager), is_untried);
        cr_assert_eq(pool_is_kept(&manager), is_untried || phase == MANAGER_RUNNING);
        cr_assert_eq(pool_is_short(&manager), pool_is_kept(&manager));
    }
}

/* Promises MGR-1 and MGR-11: fewer serve than are wanted, and fewer exist than wanted and spare. */
Test(pool_is_short, of_serving_workers_within_the_spare_ones)
{
    for (uint32_t serving = 0; serving < 4; serving++)
        for (uint32_t leaving = 0; leaving < 4; leaving++)
            for (uint32_t spawning = 0; spawning < 4; spawning++) {
                (void)prepare(MANAGER_RUNNING, WORKER_READY);
                manager.roster.count = serving + leaving;
                manager.spawning = spawning;
                for (uint32_t i = 0; i < serving + leaving; i++)
                    manager.roster.rows[i].life = i < serving ? WORKER_READY : WORKER_QUITTING;
                cr_assert_eq(pool_is_short(&manager),
                             serving + spawning < 2 && serving + leaving + spawning < 3);
            }
}

/* However many are wanted and spare, there is one row for each. */
Test(pool_is_short, of_nobody_when_no_row_is_free)
{
    (void)prepare(MANAGER_RUNNING, WORKER_READY);
    manager.wanted = WORKERS_MAX;
    manager.settings.spare = SPARE_MAX + 1;
    manager.roster.count = ROSTER_ROWS_MAX;
    for (uint32_t i = 0; i < ROSTER_ROWS_MAX; i++)
        manager.roster.rows[i].life = WORKER_QUITTING;
    cr_assert_not(pool_is_short(&manager));
    manager.roster.count--;
    cr_assert(pool_is_short(&manager));
}

/* Promise MGR-9. */
Test(pool_is_healthy, a_second_after_the_first_heartbeat)
{
    struct roster_row row = {.ready_us = 100};
    cr_assert_not(pool_is_healthy(&row, 100 + SECOND_US - 1));
    cr_assert(pool_is_healthy(&row, 100 + SECOND_US));
    row.ready_us = NEVER_US;
    cr_assert_not(pool_is_healthy(&row, NEVER_US));
}

/* Promises HBT-2, HBT-3, MGR-2 and MGR-4. */
Test(pool_deadline_us, follows_the_state_of_the_worker)
{
    static const struct {
        enum worker_life life;
        int64_t deadline_us;
    } table[] = {{WORKER_STARTING, 527},
                 {WORKER_READY, 527},
                 {WORKER_LEAVING, 13000},
                 {WORKER_QUITTING, 13000},
                 {WORKER_TERMINATING, 20000 + KILL_AFTER_US},
                 {WORKER_KILLED, NEVER_US},
                 {(enum worker_life)99, NEVER_US}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct roster_row *row = prepare(MANAGER_RUNNING, table[i].life);
        cr_assert_eq(pool_deadline_us(&manager, row), table[i].deadline_us, "row %zu", i);
        manager.wanted = 0;
        cr_assert_eq(pool_wake_us(&manager), table[i].deadline_us, "row %zu", i);
    }
}

Test(pool_wake_us, is_the_earliest_deadline_of_all)
{
    (void)prepare(MANAGER_LEAVING, WORKER_QUITTING);
    (void)roster_add(&manager.roster, 102, 3000);
    cr_assert_eq(pool_wake_us(&manager), 3520);
    manager.roster.rows[1].heard_us = 13000;
    cr_assert_eq(pool_wake_us(&manager), 13000);
    manager.roster.count = 0;
    cr_assert_eq(pool_wake_us(&manager), NEVER_US);
}

/* Promise UPG-4. */
Test(pool_wake_us, heeds_the_deadlines_of_a_hot_deployment)
{
    (void)prepare(MANAGER_RUNNING, WORKER_READY);
    manager.wanted = 1;
    manager.settings.upgrade_timeout_us = 300;
    manager.upgrade = (struct upgrade){UPGRADE_STARTING, 102, 10, NEVER_US};
    cr_assert_eq(pool_wake_us(&manager), 310);
    manager.upgrade.began_us = 400;
    cr_assert_eq(pool_wake_us(&manager), 527, "a worker is due earlier");
    manager.upgrade.life = UPGRADE_COMMITTED;
    manager.upgrade.began_us = 10;
    cr_assert_eq(pool_wake_us(&manager), 527, "it cannot be given up any more");
}

/* Promise MGR-9: the end of a pause and the proof that ends it. */
Test(pool_wake_us, heeds_the_pause_and_what_may_end_it)
{
    struct roster_row *row = prepare(MANAGER_RUNNING, WORKER_READY);
    row->heard_us = 50 * SECOND_US;
    manager.backoff = (struct backoff){.failures = 3, .until_us = 9 * SECOND_US};
    cr_assert_eq(pool_wake_us(&manager), 100 + PROVEN_AFTER_US);
    manager.backoff.failures = 1;
    cr_assert_eq(pool_wake_us(&manager), 100 + PROVEN_AFTER_US, "one failure is to be forgotten");
    manager.backoff.failures = 3;
    row->is_proven = true;
    cr_assert_eq(pool_wake_us(&manager), 9 * SECOND_US);
    manager.wanted = 1;
    cr_assert_eq(pool_wake_us(&manager), 50 * SECOND_US + 520, "nobody is missing");
    row->life = WORKER_STARTING;
    row->is_proven = false;
    cr_assert_eq(pool_wake_us(&manager), 50 * SECOND_US + 520, "nothing to prove yet");
}
