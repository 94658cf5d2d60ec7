/* Workers that die young, forks that fail, starts that fail: promises MGR-9, MGR-10 and CLI-6. */
#include "driver.h"

#include <criterion/criterion.h>

static void tick(double seconds)
{
    driver_send(seconds, MANAGER_EVENT_TICK);
}

/* The pauses of a crash loop: seconds between a death and the next start. */
static const int pauses[] = {0, 1, 2, 4, 8, 16, 30, 30, 30};

enum {
    PAUSES = sizeof pauses / sizeof pauses[0]
};

/* Promise MGR-9: a growing pause, from 0 up to 30 s, and never an end. */
Test(manager_crash_loop, is_slowed_down_more_and_more)
{
    driver_run(driver_settings(1, 2));
    double now = 0.5;
    int32_t pid = 101;
    for (size_t i = 0; i < PAUSES; i++) {
        driver_kill(now, pid, 11);
        cr_assert_eq(driver_said(MANAGER_NOTE_PAUSE), pauses[i] > 0, "death %zu", i);
        if (pauses[i] > 0) {
            cr_assert_eq(driver_number(MANAGER_NOTE_PAUSE), 1000 * pauses[i]);
            cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
            cr_assert_eq(driven.wake_us, driver_us(now + pauses[i]));
            tick(now + pauses[i] - 0.000001);
            cr_assert_eq(taken.count, 0);
            now += pauses[i];
            tick(now);
        }
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1, "death %zu", i);
        driver_spawned(now, ++pid);
        driver_beat(now, pid);
        now += 0.5;
    }
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
}

/* Promise MGR-9: who serves a second is healthy, resets the pause, and dies without one. */
Test(manager_crash_loop, is_over_once_a_worker_is_healthy)
{
    driver_run(driver_settings(1, 2));
    driver_kill(0.5, 101, 11);
    driver_spawned(0.5, 102);
    driver_kill(0.6, 102, 11);
    tick(1.6);
    driver_spawned(1.6, 103);
    driver_beat(2, 103);
    cr_assert_eq(driven.wake_us, driver_us(3));
    tick(2.999999);
    cr_assert_eq(driven.backoff.failures, 2);
    tick(3);
    cr_assert_eq(driven.backoff.failures, 0);
    cr_assert_eq(driven.wake_us, driver_us(9), "nothing but its next beat is due");
    driver_kill(3, 103, 11);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
    cr_assert_eq(driven.backoff.failures, 0);
}

/* Promise MGR-9: a worker that was healthy long ago neither resets the pause of its neighbours nor
 * makes the manager believe that it was held up. */
Test(manager_crash_loop, is_not_hidden_by_an_old_worker)
{
    driver_run(driver_settings(2, 2));
    driver_beat(5, 101);
    driver_beat(5, 102);
    driver_beat(10, 101);
    driver_kill(10, 102, 9);
    driver_spawned(10, 103);
    driver_beat(10, 103);
    driver_kill(10.5, 103, 11);
    cr_assert_eq(driven.backoff.failures, 1);
    cr_assert_eq(driven.wake_us, driver_us(17), "nothing is overdue");
    tick(10.5);
    cr_assert_eq(taken.count, 0);
    cr_assert_eq(driven.backoff.failures, 1);
}

/* Promise MGR-9: workers that die together are one failure, not many. */
Test(manager_crash_loop, counts_workers_that_die_together_as_one)
{
    driver_run(driver_settings(16, 2));
    for (int32_t pid = 101; pid <= 116; pid++)
        driver_kill(0.5, pid, 11);
    cr_assert_eq(driven.wake_us, driver_us(1.5), "one second, not thirty");
    driver_spawned(0.5, 201);
    tick(1.5);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1, "one attempt in each pause");
    driver_beat(1.5, 201);
    tick(2.5);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 14, "and all when one is healthy");
}

