#include "sys/pid_file.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[1024];

static void begin(void)
{
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
    (void)umask(0);
}

TestSuite(pid_file_draft, .init = begin, .fini = folder_close);
TestSuite(pid_file_publish, .init = begin, .fini = folder_close);
TestSuite(pid_file_owner, .init = begin, .fini = folder_close);
TestSuite(pid_file_remove, .init = begin, .fini = folder_close);
TestSuite(pid_file_is_lost, .init = begin, .fini = folder_close);

/* "PID\n" of this process. */
static const char *own_text(void)
{
    static char text[16];
    (void)snprintf(text, sizeof text, "%d\n", (int)getpid());
    return text;
}

static void must_draft(struct pid_file *file)
{
    struct problem problem = {.text = ""};
    pid_file_init(file, path);
    cr_assert_eq(pid_file_draft(file, 0, &problem), ERROR_NONE, "%s", problem.text);
}

static void must_publish(struct pid_file *file)
{
    struct problem problem = {.text = ""};
    must_draft(file);
    cr_assert_eq(pid_file_publish(file, &problem), ERROR_NONE, "%s", problem.text);
}

static int32_t owner_of(const char *name)
{
    int32_t pid = 77;
    enum error error = pid_file_owner(name, &pid);
    cr_assert_eq(error == ERROR_NONE, pid != 77);
    cr_assert(error == ERROR_NONE || error == ERROR_NOT_FOUND);
    return error == ERROR_NONE ? pid : 0;
}

/* A server in a process of its own, which stops when its file is in place. */
static int serve(void *context)
{
    struct pid_file file;
    struct problem problem;
    (void)context;
    pid_file_init(&file, path);
    child_demand(pid_file_draft(&file, 0, &problem) == ERROR_NONE);
    child_demand(pid_file_publish(&file, &problem) == ERROR_NONE);
    (void)raise(SIGSTOP);
    pid_file_remove(&file);
    return 0;
}

static pid_t start_server(void)
{
    pid_t server = child_start(serve, NULL);
    cr_assert(child_is_stopped(server));
    return server;
}

static void end_server(pid_t server)
{
    (void)kill(server, SIGCONT);
    cr_assert_eq(child_wait(server), 0);
}

static void kill_server(pid_t server)
{
    (void)kill(server, SIGKILL);
    cr_assert_eq(child_wait(server), CHILD_SIGNALLED + SIGKILL);
}

/* Promise PID-1: it appears once the server is ready. */
Test(pid_file_draft, shows_nothing_under_the_name)
{
    struct pid_file file;
    must_draft(&file);
    cr_assert_not(folder_has("pid"));
    cr_assert_eq(folder_count(), 1);
    cr_assert_eq(owner_of(path), 0);
    cr_assert_not(pid_file_is_lost(&file));
    pid_file_remove(&file);
    cr_assert_eq(folder_count(), 0);
}

/* Promise PID-1 */
Test(pid_file_publish, puts_a_complete_file_in_place)
{
    static const mode_t masks[] = {0, 022, 0777};
    for (size_t i = 0; i < 3; i++) {
        struct pid_file file;
        struct stat status;
        struct descriptors before = descriptors_look();
        (void)umask(masks[i]);
        must_publish(&file);
        cr_assert_eq(stat(path, &status), 0);
        cr_assert_eq(status.st_mode, S_IFREG | 0644);
        cr_assert_eq(status.st_nlink, 1);
        cr_assert_str_eq(folder_read("pid"), own_text());
        cr_assert_eq(folder_count(), 1);
        cr_assert_eq(owner_of(path), getpid());
        pid_file_remove(&file);
        cr_assert_eq(folder_count(), 0);
        struct descriptors after = descriptors_look();
        cr_assert(descriptors_equal(&before, &after));
    }
}

/* Promise PID-4 */
Test(pid_file_publish, replaces_a_stale_file)
{
    static const char *const stale[] = {"1\n", "999999999\n", "", "abc", "-1\n", "0\n", "1 2 3\n"};
    for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
        struct pid_file file;
        folder_write("pid", stale[i]);
        cr_assert_eq(owner_of(path), 0, "%s", stale[i]);
        must_publish(&file);
        cr_assert_str_eq(folder_read("pid"), own_text());
        cr_assert_eq(folder_count(), 1);
        pid_file_remove(&file);
    }
    struct pid_file file;
    kill_server(start_server());
    cr_assert(folder_has("pid"), "it could not clear up");
    cr_assert_eq(owner_of(path), 0);
    must_publish(&file);
    cr_assert_str_eq(folder_read("pid"), own_text());
}

