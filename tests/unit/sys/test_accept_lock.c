#include "sys/accept_lock.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(accept_lock_open, .init = folder_open, .fini = folder_close);
TestSuite(accept_lock_take, .init = folder_open, .fini = folder_close);

static int must_open(const char *path)
{
    int fd = -1;
    struct problem problem = {.text = ""};
    cr_assert_eq(accept_lock_open(path, folder_path(""), &fd, &problem), ERROR_NONE, "%s",
                 problem.text);
    cr_assert_neq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    return fd;
}

static int must_share(int fd)
{
    int shared = -1;
    cr_assert_eq(accept_lock_share(fd, &shared), ERROR_NONE);
    cr_assert_neq(shared, fd);
    cr_assert_neq(fcntl(shared, F_GETFD) & FD_CLOEXEC, 0);
    return shared;
}

static struct stat status_of(int fd)
{
    struct stat status;
    cr_assert_eq(fstat(fd, &status), 0);
    return status;
}

/* Promise LCK-2 */
Test(accept_lock_open, makes_a_private_file_without_a_name)
{
    static const char *const none[] = {NULL, ""};
    (void)umask(0);
    for (size_t i = 0; i < 2; i++) {
        int fd = must_open(none[i]);
        struct stat status = status_of(fd);
        cr_assert_eq(folder_count(), 0);
        cr_assert_eq(status.st_nlink, 0);
        cr_assert_eq(status.st_mode, S_IFREG | 0600);
        (void)close(fd);
    }
}

/* Promise LCK-2 */
Test(accept_lock_open, makes_a_named_file_that_is_missing)
{
    (void)umask(0);
    int fd = must_open(folder_path("lock"));
    cr_assert_eq(status_of(fd).st_mode, S_IFREG | 0600);
    cr_assert(folder_has("lock"));
    (void)close(fd);
}

/* Promise LCK-2 */
Test(accept_lock_open, never_truncates_a_named_file)
{
    folder_write("lock", "precious\n");
    int fd = must_open(folder_path("lock"));
    int shared = must_share(fd);
    cr_assert_eq(accept_lock_take(shared), ERROR_NONE);
    accept_lock_release(shared);
    (void)close(shared);
    (void)close(fd);
    cr_assert_str_eq(folder_read("lock"), "precious\n");
}

static void expect_refusal(const char *path, const char *directory, enum error expected,
                           const char *named)
{
    struct descriptors before = descriptors_look();
    int fd = 77;
    struct problem problem = {.text = ""};
    cr_expect_eq(accept_lock_open(path, directory, &fd, &problem), expected, "%s", problem.text);
    cr_expect(strstr(problem.text, named) != NULL, "%s", problem.text);
    cr_expect_eq(fd, 77);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s\n%s", before.text, after.text);
}

/* Promise LCK-2: never following a link. */
Test(accept_lock_open, refuses_what_is_not_a_regular_file)
{
    folder_write("target", "precious\n");
    cr_assert_eq(symlink("target", folder_path("link")), 0);
    cr_assert_eq(symlink("nothing", folder_path("dangling")), 0);
    cr_assert_eq(mkfifo(folder_path("fifo"), 0600), 0);
    cr_assert_eq(mkdir(folder_path("directory"), 0700), 0);
    expect_refusal(folder_path("link"), "/", ERROR_SYSTEM, "link");
    expect_refusal(folder_path("dangling"), "/", ERROR_SYSTEM, "dangling");
    expect_refusal(folder_path("fifo"), "/", ERROR_INVALID, "fifo\" is not a regular file");
    expect_refusal(folder_path("directory"), "/", ERROR_SYSTEM, "directory");
    expect_refusal("/dev/null", "/", ERROR_INVALID, "/dev/null");
    cr_assert_not(folder_has("nothing"));
    cr_assert_str_eq(folder_read("target"), "precious\n");
}

Test(accept_lock_open, names_a_directory_that_it_cannot_use)
{
    static char long_name[CONFIG_PATH_MAX + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    expect_refusal(NULL, folder_path("missing"), ERROR_SYSTEM, "missing");
    expect_refusal(folder_path("missing/lock"), "/", ERROR_SYSTEM, "missing/lock");
    expect_refusal(NULL, long_name, ERROR_FULL, "too long");
}

/* Promise LCK-1 */
Test(accept_lock_take, excludes_every_other_description)
{
    static const char *const names[] = {NULL, "lock"};
    for (size_t i = 0; i < 2; i++) {
        int fd = must_open(names[i] == NULL ? NULL : folder_path(names[i]));
        int one = must_share(fd);
        int other = must_share(fd);
        cr_assert_eq(accept_lock_take(one), ERROR_NONE);
        cr_assert_eq(accept_lock_take(one), ERROR_NONE, "it has it already");
        cr_assert_eq(accept_lock_take(other), ERROR_BUSY);
        cr_assert_eq(accept_lock_take(fd), ERROR_BUSY);
        accept_lock_release(one);
        cr_assert_eq(accept_lock_take(other), ERROR_NONE);
        cr_assert_eq(accept_lock_take(one), ERROR_BUSY);
        accept_lock_release(one);
        cr_assert_eq(accept_lock_take(one), ERROR_BUSY, "it was not its to release");
        (void)close(other);
        cr_assert_eq(accept_lock_take(one), ERROR_NONE, "closing releases");
        (void)close(one);
        (void)close(fd);
    }
}

Test(accept_lock_take, says_when_there_is_no_lock_to_take)
{
    int fd = must_open(NULL);
    int shared = 77;
    (void)close(fd);
    cr_assert_eq(accept_lock_take(fd), ERROR_SYSTEM);
    cr_assert_eq(accept_lock_share(fd, &shared), ERROR_SYSTEM);
    cr_assert_eq(shared, 77);
}

static int hold(void *context)
{
    int shared = -1;
    child_demand(accept_lock_share(*(int *)context, &shared) == ERROR_NONE);
    child_demand(accept_lock_take(shared) == ERROR_NONE);
    (void)raise(SIGSTOP);
    return 0;
}

/* Promise LCK-1; what a killed worker held is free again. */
Test(accept_lock_take, is_refused_while_another_process_lives_with_it)
{
    int fd = must_open(NULL);
    int shared = must_share(fd);
    pid_t holder = child_start(hold, &fd);
    cr_assert(child_is_stopped(holder));
    cr_assert_eq(accept_lock_take(shared), ERROR_BUSY);
    cr_assert_eq(kill(holder, SIGKILL), 0);
    cr_assert_eq(child_wait(holder), CHILD_SIGNALLED + SIGKILL);
    cr_assert_eq(accept_lock_take(shared), ERROR_NONE);
}
