/* The old manager's end of a hot deployment: promises UPG-1, UPG-2, UPG-4 to UPG-6, MGR-7, PID-2.
 */
#include "driver.h"

#include <criterion/criterion.h>

enum {
    NEW = 301, /* the new manager */
    TIMEOUT = 30
};

static void tick(int64_t now_us)
{
    driver_feed(now_us, (struct manager_event){.kind = MANAGER_EVENT_TICK});
}

/* Workers beat, so that nobody but the deployment is due. */
static void beat_all(double seconds)
{
    for (uint32_t i = 0; i < driven.roster.count; i++)
        driver_beat(seconds, driven.roster.rows[i].pid);
}

/* Two workers, and since second 10 a deployment in this life. */
static void deploy(enum upgrade_life life)
{
    driver_run(driver_settings(2, 2));
    beat_all(10);
    if (life == UPGRADE_IDLE)
        return;
    driver_send(10, MANAGER_EVENT_UPGRADE);
    if (life == UPGRADE_FORKING)
        return;
    driver_upgrade_spawned(10, NEW);
    if (life == UPGRADE_COMMITTED)
        driver_send(10, MANAGER_EVENT_UPGRADE_READY);
    if (life == UPGRADE_ABORTING || life == UPGRADE_KILLED)
        driver_send(10, MANAGER_EVENT_UPGRADE_FAILED);
    if (life == UPGRADE_KILLED)
        driver_send(11, MANAGER_EVENT_TICK);
    cr_assert_eq(driven.upgrade.life, life);
}

static void assert_untouched(void)
{
    cr_assert_eq(driven.phase, MANAGER_RUNNING);
    cr_assert_eq(driven.upgrade.life, UPGRADE_IDLE);
    cr_assert(driven.has_pid_file);
    cr_assert_eq(driven.wanted, 2);
    cr_assert_eq(driven.roster.count, 2);
    for (int32_t pid = 101; pid <= 102; pid++)
        cr_assert_eq(driver_row(pid)->life, WORKER_READY);
}

/* Promises UPG-1 and MGR-7. */
Test(takeover_begin, makes_one_new_generation)
{
    deploy(UPGRADE_IDLE);
    driver_send(10, MANAGER_EVENT_UPGRADE);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SPAWN_UPGRADE)->promise, "UPG-1");
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_BEGINS), 2);
    driver_upgrade_spawned(10, NEW);
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_STARTS), NEW);
    cr_assert_eq(taken.count, 1);
}

/* Promise MGR-7. */
Test(takeover_begin, does_nothing_while_one_runs)
{
    for (int life = UPGRADE_FORKING; life <= UPGRADE_KILLED; life++) {
        deploy((enum upgrade_life)life);
        driver_send(12, MANAGER_EVENT_UPGRADE);
        cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_BUSY), life == UPGRADE_FORKING ? 0 : NEW);
        cr_assert_eq(taken.count, 1);
        cr_assert_eq((int)driven.upgrade.life, life);
    }
}

/* Promise MGR-7: while starting and stopping. */
Test(takeover_begin, does_nothing_in_another_phase)
{
    static const enum manager_event_kind ends[] = {MANAGER_EVENT_STOP_NOW,
                                                   MANAGER_EVENT_STOP_GRACEFULLY};
    driver_start(driver_settings(1, 2));
    driver_send(1, MANAGER_EVENT_UPGRADE);
    cr_assert_eq(taken.count, 0);
    for (size_t i = 0; i < 2; i++) {
        deploy(UPGRADE_IDLE);
        driver_send(10, ends[i]);
        driver_send(10, MANAGER_EVENT_UPGRADE);
        cr_assert_eq(taken.count, 0);
        cr_assert_eq(driven.upgrade.life, UPGRADE_IDLE);
    }
}

