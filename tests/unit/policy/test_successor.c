/* The new manager's end of a hot deployment: promises UPG-1, UPG-2, UPG-4, UPG-5, MGR-9, PID-2. */
#include "driver.h"

#include <criterion/criterion.h>

enum {
    OLD = 99 /* the manager to take over from */
};

/* Promise UPG-1: only when all workers have sent a heartbeat. */
Test(takeover_ask, waits_for_every_worker)
{
    driver_follow(driver_settings(2, 2));
    cr_assert_eq(driven.predecessor, OLD);
    driver_spawned(0, 101);
    driver_spawned(0, 102);
    driver_beat(1, 101);
    cr_assert_eq(driver_count(MANAGER_ACTION_ASK_TAKEOVER), 0);
    driver_beat(1, 102);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_ASK_TAKEOVER)->promise, "UPG-2");
    cr_assert_eq(driver_number(MANAGER_NOTE_ASKS), OLD);
    cr_assert_eq(driver_count(MANAGER_ACTION_WRITE_PID_FILE), 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_ANNOUNCE), 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 0);
    cr_assert_eq(driven.phase, MANAGER_ASKING);
    cr_assert_not(driven.has_pid_file);
    driver_beat(2, 101);
    cr_assert_eq(taken.count, 0, "it asks once");
}

/* Promises UPG-2 and PID-2: the file, the announcement, and only then QUIT. */
Test(takeover_complete, takes_over_in_this_order)
{
    driver_ask(driver_settings(2, 2));
    driver_send(1, MANAGER_EVENT_UPGRADE_COMMITTED);
    cr_assert_eq(taken.list[0].kind, MANAGER_ACTION_WRITE_PID_FILE);
    cr_assert_str_eq(taken.list[0].promise, "PID-2");
    cr_assert_eq(taken.list[1].kind, MANAGER_ACTION_ANNOUNCE);
    cr_assert_eq(taken.list[2].kind, MANAGER_ACTION_SIGNAL);
    cr_assert_str_eq(taken.list[2].promise, "UPG-2");
    cr_assert(driver_signalled(OLD, WORKER_SIGNAL_QUIT));
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
    cr_assert_eq(driver_number(MANAGER_NOTE_TAKEN_OVER), OLD);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
    cr_assert(driven.has_pid_file);
    cr_assert_eq(driven.predecessor, 0);
    driver_send(2, MANAGER_EVENT_UPGRADE);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN_UPGRADE), 1, "the next one may come");
}

/* Promise MGR-7: who is about to take over deploys nothing. */
Test(takeover, is_not_disturbed_by_a_deployment)
{
    driver_ask(driver_settings(2, 2));
    driver_send(1, MANAGER_EVENT_UPGRADE);
    cr_assert_eq(taken.count, 0);
    cr_assert_eq(driven.phase, MANAGER_ASKING);
    driver_send(2, MANAGER_EVENT_UPGRADE_COMMITTED);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
}

/* Promise UPG-4. */
Test(takeover_refuse, ends_the_new_generation)
{
    for (int is_asking = 0; is_asking < 2; is_asking++) {
        if (is_asking == 1) {
            driver_ask(driver_settings(1, 2));
        } else {
            driver_follow(driver_settings(1, 2));
            driver_spawned(0, 101);
        }
        driver_send(1, MANAGER_EVENT_UPGRADE_ABORTED);
        cr_assert_eq(driver_number(MANAGER_NOTE_REFUSED), OLD);
        cr_assert(driver_signalled(101, WORKER_SIGNAL_TERM));
        cr_assert_not(driver_signalled(OLD, WORKER_SIGNAL_QUIT));
        driver_send(1, MANAGER_EVENT_STOP_NOW);
        cr_assert_eq(taken.count, 0, "TERM follows ABORT");
        driver_exit(1, 101, 0);
        cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 0);
        cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 1);
    }
}

/* Promise UPG-2: never none. */
Test(takeover_inherit, serves_alone_when_nobody_is_left_who_could_agree)
{
    driver_ask(driver_settings(1, 2));
    driver_send(1, MANAGER_EVENT_PREDECESSOR_GONE);
    cr_assert_eq(driver_number(MANAGER_NOTE_ORPHANED), OLD);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_WRITE_PID_FILE)->promise, "PID-1");
    cr_assert_eq(driver_count(MANAGER_ACTION_ANNOUNCE), 1);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 0, "its pid may be another's by now");
    cr_assert_eq(driven.phase, MANAGER_RUNNING);

    driver_follow(driver_settings(1, 2));
    driver_spawned(0, 101);
    driver_send(1, MANAGER_EVENT_PREDECESSOR_GONE);
    cr_assert_eq(driven.phase, MANAGER_STARTING);
    cr_assert_eq(driver_count(MANAGER_ACTION_WRITE_PID_FILE), 0);
    driver_beat(2, 101);
    cr_assert_eq(driver_count(MANAGER_ACTION_WRITE_PID_FILE), 1);
    cr_assert_eq(driver_count(MANAGER_ACTION_ASK_TAKEOVER), 0);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
}

static const enum manager_event_kind answers[] = {
    MANAGER_EVENT_UPGRADE_COMMITTED, MANAGER_EVENT_UPGRADE_ABORTED, MANAGER_EVENT_PREDECESSOR_GONE};

