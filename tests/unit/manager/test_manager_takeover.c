/* The new manager's end of a hot deployment; the test itself is the old one. */
#include "managed.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/channel.h"
#include "sys/pid_file.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int channel = -1;
static int channel_of_heir = -1;
static struct pid_file file;
static char pid_path[1024];

/* The old manager's own, which a program that takes its place does not have. */
static void let_go(void)
{
    child_demand(close(channel) == 0 && close(file.fd) == 0);
}

static void begin(void)
{
    struct problem problem;
    sigset_t quit;
    managed_open();
    (void)sigemptyset(&quit);
    (void)sigaddset(&quit, SIGQUIT);
    (void)sigprocmask(SIG_BLOCK, &quit, NULL);
    (void)snprintf(pid_path, sizeof pid_path, "%s", folder_path("pid"));
    pid_file_init(&file, pid_path);
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE, "%s", problem.text);
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE, "%s", problem.text);
    cr_assert_eq(channel_open(&channel, &channel_of_heir), ERROR_NONE);
    managed_prologue = let_go;
}

TestSuite(manager_takeover, .init = begin, .fini = managed_close);

static void start(void)
{
    managed_start_as_heir(managed_settings(), (int32_t)getpid(), channel_of_heir);
}

static bool has_word(void *context)
{
    return channel_receive(channel, context) == ERROR_NONE;
}

static void await_question(void)
{
    char word = 0;
    cr_assert(patience_holds(has_word, &word), "%s", folder_read("log"));
    cr_assert_eq(word, 'R');
}

static bool has_quit(void)
{
    sigset_t quit;
    (void)sigpending(&quit);
    return sigismember(&quit, SIGQUIT) == 1;
}

static void await_quit(void)
{
    sigset_t quit;
    struct timespec patience = {.tv_sec = PATIENCE_US / SECOND_US};
    (void)sigemptyset(&quit);
    (void)sigaddset(&quit, SIGQUIT);
    cr_assert_eq(sigtimedwait(&quit, NULL, &patience), SIGQUIT);
}

static int32_t owner(void)
{
    int32_t pid = 0;
    return pid_file_owner(pid_path, &pid) == ERROR_NONE ? pid : 0;
}

/* Nothing of it is to be seen from outside. */
static void expect_no_change(void)
{
    cr_expect_eq(managed->announcements, 0);
    cr_expect_not(stage->puppets[0].is_let_in || stage->puppets[1].is_let_in);
    cr_expect_eq(owner(), getpid());
    cr_expect_not(has_quit());
}

static bool are_let_in(void *context)
{
    (void)context;
    return stage->puppets[0].is_let_in && stage->puppets[1].is_let_in;
}

static void expect_service(void)
{
    managed_await_announcement();
    cr_expect(managed->had_pid_file);
    cr_expect_eq(owner(), manager);
    cr_expect(patience_holds(are_let_in, NULL));
}

/* Promises UPG-1, UPG-2, PID-2 */
Test(manager_takeover, waits_for_the_word_and_takes_over)
{
    start();
    await_question();
    cr_expect_eq(stage->count, 2);
    cr_expect(stage->puppets[0].beats > 0 && stage->puppets[1].beats > 0);
    managed_await_beats(0, 5);
    expect_no_change();
    cr_assert_eq(channel_send(channel, 'C'), ERROR_NONE);
    expect_service();
    await_quit();
    pid_file_remove(&file);
    cr_expect_eq(owner(), manager, "the old one removes what is its own");
    cr_expect_eq(managed_end_by(SIGTERM), 0);
    cr_expect_not(folder_has("pid"));
    cr_expect(strstr(folder_read("log"), "Taken over from manager ") != NULL);
    cr_expect_eq(managed->retirements, 1);
}

/* Promise UPG-4 */
Test(manager_takeover, ends_when_it_is_refused)
{
    static const char words[] = "Ax";
    for (size_t i = 0; i < 2; i++) {
        if (i > 0)
            cr_assert_eq(channel_open(&channel, &channel_of_heir), ERROR_NONE);
        managed->has_returned = false;
        start();
        await_question();
        cr_assert_eq(channel_send(channel, words[i]), ERROR_NONE);
        cr_expect_eq(managed_end(), 1);
        cr_expect(strstr(folder_read("log"), "This hot deployment was given up by manager"));
        cr_expect_eq(managed->retirements, 0);
        expect_no_change();
        cr_assert_eq(close(channel), 0);
    }
}

/* Promise UPG-4: it need not have asked. */
Test(manager_takeover, ends_when_it_is_refused_before_it_is_ready)
{
    stage->parts[0] = PUPPET_MUTE;
    start();
    managed_await_puppets(2);
    cr_assert_eq(channel_send(channel, 'A'), ERROR_NONE);
    cr_expect_eq(managed_end(), 1);
    expect_no_change();
}

/* Promise UPG-5: the old one was killed, and somebody has to serve. */
Test(manager_takeover, serves_when_the_old_manager_is_gone)
{
    start();
    await_question();
    pid_file_abandon(&file);
    cr_assert_eq(close(channel), 0);
    expect_service();
    cr_expect_not(has_quit(), "nobody is there to be told");
    cr_expect_eq(managed_end_by(SIGTERM), 0);
    cr_expect_not(folder_has("pid"));
}

Test(manager_takeover, serves_when_the_old_manager_was_gone_before_it_was_ready)
{
    stage->parts[1] = PUPPET_MUTE;
    start();
    managed_await_puppets(2);
    pid_file_abandon(&file);
    cr_assert_eq(close(channel), 0);
    managed_await_log("The predecessor is gone, manager ");
    cr_expect_eq(managed->announcements, 0);
    stage->parts[1] = PUPPET_GOOD;
    expect_service();
    cr_expect_eq(managed_end_by(SIGTERM), 0);
}

/* Promise PID-4: one that has only fallen silent serves still, and its file says so. */
Test(manager_takeover, does_not_displace_a_manager_that_lives)
{
    start();
    await_question();
    cr_assert_eq(close(channel), 0);
    cr_expect_eq(managed_end(), 1);
    cr_expect(strstr(folder_read("log"), "belongs to a server that is running") != NULL);
    expect_no_change();
}

/* Promise UPG-6: told by somebody else. */
Test(manager_takeover, ends_when_it_is_told_to)
{
    static const int signals[] = {SIGTERM, SIGQUIT};
    for (size_t i = 0; i < 2; i++) {
        if (i > 0)
            cr_assert_eq(channel_open(&channel, &channel_of_heir), ERROR_NONE);
        managed->has_returned = false;
        start();
        await_question();
        cr_expect_eq(managed_end_by(signals[i]), 0);
        cr_expect_eq(managed->retirements, 0, "the service goes on");
        expect_no_change();
        cr_assert_eq(close(channel), 0);
    }
}

/* Promise MGR-9: what dies so early does not take over. */
Test(manager_takeover, fails_with_a_worker_that_dies)
{
    /* It asks as soon as this one has beaten. */
    struct manager_settings settings = managed_settings();
    settings.workers = 1;
    managed_start_as_heir(settings, (int32_t)getpid(), channel_of_heir);
    await_question();
    stage->puppets[0].must_exit = 5;
    cr_expect_eq(managed_end(), 1);
    cr_expect(strstr(folder_read("log"), "died soon after its first heartbeat") != NULL);
    expect_no_change();
}