Test(takeover_learn, refuses_a_process_that_it_did_not_ask_for_or_that_is_a_worker)
{
    static const int32_t pids[] = {INT32_MIN, -1, 0, 1, 101, 102};
    deploy(UPGRADE_FORKING);
    for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++)
        cr_assert(driver_refuses(
            (struct manager_event){.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = pids[i]}));
    driver_upgrade_spawned(10, 2);
    cr_assert_eq(driven.upgrade.pid, 2);
    for (int life = UPGRADE_IDLE; life <= UPGRADE_KILLED; life++) {
        deploy((enum upgrade_life)life);
        struct manager_event again = {.kind = MANAGER_EVENT_UPGRADE_SPAWNED, .pid = 400};
        cr_assert_eq(driver_refuses(again), life != UPGRADE_FORKING);
    }
}

/* No pid stands for two. */
Test(takeover_learn, keeps_the_new_manager_out_of_the_roster)
{
    deploy(UPGRADE_STARTING);
    driver_send(10, MANAGER_EVENT_ONE_MORE);
    cr_assert(driver_refuses((struct manager_event){.kind = MANAGER_EVENT_SPAWNED, .pid = NEW}));
    driver_spawned(10, NEW + 1);
    cr_assert_eq(driven.roster.count, 3);
}

/* Promises UPG-2 and PID-2. */
Test(takeover_agree, commits_once)
{
    deploy(UPGRADE_STARTING);
    driver_send(20, MANAGER_EVENT_UPGRADE_READY);
    cr_assert_eq(driver_action(MANAGER_ACTION_COMMIT_UPGRADE)->pid, NEW);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_COMMIT_UPGRADE)->promise, "UPG-2");
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_COMMITTED), NEW);
    cr_assert_eq(driven.phase, MANAGER_RUNNING, "it serves until it is asked to leave");
    cr_assert_not(driven.has_pid_file);
    static const enum manager_event_kind later[] = {
        MANAGER_EVENT_UPGRADE_READY, MANAGER_EVENT_UPGRADE_FAILED, MANAGER_EVENT_PID_FILE_LOST};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        driver_send(21, later[i]);
        cr_assert_eq(taken.count, 0, "%zu", i);
        cr_assert_eq(driven.upgrade.life, UPGRADE_COMMITTED);
    }
    for (int i = 22; i < 100; i++) {
        beat_all(i);
        tick(i * SECOND_US);
        cr_assert_eq(taken.count, 0, "no timeout runs any more");
    }
}

Test(takeover_agree, refuses_a_word_without_a_process)
{
    deploy(UPGRADE_IDLE);
    cr_assert(driver_refuses((struct manager_event){.kind = MANAGER_EVENT_UPGRADE_READY}));
    deploy(UPGRADE_FORKING);
    cr_assert(driver_refuses((struct manager_event){.kind = MANAGER_EVENT_UPGRADE_READY}));
}

/* Promise UPG-2: the old one leaves as in MGR-3, and the PID file is another's. */
Test(takeover_agree, lets_the_manager_leave_without_its_pid_file)
{
    deploy(UPGRADE_COMMITTED);
    driver_send(20, MANAGER_EVENT_STOP_GRACEFULLY);
    cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 2, "the new generation is left alone");
    driver_exit(21, 101, 0);
    driver_exit(21, 102, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 0);
    cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
}

/* Promise UPG-4: TERM at the timeout, KILL a second later; not a microsecond before, each once. */
Test(takeover_judge, gives_up_at_the_timeout_and_kills_a_second_later)
{
    for (int64_t late_us = 0; late_us <= 1; late_us++) {
        deploy(UPGRADE_STARTING);
        beat_all(38);
        int64_t due_us = (10 + TIMEOUT) * SECOND_US;
        cr_assert_eq(driven.wake_us, due_us);
        tick(due_us - 1);
        cr_assert_eq(taken.count, 0);
        tick(due_us + late_us);
        cr_assert_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->pid, NEW);
        cr_assert_str_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->promise, "UPG-4");
        cr_assert(driver_signalled(NEW, WORKER_SIGNAL_TERM));
        cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_LATE), NEW);
        due_us += late_us + SECOND_US;
        cr_assert_eq(driven.wake_us, due_us);
        tick(due_us - 1);
        cr_assert_eq(taken.count, 0);
        tick(due_us + late_us);
        cr_assert(driver_signalled(NEW, WORKER_SIGNAL_KILL));
        cr_assert_eq(driver_count(MANAGER_ACTION_SIGNAL), 1);
        cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_KILLED), NEW);
        tick(due_us + 2);
        cr_assert_eq(taken.count, 0);
        driver_kill(42, NEW, 9);
        cr_assert(driver_said(MANAGER_NOTE_UPGRADE_FAILED));
        assert_untouched();
    }
}