/* Of a killed start with the same process number. */
Test(pid_file_draft, replaces_a_draft_that_was_left_behind)
{
    struct pid_file file;
    char name[32];
    (void)snprintf(name, sizeof name, "pid.%d", (int)getpid());
    folder_write(name, "garbage garbage garbage\n");
    must_publish(&file);
    cr_assert_str_eq(folder_read("pid"), own_text());
    cr_assert_eq(folder_count(), 1);
}

static void expect_refused(enum error expected, const char *said)
{
    struct pid_file file;
    struct problem problem = {.text = ""};
    struct descriptors before = descriptors_look();
    size_t files = folder_count();
    pid_file_init(&file, path);
    cr_expect_eq(pid_file_draft(&file, 0, &problem), expected, "%s", problem.text);
    cr_expect(strstr(problem.text, path) != NULL, "%s", problem.text);
    cr_expect(strstr(problem.text, said) != NULL, "%s", problem.text);
    pid_file_remove(&file);
    cr_expect_eq(folder_count(), files);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}

/* Promise PID-4 */
Test(pid_file_draft, refuses_the_file_of_a_live_server)
{
    pid_t server = start_server();
    expect_refused(ERROR_BUSY, "belongs to a server that is running");
    cr_assert_eq(owner_of(path), server, "nothing was touched");
    end_server(server);
    cr_assert_eq(folder_count(), 0);
}

/* Promise PID-4: two starts race. */
Test(pid_file_publish, refuses_when_a_live_server_was_faster)
{
    struct pid_file file;
    struct problem problem = {.text = ""};
    must_draft(&file);
    pid_t server = start_server();
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_BUSY);
    cr_assert(strstr(problem.text, path) != NULL, "%s", problem.text);
    pid_file_remove(&file);
    cr_assert_eq(owner_of(path), server, "the loser touches nothing");
    cr_assert_eq(folder_count(), 1);
    end_server(server);
}

/* Promise PID-5 */
Test(pid_file_draft, says_what_cannot_be_written)
{
    static char long_path[CONFIG_PATH_MAX + 1];
    struct pid_file file;
    struct problem problem = {.text = ""};
    (void)snprintf(path, sizeof path, "%s", folder_path("missing/pid"));
    expect_refused(ERROR_SYSTEM, "No such file or directory");
    memset(long_path, 'x', CONFIG_PATH_MAX - 1);
    pid_file_init(&file, long_path);
    cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_FULL);
    cr_assert(strstr(problem.text, "too long") != NULL);
}

Test(pid_file_draft, refuses_what_is_not_a_regular_file)
{
    folder_write("target", "precious\n");
    cr_assert_eq(symlink("target", path), 0);
    expect_refused(ERROR_INVALID, "not a regular file");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_refused(ERROR_INVALID, "not a regular file");
    cr_assert_eq(owner_of(path), 0);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_refused(ERROR_INVALID, "not a regular file");
    cr_assert_eq(owner_of(path), 0);
    cr_assert_str_eq(folder_read("target"), "precious\n");
}

/* What appears between the draft and its publication is not followed and not written through. */
Test(pid_file_publish, does_not_follow_a_link)
{
    struct pid_file file;
    struct problem problem = {.text = ""};
    must_draft(&file);
    folder_write("target", "precious\n");
    cr_assert_eq(symlink("target", path), 0);
    cr_assert_neq(pid_file_publish(&file, &problem), ERROR_NONE);
    cr_assert(strstr(problem.text, path) != NULL, "%s", problem.text);
    pid_file_remove(&file);
    cr_assert_str_eq(folder_read("target"), "precious\n");
    cr_assert(folder_has("pid"));
    cr_assert_eq(folder_count(), 2);
}

/* Promise CLI-10 */
Test(pid_file_owner, is_the_live_holder_that_the_file_names)
{
    cr_assert_eq(owner_of(path), 0, "there is no file");
    pid_t server = start_server();
    cr_assert_eq(owner_of(path), server);
    kill_server(server);
    cr_assert_eq(owner_of(path), 0, "it is stale");
}