/* Promise MGR-9: a worker that leaves before it ever served is a failure too. */
Test(manager_crash_loop, is_noticed_when_workers_leave_before_they_serve)
{
    driver_run(driver_settings(1, 1));
    driver_kill(10, 101, 9);
    for (int32_t pid = 102; pid <= 104; pid++) {
        if (driven.spawning == 0)
            break;
        driver_spawned(10, pid);
        driver_farewell(10, pid);
        driver_exit(10, pid, 0);
    }
    cr_assert_eq(driven.spawning, 0);
    cr_assert_gt(driven.wake_us, driver_us(10));
}

/* Promises MGR-9 and HBT-2: one that never becomes ready and is asked to leave is a failure. */
Test(manager_crash_loop, counts_a_worker_that_was_silent_from_its_start)
{
    driver_run(driver_settings(1, 0));
    driver_kill(10, 101, 9);
    driver_spawned(10, 102);
    tick(17);
    cr_assert(driver_signalled(102, WORKER_SIGNAL_QUIT));
    driver_exit(18, 102, 0);
    cr_assert_eq(driven.backoff.failures, 1);
    driver_spawned(18, 103);
    driver_beat(18, 103);
    tick(19);
    tick(25);
    cr_assert(driver_signalled(103, WORKER_SIGNAL_QUIT));
    driver_exit(26, 103, 0);
    cr_assert_eq(driven.backoff.failures, 0, "this one had been healthy");
}

/* Promise MGR-10: fork that fails is tried again with the same pause; the rest goes on. */
Test(manager_fork, that_fails_is_tried_again_with_a_growing_pause)
{
    driver_run(driver_settings(2, 2));
    driver_kill(10, 102, 9);
    double now = 10;
    for (size_t i = 0; i < PAUSES; i++) {
        driver_send(now, MANAGER_EVENT_SPAWN_FAILED);
        cr_assert_eq(driver_number(MANAGER_NOTE_FORK_FAILED), (int64_t)i + 1);
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), pauses[i] == 0 ? 1 : 0);
        for (int second = 0; second < pauses[i]; second++) {
            tick(now + second);
            cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
            driver_beat(now + second, 101);
        }
        now += pauses[i];
        if (pauses[i] > 0)
            tick(now);
        cr_assert_eq(driven.spawning, 1);
    }
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
    cr_assert_not_null(driver_row(101));
}

/* Promises MGR-9 and MGR-10: who is gone, however long it served, ends no pause any more. */
Test(manager_fork, that_fails_after_a_death_is_no_proof_of_health)
{
    driver_run(driver_settings(1, 0));
    driver_kill(0.5, 101, 11);
    driver_send(0.5, MANAGER_EVENT_SPAWN_FAILED);
    tick(1.5);
    driver_send(1.5, MANAGER_EVENT_SPAWN_FAILED);
    cr_assert_eq(driver_number(MANAGER_NOTE_FORK_FAILED), 3);
    cr_assert_eq(driven.wake_us, driver_us(3.5));
}

/* Promises CLI-6 and MGR-10: those that could be forked are told to stop when the others cannot. */
Test(manager_start, tells_its_workers_to_stop_when_others_cannot_be_forked)
{
    struct manager_settings settings = driver_settings(2, 0);
    settings.heartbeat_interval_us = 60 * SECOND_US;
    driver_start(settings);
    driver_spawned(0, 101);
    double now = 0.5;
    for (int i = 0; i < START_ATTEMPTS_MAX - 1; i++) {
        driver_send(now, MANAGER_EVENT_SPAWN_FAILED);
        cr_assert_eq(driven.phase, MANAGER_STARTING);
        now += pauses[i];
        tick(now);
        cr_assert_eq(driven.spawning, 1);
    }
    driver_send(now, MANAGER_EVENT_SPAWN_FAILED);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "CLI-6");
    driver_exit(now, 101, 0);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 1);
}

/* Promises MGR-10 and CLI-6: a start that never was ready gives up after a few rounds, and says
 * so. */
Test(manager_start, fails_when_no_worker_can_be_forked)
{
    driver_start(driver_settings(4, 2));
    double now = 0;
    int attempts = 0;
    while (driven.phase == MANAGER_STARTING) {
        if (driven.spawning > 0) {
            driver_send(now, MANAGER_EVENT_SPAWN_FAILED);
            attempts++;
        } else {
            now = (double)driven.wake_us / 1e6;
            tick(now);
        }
        cr_assert_lt(attempts, 20);
    }
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 1);
    cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 0);
    cr_assert_float_eq(now, 1 + 2 + 4, 1e-9, "it waited in between");
}