/* Promise UPG-2: who ends does not take over; the old manager sees its end and goes on. */
Test(takeover, means_nothing_to_a_manager_that_ends)
{
    static const enum manager_event_kind ends[] = {MANAGER_EVENT_STOP_NOW,
                                                   MANAGER_EVENT_STOP_GRACEFULLY};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            driver_ask(driver_settings(1, 2));
            driver_send(1, ends[i]);
            enum manager_phase phase = driven.phase;
            driver_send(1, answers[k]);
            cr_assert_eq(taken.count, 0);
            cr_assert_eq(driven.phase, phase);
            cr_assert_not(driven.has_pid_file);
        }
}

Test(takeover, refuses_answers_to_a_question_that_was_not_asked)
{
    driver_start(driver_settings(1, 2));
    for (size_t i = 0; i < 3; i++)
        cr_assert(driver_refuses((struct manager_event){.kind = answers[i]}), "no predecessor");
    driver_run(driver_settings(1, 2));
    for (size_t i = 0; i < 3; i++)
        cr_assert(driver_refuses((struct manager_event){.kind = answers[i]}), "it serves");
    driver_follow(driver_settings(1, 2));
    cr_assert(driver_refuses((struct manager_event){.kind = answers[0]}), "not asked yet");
    driver_send(1, MANAGER_EVENT_PREDECESSOR_GONE);
    for (size_t i = 0; i < 3; i++)
        cr_assert(driver_refuses((struct manager_event){.kind = answers[i]}), "nobody is left");
}

Test(manager_start, refuses_a_predecessor_that_can_be_no_process)
{
    struct manager_settings settings = driver_settings(1, 2);
    manager_init(&driven, &settings);
    cr_assert(driver_refuses((struct manager_event){.kind = MANAGER_EVENT_START, .pid = -1}));
    cr_assert(
        driver_refuses((struct manager_event){.kind = MANAGER_EVENT_START, .pid = INT32_MIN}));
}

/* Promises MGR-9 and UPG-5: nothing replaces what serves before its workers have proven healthy. */
Test(manager_start, fails_with_a_worker_that_dies_young)
{
    for (int is_asking = 0; is_asking < 2; is_asking++) {
        driver_follow(driver_settings(2, 2));
        driver_spawned(0, 101);
        driver_spawned(0, 102);
        driver_beat(0, 101);
        if (is_asking == 1)
            driver_beat(0, 102);
        driver_kill(0.999999, 101, 11);
        cr_assert_eq(driver_number(MANAGER_NOTE_START_UNSOUND), 101);
        cr_assert(driver_signalled(102, WORKER_SIGNAL_TERM));
        driver_exit(1, 102, 0);
        cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 1);
    }
}

/* Promises MGR-1 and MGR-9. */
Test(manager_start, replaces_a_worker_that_dies_after_it_has_proven_healthy)
{
    driver_ask(driver_settings(1, 2));
    driver_kill(1, 101, 11);
    cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
    cr_assert_eq(driven.phase, MANAGER_ASKING);
    driver_spawned(1, 102);
    driver_beat(1, 102);
    cr_assert_eq(driver_count(MANAGER_ACTION_ASK_TAKEOVER), 0, "it has asked");
    driver_send(1, MANAGER_EVENT_UPGRADE_COMMITTED);
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
}

/* Promise MGR-9: where nobody else serves, it goes on trying. */
Test(manager_start, replaces_young_workers_when_it_takes_over_from_nobody)
{
    for (int is_orphan = 0; is_orphan < 2; is_orphan++) {
        if (is_orphan == 1)
            driver_follow(driver_settings(2, 2));
        else
            driver_start(driver_settings(2, 2));
        driver_spawned(0, 101);
        driver_spawned(0, 102);
        driver_beat(0, 101);
        if (is_orphan == 1)
            driver_send(0, MANAGER_EVENT_PREDECESSOR_GONE);
        driver_kill(0.5, 101, 11);
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN), 1);
        cr_assert_eq(driven.phase, MANAGER_STARTING);
    }
}

/* Promise UPG-5: a worker that hangs or cannot be forked, also when it is a replacement. */
Test(manager_start, fails_with_a_worker_that_never_becomes_ready)
{
    driver_ask(driver_settings(1, 2));
    driver_kill(2, 101, 11);
    driver_spawned(2, 102);
    driver_send(9, MANAGER_EVENT_TICK);
    cr_assert_eq(driver_number(MANAGER_NOTE_START_HUNG), 102);
    cr_assert_eq(driven.exit_status, 1);

    driver_ask(driver_settings(1, 2));
    driver_kill(2, 101, 11);
    for (int i = 0; i < START_ATTEMPTS_MAX; i++) {
        cr_assert_eq(driven.phase, MANAGER_ASKING);
        driver_send(10.0 * i + 2, MANAGER_EVENT_TICK);
        driver_send(10.0 * i + 2, MANAGER_EVENT_SPAWN_FAILED);
    }
    cr_assert_eq(driven.phase, MANAGER_GONE);
    cr_assert_eq(driven.exit_status, 1);
}