static int hold_foreign(void *context)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    child_demand(fd >= 0 && flock(fd, *(int *)context) == 0);
    (void)raise(SIGSTOP);
    return 0;
}

/* Promise CLI-10: a foreign process is recognised, whether the file names it or only its lock is
 * held. */
Test(pid_file_owner, is_nobody_unless_name_and_lock_agree)
{
    static const int locks[] = {LOCK_EX, LOCK_SH};
    for (size_t i = 0; i < 2; i++) {
        int lock = locks[i];
        char text[32];
        folder_write("pid", own_text());
        cr_assert_eq(owner_of(path), 0, "nobody holds it");
        pid_t holder = child_start(hold_foreign, &lock);
        cr_assert(child_is_stopped(holder));
        cr_assert_eq(owner_of(path), 0, "the holder is another one");
        (void)snprintf(text, sizeof text, "%d\n", (int)holder);
        folder_write("pid", text);
        cr_assert_eq(owner_of(path), lock == LOCK_EX ? holder : 0);
        static const char *const garbage[] = {"%d",    "%d\n\n", " %d\n", "%d x\n",
                                              "-%d\n", "0%d0\n", "0%d\n"};
        for (size_t k = 0; k < sizeof garbage / sizeof garbage[0]; k++) {
            const char *sign = strchr(garbage[k], '%');
            (void)snprintf(text, sizeof text, "%.*s%d%s", (int)(sign - garbage[k]), garbage[k],
                           (int)holder, sign + 2);
            folder_write("pid", text);
            cr_expect_eq(owner_of(path), 0, "%s", text);
        }
        kill_server(holder);
    }
}

/* Promise PID-1: removed by the manager that it names, and by no one else. */
Test(pid_file_remove, leaves_a_file_that_is_not_ours_any_more)
{
    struct pid_file file;
    must_publish(&file);
    folder_write("other", "4711\n");
    cr_assert_eq(rename(folder_path("other"), path), 0);
    cr_assert_not(pid_file_is_lost(&file), "something stands there");
    pid_file_remove(&file);
    cr_assert_str_eq(folder_read("pid"), "4711\n");
    pid_file_remove(&file);
    cr_assert_eq(file.fd, -1);
    cr_assert_str_eq(folder_read("pid"), "4711\n");
}

static int abandon(void *context)
{
    pid_file_abandon(context);
    pid_file_remove(context);
    return 0;
}

Test(pid_file_remove, is_not_done_by_a_child_that_abandoned_it)
{
    struct pid_file file;
    must_publish(&file);
    cr_assert_eq(child_run(abandon, &file), 0);
    cr_assert_eq(owner_of(path), getpid(), "and the lock is still held");
    pid_file_remove(&file);
    cr_assert_eq(folder_count(), 0);
}

/* Promise PID-3 */
Test(pid_file_is_lost, when_its_name_is_gone)
{
    struct pid_file file;
    must_publish(&file);
    cr_assert_not(pid_file_is_lost(&file));
    cr_assert_eq(unlink(path), 0);
    cr_assert(pid_file_is_lost(&file));
    pid_file_abandon(&file);
    cr_assert_not(pid_file_is_lost(&file));
    struct problem problem = {.text = ""};
    cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE, "%s", problem.text);
    cr_assert_str_eq(folder_read("pid"), own_text());
    cr_assert_eq(owner_of(path), getpid());
    pid_file_remove(&file);
    cr_assert_eq(folder_count(), 0);
}

/* Promise PID-1: the number in it decides, where it can be read. */
Test(pid_file_remove, leaves_a_file_that_names_another)
{
    static const struct {
        const char *text;
        bool stays;
    } rows[] = {{"1\n", true}, {"2147483647\n", true}, {"", false}, {"no number\n", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pid_file file;
        must_publish(&file);
        FILE *stream = fopen(path, "w");
        cr_assert_not_null(stream);
        (void)fputs(rows[i].text, stream);
        (void)fclose(stream);
        pid_file_remove(&file);
        cr_expect_eq(folder_count() == 1, rows[i].stays, "\"%s\"", rows[i].text);
        (void)unlink(path);
    }
}