/* Promise CLI-6: a worker that ends before it was ready fails the start. */
Test(manager_start, fails_when_a_worker_ends_before_it_was_ready)
{
    for (int says_farewell = 0; says_farewell < 2; says_farewell++) {
        driver_start(driver_settings(3, 2));
        for (int32_t pid = 101; pid <= 103; pid++)
            driver_spawned(0, pid);
        driver_beat(0, 101);
        if (says_farewell)
            driver_farewell(0, 102);
        else
            cr_assert_eq(taken.count, 0);
        while (driven.spawning > 0)
            driver_spawned(0, 104);
        driver_exit(1, 102, 3);
        cr_assert_eq(driver_number(MANAGER_NOTE_START_FAILED), 102);
        cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
        cr_assert(driver_signalled(103, WORKER_SIGNAL_TERM));
        cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "CLI-6");
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
        for (int32_t pid = 101; pid <= 104; pid++)
            if (driver_row(pid) != NULL)
                driver_exit(1, pid, 0);
        cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 1);
    }
}

/* Promises CLI-6 and MGR-6: a worker that was asked to leave may end before it was ready. */
Test(manager_start, survives_a_worker_that_was_asked_to_leave)
{
    driver_start(driver_settings(3, 2));
    for (int32_t pid = 101; pid <= 103; pid++)
        driver_spawned(0, pid);
    driver_one_less(0, 0);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_QUIT));
    driver_kill(0, 101, 3);
    cr_assert_eq(taken.count, 1);
    cr_assert(driver_said(MANAGER_NOTE_WORKER_GONE));
    cr_assert_eq(driven.phase, MANAGER_STARTING);
    cr_assert_eq(driven.backoff.failures, 0);
}

/* Promises CLI-6 and HBT-2: one that sends no heartbeat in time fails it. */
Test(manager_start, fails_when_a_worker_hangs)
{
    driver_start(driver_settings(2, 2));
    driver_spawned(0, 101);
    driver_spawned(0, 102);
    driver_beat(1, 101);
    tick(7);
    cr_assert_eq(driver_number(MANAGER_NOTE_START_HUNG), 102);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
    cr_assert(driver_signalled(102, WORKER_SIGNAL_TERM));
    driver_exit(7, 101, 0);
    driver_kill(8, 102, 9);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 1);
}

/* Promise MGR-9: one that was ready and then dies does not fail the start. */
Test(manager_start, survives_a_worker_that_dies_after_it_was_ready)
{
    driver_start(driver_settings(2, 2));
    driver_spawned(0, 101);
    driver_spawned(0, 102);
    driver_beat(1, 101);
    driver_kill(1.5, 101, 11);
    cr_assert_eq(driven.phase, MANAGER_STARTING);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
    driver_beat(2, 102);
    tick(8);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 0);
    driver_spawned(8, 103);
    driver_beat(8, 103);
    cr_assert_eq(driver_count(MANAGER_ACTION_ANNOUNCE), 1);
}

/* Promises HBT-2 and CLI-6: in a start, a worker that was ready and falls silent only leaves. */
Test(manager_start, survives_a_worker_that_falls_silent_after_it_was_ready)
{
    driver_start(driver_settings(2, 2));
    driver_spawned(0, 101);
    driver_spawned(5, 102);
    driver_beat(1, 101);
    tick(8);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_QUIT));
    cr_assert_eq(driven.phase, MANAGER_STARTING);
}

/* Promise MGR-10: a fork may fail while the manager ends; no pause is spoken of. */
Test(manager_end, speaks_of_no_pause)
{
    driver_run(driver_settings(3, 2));
    for (int32_t pid = 101; pid <= 103; pid++)
        driver_kill(0, pid, 9);
    driver_send(0, MANAGER_EVENT_STOP_NOW);
    driver_send(0, MANAGER_EVENT_SPAWN_FAILED);
    cr_assert_not(driver_said(MANAGER_NOTE_PAUSE));
}
