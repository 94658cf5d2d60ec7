#include "apps/static_path.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect_name(const char *path, bool has_dotfiles, const char *expected)
{
    char name[STATIC_NAME_SIZE];
    cr_expect(static_path_read(path, "index.html", has_dotfiles, name), "%s", path);
    cr_expect_str_eq(name, expected, "%s", path);
}

Test(static_path, is_the_name_of_a_file)
{
    static const char *const rows[][2] = {
        {"/", "index.html"},
        {"/a", "a"},
        {"/a/", "a/index.html"},
        {"/a/b.c", "a/b.c"},
        {"/a b/c", "a b/c"},
        {"/a./b..", "a./b.."},
        {"/a..b", "a..b"},
        {"/\\..\\a", "\\..\\a"},
        {"/%2e%2e", "%2e%2e"},
        {"/\xc3\xa4", "\xc3\xa4"},
        {"/~", "~"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_name(rows[i][0], false, rows[i][1]);
}

Test(static_path, that_leads_astray_is_refused)
{
    static const char *const rows[] = {
        "",     "*",     "a",    "//",    "//a",    "/a//b",   "/a//",   "/.",    "/..",
        "/./a", "/../a", "/a/.", "/a/..", "/a/./b", "/a/../b", "/a/../", "/a/./", "/../",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[STATIC_NAME_SIZE];
        cr_expect_not(static_path_read(rows[i], "index.html", false, name), "%s", rows[i]);
        cr_expect_not(static_path_read(rows[i], "index.html", true, name), "%s", rows[i]);
    }
}

Test(static_path, with_a_dot_in_front_is_served_if_asked)
{
    static const char *const rows[] = {"/.a", "/.a/b", "/a/.b", "/...", "/a/..b", "/.git/config"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[STATIC_NAME_SIZE];
        cr_expect_not(static_path_read(rows[i], "index.html", false, name), "%s", rows[i]);
        expect_name(rows[i], true, rows[i] + 1);
    }
}

Test(static_path, with_a_slash_at_its_end_is_that_of_an_index)
{
    cr_expect(static_path_is_index("/"));
    cr_expect(static_path_is_index("/a/"));
    cr_expect_not(static_path_is_index("/a"));
    cr_expect_not(static_path_is_index(""));
}

Test(static_path, that_is_too_long_is_refused)
{
    static char path[STATIC_NAME_SIZE + 2];
    char name[STATIC_NAME_SIZE];
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[STATIC_NAME_SIZE] = '\0';
    cr_expect(static_path_read(path, "i", false, name));
    path[STATIC_NAME_SIZE - 1] = '/';
    cr_expect_not(static_path_read(path, "i", false, name), "there is no room for the index");
    path[STATIC_NAME_SIZE - 1] = path[STATIC_NAME_SIZE] = 'a';
    cr_expect_not(static_path_read(path, "i", false, name));
}

Test(static_path, has_no_slash_in_disguise)
{
    static const struct {
        const char *target;
        bool has_one;
    } rows[] = {
        {"/a/b", false}, {"/a%2fb", true},    {"/a%2Fb", true},        {"/%2F", true},
        {"/a%2", false}, {"/a%252fb", false}, {"/a?b=%2f", false},     {"/a%2f?b", true},
        {"/", false},    {"/a%2e%2e", false}, {"http://h/a%2f", true}, {"/%2f%2fevil", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(static_target_has_hidden_slash(rows[i].target), rows[i].has_one, "%s",
                     rows[i].target);
}

Test(static_path, of_a_directory_gets_a_slash)
{
    static const char *const rows[][3] = {
        {"/a", "", "/a/"},
        {"/a/b", "c=d&e", "/a/b/?c=d&e"},
        {"/a b", "", "/a%20b/"},
        {"/a\r\nb", "", "/a%0D%0Ab/"},
        {"/\\evil", "", "/%5Cevil/"},
        {"/a?b#c", "?", "/a%3Fb%23c/??"},
        {"/100%", "", "/100%25/"},
        {"/\xc3\xa4-._~", "", "/%C3%A4-._~/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *location = malloc(static_location_size(rows[i][0], rows[i][1]));
        static_location_write(rows[i][0], rows[i][1], location);
        cr_expect_str_eq(location, rows[i][2]);
        free(location);
    }
}
