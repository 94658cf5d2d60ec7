/* How the manager keeps its pool full: promises MGR-1, MGR-6, MGR-8, MGR-11, MGR-13 and MGR-14. */
#include "driver.h"

#include <criterion/criterion.h>

/* Promise MGR-1. */
Test(manager_start, starts_as_many_workers_as_are_wanted)
{
    for (uint32_t workers = 1; workers <= WORKERS_MAX; workers *= 2) {
        driver_start(driver_settings(workers, 2));
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), workers);
        cr_assert_eq(taken.count, workers);
        cr_assert_str_eq(taken.list[0].promise, "MGR-1");
        cr_assert_eq(driven.phase, MANAGER_STARTING);
    }
}

/* Promises CLI-6 and PID-1: ready means that every worker has beaten. */
Test(manager_start, announces_itself_with_the_beat_of_the_last_worker)
{
    driver_start(driver_settings(2, 2));
    driver_spawned(0, 101);
    driver_beat(0, 101);
    cr_assert_eq(taken.count, 0, "the second fork is still under way");
    driver_spawned(0, 102);
    cr_assert_eq(taken.count, 0);
    driver_beat(0.5, 101);
    cr_assert_eq(taken.count, 0);
    driver_beat(0.75, 102);
    cr_assert_eq(taken.list[1].kind, MANAGER_ACTION_WRITE_PID_FILE);
    cr_assert_str_eq(taken.list[1].promise, "PID-1");
    cr_assert_eq(taken.list[2].kind, MANAGER_ACTION_ANNOUNCE);
    cr_assert_str_eq(taken.list[2].promise, "CLI-6");
    cr_assert_eq(driver_number(MANAGER_NOTE_READY), 2);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
    driver_beat(5, 102);
    cr_assert_eq(taken.count, 0, "it is announced once");
}

/* Promise MGR-6: TTOU counts before the start is complete as well. */
Test(manager_start, is_complete_when_the_missing_worker_is_no_longer_wanted)
{
    driver_start(driver_settings(2, 2));
    driver_spawned(0, 101);
    driver_spawned(0, 102);
    driver_beat(0, 102);
    driver_one_less(1, 0);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_QUIT));
    cr_assert_eq(driver_count(MANAGER_ACTION_ANNOUNCE), 1);
    driver_exit(2, 101, 0);
    cr_assert_eq(driven.phase, MANAGER_RUNNING, "it was asked to leave, so nothing failed");
}

/* Promise MGR-1. */
Test(manager_pool, replaces_a_dead_worker_at_once)
{
    driver_run(driver_settings(3, 2));
    driver_kill(10, 102, 11);
    cr_assert(driver_said(MANAGER_NOTE_WORKER_DIED));
    cr_assert_eq(driver_action(MANAGER_ACTION_LOG)->exit_signal, 11);
    cr_assert_eq(driver_action(MANAGER_ACTION_LOG)->status, -1);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_LOG)->promise, "OBS-3");
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
    cr_assert_null(driver_row(102));
    driver_spawned(10, 104);
    cr_assert_eq(taken.count, 0);
    cr_assert_not_null(driver_row(104));
}

/* Promise WRK-10: a worker that says farewell leaves without being asked. */
Test(manager_pool, hears_a_farewell_and_replaces_the_worker_at_once)
{
    driver_run(driver_settings(2, 1));
    driver_farewell(10, 101);
    cr_assert_eq(driver_number(MANAGER_NOTE_WORKER_LEAVES), 101);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 0);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SPAWN)->promise, "MGR-11");
    driver_farewell(11, 101);
    cr_assert_eq(taken.count, 0);
    driver_exit(12, 101, 0);
    cr_assert(driver_said(MANAGER_NOTE_WORKER_GONE));
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
}

