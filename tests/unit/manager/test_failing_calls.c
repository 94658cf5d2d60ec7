/* A whole life of a manager, from its start over its announcement to TERM, in which every call that
 * can fail does, one after the other. */
#include "managed.h"

#include "kit/folder.h"
#include "kit/patience.h"
#include "kit/sweep.h"

#include <criterion/criterion.h>

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

TestSuite(failing_calls, .init = managed_open, .fini = managed_close);

enum {
    NEVER = 0,
    ONCE = FAULTY_ONCE,
    BOTH = FAULTY_ONCE | FAULTY_FROM_THEN_ON,
    INTERRUPTED = FAULTY_INTERRUPTED,
    CALLS_MAX = 200,
};

/* What fails in the attempt that is under way. */
static struct {
    enum faulty_call call;
    enum faulty_way way;
    unsigned at;
    enum faulty_scope scope;
} fault;

static void arm(void)
{
    faulty_arm(fault.call, fault.way, fault.at, fault.scope);
}

static void stop_oneself(void)
{
    (void)raise(SIGTERM);
}

static void arm_and_upgrade(void)
{
    arm();
    (void)raise(SIGUSR2);
}

static struct manager_settings quick_settings(void)
{
    struct manager_settings settings = managed_settings();
    settings.heartbeat_interval_us = 100 * MILLISECOND_US;
    settings.heartbeat_timeout_us = PATIENCE_US;
    settings.workers = 1;
    return settings;
}

static bool has_pid_files(void)
{
    glob_t found;
    bool has = glob(folder_path("pid*"), 0, NULL, &found) == 0;
    globfree(&found);
    return has;
}

static void check_end(const struct sweep_row *row, int status, const char *place)
{
    if (status == 0) {
        cr_expect((row->survives & fault.way) != 0, "%s: it must fail", place);
        cr_expect_eq(managed->announcements, 1, "%s", place);
        return;
    }
    cr_expect_eq(status, 1, "%s: ended with %d", place, status);
    cr_expect((row->fails & fault.way) != 0, "%s: it must survive (%s)\n%s", place,
              managed->problem.text, folder_read("log"));
    /* Promise CLI-5: it says why. */
    cr_expect(managed->error == ERROR_NONE ? strstr(folder_read("log"), "] error ") != NULL
                                           : managed->problem.text[0] != '\0',
              "%s: it does not say why\n%s", place, folder_read("log"));
    cr_expect(strstr(managed->problem.text, "Success") == NULL, "%s: %s", place,
              managed->problem.text);
}

/* One life; false if it did not come to the `at`-th call. */
static bool attempt(const struct sweep_row *row)
{
    char place[128];
    (void)snprintf(place, sizeof place, "%s() number %u fails %s", faulty_call_text(fault.call),
                   fault.at, faulty_way_text(fault.way));
    managed_begin_anew();
    managed_start_observed(quick_settings());
    int status = managed_end();
    bool has_struck = faulty_disarm() > 0;
    if (has_struck)
        check_end(row, status, place);
    else
        cr_expect_eq(status, 0, "%s: it was not disturbed: %s", place, managed->problem.text);
    /* A file that cannot be shown to be its own stays. */
    bool may_leave =
        row->call == FAULTY_unlink || row->call == FAULTY_lstat || row->call == FAULTY_fstat;
    cr_expect(may_leave || !has_pid_files(), "%s: leaves a PID file", place);
    return has_struck;
}

/* It speaks until it is heard. What it says is read together with what is on its channel. */
static bool is_heir_heard(void *context)
{
    (void)context;
    if (heir->count > 0 && heir->words == 0 && heir->text_size == 0) {
        heir->must_babble = true;
        (void)strcpy(heir->text, "ready to end\n");
        heir->text_size = strlen(heir->text);
    }
    const char *log = folder_read("log");
    return strstr(log, "says: ready to end") || strstr(log, "The hot deployment failed");
}

/* A hot deployment that comes to nothing, in a manager that serves; the service goes on. */
static bool attempt_upgrade(const struct sweep_row *row)
{
    char place[128];
    (void)snprintf(place, sizeof place, "%s() number %u fails %s", faulty_call_text(fault.call),
                   fault.at, faulty_way_text(fault.way));
    managed_begin_anew();
    managed_start(quick_settings());
    cr_assert(patience_holds(is_heir_heard, NULL), "%s: %s", place, folder_read("log"));
    heir->must_exit = 1;
    managed_await_log("The hot deployment failed");
    bool has_struck = faulty_disarm() > 0;
    cr_expect(row->survives & fault.way, "%s", place);
    cr_expect_eq(stage->puppets[0].quits, 0, "%s: the service does not go on", place);
    cr_expect_eq(managed_end_by(SIGTERM), 0, "%s", place);
    cr_expect_eq(managed->announcements, 1, "%s", place);
    cr_expect_not(has_pid_files(), "%s: leaves a PID file", place);
    return has_struck;
}

typedef bool attempt_function(const struct sweep_row *row);

