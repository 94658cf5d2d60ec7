/* How a manager and its workers end. */
#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(manager_stop, .init = managed_open, .fini = managed_close);

/* Promise MGR-2 */
Test(manager_stop, tells_every_worker_to_stop_at_once)
{
    struct manager_settings settings = managed_settings();
    settings.workers = 4;
    managed_serve(settings);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    for (unsigned i = 0; i < 4; i++) {
        cr_expect_eq(stage->puppets[i].terms, 1);
        cr_expect_eq(stage->puppets[i].quits, 0);
    }
    cr_assert_eq(stage->count, 4);
    cr_assert_not(folder_has("pid"));
    cr_assert_eq(folder_count(), 2, "log and errors");
}

/* Promise MGR-2 */
Test(manager_stop, does_so_for_int_as_for_term)
{
    managed_serve(managed_settings());
    cr_assert_eq(managed_end_by(SIGINT), 0);
    cr_assert_eq(stage->puppets[0].terms, 1);
    cr_assert_eq(stage->puppets[1].terms, 1);
}

/* Promise MGR-2: not before a second is over. */
Test(manager_stop, kills_a_worker_that_does_not_hear_term)
{
    stage->parts[1] = PUPPET_DEAF;
    managed_serve(managed_settings());
    int64_t start_us = patience_now_us();
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->puppets[1].terms, 1);
    cr_assert_geq(patience_now_us() - start_us, KILL_AFTER_US);
    cr_assert(strstr(folder_read("log"), "did not stop and is killed") != NULL);
    cr_assert_not(folder_has("pid"));
}

/* Promise MGR-2: not even a process that is stopped keeps it. */
Test(manager_stop, kills_a_worker_that_is_stopped)
{
    managed_serve(managed_settings());
    cr_assert_eq(kill(stage->puppets[0].pid, SIGSTOP), 0);
    cr_assert(child_is_stopped(stage->puppets[0].pid));
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

/* Promise MGR-3 */
Test(manager_stop, asks_every_worker_once_to_leave)
{
    struct manager_settings settings = managed_settings();
    settings.workers = 4;
    stage->parts[0] = PUPPET_STUBBORN;
    managed_serve(settings);
    managed_send(SIGQUIT);
    for (unsigned i = 1; i < 4; i++)
        managed_await_end_of(i);
    unsigned beats = stage->puppets[0].beats;
    managed_send(SIGQUIT);
    managed_await_beats(0, beats + 5);
    cr_assert(folder_has("pid"), "it still serves what is open");
    stage->puppets[0].must_exit = 1;
    cr_assert_eq(managed_end(), 0);
    for (unsigned i = 0; i < 4; i++) {
        cr_expect_eq(stage->puppets[i].quits, 1);
        cr_expect_eq(stage->puppets[i].terms, 0);
    }
    cr_assert_eq(stage->count, 4, "nobody is replaced");
    cr_assert_not(folder_has("pid"));
}

/* Promise MGR-4: TERM not before graceful_timeout, KILL not before a second more. */
Test(manager_stop, forces_a_worker_that_stays)
{
    struct manager_settings settings = managed_settings();
    settings.graceful_timeout_us = 300 * MILLISECOND_US;
    stage->parts[0] = PUPPET_STUBBORN;
    stage->parts[1] = PUPPET_DEAF;
    managed_serve(settings);
    int64_t start_us = patience_now_us();
    cr_assert_eq(managed_end_by(SIGQUIT), 0);
    int64_t end_us = patience_now_us();
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(stage->puppets[i].quits, 1);
        cr_expect_eq(stage->puppets[i].terms, 1);
        cr_expect_geq(stage->puppets[i].term_us - start_us, settings.graceful_timeout_us);
    }
    cr_assert_geq(end_us - start_us, settings.graceful_timeout_us + KILL_AFTER_US);
}

/* Promise MGR-5 */
Test(manager_stop, becomes_immediate_when_term_follows_quit)
{
    stage->parts[0] = PUPPET_STUBBORN;
    stage->parts[1] = PUPPET_STUBBORN;
    managed_serve(managed_settings());
    managed_send(SIGQUIT);
    managed_await_log("Stopping gracefully");
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(stage->puppets[i].quits, 1);
        cr_expect_eq(stage->puppets[i].terms, 1);
    }
}

/* Promise MGR-3: a graceful stop while it starts. */
Test(manager_stop, can_come_before_the_start_is_over)
{
    stage->parts[0] = PUPPET_MUTE;
    managed_start(managed_settings());
    managed_await_puppets(2);
    cr_assert_eq(managed_end_by(SIGQUIT), 0);
    cr_assert_eq(managed->announcements, 0);
    cr_assert_eq(folder_count(), 2, "log and errors");
}

/* Promise PID-1 */
Test(manager_stop, leaves_the_pid_file_of_another_manager)
{
    managed_serve(managed_settings());
    folder_write("other", "4711\n");
    cr_assert_eq(rename(folder_path("other"), folder_path("pid")), 0);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_str_eq(folder_read("pid"), "4711\n");
}

/* Promise WRK-6: the pipe of life ends with the manager, however it ends. */
Test(manager_stop, is_noticed_by_workers_when_the_manager_is_killed)
{
    managed_serve(managed_settings());
    managed_send(SIGKILL);
    cr_assert_eq(child_wait(manager), CHILD_SIGNALLED + SIGKILL);
    managed_await_end_of(0);
    managed_await_end_of(1);
}
