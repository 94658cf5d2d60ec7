/* The PID file goes from one live manager to the next (promises PID-2, PID-4). */
#include "sys/pid_file.h"

#include "kit/child.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[1024];
static struct pid_file file;
static struct problem problem;

static void begin(void)
{
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
    pid_file_init(&file, path);
}

TestSuite(pid_file_replace, .init = begin, .fini = folder_close);

static int serve(void *context)
{
    struct pid_file own;
    (void)context;
    pid_file_init(&own, path);
    child_demand(pid_file_draft(&own, 0, &problem) == ERROR_NONE);
    child_demand(pid_file_publish(&own, &problem) == ERROR_NONE);
    (void)raise(SIGSTOP);
    pid_file_remove(&own);
    return 0;
}

static pid_t start_predecessor(void)
{
    pid_t server = child_start(serve, NULL);
    cr_assert(child_is_stopped(server));
    return server;
}

static void end_predecessor(pid_t server)
{
    (void)kill(server, SIGCONT);
    cr_assert_eq(child_wait(server), 0);
}

static int32_t owner(void)
{
    int32_t pid = 0;
    return pid_file_owner(path, &pid) == ERROR_NONE ? pid : 0;
}

static bool is_own_text(void)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d\n", (int)getpid());
    return strcmp(folder_read("pid"), text) == 0;
}

/* Promise PID-2 */
Test(pid_file_replace, takes_the_place_of_the_predecessors_file)
{
    pid_t predecessor = start_predecessor();
    cr_assert_eq(pid_file_draft(&file, (int32_t)predecessor, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_expect_eq(owner(), predecessor, "nothing is to be seen yet");
    cr_assert_eq(pid_file_replace(&file, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(owner(), getpid());
    cr_expect(is_own_text());
    cr_expect_eq(folder_count(), 1);
    end_predecessor(predecessor);
    cr_expect_eq(owner(), getpid(), "the predecessor removes what is its own");
    pid_file_remove(&file);
    cr_expect_eq(folder_count(), 0);
}

/* Promise PID-3 holds as before. */
Test(pid_file_replace, publishes)
{
    pid_t predecessor = start_predecessor();
    cr_assert_eq(pid_file_draft(&file, (int32_t)predecessor, &problem), ERROR_NONE);
    cr_expect_not(pid_file_is_lost(&file));
    cr_assert_eq(pid_file_replace(&file, &problem), ERROR_NONE);
    cr_expect_not(pid_file_is_lost(&file));
    cr_assert_eq(unlink(path), 0);
    cr_expect(pid_file_is_lost(&file));
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(owner(), getpid());
    pid_file_remove(&file);
    end_predecessor(predecessor);
    cr_expect_eq(folder_count(), 0);
}

Test(pid_file_replace, needs_no_file_to_replace)
{
    cr_assert_eq(pid_file_draft(&file, 4711, &problem), ERROR_NONE, "%s", problem.text);
    cr_assert_eq(pid_file_replace(&file, &problem), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(owner(), getpid());
    pid_file_remove(&file);
    cr_expect_eq(folder_count(), 0);
}

Test(pid_file_replace, says_what_is_wrong)
{
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_eq(pid_file_replace(&file, &problem), ERROR_SYSTEM);
    char said[1100];
    (void)snprintf(said, sizeof said, "cannot replace PID file \"%s\": Is a directory", path);
    cr_expect_str_eq(problem.text, said);
    cr_expect_not(file.is_published);
    pid_file_remove(&file);
    cr_expect_eq(folder_count(), 1, "the draft is taken away");
}

/* Promise PID-4: a predecessor is the one that the file names, and no other. */
Test(pid_file_replace, is_not_prepared_against_another_server)
{
    pid_t server = start_predecessor();
    static const int32_t predecessors[] = {0, 1, 999999999};
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(pid_file_draft(&file, predecessors[i], &problem), ERROR_BUSY);
        cr_expect(strstr(problem.text, "belongs to a server that is running") != NULL);
    }
    cr_expect_eq(pid_file_draft(&file, (int32_t)getpid(), &problem), ERROR_BUSY);
    cr_expect_eq(folder_count(), 1);
    cr_expect_eq(owner(), server);
    end_predecessor(server);
}

/* Promise PID-4: a successor that was not agreed with is a second server like any other. */
Test(pid_file_replace, is_not_what_publishing_does)
{
    pid_t predecessor = start_predecessor();
    cr_assert_eq(pid_file_draft(&file, (int32_t)predecessor, &problem), ERROR_NONE);
    cr_expect_eq(pid_file_publish(&file, &problem), ERROR_BUSY);
    cr_expect_eq(owner(), predecessor);
    pid_file_remove(&file);
    end_predecessor(predecessor);
    cr_expect_eq(folder_count(), 0);
}

static int look_always(void *context)
{
    volatile const bool *is_over = context;
    struct stat status;
    while (!*is_over)
        child_demand(lstat(path, &status) == 0 && status.st_size > 1);
    return 0;
}

/* Promises PID-1 and PID-2: there is no moment without a file, whether a stale one or a live
 * predecessor's is replaced. */
Test(pid_file_replace, leaves_no_gap)
{
    bool *is_over = child_shared(sizeof *is_over);
    folder_write("pid", "999999999\n");
    pid_t observer = child_start(look_always, is_over);
    for (int i = 0; i < 300; i++) {
        struct pid_file next;
        pid_file_init(&next, path);
        cr_assert_eq(pid_file_draft(&next, i % 2 == 0 ? 0 : (int32_t)getpid(), &problem),
                     ERROR_NONE, "%s", problem.text);
        cr_assert_eq(i % 2 == 0 ? pid_file_publish(&next, &problem)
                                : pid_file_replace(&next, &problem),
                     ERROR_NONE, "%s", problem.text);
        /* The file of an even round lives in the odd one that follows it. */
        pid_file_abandon(&file);
        file = next;
        if (i % 2 == 1)
            pid_file_abandon(&file);
    }
    *is_over = true;
    cr_expect_eq(child_wait(observer), 0);
}

/* Of a new generation that was killed. */
Test(pid_file_replace, may_have_left_a_draft)
{
    folder_write("pid.4711", "4711\n");
    folder_write("pid", "precious\n");
    pid_file_remove_draft(path, 4712);
    pid_file_remove_draft(path, -1);
    pid_file_remove_draft(path, 0);
    cr_expect_eq(folder_count(), 2);
    pid_file_remove_draft(path, 4711);
    cr_expect_not(folder_has("pid.4711"));
    cr_expect_str_eq(folder_read("pid"), "precious\n");
    pid_file_remove_draft(path, 4711);
    cr_expect_eq(folder_count(), 1);
}