struct words {
    uint32_t commits;
    uint32_t aborts;
    uint32_t terms;
};

static void add_words(struct words *words)
{
    words->commits += driver_count(MANAGER_ACTION_COMMIT_UPGRADE);
    words->aborts += driver_count(MANAGER_ACTION_ABORT_UPGRADE);
    words->terms += driver_signalled(NEW, WORKER_SIGNAL_TERM);
}

/* READY comes at `ready_us`, the tick at `tick_us`; both are told in the order of their times. */
static struct words race(int64_t ready_us, int64_t tick_us, bool is_tick_first)
{
    struct words words = {0, 0, 0};
    deploy(UPGRADE_STARTING);
    beat_all(39);
    for (int turn = 0; turn < 2; turn++) {
        bool is_tick = is_tick_first == (turn == 0);
        driver_feed(is_tick ? tick_us : ready_us,
                    (struct manager_event){.kind = is_tick ? MANAGER_EVENT_TICK
                                                           : MANAGER_EVENT_UPGRADE_READY});
        add_words(&words);
    }
    for (int64_t later_us = 1; later_us < 100; later_us++) {
        tick(tick_us + later_us * 7 * MILLISECOND_US);
        add_words(&words);
    }
    return words;
}

/* Promises UPG-2 and UPG-4: whenever READY comes, there is one COMMIT or one ABORT. */
Test(takeover, says_commit_or_abort_whenever_ready_comes)
{
    static const int64_t delays_ms[] = {0, 1, 10, 50};
    int64_t due_us = (10 + TIMEOUT) * SECOND_US;
    for (int64_t ms = -50; ms <= 50; ms++)
        for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++)
            for (int first = 0; first < 2; first++) {
                int64_t ready_us = due_us + ms * MILLISECOND_US;
                int64_t tick_us = due_us + delays_ms[i] * MILLISECOND_US;
                bool is_tick_first = tick_us < ready_us || (tick_us == ready_us && first == 1);
                struct words words = race(ready_us, tick_us, is_tick_first);
                cr_assert_eq(words.commits, is_tick_first ? 0 : 1, "%d ms", (int)ms);
                cr_assert_eq(words.aborts, is_tick_first ? 1 : 0, "%d ms", (int)ms);
                cr_assert_eq(words.terms, words.aborts);
            }
}

/* Promise UPG-6. */
Test(takeover_give_up, ends_the_new_generation_with_the_manager)
{
    static const enum manager_event_kind ends[] = {MANAGER_EVENT_STOP_NOW,
                                                   MANAGER_EVENT_STOP_GRACEFULLY};
    for (size_t i = 0; i < 2; i++) {
        deploy(UPGRADE_STARTING);
        driver_send(12, ends[i]);
        cr_assert_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->pid, NEW);
        cr_assert(driver_signalled(NEW, WORKER_SIGNAL_TERM));
        cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_STOPPED), NEW);
        driver_send(12, MANAGER_EVENT_STOP_NOW);
        cr_assert_not(driver_signalled(NEW, WORKER_SIGNAL_TERM), "once");
        driver_send(12, MANAGER_EVENT_UPGRADE_READY);
        cr_assert_eq(taken.count, 0, "too late");
        driver_exit(12, 101, 0);
        driver_exit(12, 102, 0);
        cr_assert_eq(driver_count(MANAGER_ACTION_EXIT), 0, "it is waited for");
        tick(13 * SECOND_US - 1);
        cr_assert_eq(taken.count, 0);
        tick(13 * SECOND_US);
        cr_assert(driver_signalled(NEW, WORKER_SIGNAL_KILL));
        driver_kill(13, NEW, 9);
        cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 1);
        cr_assert_eq(driver_action(MANAGER_ACTION_EXIT)->status, 0);
    }
}