/* Promise MGR-11: at most `spare` workers more than wanted. */
Test(manager_pool, replaces_leaving_workers_as_long_as_there_are_spare_ones)
{
    for (uint32_t spare = 0; spare <= 4; spare++) {
        driver_run(driver_settings(4, spare));
        for (uint32_t i = 1; i <= 4; i++) {
            driver_farewell(10, (int32_t)(100 + i));
            cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), i <= spare ? 1 : 0, "spare %u, %u",
                         spare, i);
        }
        driver_exit(11, 101, 0);
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), spare < 4 ? 1 : 0, "spare %u", spare);
    }
}

/* Promise MGR-6. */
Test(manager_ttin, wants_one_more_up_to_the_cap)
{
    driver_run(driver_settings(WORKERS_MAX - 1, 0));
    driver_send(1, MANAGER_EVENT_ONE_MORE);
    cr_assert_eq(driver_number(MANAGER_NOTE_MORE_WORKERS), WORKERS_MAX);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
    driver_send(1, MANAGER_EVENT_ONE_MORE);
    cr_assert_eq(driver_number(MANAGER_NOTE_MOST_WORKERS), WORKERS_MAX);
    cr_assert_eq(taken.count, 1);
    cr_assert_eq(driven.wanted, WORKERS_MAX);
}

/* Promise MGR-6: chance chooses among the workers that are not yet stopping. */
Test(manager_ttou, asks_the_chosen_worker_and_never_one_that_is_leaving)
{
    for (uint32_t dice = 0; dice < 6; dice++) {
        static const int32_t chosen[] = {101, 103, 104};
        driver_run(driver_settings(4, 0));
        driver_farewell(1, 102);
        driver_exit(1, 102, 0);
        driver_spawned(1, 105);
        driver_farewell(1, 105);
        driver_send(1, MANAGER_EVENT_ONE_MORE);
        driver_one_less(2, dice);
        driver_one_less(2, dice);
        cr_assert(driver_signalled(chosen[dice % 3], WORKER_SIGNAL_QUIT), "dice %u", dice);
        cr_assert_eq(driver_number(MANAGER_NOTE_WORKER_RETIRED), chosen[dice % 3]);
        cr_assert_eq(driver_number(MANAGER_NOTE_FEWER_WORKERS), 3);
        cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-6");
        cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
        cr_assert_eq(driven.wanted, 3);
    }
}

/* Promise MGR-6: at 0 it does nothing; the manager goes on without a worker. */
Test(manager_ttou, goes_down_to_no_worker_and_does_nothing_then)
{
    driver_run(driver_settings(2, 2));
    driver_one_less(1, 7);
    driver_one_less(1, 7);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
    driver_one_less(1, 7);
    cr_assert_eq(taken.count, 0);
    driver_exit(2, 101, 0);
    driver_exit(2, 102, 0);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
    cr_assert_eq(driven.wake_us, NEVER_US);
    driver_send(3, MANAGER_EVENT_ONE_MORE);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
}

/* Promise MGR-6: one that nobody needs any more leaves as soon as its fork is known. */
Test(manager_ttou, retires_a_worker_whose_fork_was_under_way)
{
    driver_run(driver_settings(1, 0));
    driver_send(1, MANAGER_EVENT_ONE_MORE);
    driver_one_less(1, 0);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_QUIT));
    driver_one_less(1, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 0, "nobody serves yet");
    driver_spawned(1, 102);
    cr_assert(driver_signalled(102, WORKER_SIGNAL_QUIT));
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-6");
}

/* Promise MGR-6: a TTOU that only undoes a TTIN nobody could serve retires nobody. */
Test(manager_ttou, retires_nobody_while_workers_are_missing)
{
    driver_run(driver_settings(2, 0));
    driver_send(1, MANAGER_EVENT_ONE_MORE);
    driver_send(1, MANAGER_EVENT_SPAWN_FAILED);
    driver_send(1, MANAGER_EVENT_SPAWN_FAILED);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
    driver_one_less(1.5, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 0);
    cr_assert_eq(driven.wanted, 2);
    cr_assert_eq(driven.wake_us, driver_us(7), "nothing waits for the pause any more");
}

