/* From manager_run() to a server that is announced, or to an error. */
#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(manager_start, .init = managed_open, .fini = managed_close);

/* Promises CLI-6, PID-1 and MGR-1 */
Test(manager_start, is_announced_once_all_workers_beat_and_the_pid_file_stands)
{
    struct manager_settings settings = managed_settings();
    settings.workers = 5;
    managed_serve(settings);
    cr_assert_eq(managed->ready, 5);
    cr_assert_eq(stage->count, 5);
    cr_assert(managed->had_pid_file);
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(managed->announcements, 1);
    cr_assert_not(folder_has("pid"));
}

/* Promise CLI-6: not as long as one of them has not beaten. */
Test(manager_start, is_not_announced_while_a_worker_is_mute)
{
    stage->parts[1] = PUPPET_MUTE;
    managed_start(managed_settings());
    managed_await_puppets(2);
    managed_await_beats(0, 5);
    cr_assert_eq(managed->announcements, 0);
    cr_assert_not(folder_has("pid"));
    cr_assert_eq(managed_end_by(SIGTERM), 0);
    cr_assert_eq(managed->announcements, 0);
    cr_assert_eq(folder_count(), 2, "log and errors");
}

/* Promise CLI-6 */
Test(manager_start, fails_when_a_worker_dies_before_it_beats)
{
    stage->parts[1] = PUPPET_DYING;
    managed_start(managed_settings());
    cr_assert_eq(managed_end(), 1);
    cr_assert_eq(managed->error, ERROR_NONE);
    cr_assert_eq(managed->announcements, 0);
    cr_assert_eq(folder_count(), 2, "log and errors");
    cr_assert(strstr(folder_read("log"), "ended before it was ready") != NULL);
    cr_assert_eq(stage->count, 2, "and nobody was replaced");
}

/* Promises CLI-6 and HBT-2: no sooner than interval and timeout allow. */
Test(manager_start, fails_when_a_worker_never_beats)
{
    struct manager_settings settings = managed_settings();
    settings.heartbeat_interval_us = 100 * MILLISECOND_US;
    settings.heartbeat_timeout_us = 200 * MILLISECOND_US;
    settings.workers = 1;
    stage->parts[0] = PUPPET_MUTE;
    int64_t start_us = patience_now_us();
    managed_start(settings);
    cr_assert_eq(managed_end(), 1);
    cr_assert_geq(patience_now_us() - start_us, 300 * MILLISECOND_US);
    cr_assert_eq(managed->announcements, 0);
    cr_assert_eq(folder_count(), 2, "log and errors");
    cr_assert(strstr(folder_read("log"), "sent no heartbeat in time") != NULL);
}

static void expect_no_start(enum error expected, const char *said)
{
    cr_expect_eq(managed_end(), 1);
    cr_expect_eq(managed->error, expected);
    cr_expect(strstr(managed->problem.text, folder_path("pid")) != NULL, "%s",
              managed->problem.text);
    cr_expect(strstr(managed->problem.text, said) != NULL, "%s", managed->problem.text);
    cr_expect_eq(stage->count, 0, "no worker was started");
}

/* Promise PID-5 */
Test(manager_start, fails_before_any_worker_when_the_pid_file_cannot_be_written)
{
    cr_assert_eq(mkdir(folder_path("pid"), 0700), 0);
    managed_start(managed_settings());
    expect_no_start(ERROR_INVALID, "not a regular file");
}

static int serve_elsewhere(void *context)
{
    struct pid_file file;
    struct problem problem;
    pid_file_init(&file, context);
    child_demand(pid_file_draft(&file, 0, &problem) == ERROR_NONE);
    child_demand(pid_file_publish(&file, &problem) == ERROR_NONE);
    (void)raise(SIGSTOP);
    return 0;
}

/* Promise PID-4; not even the trace of the server that is running is touched. */
Test(manager_start, fails_before_any_worker_when_a_server_is_running)
{
    pid_t server = child_start(serve_elsewhere, (void *)(uintptr_t)folder_path("pid"));
    cr_assert(child_is_stopped(server));
    folder_write("trace", "precious\n");
    managed_start_observed(managed_settings());
    expect_no_start(ERROR_BUSY, "belongs to a server that is running");
    cr_assert_str_eq(folder_read("trace"), "precious\n");
    cr_assert_eq(folder_count(), 4, "pid, log, errors and trace");
    (void)kill(server, SIGKILL);
    cr_assert_eq(child_wait(server), CHILD_SIGNALLED + SIGKILL);
}

static pid_t rival;

static void let_rival_be_faster(void)
{
    rival = child_start(serve_elsewhere, (void *)(uintptr_t)folder_path("pid"));
    child_demand(child_is_stopped(rival));
}

static int die_with_rival(void)
{
    int32_t owner = 0;
    child_demand(pid_file_owner(folder_path("pid"), &owner) == ERROR_NONE);
    return kill(owner, SIGKILL);
}

/* Promises PID-4 and PID-5: two starts race, and the loser ends before it was announced. */
Test(manager_start, fails_when_a_rival_was_faster)
{
    stage->parts[0] = PUPPET_MUTE;
    stage->parts[1] = PUPPET_MUTE;
    managed_start(managed_settings());
    managed_await_puppets(2);
    let_rival_be_faster();
    stage->parts[0] = stage->parts[1] = PUPPET_GOOD;
    cr_assert_eq(managed_end(), 1);
    cr_assert_eq(managed->announcements, 0);
    cr_assert(strstr(folder_read("log"), "belongs to a server that is running") != NULL);
    cr_assert(folder_has("pid"), "the loser touches nothing");
    cr_assert_eq(die_with_rival(), 0);
    cr_assert_eq(child_wait(rival), CHILD_SIGNALLED + SIGKILL);
}

/* Promise WRK-9, and nothing of the manager's own is lent to a worker. */
Test(manager_start, gives_a_worker_its_mark_and_three_descriptors)
{
    managed_serve(managed_settings());
    for (unsigned i = 0; i < 2; i++) {
        cr_assert(stage->puppets[i].is_marked);
        cr_assert_eq(descriptors_count(&stage->puppets[i].open),
                     descriptors_count(&managed->before) + 3, "%s", stage->puppets[i].open.text);
    }
    cr_assert_eq(managed_end_by(SIGTERM), 0);
}

static int exit_status_of_worker(void *context, int heartbeat_fd, int life_fd, int gate_fd)
{
    (void)context;
    (void)heartbeat_fd;
    (void)life_fd;
    (void)gate_fd;
    return 42;
}

static void nothing(void *context)
{
    (void)context;
}

static int run_with_that_worker(void *context)
{
    struct problem problem;
    int status = -1;
    static char log_path[1024];
    (void)snprintf(log_path, sizeof log_path, "%s", folder_path("log"));
    child_demand(log_open(log_path) == ERROR_NONE);
    struct manager_job job = {
        .settings = managed_settings(),
        .pid_path = context,
        .applications = {"app", "/app"},
        .predecessor_channel = -1,
        .run_worker = exit_status_of_worker,
        .announce = nothing,
        .retire = nothing,
        .reopen_logs = nothing,
    };
    return manager_run(&job, &status, &problem) == ERROR_NONE ? status : 2;
}

Test(manager_start, makes_what_run_worker_returns_the_status_of_the_worker)
{
    cr_assert_eq(child_run(run_with_that_worker, (void *)(uintptr_t)folder_path("pid")), 1);
    cr_assert(strstr(folder_read("log"), "died (status 42)") != NULL);
}