static void run_rows(const struct sweep_row *rows, size_t count, enum faulty_scope scope,
                     attempt_function *attempt_one)
{
    /* The plan must be there before the manager shares it. */
    faulty_arm(FAULTY_fork, FAULTY_ONCE, CALLS_MAX, FAULTY_HERE);
    (void)faulty_disarm();
    for (size_t i = 0; i < count; i++)
        for (unsigned way = 1; way < FAULTY_WAYS; way *= 2) {
            if (((rows[i].fails | rows[i].survives) & way) == 0)
                continue;
            fault.call = rows[i].call;
            fault.way = (enum faulty_way)way;
            fault.scope = scope;
            fault.at = 1;
            while (fault.at < CALLS_MAX && attempt_one(&rows[i]))
                fault.at++;
            cr_expect_gt(fault.at, 1, "it never calls %s()", faulty_call_text(fault.call));
        }
}

static void run_life_rows(const struct sweep_row *rows, size_t count, enum faulty_scope scope)
{
    managed_prologue = arm;
    managed_on_announcement = stop_oneself;
    run_rows(rows, count, scope, attempt);
}

#define RUN_ROWS(rows, scope) run_life_rows(rows, sizeof(rows) / sizeof((rows)[0]), scope)

/* Promise PID-5: what cannot be prepared is an error; after that the server serves. */
Test(failing_calls, of_files)
{
    static const struct sweep_row rows[] = {
        {FAULTY_open, BOTH, BOTH},    {FAULTY_lstat, NEVER, BOTH},  {FAULTY_fstat, NEVER, ONCE},
        {FAULTY_fchmod, BOTH, NEVER}, {FAULTY_flock, BOTH, NEVER},  {FAULTY_fsync, BOTH, NEVER},
        {FAULTY_link, BOTH, NEVER},   {FAULTY_unlink, NEVER, BOTH},
    };
    RUN_ROWS(rows, FAULTY_HERE);
}

/* Promise OBS-3 */
Test(failing_calls, of_writing)
{
    static const struct sweep_row rows[] = {
        {FAULTY_write, BOTH | FAULTY_SHORT, BOTH | FAULTY_SHORT},
    };
    RUN_ROWS(rows, FAULTY_HERE);
}

Test(failing_calls, of_signals_and_pipes)
{
    static const struct sweep_row rows[] = {
        {FAULTY_sigprocmask, BOTH, NEVER}, {FAULTY_signalfd, BOTH, NEVER},
        {FAULTY_sigaction, NEVER, BOTH},   {FAULTY_pipe2, BOTH, NEVER},
        {FAULTY_poll, NEVER, INTERRUPTED}, {FAULTY_read, NEVER, ONCE | INTERRUPTED},
        {FAULTY_fork, NEVER, ONCE},        {FAULTY_waitpid, NEVER, ONCE | INTERRUPTED},
    };
    RUN_ROWS(rows, FAULTY_HERE);
}

/* Promise CLI-8: where somebody could ask for a hot deployment is an extra. */
Test(failing_calls, of_sockets)
{
    static const struct sweep_row rows[] = {
        {FAULTY_socket, NEVER, BOTH},
        {FAULTY_bind, NEVER, BOTH},
        {FAULTY_listen, NEVER, BOTH},
        {FAULTY_accept4, NEVER, BOTH | INTERRUPTED},
    };
    RUN_ROWS(rows, FAULTY_HERE);
}

/* Promise UPG-5 */
Test(failing_calls, of_a_hot_deployment)
{
    static const struct sweep_row rows[] = {
        {FAULTY_socketpair, NEVER, BOTH},
        {FAULTY_pipe2, NEVER, BOTH},
        {FAULTY_fcntl, NEVER, BOTH},
        {FAULTY_fork, NEVER, ONCE},
        {FAULTY_recv, NEVER, BOTH | INTERRUPTED},
        {FAULTY_read, NEVER, ONCE | INTERRUPTED},
        {FAULTY_waitpid, NEVER, ONCE | INTERRUPTED},
    };
    managed_prologue = NULL;
    managed_on_announcement = arm_and_upgrade;
    run_rows(rows, sizeof rows / sizeof rows[0], FAULTY_HERE, attempt_upgrade);
}

/* Promise MGR-2: what TERM could not do, KILL does a second later. */
Test(failing_calls, of_kill)
{
    static const struct sweep_row rows[] = {{FAULTY_kill, NEVER, ONCE}};
    RUN_ROWS(rows, FAULTY_HERE);
}

/* Promise WRK-9: a worker without its mark is a worker still. */
Test(failing_calls, of_setenv)
{
    static const struct sweep_row rows[] = {{FAULTY_setenv, NEVER, BOTH}};
    RUN_ROWS(rows, FAULTY_EVERYWHERE);
    fault.way = FAULTY_ONCE;
    fault.at = 1;
    (void)attempt(&rows[0]);
    cr_assert(strstr(folder_read("log"), "HYPNOTOAD_WORKER could not be set") != NULL);
}
