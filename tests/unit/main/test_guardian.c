#include "main/guardian.h"

#include "captured.h"
#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/pid_file.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared by test, guardian and generations. */
static struct {
    pid_t generations[3];
    volatile sig_atomic_t signals[32]; /* how often the last generation has got each */
    bool may_end;
    bool may_leave; /* the second generation, if it has connections that last */
    struct problem problem;
} * shared;

static struct {
    void (*server)(void); /* what the first generation does; it ends with 0 afterwards */
    bool has_lasting_connections;
    bool must_fail_to_fork;
} scene;

static void begin(void)
{
    folder_open();
    shared = child_shared(sizeof *shared);
    faulty_arm(FAULTY_fork, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(guardian, .init = begin, .fini = folder_close);

enum {
    STATUS_REFUSED = 40, /* guardian_begin() has failed */
};

static const char *pid_path(void)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
    return path;
}

static int guard_it(void *context)
{
    (void)context;
    /* As the first process, it is given what loses its parent. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    bool is_guardian = false;
    int status = 33;
    if (scene.must_fail_to_fork)
        faulty_arm(FAULTY_fork, FAULTY_ONCE, 1, FAULTY_HERE);
    if (guardian_begin(pid_path(), &is_guardian, &status, &shared->problem) != ERROR_NONE)
        return STATUS_REFUSED;
    if (is_guardian)
        return status;
    child_bind_to_parent();
    scene.server();
    _exit(0);
}

/* ---- Generations ---- */

static void note(int number)
{
    shared->signals[number]++;
}

static void await_end(void)
{
    while (!shared->may_end)
        (void)usleep(1000);
}

static void serve(int generation)
{
    static const int watched[] = {SIGINT,  SIGTERM, SIGQUIT, SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU};
    static struct pid_file file;
    pid_file_init(&file, pid_path());
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        (void)signal(watched[i], note);
    struct problem problem;
    int32_t predecessor = generation == 0 ? 0 : shared->generations[generation - 1];
    child_demand(pid_file_draft(&file, predecessor, &problem) == ERROR_NONE);
    child_demand((generation == 0 ? pid_file_publish(&file, &problem)
                                  : pid_file_replace(&file, &problem)) == ERROR_NONE);
    shared->generations[generation] = getpid();
}

static void serve_to_the_end(void)
{
    serve(0);
    await_end();
}

static void end_with_7(void)
{
    _exit(7);
}

static void be_killed(void)
{
    (void)raise(SIGKILL);
}

/* The last of three generations; each one before has ended by itself. */
static void deploy_twice(void)
{
    for (int generation = 0; generation < 3; generation++) {
        serve(generation);
        if (generation == 2)
            break;
        if (fork() > 0) {
            while (shared->generations[generation + 1] == 0)
                (void)usleep(1000);
            while (generation == 1 && scene.has_lasting_connections && !shared->may_leave)
                (void)usleep(1000);
            _exit(0);
        }
    }
    await_end();
    _exit(9);
}

static void leave_orphans(void)
{
    for (int i = 0; i < 2; i++) {
        pid_t parent = fork();
        if (parent == 0) {
            pid_t orphan = fork();
            if (orphan == 0)
                await_end();
            else
                shared->generations[i] = orphan;
            _exit(0);
        }
        child_demand(waitpid(parent, NULL, 0) == parent);
    }
    (void)pause();
}

static bool serves(void *context)
{
    const int *generation = context;
    return shared->generations[*generation] != 0;
}

static pid_t start(void (*server)(void), int generation)
{
    scene.server = server;
    pid_t guardian = captured_start(guard_it, NULL);
    cr_assert(patience_holds(serves, &generation));
    return guardian;
}

/* ---- Tests ---- */

static int signalled;

static bool has_come(void *context)
{
    (void)context;
    return shared->signals[signalled] > 0;
}

static void expect_signals_passed_on(pid_t guardian)
{
    static const int signals[] = {SIGINT,  SIGTERM, SIGQUIT, SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        signalled = signals[i];
        cr_assert_eq(kill(guardian, signalled), 0);
        cr_expect(patience_holds(has_come, NULL), "signal %d", signalled);
    }
}

/* Promises MGR-2, MGR-3, MGR-6, MGR-8 */
Test(guardian, passes_signals_on)
{
    pid_t guardian = start(serve_to_the_end, 0);
    expect_signals_passed_on(guardian);
    shared->may_end = true;
    cr_expect_eq(child_wait(guardian), 0);
}

/* Promise CLI-5 */
Test(guardian, ends_with_the_status_of_the_server)
{
    static const struct {
        void (*server)(void);
        int status;
    } table[] = {{end_with_7, 7}, {be_killed, 128 + SIGKILL}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        scene.server = table[i].server;
        cr_expect_eq(captured_run(guard_it, NULL), table[i].status, "row %zu", i);
    }
}

/* Promises UPG-3, UPG-7 */
Test(guardian, follows_the_generations)
{
    pid_t guardian = start(deploy_twice, 2);
    cr_expect(child_has_ended(shared->generations[0]));
    cr_expect(child_has_ended(shared->generations[1]));
    expect_signals_passed_on(guardian);
    shared->may_end = true;
    cr_expect_eq(child_wait(guardian), 9);
}

static bool is_away(void *context)
{
    (void)context;
    return kill(shared->generations[2], 0) != 0;
}

/* Promise UPG-3: the first generation is gone, the second one still leaves, and the third one, its
 * child, is told to end. */
Test(guardian, waits_for_a_generation_that_leaves)
{
    scene.has_lasting_connections = true;
    pid_t guardian = start(deploy_twice, 2);
    cr_expect(child_has_ended(shared->generations[0]));
    expect_signals_passed_on(guardian);
    shared->may_end = true;
    cr_expect(child_has_ended(shared->generations[2]));
    cr_expect_eq(kill(shared->generations[1], 0), 0);
    cr_expect_eq(waitpid(guardian, NULL, WNOHANG), 0);
    shared->may_leave = true;
    cr_expect_eq(child_wait(guardian), 0);
    cr_expect(patience_holds(is_away, NULL));
}

/* Another one's PID file, on a volume that is shared, is not followed. */
Test(guardian, waits_for_no_stranger)
{
    static struct pid_file file;
    struct problem problem;
    pid_file_init(&file, pid_path());
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE);
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE);
    scene.server = end_with_7;
    cr_expect_eq(captured_run(guard_it, NULL), 7);
    pid_file_remove(&file);
}

static bool are_gone(void *context)
{
    (void)context;
    return kill(shared->generations[0], 0) != 0 && kill(shared->generations[1], 0) != 0;
}

/* Promise MGR-14 */
Test(guardian, reaps_orphans)
{
    pid_t guardian = start(leave_orphans, 1);
    shared->may_end = true;
    cr_expect(patience_holds(are_gone, NULL));
    cr_assert_eq(kill(guardian, SIGTERM), 0);
    cr_expect_eq(child_wait(guardian), 128 + SIGTERM);
}

Test(guardian, says_that_it_cannot_fork)
{
    scene.must_fail_to_fork = true;
    cr_expect_eq(captured_run(guard_it, NULL), STATUS_REFUSED);
    cr_expect(strstr(shared->problem.text, "cannot start the server: ") != NULL, "%s",
              shared->problem.text);
}
