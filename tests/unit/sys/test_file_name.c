#include "sys/file_name.h"

#include "kit/folder.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char here[1024];

static void begin(void)
{
    folder_open();
    cr_assert_eq(chdir(folder_path("")), 0);
    cr_assert_neq(getcwd(here, sizeof here), NULL);
}

TestSuite(file_name, .init = begin, .fini = folder_close);

static void make_command(const char *name, mode_t mode)
{
    folder_write(name, "#!/bin/sh\n");
    cr_assert_eq(chmod(folder_path(name), mode), 0);
}

static void expect_command(const char *name, const char *expected)
{
    char path[1024] = "";
    char whole[1100];
    cr_expect_eq(file_name_find_command(name, path, sizeof path), ERROR_NONE, "%s", name);
    (void)snprintf(whole, sizeof whole, "%s%s%s", expected[0] == '/' ? "" : here,
                   expected[0] == '/' ? "" : "/", expected);
    cr_expect_str_eq(path, whole);
}

static void expect_no_command(const char *name)
{
    char path[1024] = "untouched";
    errno = 0;
    cr_expect_eq(file_name_find_command(name, path, sizeof path), ERROR_NOT_FOUND, "%s: %s", name,
                 path);
    cr_expect_eq(errno, ENOENT);
    cr_expect_str_eq(path, "untouched");
}

/* Promise UPG-1: a link that leads elsewhere tomorrow is how versions are switched. */
Test(file_name, is_made_absolute_as_it_is)
{
    static const struct {
        const char *name;
        const char *path;
    } table[] = {{"/a/b", "/a/b"}, {"/", "/"},     {"/a/../b", "/a/../b"}, {"a", "a"},
                 {"./a", "./a"},   {"a/b", "a/b"}, {"../a", "../a"},       {"link", "link"}};
    cr_assert_eq(symlink("target", "link"), 0);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char path[1024];
        char expected[1100];
        bool is_absolute = table[i].path[0] == '/';
        (void)snprintf(expected, sizeof expected, "%s%s%s", is_absolute ? "" : here,
                       is_absolute ? "" : "/", table[i].path);
        cr_expect_eq(file_name_make_absolute(table[i].name, path, sizeof path), ERROR_NONE);
        cr_expect_str_eq(path, expected);
    }
}

Test(file_name, that_does_not_fit_is_an_error)
{
    char path[8];
    cr_expect_eq(file_name_make_absolute("/123456", path, sizeof path), ERROR_NONE);
    cr_expect_str_eq(path, "/123456");
    errno = 0;
    cr_expect_eq(file_name_make_absolute("/1234567", path, sizeof path), ERROR_FULL);
    cr_expect_eq(errno, ENAMETOOLONG);
    cr_expect_eq(file_name_make_absolute("a", path, sizeof path), ERROR_FULL);
}

Test(file_name, needs_a_working_directory_only_if_it_is_relative)
{
    char path[1024];
    cr_assert_eq(mkdir("gone", 0700), 0);
    cr_assert_eq(chdir("gone"), 0);
    cr_assert_eq(rmdir(folder_path("gone")), 0);
    cr_expect_eq(file_name_make_absolute("a", path, sizeof path), ERROR_SYSTEM);
    cr_expect_eq(errno, ENOENT);
    cr_expect_eq(file_name_make_absolute("/a", path, sizeof path), ERROR_NONE);
}

/* Promise UPG-1: the path that the server was started with. */
Test(file_name, of_a_command_is_looked_up)
{
    char places[4096];
    cr_assert_eq(mkdir("first", 0755), 0);
    cr_assert_eq(mkdir("second", 0755), 0);
    make_command("first/plain", 0644);
    make_command("second/plain", 0755);
    make_command("second/both", 0755);
    make_command("first/both", 0755);
    make_command("here", 0755);
    (void)snprintf(places, sizeof places, "%s/first:%s/second", here, here);
    cr_assert_eq(setenv("PATH", places, 1), 0);
    expect_command("both", "first/both");
    expect_command("first/plain", "first/plain");
    expect_command("./here", "./here");
    expect_command("/no/such/file", "/no/such/file");
    expect_no_command("here");
    expect_no_command("absent");
    if (getuid() != 0 || access("first/plain", X_OK) != 0)
        expect_command("plain", "second/plain");
}

/* As the shell has it: an empty entry is the working directory. */
Test(file_name, of_a_command_may_be_here)
{
    static const char *const places[] = {"", ":/nowhere", "/nowhere:", "/nowhere::/elsewhere"};
    make_command("here", 0755);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        cr_assert_eq(setenv("PATH", places[i], 1), 0);
        expect_command("here", "here");
    }
    cr_assert_eq(setenv("PATH", "first:.", 1), 0);
    expect_command("here", "./here");
    cr_assert_eq(setenv("PATH", "/nowhere", 1), 0);
    expect_no_command("here");
}

Test(file_name, of_a_command_is_looked_up_without_a_path)
{
    char path[1024];
    cr_assert_eq(unsetenv("PATH"), 0);
    cr_expect_eq(file_name_find_command("sh", path, sizeof path), ERROR_NONE);
    cr_expect(strcmp(path, "/usr/bin/sh") == 0 || strcmp(path, "/bin/sh") == 0, "%s", path);
    expect_no_command("no-such-command");
}

Test(file_name, of_a_command_passes_by_what_is_too_long)
{
    static char places[10000];
    memset(places, 'x', sizeof places - 1);
    places[0] = '/';
    (void)snprintf(places + 8000, sizeof places - 8000, ":%s", here);
    make_command("here", 0755);
    cr_assert_eq(setenv("PATH", places, 1), 0);
    expect_command("here", "here");
}
