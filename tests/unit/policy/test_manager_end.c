/* How the manager and its workers end: promises MGR-2 to MGR-5 and HBT-3. */
#include "driver.h"

#include <criterion/criterion.h>

static const int64_t grace_us = 30 * SECOND_US;

static void tick(int64_t now_us)
{
    driver_feed(now_us, (struct manager_event){.kind = MANAGER_EVENT_TICK});
}

static void assert_quiet_tick(int64_t now_us)
{
    tick(now_us);
    cr_assert_eq(taken.count, 0, "at %lld", (long long)now_us);
}

/* Promise MGR-2. */
Test(manager_term, tells_every_worker_to_stop_and_exits_when_all_are_gone)
{
    driver_run(driver_settings(3, 2));
    driver_farewell(1, 103);
    driver_spawned(1, 104);
    driver_send(2, MANAGER_EVENT_STOP_NOW);
    for (int32_t pid = 101; pid <= 104; pid++)
        cr_assert(driver_signalled(pid, WORKER_SIGNAL_TERM));
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 4);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-2");
    for (int32_t pid = 101; pid <= 103; pid++) {
        driver_exit(2, pid, 0);
        cr_assert_eq(driver_count(MANAGER_ACTION_EXIT) + driver_count(MANAGER_ACTION_SPAWN), 0);
    }
    driver_exit(2, 104, 0);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_REMOVE_PID_FILE)->promise, "PID-1");
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_EXIT)->promise, "MGR-2");
    cr_assert_eq(taken.list[taken.count - 1].kind, MANAGER_ACTION_EXIT, "nothing follows it");
    cr_assert_eq(driven.phase, MANAGER_GONE);
    cr_assert_eq(driven.wake_us, NEVER_US);
}

/* Promise MGR-2: KILL after a second, not a microsecond before, and once. */
Test(manager_term, kills_a_worker_that_has_not_gone_a_second_later)
{
    driver_run(driver_settings(2, 2));
    driver_send(2, MANAGER_EVENT_STOP_NOW);
    cr_assert_eq(driven.wake_us, 3 * SECOND_US);
    assert_quiet_tick(3 * SECOND_US - MILLISECOND_US);
    assert_quiet_tick(3 * SECOND_US - 1);
    driver_exit(2.9999995, 101, 0);
    tick(3 * SECOND_US);
    cr_assert(driver_signalled(102, WORKER_SIGNAL_KILL));
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-2");
    cr_assert_eq(driver_number(MANAGER_NOTE_WORKER_KILLED), 102);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
    cr_assert_eq(driven.wake_us, NEVER_US);
    assert_quiet_tick(3 * SECOND_US);
    assert_quiet_tick(100 * SECOND_US);
    driver_kill(101, 102, 9);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
}

/* Promise MGR-3. */
Test(manager_quit, asks_every_worker_once_and_exits_when_all_are_gone)
{
    driver_run(driver_settings(3, 2));
    driver_farewell(1, 103);
    driver_spawned(1, 104);
    driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
    cr_assert_eq(driver_number(MANAGER_NOTE_STOPS_GRACEFULLY), 4);
    for (int32_t pid = 101; pid <= 104; pid++)
        cr_assert(driver_signalled(pid, WORKER_SIGNAL_QUIT));
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-3");
    for (int i = 3; i < 20; i++) {
        driver_send(i, MANAGER_EVENT_STOP_GRACEFULLY);
        cr_assert_eq(taken.count, 0, "nobody is asked twice");
        assert_quiet_tick(i * SECOND_US);
    }
    for (int32_t pid = 101; pid <= 103; pid++) {
        driver_exit(21, pid, 0);
        cr_assert_eq(driver_count(MANAGER_ACTION_EXIT) + driver_count(MANAGER_ACTION_SPAWN), 0);
    }
    driver_exit(21, 104, 0);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_EXIT)->promise, "MGR-3");
}

/* Promise MGR-4: TERM at graceful_timeout, KILL a second later; both exact. */
Test(manager_quit, forces_who_is_still_there_after_graceful_timeout)
{
    static const double timeouts[] = {30, 1, 0.25, 0.000001, 1234.567891};
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        struct manager_settings settings = driver_settings(1, 2);
        settings.graceful_timeout_us = driver_us(timeouts[i]);
        driver_run(settings);
        driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
        int64_t due_us = 2 * SECOND_US + settings.graceful_timeout_us;
        cr_assert_eq(driven.wake_us, due_us);
        assert_quiet_tick(due_us - 1);
        tick(due_us);
        cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
        cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-4");
        cr_assert_eq(driver_number(MANAGER_NOTE_WORKER_FORCED), 101);
        assert_quiet_tick(due_us + SECOND_US - 1);
        tick(due_us + SECOND_US);
        cr_assert(driver_signalled(101, WORKER_SIGNAL_KILL));
        cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "MGR-4");
    }
}

/* Promise CFG-6: graceful_timeout 0 means at once. */
Test(manager_quit, forces_at_once_when_graceful_timeout_is_0)
{
    struct manager_settings settings = driver_settings(1, 2);
    settings.graceful_timeout_us = 0;
    driver_run(settings);
    driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
    cr_assert_eq(driven.wake_us, 2 * SECOND_US);
    tick(2 * SECOND_US);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
}

