#include "main/launch.h"

#include "captured.h"
#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared by test, launcher and server. */
static struct {
    pid_t server;
    pid_t session;
    unsigned mask; /* of the signals that are blocked in the server */
    bool is_detached;
    bool must_go_on;
    struct descriptors before; /* open in the server at first */
    struct descriptors open;   /* and once it is detached */
    struct problem problem;
} * shared;

static void begin(void)
{
    folder_open();
    shared = child_shared(sizeof *shared);
    /* The plan must be there before a child shares it. */
    faulty_arm(FAULTY_poll, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(launch, .init = begin, .fini = folder_close);

enum {
    STATUS_REFUSED = 40, /* launch_begin() has failed */
    STATUS_LEAKED = 41,
};

static struct {
    void (*server)(struct launch *launch); /* what the server does; it ends afterwards */
    enum faulty_call call;
    enum faulty_way way;
    unsigned at;
} scene;

static void note_server(const struct launch *launch)
{
    sigset_t blocked;
    child_bind_to_parent();
    (void)sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < 32; number++)
        shared->mask |= sigismember(&blocked, number) == 1 ? 1U << number : 0;
    shared->before = descriptors_look();
    shared->session = getsid(0);
    shared->is_detached = launch->is_detached;
    shared->server = getpid();
}

static int launch_it(void *context)
{
    (void)context;
    struct launch launch = {.ready_fd = -1};
    bool is_launcher = false;
    int status = 33;
    struct descriptors before = descriptors_look();
    if (scene.at > 0)
        faulty_arm(scene.call, scene.way, scene.at, FAULTY_HERE);
    enum error error = launch_begin(&launch, &is_launcher, &status, &shared->problem);
    if (error == ERROR_NONE && !is_launcher) {
        note_server(&launch);
        scene.server(&launch);
        (void)fflush(NULL);
        _exit(0);
    }
    struct descriptors after = descriptors_look();
    if (!descriptors_equal(&before, &after))
        return STATUS_LEAKED;
    return error == ERROR_NONE ? status : STATUS_REFUSED;
}

static bool may_go_on(void *context)
{
    (void)context;
    return shared->must_go_on;
}

static void be_ready(struct launch *launch)
{
    (void)prctl(PR_SET_PDEATHSIG, 0);
    launch_end(launch);
    launch_end(launch);
    shared->open = descriptors_look();
    (void)patience_holds(may_go_on, NULL);
}

/* Promises CLI-6, CLI-7 */
Test(launch, returns_once_the_server_is_ready_and_detached)
{
    scene.server = be_ready;
    cr_expect_eq(captured_run(launch_it, NULL), 0);
    cr_expect(shared->is_detached);
    cr_expect_eq(shared->session, shared->server);
    cr_expect_eq(shared->mask, 0);
    shared->must_go_on = true;
    cr_expect(child_has_ended(shared->server));
    const char *open = shared->open.text;
    cr_expect_eq(strncmp(open, "0 /dev/null\n1 /dev/null\n2 /dev/null\n", 36), 0, "%s", open);
    cr_expect_eq(descriptors_count(&shared->open), descriptors_count(&shared->before) - 1,
                 "of the pipe to the launcher nothing is left:\n%s", open);
}

static char log_path[1024];

static void open_log(void)
{
    (void)snprintf(log_path, sizeof log_path, "%s", folder_path("log"));
    child_demand(log_open(log_path) == ERROR_NONE);
}

static void follow_the_log(struct launch *launch)
{
    (void)prctl(PR_SET_PDEATHSIG, 0);
    open_log();
    launch_follow_log(launch); /* the streams are still the launcher's */
    child_demand(launch->ready_fd >= 0);
    launch_end(launch);
    child_demand(rename(log_path, folder_path("log.1")) == 0);
    child_demand(log_reopen() == ERROR_NONE);
    launch_follow_log(launch);
    (void)fputs("said on standard error\n", stderr);
    shared->must_go_on = true;
}

/* Promises CLI-7, MGR-8 */
Test(launch, lets_standard_error_follow_the_log)
{
    scene.server = follow_the_log;
    cr_expect_eq(captured_run(launch_it, NULL), 0);
    cr_expect(child_has_ended(shared->server));
    cr_expect(shared->must_go_on);
    cr_expect_str_eq(folder_read("log"), "said on standard error\n");
}

static void fail_to_start(struct launch *launch)
{
    (void)launch;
    (void)fprintf(stderr, "address in use\n");
    (void)fflush(stderr);
    _exit(3);
}

static void end_well_too_early(struct launch *launch)
{
    (void)launch;
}

static void be_killed(struct launch *launch)
{
    (void)launch;
    (void)raise(SIGKILL);
}

static void wait_for_signal(struct launch *launch)
{
    (void)launch;
    for (;;)
        (void)pause();
}

/* Promises CLI-5, CLI-6 */
Test(launch, fails_with_a_server_that_does)
{
    static const struct {
        void (*server)(struct launch *launch);
        int status;
        const char *errors;
    } table[] = {
        {fail_to_start, 3, "address in use\n"},
        {end_well_too_early, 1, ""},
        {be_killed, 1, "hypnotoad: the server was ended by signal KILL before it was ready\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        scene.server = table[i].server;
        cr_expect_eq(captured_run(launch_it, NULL), table[i].status, "row %zu", i);
        cr_expect_str_eq(captured_errors(), table[i].errors);
        cr_expect(child_has_ended(shared->server));
    }
}

static bool is_running(void *context)
{
    (void)context;
    return shared->server != 0;
}

/* Who stops the launcher means the server. */
Test(launch, passes_signals_on)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
    scene.server = wait_for_signal;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        shared->server = 0;
        pid_t launcher = captured_start(launch_it, NULL);
        cr_assert(patience_holds(is_running, NULL));
        cr_assert_eq(kill(launcher, signals[i]), 0);
        cr_expect_eq(child_wait(launcher), 1);
        cr_expect(child_has_ended(shared->server));
        cr_expect(strstr(captured_errors(), "by signal TERM before it was ready") != NULL, "%s",
                  captured_errors());
    }
}

