#include "config/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(rows) (sizeof rows / sizeof rows[0])

static struct config config;
static struct problem problem;

static enum error read(const char *text)
{
    struct config_source source = {.text = bytes_of(text), .file_name = "myapp.conf"};
    problem.text[0] = '\0';
    return config_read(&source, &problem, &config);
}

static const char *option(const char *name)
{
    size_t index;
    return app_options_find(&config.app, bytes_of(name), &index)
               ? app_options_value(&config.app, index)
               : "(not there)";
}

Test(config_options, are_texts_and_the_texts_of_numbers)
{
    static const struct {
        const char *value;
        const char *text;
    } rows[] = {
        {"'./public'", "./public"},
        {"\"a\\tb\"", "a\tb"},
        {"q{}", ""},
        {"1", "1"},
        {"'1.50'", "1.50"},
        {"1.50", "1.5"},
        {"0x10", "16"},
        {"-0.25", "-0.25"},
        {"1e3", "1000"},

        {"'0 but true'", "0 but true"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{app => {key => %s}}", rows[i].value);
        cr_assert_eq(read(text), ERROR_NONE, "%s", problem.text);
        cr_expect_str_eq(option("key"), rows[i].text);
        cr_expect_eq(config.app.count, 1);
    }
}

Test(config_options, may_be_none)
{
    cr_assert_eq(read("{app => {}}"), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(config.app.count, 0);
    cr_expect(config.is_given[SETTING_app]);
}

Test(config_options, have_names_of_their_own)
{
    /* Names of settings mean nothing there, and settings behind them are read on. */
    cr_assert_eq(read("{app => {workers => 9, 'Log.level-2' => 'debug', 1 => 2, -x => 3}, "
                      "workers => 3}"),
                 ERROR_NONE, "%s", problem.text);
    cr_expect_eq(config.workers, 3);
    cr_expect_eq(config.app.count, 4);
    cr_expect_str_eq(option("workers"), "9");
    cr_expect_str_eq(option("Log.level-2"), "debug");
    cr_expect_str_eq(option("1"), "2");
    cr_expect_str_eq(option("-x"), "3");
    cr_expect_str_eq(app_options_name(&config.app, 1), "Log.level-2");
}

Test(config_options, that_are_undef_are_not_given)
{
    cr_assert_eq(read("{app => {a => undef, b => 1, b => undef, c => undef, c => 2}}"), ERROR_NONE,
                 "%s", problem.text);
    cr_expect_eq(config.app.count, 2);
    cr_expect_str_eq(option("b"), "1");
    cr_expect_str_eq(option("c"), "2");
}

Test(config_options, that_are_wrong_are_shown_with_their_place)
{
    /* Promise CFG-4 */
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        {"{app => './public'}",
         "1:9: app is './public', it takes a hash of up to 64 texts and numbers, such as {root => "
         "'./public'}"},
        {"{app => []}",
         "1:9: app is a list, it takes a hash of up to 64 texts and numbers, such as "
         "{root => './public'}"},
        {"{\n  app => {\n    root => ['a'],\n  }\n}",
         "3:13: option root of app is a list, it takes a text of up to 4095 bytes or a number"},
        {"{app => {root => {}}}",
         "1:18: option root of app is a hash, it takes a text of up to 4095 bytes or a number"},
        {"{app => {'a b' => 1}}",
         "1:10: app has an option 'a b', names are 1 to 64 letters, digits, _, - and ."},
        {"{app => {'' => 1}}",
         "1:10: app has an option '', names are 1 to 64 letters, digits, _, - and ."},
        {"{app => {\"a\\x01\" => undef}}",
         "1:10: app has an option 'a?', names are 1 to 64 letters, digits, _, - and ."},
        {"{app => {root => \"a\\0b\"}}", "1:18: option root of app holds a NUL"},
        {"{app => {root => 1,\n root => 2}}",
         "2:2: option root of app is given twice, first at 1:10"},
        {"{app => {a => 1}, app => {b => 1}}", "1:19: app is given twice, first at 1:2"},
        {"{app => {'root'}}", "1:16: the last key of the hash has no value"},
        {"{apps => {root => 1}}", "1:2: there is no setting 'apps', did you mean app?"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char expected[256];
        (void)snprintf(expected, sizeof expected, "myapp.conf:%s", rows[i].problem);
        cr_expect_eq(read(rows[i].text), ERROR_INVALID, "%s", rows[i].text);
        cr_expect_str_eq(problem.text, expected);
    }
}

/* An application that is asked for nested data in a file that perl has evaluated has no place. */
Test(config_options, of_an_evaluated_file_are_named)
{
    /* Promises CFG-2, CFG-4 */
    struct config_source source = {.text = BYTES("{\"app\"=>{\"root\"=>[\"a\"]}}"),
                                   .file_name = "a.conf",
                                   .is_evaluated = true};
    cr_expect_eq(config_read(&source, &problem, &config), ERROR_INVALID);
    cr_expect_str_eq(problem.text, "a.conf: option root of app is a list, it takes a text of up to "
                                   "4095 bytes or a number");
}

/* {app => {name => 'v...v'}} */
static enum error read_sized(size_t name_size, size_t value_size)
{
    static char text[2 * CONFIG_PATH_MAX];
    memset(text, 'n', sizeof text);
    memcpy(text, "{app => {", 9);
    memcpy(text + 9 + name_size, " => '", 5);
    memset(text + 9 + name_size + 5, 'v', value_size);
    memcpy(text + 9 + name_size + 5 + value_size, "'}}", 4);
    return read(text);
}

Test(config_options, have_names_and_values_up_to_their_bounds)
{
    /* Promise CFG-4 */
    cr_expect_eq(read_sized(64, 4095), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(strlen(app_options_name(&config.app, 0)), 64);
    cr_expect_eq(strlen(app_options_value(&config.app, 0)), 4095);
    for (size_t size = 4096; size < 4099; size++) {
        cr_expect_eq(read_sized(4, size), ERROR_INVALID);
        cr_expect(strstr(problem.text, "vvv...', it takes a text of up to 4095 bytes") != NULL,
                  "%s", problem.text);
    }
    static const size_t sizes[] = {65, 66, 4000, 4096, 4097};
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        cr_expect_eq(read_sized(sizes[i], 1), ERROR_INVALID);
        cr_expect(strstr(problem.text, "nnn...', names are 1 to 64") != NULL, "%s", problem.text);
    }
}

/* {app => {n0 => 'v...v', n1 => ...}} */
static enum error read_many(int count, size_t value_size)
{
    static char text[CONFIG_FILE_SIZE_MAX];
    size_t size = (size_t)snprintf(text, sizeof text, "{app => {");
    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "n%02d => '%0*d',", i,
                                 (int)value_size, 0);
    (void)snprintf(text + size, sizeof text - size, "}}");
    return read(text);
}

Test(config_options, are_as_many_and_as_large_as_the_bounds_say)
{
    /* Promise CFG-4 */
    cr_expect_eq(read_many(64, 1), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(config.app.count, 64);
    cr_expect_eq(read_many(65, 1), ERROR_INVALID);
    cr_expect_str_eq(problem.text, "myapp.conf:1:721: app has more than 64 options");
    cr_expect_eq(read_many(8, 4091), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(read_many(9, 4091), ERROR_INVALID);
    cr_expect(strstr(problem.text, ": the options of app take more than 32768 bytes") != NULL, "%s",
              problem.text);
}
