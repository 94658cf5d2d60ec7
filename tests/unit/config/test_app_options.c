#include "config/app_options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct app_options options;

static enum error add(const char *name, const char *value)
{
    return app_options_add(&options, bytes_of(name), bytes_of(value));
}

Test(app_options, are_kept_in_their_order_and_found_by_name)
{
    static const char *const rows[][2] = {{"root", "./public"}, {"empty", ""}, {"b", "root"}};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(add(rows[i][0], rows[i][1]), ERROR_NONE);
    cr_expect_eq(options.count, 3);
    for (size_t i = 0; i < 3; i++) {
        size_t index = 99;
        cr_expect_str_eq(app_options_name(&options, i), rows[i][0]);
        cr_expect_str_eq(app_options_value(&options, i), rows[i][1]);
        cr_expect(app_options_find(&options, bytes_of(rows[i][0]), &index));
        cr_expect_eq(index, i);
    }
}

Test(app_options, that_are_not_there_are_not_found)
{
    static const char *const names[] = {"", "roo", "roots", "Root", "./public"};
    cr_assert_eq(add("root", "./public"), ERROR_NONE);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t index = 99;
        cr_expect_not(app_options_find(&options, bytes_of(names[i]), &index), "%s", names[i]);
        cr_expect_eq(index, 99, "untouched");
    }
    cr_expect_null(app_options_name(&options, 1));
    cr_expect_null(app_options_value(&options, SIZE_MAX));
}

Test(app_options, have_names_of_some_letters_alone)
{
    static const char good[] = "abcxyzABCXYZ0189_-.";
    for (int byte = 0; byte < 256; byte++) {
        char letter = (char)byte;
        cr_expect_eq(app_options_is_name((struct bytes){&letter, 1}),
                     byte != 0 &&
                         (memchr(good, letter, sizeof good) != NULL || (byte > 'c' && byte < 'x') ||
                          (byte > 'C' && byte < 'X') || (byte > '1' && byte < '8')),
                     "%d", byte);
    }
    cr_expect_not(app_options_is_name(BYTES("")));
    cr_expect_not(app_options_is_name(BYTES("a b")));
    cr_expect_not(app_options_is_name(BYTES("ab\0")));
}

Test(app_options, have_names_of_up_to_64_letters)
{
    char name[66];
    memset(name, 'n', sizeof name);
    cr_expect(app_options_is_name((struct bytes){name, 64}));
    cr_expect_not(app_options_is_name((struct bytes){name, 65}));
}

Test(app_options, are_64_at_most)
{
    char name[32];
    for (int i = 0; i < APP_OPTIONS_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(add(name, "v"), ERROR_NONE, "%d", i);
    }
    cr_expect_eq(add("one.more", "v"), ERROR_FULL);
    cr_expect_eq(options.count, APP_OPTIONS_MAX);
    cr_expect_str_eq(app_options_name(&options, 63), "n63");
}

/* Each text with its NUL: to the byte. */
Test(app_options, fill_their_room_and_no_more)
{
    static char value[APP_OPTIONS_SIZE_MAX];
    memset(value, 'v', sizeof value);
    for (size_t rest = 0; rest < 5; rest++) {
        memset(&options, 0, sizeof options);
        size_t size = sizeof options.texts - 2 - 1 - rest;
        cr_assert_eq(app_options_add(&options, BYTES("a"), (struct bytes){value, size}),
                     ERROR_NONE);
        cr_expect_eq(add("b", ""), rest >= 3 ? ERROR_NONE : ERROR_FULL, "%zu", rest);
        cr_expect_eq(options.count, rest >= 3 ? 2 : 1);
        cr_expect_eq(strlen(app_options_value(&options, 0)), size);
        cr_expect_leq(options.size, sizeof options.texts);
    }
    memset(&options, 0, sizeof options);
    cr_expect_eq(app_options_add(&options, BYTES("a"), (struct bytes){value, sizeof value - 2}),
                 ERROR_FULL);
    cr_expect_eq(app_options_add(&options, (struct bytes){value, sizeof value}, BYTES("")),
                 ERROR_FULL);
}