static void stay_in_the_foreground(struct launch *launch)
{
    struct launch none = {.ready_fd = -1};
    launch_end(&none);
    launch_abandon(&none);
    launch_abandon(launch);
    launch_end(launch);
    shared->open = descriptors_look();
}

/* What was given up or never begun is not told to anybody. */
Test(launch, is_nothing_to_a_worker)
{
    scene.server = stay_in_the_foreground;
    cr_expect_eq(captured_run(launch_it, NULL), 1);
    cr_expect(strstr(shared->open.text, "1 /dev/null") == NULL, "%s", shared->open.text);
}

static void lose_the_streams(struct launch *launch)
{
    open_log();
    faulty_arm(FAULTY_dup2, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
    launch_end(launch);
}

Test(launch, says_when_the_streams_cannot_be_given_up)
{
    scene.server = lose_the_streams;
    cr_expect_eq(captured_run(launch_it, NULL), 0);
    cr_expect(strstr(folder_read("log"), "could not be given up: Device or resource busy") != NULL,
              "%s", folder_read("log"));
}

/* ---- Every call that fails ---- */

static void be_ready_or_wait(struct launch *launch)
{
    launch_end(launch);
}

struct row {
    enum faulty_call call;
    enum faulty_way way;
    int status;
    const char *says;
};

static void expect_row(const struct row *row)
{
    scene.call = row->call;
    scene.way = row->way;
    scene.at = 1;
    shared->problem.text[0] = '\0';
    int status = captured_run(launch_it, NULL);
    bool has_struck = faulty_disarm() > 0;
    cr_expect(has_struck, "it never calls %s()", faulty_call_text(row->call));
    cr_expect_eq(status, row->status, "%s() fails %s: %d", faulty_call_text(row->call),
                 faulty_way_text(row->way), status);
    const char *said = status == STATUS_REFUSED ? shared->problem.text : captured_errors();
    cr_expect(strstr(said, row->says) != NULL, "%s() fails %s: %s", faulty_call_text(row->call),
              faulty_way_text(row->way), said);
    if (shared->server != 0)
        cr_expect(child_has_ended(shared->server));
}

Test(launch, says_which_call_fails)
{
    static const struct row rows[] = {
        {FAULTY_pipe2, FAULTY_ONCE, STATUS_REFUSED, "background: Too many open files"},
        {FAULTY_sigprocmask, FAULTY_ONCE, STATUS_REFUSED, "background: Invalid argument"},
        {FAULTY_signalfd, FAULTY_ONCE, STATUS_REFUSED, "background: Too many open files"},
        {FAULTY_fork, FAULTY_ONCE, STATUS_REFUSED, "background: Resource temporarily"},
        {FAULTY_poll, FAULTY_INTERRUPTED, 0, ""},
        {FAULTY_read, FAULTY_INTERRUPTED, 0, ""},
        {FAULTY_pidfd_open, FAULTY_ONCE, 0, ""},
    };
    scene.server = be_ready_or_wait;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_row(&rows[i]);
}

/* A server that nobody can wait for is ended. */
Test(launch, leaves_no_server_that_it_cannot_wait_for)
{
    static const struct row row = {FAULTY_poll, FAULTY_FROM_THEN_ON, 1,
                                   "cannot wait for the server: Cannot allocate memory"};
    scene.server = wait_for_signal;
    expect_row(&row);
}

/* Without a descriptor for the process, the end of the pipe tells of its end. */
Test(launch, notices_an_end_without_a_descriptor_of_the_process)
{
    static const struct row row = {FAULTY_pidfd_open, FAULTY_FROM_THEN_ON, 3, "address in use"};
    scene.server = fail_to_start;
    expect_row(&row);
}
