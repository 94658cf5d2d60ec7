/* What a serving manager does about its workers and for whoever sends it signals. */
#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

TestSuite(manager_pool, .init = managed_open, .fini = managed_close);

/* Promise MGR-1 */
Test(manager_pool, replaces_a_worker_that_dies)
{
    managed_serve(managed_settings());
    cr_assert_eq(kill(stage->puppets[0].pid, SIGKILL), 0);
    managed_await_puppets(3);
    managed_await_beats(2, 1);
    stage->puppets[1].must_exit = 7;
    managed_await_puppets(4);
    managed_await_beats(3, 1);
    managed_await_log("died");
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(managed->announcements, 1);
    cr_assert_eq(stage->count, 4);
}

static unsigned sum_of_quits(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < stage->count; i++)
        sum += stage->puppets[i].quits;
    return sum;
}

static bool has_one_left(void *context)
{
    return sum_of_quits() == *(unsigned *)context;
}

static void await_quits(unsigned sum)
{
    cr_assert(patience_holds(has_one_left, &sum), "%u, not %u", sum_of_quits(), sum);
}

/* Promise MGR-6 */
Test(manager_pool, grows_by_ttin_and_shrinks_by_ttou)
{
    managed_serve(managed_settings());
    managed_send(SIGTTIN);
    managed_await_beats(2, 1);
    for (unsigned left = 1; left <= 3; left++) {
        managed_send(SIGTTOU);
        await_quits(left);
        /* It was noticed, so that the next signal does not coalesce with this one. */
        for (unsigned i = 0; i < 3; i++)
            if (stage->puppets[i].quits > 0)
                managed_await_end_of(i);
    }
    managed_send(SIGTTOU);
    managed_send(SIGTTOU);
    managed_await_log("Workers wanted: 0");
    managed_send(SIGTTIN);
    managed_await_log("Workers wanted: 1");
    managed_await_beats(3, 1);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 4, "and 0 was not undercut");
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(stage->puppets[i].terms, 0);
}

static bool are_reopened(void *context)
{
    (void)context;
    return managed->reopenings == 1 && stage->puppets[0].reopens == 1 &&
           stage->puppets[1].reopens == 1;
}

/* Promise MGR-8 */
Test(manager_pool, reopens_logs_everywhere_and_survives_usr2_and_hup)
{
    managed_serve(managed_settings());
    managed_send(SIGUSR1);
    cr_assert(patience_holds(are_reopened, NULL));
    managed_send(SIGUSR2);
    heir_await_birth(1);
    heir->must_exit = 1;
    managed_await_log("The hot deployment failed");
    managed_send(SIGHUP);
    heir_await_birth(2);
    unsigned beats = stage->puppets[0].beats;
    managed_await_beats(0, beats + 3);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 2);
    cr_assert_eq(stage->puppets[0].quits + stage->puppets[1].quits, 0);
}

static int end_at_once(void *context)
{
    (void)context;
    return 5;
}

static int leave_an_orphan(void *context)
{
    pid_t *orphan = context;
    *orphan = child_start(end_at_once, NULL);
    return 0;
}

static pid_t *orphan;

/* As the first process of a container, which others' children fall to. */
static void adopt(void)
{
    child_demand(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    (void)child_start(end_at_once, NULL);
    (void)child_start(leave_an_orphan, orphan);
}

/* Promise MGR-14 */
Test(manager_pool, reaps_children_that_are_not_its_workers)
{
    orphan = child_shared(sizeof *orphan);
    managed_prologue = adopt;
    managed_serve(managed_settings());
    managed_await_log("it was no worker");
    unsigned beats = stage->puppets[0].beats;
    managed_await_beats(0, beats + 3);
    cr_assert(child_has_ended(*orphan));
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(stage->count, 2);
    cr_assert(strstr(folder_read("log"), "died") == NULL);
}

static bool is_restored(void *context)
{
    (void)context;
    int32_t owner = 0;
    return pid_file_owner(folder_path("pid"), &owner) == ERROR_NONE && owner == manager;
}

/* Promise PID-3 */
Test(manager_pool, writes_a_deleted_pid_file_again)
{
    managed_serve(managed_settings());
    for (int i = 0; i < 3; i++) {
        int64_t start_us = patience_now_us();
        cr_assert_eq(unlink(folder_path("pid")), 0);
        cr_assert(patience_holds(is_restored, NULL));
        (void)fprintf(stderr, "it was back after %lld ms\n",
                      (long long)(patience_now_us() - start_us) / 1000);
    }
    cr_assert_eq(folder_count(), 3, "pid, log and errors");
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_not(folder_has("pid"));
    cr_assert_eq(managed->announcements, 1);
}

/* Promise MGR-13 */
Test(manager_pool, is_right_after_a_burst_of_signals)
{
    static const int burst[] = {SIGTTIN, SIGTTOU, SIGUSR2, SIGUSR1, SIGHUP, SIGCHLD};
    managed_serve(managed_settings());
    for (int i = 0; i < 600; i++)
        managed_send(burst[i % 6]);
    managed_send(SIGQUIT);
    cr_assert_eq(managed_end(), 0);
    cr_assert_not(folder_has("pid"));
}