/* Promise UPG-6: what was decided while the fork was under way holds for the new manager. */
Test(takeover_give_up, reaches_a_generation_whose_fork_was_under_way)
{
    deploy(UPGRADE_FORKING);
    driver_send(10, MANAGER_EVENT_STOP_NOW);
    cr_assert_eq(driver_count(MANAGER_ACTION_ABORT_UPGRADE), 0);
    driver_exit(10, 101, 0);
    driver_exit(10, 102, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_EXIT), 0);
    driver_upgrade_spawned(10, NEW);
    cr_assert_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->pid, NEW);
    cr_assert(driver_signalled(NEW, WORKER_SIGNAL_TERM));
    driver_exit(10, NEW, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_EXIT), 1);

    deploy(UPGRADE_FORKING);
    driver_send(10, MANAGER_EVENT_STOP_NOW);
    driver_exit(10, 101, 0);
    driver_exit(10, 102, 0);
    driver_send(10, MANAGER_EVENT_UPGRADE_FAILED);
    cr_assert_eq(driver_count(MANAGER_ACTION_EXIT), 1);
}

static void assert_said_alone(enum manager_note note)
{
    cr_assert(driver_said(note));
    cr_assert_not(driver_said(MANAGER_NOTE_UNKNOWN_CHILD));
}

/* Promises UPG-5 and MGR-14. */
Test(takeover_bury, knows_its_own_child)
{
    deploy(UPGRADE_STARTING);
    driver_exit(11, NEW, 1);
    assert_said_alone(MANAGER_NOTE_UPGRADE_FAILED);
    deploy(UPGRADE_COMMITTED);
    driver_exit(11, NEW, 1);
    assert_said_alone(MANAGER_NOTE_UPGRADE_LOST);
    deploy(UPGRADE_COMMITTED);
    driver_send(11, MANAGER_EVENT_STOP_GRACEFULLY);
    driver_exit(11, NEW, 1);
    assert_said_alone(MANAGER_NOTE_UPGRADE_GONE);
}

/* Promises UPG-4 and UPG-6. */
Test(takeover, names_the_promise_that_a_signal_keeps)
{
    deploy(UPGRADE_STARTING);
    driver_send(11, MANAGER_EVENT_STOP_GRACEFULLY);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->promise, "UPG-6");
    deploy(UPGRADE_ABORTING);
    driver_send(11, MANAGER_EVENT_TICK);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "UPG-4");
    driver_ask(driver_settings(2, 2));
    driver_send(1, MANAGER_EVENT_UPGRADE_ABORTED);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_SIGNAL)->promise, "UPG-4");
}

/* Promise UPG-5: as if nothing had been, and the next one is possible. */
Test(takeover_bury, goes_on_after_a_generation_that_ends)
{
    static const enum upgrade_life lives[] = {UPGRADE_STARTING, UPGRADE_ABORTING, UPGRADE_KILLED};
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        deploy(lives[i]);
        driver_exit(12, NEW, 1);
        cr_assert_str_eq(driver_action(MANAGER_ACTION_END_UPGRADE)->promise, "UPG-5");
        cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_FAILED), NEW);
        cr_assert_eq(driver_count(MANAGER_ACTION_WRITE_PID_FILE), 0, "it never was another's");
        assert_untouched();
        driver_send(12, MANAGER_EVENT_UPGRADE);
        cr_assert_eq(driver_count(MANAGER_ACTION_SPAWN_UPGRADE), 1);
    }
}

