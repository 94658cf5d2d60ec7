#include "sys/regular_file.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(regular_file_read, .init = folder_open, .fini = folder_close);
TestSuite(regular_file_check, .init = folder_open, .fini = folder_close);

static enum error read_into(const char *name, size_t room, struct buffer *buffer,
                            struct problem *problem)
{
    static char storage[20000];
    buffer_init(buffer, storage, room);
    struct descriptors before = descriptors_look();
    enum error error = regular_file_read(folder_path(name), buffer, problem);
    struct descriptors after = descriptors_look();
    cr_assert(descriptors_equal(&before, &after));
    return error;
}

Test(regular_file_read, appends_the_whole_file)
{
    struct buffer buffer;
    struct problem problem;
    char text[10001];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)('a' + i % 26);
    text[sizeof text - 1] = '\0';
    folder_write("file", text);
    cr_assert_eq(read_into("file", sizeof text - 1, &buffer, &problem), ERROR_NONE);
    cr_assert(bytes_equal(buffer_view(&buffer), bytes_of(text)));
    folder_write("empty", "");
    cr_assert_eq(read_into("empty", 10, &buffer, &problem), ERROR_NONE);
    cr_assert_eq(buffer.size, 0);
    cr_assert(buffer_append(&buffer, BYTES("x")));
    folder_write("more", "yz");
    cr_assert_eq(regular_file_read(folder_path("more"), &buffer, &problem), ERROR_NONE);
    cr_assert(bytes_equal(buffer_view(&buffer), BYTES("xyz")));
}

static void expect_unread(const char *name, enum error expected, const char *said)
{
    struct buffer buffer;
    struct problem problem = {.text = ""};
    cr_expect_eq(read_into(name, 9, &buffer, &problem), expected, "%s", problem.text);
    cr_expect(strstr(problem.text, folder_path(name)) != NULL, "%s", problem.text);
    cr_expect(strstr(problem.text, said) != NULL, "%s", problem.text);
}

Test(regular_file_read, says_what_cannot_be_read_and_why)
{
    cr_assert_eq(mkfifo(folder_path("fifo"), 0600), 0);
    cr_assert_eq(mkdir(folder_path("directory"), 0700), 0);
    folder_write("large", "0123456789");
    expect_unread("missing", ERROR_NOT_FOUND, "No such file");
    expect_unread("fifo", ERROR_INVALID, "is not a regular file");
    expect_unread("directory", ERROR_INVALID, "is not a regular file");
    expect_unread("large", ERROR_FULL, "larger than 9 bytes");
    expect_unread("large/below", ERROR_SYSTEM, "Not a directory");
}

static int read_as_nobody(void *context)
{
    struct buffer buffer;
    struct problem problem = {.text = ""};
    char storage[16];
    buffer_init(&buffer, storage, sizeof storage);
    child_demand(setgid(65534) == 0 && setuid(65534) == 0);
    child_demand(regular_file_read(context, &buffer, &problem) == ERROR_SYSTEM);
    child_demand(strstr(problem.text, "Permission denied") != NULL);
    return 0;
}

Test(regular_file_read, tells_an_unreadable_file_from_a_missing_one)
{
    if (geteuid() != 0)
        cr_skip_test("only root can become another user");
    folder_write("secret", "x");
    cr_assert_eq(chmod(folder_path("secret"), 0600), 0);
    cr_assert_eq(child_run(read_as_nobody, (void *)(uintptr_t)folder_path("secret")), 0);
}

static void expect_check(const char *path, enum error expected, const char *said)
{
    size_t files = folder_count();
    struct problem problem = {.text = ""};
    cr_expect_eq(regular_file_check(path, "PID file", &problem), expected, "%s: %s", path,
                 problem.text);
    cr_expect(expected == ERROR_NONE || strstr(problem.text, "PID file") != NULL, "%s",
              problem.text);
    cr_expect(strstr(problem.text, said) != NULL, "%s", problem.text);
    cr_expect_eq(folder_count(), files, "it changes nothing");
}

/* Promises CLI-4 and PID-5 */
Test(regular_file_check, accepts_what_can_be_written_or_made)
{
    folder_write("file", "precious");
    expect_check(folder_path("file"), ERROR_NONE, "");
    expect_check(folder_path("new"), ERROR_NONE, "");
    cr_assert_eq(chdir(folder_path("")), 0);
    expect_check("new", ERROR_NONE, "");
    cr_assert_str_eq(folder_read("file"), "precious");
}

/* Promises CLI-4 and PID-5 */
Test(regular_file_check, refuses_what_cannot_be_written)
{
    static char long_name[CONFIG_PATH_MAX + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    cr_assert_eq(mkfifo(folder_path("fifo"), 0600), 0);
    cr_assert_eq(mkdir(folder_path("directory"), 0700), 0);
    cr_assert_eq(symlink("nothing", folder_path("link")), 0);
    folder_write("file", "");
    expect_check(folder_path("fifo"), ERROR_INVALID, "not a regular file");
    expect_check(folder_path("directory"), ERROR_INVALID, "not a regular file");
    expect_check(folder_path("link"), ERROR_INVALID, "not a regular file");
    expect_check(folder_path("missing/file"), ERROR_SYSTEM, "No such file");
    expect_check(folder_path("file/below"), ERROR_SYSTEM, "Not a directory");
    expect_check(long_name, ERROR_SYSTEM, "xxx");
}

static int check_as_nobody(void *context)
{
    struct problem problem = {.text = ""};
    (void)context;
    child_demand(setgid(65534) == 0 && setuid(65534) == 0);
    child_demand(regular_file_check(folder_path("file"), "log file", &problem) == ERROR_SYSTEM);
    child_demand(strstr(problem.text, "log file") != NULL);
    child_demand(strstr(problem.text, "cannot be written: Permission denied") != NULL);
    child_demand(regular_file_check(folder_path("new"), "log file", &problem) == ERROR_SYSTEM);
    child_demand(strstr(problem.text, "cannot be written in") != NULL);
    return 0;
}

/* Promise PID-5 */
Test(regular_file_check, refuses_what_belongs_to_others)
{
    if (geteuid() != 0)
        cr_skip_test("only root can become another user");
    folder_write("file", "");
    cr_assert_eq(chmod(folder_path("file"), 0644), 0);
    cr_assert_eq(child_run(check_as_nobody, NULL), 0);
}
