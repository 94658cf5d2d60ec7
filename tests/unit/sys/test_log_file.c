#include "sys/log_file.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(log_file_open, .init = folder_open, .fini = folder_close);
TestSuite(log_file_offer, .init = folder_open, .fini = folder_close);

enum {
    SOMEBODY = 65534 /* a user who is not root */
};

static struct stat status_of(const char *name)
{
    struct stat status;
    cr_assert_eq(lstat(folder_path(name), &status), 0, "%s: %s", name, strerror(errno));
    return status;
}

static int open_it(const char *name)
{
    int fd = -1;
    cr_assert_eq(log_file_open(folder_path(name), &fd), ERROR_NONE, "%s: %s", name,
                 strerror(errno));
    return fd;
}

Test(log_file_open, creates_a_file_that_all_may_read)
{
    mode_t before = umask(0);
    int fd = open_it("log");
    umask(before);
    cr_expect_eq(status_of("log").st_mode, S_IFREG | 0644);
    (void)close(fd);
}

Test(log_file_open, appends_whoever_else_writes)
{
    folder_write("log", "first\n");
    int one = open_it("log");
    int other = open_it("log");
    cr_assert_eq(write(one, "second\n", 7), 7);
    cr_assert_eq(write(other, "third\n", 6), 6);
    cr_assert_eq(write(one, "fourth\n", 7), 7);
    cr_expect_str_eq(folder_read("log"), "first\nsecond\nthird\nfourth\n");
    (void)close(one);
    (void)close(other);
}

/* Promise WRK-9 */
Test(log_file_open, gives_a_descriptor_that_no_other_program_gets)
{
    int fd = open_it("log");
    cr_expect((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(fd);
}

Test(log_file_open, never_waits_for_the_reader_of_a_pipe)
{
    cr_assert_eq(mkfifo(folder_path("pipe"), 0600), 0);
    int fd = -1;
    cr_expect_eq(log_file_open(folder_path("pipe"), &fd), ERROR_SYSTEM);
    cr_expect_eq(errno, ENXIO);
    cr_expect_eq(fd, -1);

    int reader = open(folder_path("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fd = open_it("pipe");
    char page[4096] = "";
    ssize_t written = 0;
    while (written >= 0)
        written = write(fd, page, sizeof page);
    cr_expect_eq(errno, EAGAIN, "nor for room in it");
    (void)close(fd);
    (void)close(reader);
}

Test(log_file_open, says_why_it_cannot)
{
    static const struct {
        const char *name;
        int reason;
    } table[] = {{"", EISDIR}, {"missing/log", ENOENT}, {"file/log", ENOTDIR}};
    folder_write("file", "text");
    struct descriptors before = descriptors_look();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int fd = 77;
        cr_expect_eq(log_file_open(folder_path(table[i].name), &fd), ERROR_SYSTEM);
        cr_expect_eq(errno, table[i].reason, "\"%s\": %s", table[i].name, strerror(errno));
        cr_expect_eq(fd, 77, "untouched");
    }
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}

static void skip_unless_root(void)
{
    if (geteuid() != 0)
        cr_skip_test("only root can give a file away");
}

/* As the workers do: another user, who may not make files there, opens it anew. */
static int open_as_somebody(void *context)
{
    int fd = -1;
    child_demand(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    child_demand(log_file_open(context, &fd) == ERROR_NONE);
    child_demand(write(fd, "line\n", 5) == 5);
    return 0;
}

/* Promises MGR-8, WRK-8 */
Test(log_file_offer, makes_a_file_that_its_user_can_open_anew)
{
    skip_unless_root();
    static char path[1024];
    strncpy(path, folder_path("log"), sizeof path - 1);
    struct descriptors before = descriptors_look();
    log_file_offer(path, SOMEBODY);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
    struct stat status = status_of("log");
    cr_expect_eq(status.st_uid, SOMEBODY);
    cr_expect_eq(status.st_gid, getegid(), "its group is nobody's business");
    cr_expect_eq(status.st_mode, S_IFREG | 0644);
    cr_expect_eq(child_run(open_as_somebody, path), 0);
    cr_expect_str_eq(folder_read("log"), "line\n");
}

Test(log_file_offer, leaves_alone_what_is_there)
{
    skip_unless_root();
    folder_write("file", "kept\n");
    cr_assert_eq(link(folder_path("file"), folder_path("hard")), 0);
    cr_assert_eq(symlink("file", folder_path("soft")), 0);
    cr_assert_eq(symlink("nowhere", folder_path("dangling")), 0);
    cr_assert_eq(mkfifo(folder_path("pipe"), 0600), 0);
    cr_assert_eq(mkdir(folder_path("directory"), 0755), 0);
    static const char *const names[] = {"file", "hard", "soft", "dangling", "pipe", "directory"};
    size_t total = folder_count();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat before = status_of(names[i]);
        log_file_offer(folder_path(names[i]), SOMEBODY);
        struct stat after = status_of(names[i]);
        cr_expect_eq(after.st_uid, before.st_uid, "%s", names[i]);
        cr_expect_eq(after.st_mode, before.st_mode, "%s", names[i]);
    }
    cr_expect_eq(status_of("file").st_uid, geteuid());
    cr_expect_eq(folder_count(), total, "nothing was made behind a link");
    cr_expect_str_eq(folder_read("file"), "kept\n");
}

Test(log_file_offer, does_without_where_it_cannot)
{
    struct descriptors before = descriptors_look();
    log_file_offer(folder_path("missing/log"), SOMEBODY);
    cr_expect_eq(folder_count(), 0);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}

static int offer_without_power(void *context)
{
    child_demand(chmod(folder_path(""), 0777) == 0);
    child_demand(setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0);
    log_file_offer(context, 0);
    return 0;
}

Test(log_file_offer, makes_it_even_if_it_cannot_give_it_away)
{
    skip_unless_root();
    static char path[1024];
    strncpy(path, folder_path("log"), sizeof path - 1);
    cr_assert_eq(child_run(offer_without_power, path), 0);
    cr_expect_eq(status_of("log").st_uid, SOMEBODY);
}