/* Promises UPG-5 and PID-2: committed, and dead before it took over. */
Test(takeover_bury, takes_the_pid_file_back)
{
    deploy(UPGRADE_COMMITTED);
    driver_kill(12, NEW, 9);
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_LOST), NEW);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_WRITE_PID_FILE)->promise, "UPG-5");
    assert_untouched();

    deploy(UPGRADE_COMMITTED);
    driver_send(12, MANAGER_EVENT_STOP_GRACEFULLY);
    driver_kill(12, NEW, 9);
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_GONE), NEW);
    cr_assert_eq(driver_count(MANAGER_ACTION_WRITE_PID_FILE), 0);
    driver_exit(12, 101, 0);
    driver_exit(12, 102, 0);
    cr_assert_eq(driver_count(MANAGER_ACTION_REMOVE_PID_FILE), 1, "it may still name this one");
}

Test(takeover_bury, leaves_other_processes_alone)
{
    deploy(UPGRADE_STARTING);
    driver_exit(12, 400, 0);
    cr_assert(driver_said(MANAGER_NOTE_UNKNOWN_CHILD));
    driver_kill(12, 101, 9);
    cr_assert(driver_said(MANAGER_NOTE_WORKER_DIED));
    cr_assert_eq(driven.upgrade.life, UPGRADE_STARTING);
    deploy(UPGRADE_FORKING);
    driver_exit(12, 0, 0);
    cr_assert_eq(driven.upgrade.life, UPGRADE_FORKING);
}

/* Promise UPG-5: a fork that fails, and a channel that breaks. */
Test(takeover_lose, ends_what_cannot_succeed)
{
    deploy(UPGRADE_FORKING);
    driver_send(10, MANAGER_EVENT_UPGRADE_FAILED);
    cr_assert_eq(driver_count(MANAGER_ACTION_END_UPGRADE), 1);
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_FORK_FAILED), 2);
    assert_untouched();

    deploy(UPGRADE_STARTING);
    driver_send(12, MANAGER_EVENT_UPGRADE_FAILED);
    cr_assert_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->pid, NEW);
    cr_assert_str_eq(driver_action(MANAGER_ACTION_ABORT_UPGRADE)->promise, "UPG-5");
    cr_assert(driver_signalled(NEW, WORKER_SIGNAL_TERM));
    cr_assert_eq(driver_number(MANAGER_NOTE_UPGRADE_BROKEN), NEW);

    static const enum upgrade_life others[] = {UPGRADE_IDLE, UPGRADE_COMMITTED, UPGRADE_ABORTING,
                                               UPGRADE_KILLED};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        deploy(others[i]);
        driver_send(12, MANAGER_EVENT_UPGRADE_FAILED);
        cr_assert_eq(taken.count, 0);
        cr_assert_eq(driven.upgrade.life, others[i]);
    }
}

/* Promise MGR-12: a manager that was held up gives the new generation its time anew. */
Test(takeover, forgives_the_gap_of_the_manager_itself)
{
    deploy(UPGRADE_STARTING);
    driver_send(60, MANAGER_EVENT_HELD_UP);
    tick((60 + 7) * SECOND_US - 1);
    cr_assert_eq(driver_count(MANAGER_ACTION_ABORT_UPGRADE), 0);
    cr_assert_eq(driven.upgrade.began_us, 60 * SECOND_US);
    deploy(UPGRADE_ABORTING);
    driver_send(60, MANAGER_EVENT_HELD_UP);
    tick(60 * SECOND_US);
    cr_assert(driver_signalled(NEW, WORKER_SIGNAL_KILL));
}

/* Any number in a row (promise UPG-8). */
Test(takeover, works_again_and_again)
{
    deploy(UPGRADE_IDLE);
    for (int32_t i = 0; i < 100; i++) {
        driver_send(10, MANAGER_EVENT_UPGRADE);
        driver_upgrade_spawned(10, NEW + i);
        driver_kill(10, NEW + i, 11);
        assert_untouched();
    }
}