/* Promises MGR-7 and MGR-8: a deployment begins beside the workers, not at their cost. */
Test(manager_usr2, leaves_the_pool_alone)
{
    driver_run(driver_settings(2, 2));
    driver_send(1, MANAGER_EVENT_UPGRADE);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL) + driver_count(MANAGER_ACTION_SPAWN), 0);
    cr_assert_eq(roster_count_ready(&driven.roster), 2);
    driver_kill(1, 101, 9);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1, "and it is kept meanwhile");
}

/* Promise MGR-8: logs are reopened in the manager and in every worker. */
Test(manager_usr1, reopens_the_logs_of_everybody)
{
    driver_run(driver_settings(3, 2));
    driver_farewell(1, 102);
    driver_send(1, MANAGER_EVENT_REOPEN_LOGS);
    cr_assert_eq(driver_count(MANAGER_ACTION_REOPEN_LOGS), 1);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_REOPEN_LOGS)->promise, "MGR-8");
    for (int32_t pid = 101; pid <= 103; pid++)
        cr_assert(driver_signalled(pid, WORKER_SIGNAL_USR1));
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-8");
    cr_assert_eq(driver_number(MANAGER_NOTE_LOGS_REOPENED), 3);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
}

/* Promise MGR-14. */
Test(manager_child, that_is_no_worker_is_noted_and_changes_nothing)
{
    driver_run(driver_settings(2, 2));
    driver_exit(1, 4711, 0);
    cr_assert_eq(driver_number(MANAGER_NOTE_UNKNOWN_CHILD), 4711);
    cr_assert_eq(taken.count, 1);
    cr_assert_eq(driven.roster.count, 2);
}

/* Promise PID-3. */
Test(manager_pid_file, is_written_again_while_the_manager_runs)
{
    driver_start(driver_settings(1, 2));
    driver_send(0, MANAGER_EVENT_PID_FILE_LOST);
    cr_assert_eq(taken.count, 0, "there is none yet");
    driver_spawned(0, 101);
    driver_beat(0, 101);
    driver_send(1, MANAGER_EVENT_PID_FILE_LOST);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_WRITE_PID_FILE)->promise, "PID-3");
    cr_assert(driver_said(MANAGER_NOTE_PID_FILE_LOST));
    driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
    driver_send(2, MANAGER_EVENT_PID_FILE_LOST);
    cr_assert_eq(taken.count, 0);
}

static void obey(double seconds, int32_t *next_pid)
{
    while (driven.spawning > 0)
        driver_spawned(seconds, (*next_pid)++);
    for (uint32_t i = 0; i < driven.roster.count;) {
        const struct roster_row row = driven.roster.rows[i];
        if (row.life == WORKER_STARTING)
            driver_beat(seconds, row.pid);
        if (worker_life_is_serving(row.life))
            i++;
        else
            driver_exit(seconds, row.pid, 0);
    }
}

/* Promise MGR-13: a thousand signals in any order leave the pool right. */
Test(manager_storm, leaves_as_many_workers_as_were_asked_for)
{
    uint32_t chance = 12345;
    int32_t next_pid = 103;
    uint32_t wanted = 2;
    driver_run(driver_settings(2, 2));
    for (int i = 0; i < 1000; i++) {
        chance = chance * 1664525u + 1013904223u;
        uint32_t choice = chance >> 30;
        double seconds = 0.001 * i;
        if (choice == 0) {
            driver_send(seconds, MANAGER_EVENT_ONE_MORE);
            wanted++;
        } else if (choice == 1) {
            driver_one_less(seconds, chance);
            wanted -= wanted > 0;
        } else if (choice == 2) {
            driver_send(seconds, MANAGER_EVENT_UPGRADE);
        } else if (driven.spawning > 0) {
            driver_spawned(seconds, next_pid++);
        }
        cr_assert_eq(driven.wanted, wanted);
    }
    obey(1, &next_pid);
    obey(1, &next_pid);
    cr_assert_eq(driven.roster.count, wanted);
    cr_assert_eq(roster_count_ready(&driven.roster), wanted);
}
