#include "apps/static_file.h"

#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- openat2() as it is, or as it fails ---- */

static int failure;      /* what it says; 0: it works */
static int failures_max; /* how often, before it works again */
static int calls;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
    va_list arguments;
    va_start(arguments, number);
    long values[4];
    for (size_t i = 0; i < 4; i++)
        values[i] = va_arg(arguments, long);
    va_end(arguments);
    cr_assert_eq(number, SYS_openat2);
    if (failure != 0 && calls++ < failures_max) {
        errno = failure;
        return -1;
    }
    return __real_syscall(number, values[0], values[1], values[2], values[3]);
}

/* ---- A directory with all that may lie about ---- */

static int root;

static void demand(int outcome, const char *what)
{
    cr_assert_eq(outcome, 0, "%s: %s", what, strerror(errno));
}

static void make_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, folder_path(name), sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    demand(bind(fd, (struct sockaddr *)&address, sizeof address), name);
    (void)close(fd);
}

static void open_all(void)
{
    folder_open();
    demand(mkdir(folder_path("root"), 0755), "root");
    demand(mkdir(folder_path("root/a"), 0755), "root/a");
    demand(mkdir(folder_path("root/a/b"), 0755), "root/a/b");
    folder_write("secret", "secret");
    folder_write("root/file", "file");
    folder_write("root/a/b/deep", "deep");
    demand(symlink("../file", folder_path("root/a/inside")), "inside");
    demand(symlink("a/b", folder_path("root/ways")), "ways");
    demand(symlink("../secret", folder_path("root/out")), "out");
    demand(symlink("a/b/../../../secret", folder_path("root/far")), "far");
    demand(symlink("..", folder_path("root/up")), "up");
    demand(symlink(folder_path("root/file"), folder_path("root/absolute")), "absolute");
    demand(symlink("/proc/self/fd", folder_path("root/proc")), "proc");
    demand(symlink("loop", folder_path("root/loop")), "loop");
    demand(symlink("missing", folder_path("root/nowhere")), "nowhere");
    demand(mkfifo(folder_path("root/fifo"), 0600), "fifo");
    make_socket("root/socket");
    root = static_root_open(folder_path("root"));
    cr_assert_geq(root, 0);
    failure = failures_max = calls = 0;
}

static void close_all(void)
{
    (void)close(root);
    folder_close();
}

TestSuite(static_file, .init = open_all, .fini = close_all, .timeout = 30);

struct row {
    const char *name;
    int error;       /* of openat2() */
    int steps_error; /* where no link is followed */
};

static const struct row rows[] = {
    {"file", 0, 0},
    {"a/b/deep", 0, 0},
    {"a", 0, 0},
    {"fifo", 0, 0},
    {"a/inside", 0, ELOOP},
    {"ways/deep", 0, ENOTDIR},
    {"missing", ENOENT, ENOENT},
    {"a/missing/x", ENOENT, ENOENT},
    {"file/x", ENOTDIR, ENOTDIR},
    {"socket", ENXIO, ENXIO},
    {"out", EXDEV, ELOOP},
    {"far", EXDEV, ELOOP},
    {"up/secret", EXDEV, ENOTDIR},
    {"up/root/file", EXDEV, ENOTDIR},
    {"absolute", EXDEV, ELOOP},
    {"proc/0", EXDEV, ENOTDIR},
    {"loop", ELOOP, ELOOP},
    {"nowhere", ENOENT, ELOOP},
};

static void expect_outcome(const char *name, int error)
{
    struct descriptors before = descriptors_look();
    errno = 0;
    int fd = static_file_open(root, name);
    cr_expect_eq(fd < 0 ? errno : 0, error, "%s: %s", name, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s", name);
}

Test(static_file, is_found_below_the_root_and_nowhere_else)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_outcome(rows[i].name, rows[i].error);
}

Test(static_file, is_found_step_by_step_where_the_kernel_cannot_do_it_at_once)
{
    static const int missing[] = {ENOSYS, EPERM};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            failure = missing[k];
            failures_max = calls + 1;
            expect_outcome(rows[i].name, rows[i].steps_error);
        }
}

Test(static_file, is_asked_for_again_while_others_move_directories)
{
    failure = EAGAIN;
    failures_max = 3;
    expect_outcome("file", 0);
    failures_max = 1000;
    expect_outcome("file", EAGAIN);
    cr_expect_lt(calls, 20);
}

Test(static_file, that_was_opened_is_read_and_not_inherited)
{
    char text[8] = "";
    int fd = static_file_open(root, "ways/deep");
    cr_expect_eq(read(fd, text, sizeof text), 4);
    cr_expect_str_eq(text, "deep");
    cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    (void)close(fd);
}

Test(static_file, with_a_long_name_is_not_there)
{
    static char name[5001];
    memset(name, 'a', sizeof name - 1);
    expect_outcome(name, ENAMETOOLONG);
    failure = ENOSYS;
    failures_max = 1;
    expect_outcome(name, ENAMETOOLONG);
    name[300] = '\0';
    expect_outcome(name, ENAMETOOLONG);
}

Test(static_file, needs_a_directory_to_begin_at)
{
    cr_expect_lt(static_root_open(folder_path("root/file")), 0);
    cr_expect_eq(errno, ENOTDIR);
    cr_expect_lt(static_root_open(folder_path("root/missing")), 0);
    cr_expect_eq(errno, ENOENT);
}