/* Promises HBT-3 and MGR-4: the time runs from when the worker began to leave. */
Test(manager_quit, gives_a_leaving_worker_no_time_anew)
{
    driver_run(driver_settings(2, 2));
    driver_farewell(10, 101);
    driver_send(25, MANAGER_EVENT_STOP_GRACEFULLY);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_QUIT));
    assert_quiet_tick(10 * SECOND_US + grace_us - 1);
    tick(10 * SECOND_US + grace_us);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
}

/* Promise HBT-3: neither silence nor beats matter to a leaving worker; its own time does. */
Test(manager_leaving, is_not_judged_by_heartbeats)
{
    driver_run(driver_settings(1, 0));
    driver_farewell(10, 101);
    cr_assert_eq(driven.wake_us, 10 * SECOND_US + grace_us);
    driver_beat(11, 101);
    cr_assert_eq(driver_row(101)->life, WORKER_LEAVING);
    cr_assert_eq(driven.wake_us, 10 * SECOND_US + grace_us);
    assert_quiet_tick(39 * SECOND_US);
    tick(40 * SECOND_US);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
}

/* Promise MGR-5. */
Test(manager_term, makes_a_graceful_stop_immediate)
{
    driver_run(driver_settings(2, 2));
    driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
    driver_send(3, MANAGER_EVENT_STOP_NOW);
    cr_assert(driver_said(MANAGER_NOTE_STOPS_NOW));
    cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
    cr_assert(driver_signalled(102, WORKER_SIGNAL_TERM));
    tick(4 * SECOND_US);
    cr_assert(driver_signalled(101, WORKER_SIGNAL_KILL));
}

/* Promise MGR-5. */
Test(manager_quit, changes_nothing_after_term)
{
    driver_run(driver_settings(2, 2));
    driver_send(2, MANAGER_EVENT_STOP_NOW);
    static const enum manager_event_kind kinds[] = {
        MANAGER_EVENT_STOP_GRACEFULLY, MANAGER_EVENT_STOP_NOW, MANAGER_EVENT_ONE_MORE,
        MANAGER_EVENT_ONE_LESS,        MANAGER_EVENT_HELD_UP,  MANAGER_EVENT_REOPEN_LOGS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        driver_send(2.5, kinds[i]);
        cr_assert_eq(taken.count, 0);
        cr_assert_eq(driven.phase, MANAGER_STOPPING);
        cr_assert_eq(driven.wake_us, 3 * SECOND_US);
    }
}

/* Promises MGR-2 and MGR-3: what was decided during a fork holds for the new worker. */
Test(manager_end, reaches_a_worker_whose_fork_was_under_way)
{
    static const struct {
        enum manager_event_kind event;
        enum worker_signal signal;
        const char *promise;
    } table[] = {{MANAGER_EVENT_STOP_NOW, WORKER_SIGNAL_TERM, "MGR-2"},
                 {MANAGER_EVENT_STOP_GRACEFULLY, WORKER_SIGNAL_QUIT, "MGR-3"}};
    for (size_t i = 0; i < 2; i++) {
        driver_run(driver_settings(1, 2));
        driver_kill(10, 101, 9);
        driver_send(10, table[i].event);
        cr_assert_eq(driver_count(MANAGER_ACTION_EXIT), 0, "a fork is under way");
        driver_spawned(10, 102);
        cr_assert(driver_signalled(102, table[i].signal));
        cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, table[i].promise);
        driver_exit(10, 102, 0);
        cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
    }
}

/* Promises MGR-2 and MGR-3. */
Test(manager_end, waits_for_a_fork_that_fails_and_counts_it_no_more)
{
    driver_run(driver_settings(1, 2));
    driver_kill(10, 101, 9);
    driver_send(10, MANAGER_EVENT_STOP_GRACEFULLY);
    driver_send(10, MANAGER_EVENT_SPAWN_FAILED);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
}

/* Promises MGR-3 and PID-1: without workers the end comes at once, without a PID file none is
 * removed. */
Test(manager_end, comes_at_once_when_there_is_no_worker)
{
    driver_run(driver_settings(1, 2));
    driver_one_less(1, 0);
    driver_exit(1, 101, 0);
    driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
    cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 1);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);

    driver_start(driver_settings(1, 2));
    driver_spawned(0, 101);
    driver_send(1, MANAGER_EVENT_STOP_NOW);
    driver_exit(1, 101, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_EXIT), 1);
}

/* Promises MGR-2 and MGR-3: dying workers are not replaced by a manager that ends. */
Test(manager_end, replaces_nobody)
{
    driver_run(driver_settings(4, 2));
    driver_send(2, MANAGER_EVENT_STOP_GRACEFULLY);
    driver_kill(3, 101, 11);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
    driver_send(3, MANAGER_EVENT_ONE_MORE);
    cr_assert_eq(taken.count, 0);
    driver_send(4, MANAGER_EVENT_STOP_NOW);
    driver_kill(4, 102, 11);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 0);
}
