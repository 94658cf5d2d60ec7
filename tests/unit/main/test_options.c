#include "main/options.h"

#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"HYPNOTOAD_APP", "HYPNOTOAD_CONFIG", "HYPNOTOAD_FOREGROUND",
                                        "HYPNOTOAD_TEST", "HYPNOTOAD_DEBUG"};

static void begin(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        (void)unsetenv(variables[i]);
}

TestSuite(options, .init = begin);

enum {
    ARGUMENTS_MAX = 8
};

static enum error read_all(const char *const *arguments, struct options *options,
                           struct problem *problem)
{
    char *list[ARGUMENTS_MAX + 2] = {"hypnotoad"};
    int count = 1;
    for (; arguments[count - 1] != NULL; count++)
        list[count] = (char *)(uintptr_t)arguments[count - 1];
    problem->text[0] = '\0';
    return options_read(options, count, list, problem);
}

static const char *or_none(const char *text)
{
    return text == NULL ? "" : text;
}

/* What is set, a letter each. */
static const char *flags_of(const struct options *options)
{
    static char text[8];
    char *end = text;
    if (options->wants_foreground)
        *end++ = 'f';
    if (options->wants_help)
        *end++ = 'h';
    if (options->wants_stop)
        *end++ = 's';
    if (options->wants_test)
        *end++ = 't';
    if (options->wants_version)
        *end++ = 'V';
    if (options->is_debugging)
        *end++ = 'd';
    *end = '\0';
    return text;
}

/* Promises CLI-1, CLI-2 */
Test(options, are_understood)
{
    static const struct {
        const char *arguments[ARGUMENTS_MAX];
        const char *application;
        const char *config;
        const char *flags;
    } table[] = {
        {{"./a.so"}, "./a.so", "", ""},
        {{"-f", "a"}, "a", "", "f"},
        {{"--foreground", "a"}, "a", "", "f"},
        {{"a", "--fore"}, "a", "", "f"},
        {{"-c", "file", "a"}, "a", "file", ""},
        {{"-cfile", "a"}, "a", "file", ""},
        {{"--config", "file", "a"}, "a", "file", ""},
        {{"--config=file", "a"}, "a", "file", ""},
        {{"a", "--co=file", "-c", "last"}, "a", "last", ""},
        {{"-s", "a"}, "a", "", "s"},
        {{"--stop", "a"}, "a", "", "s"},
        {{"-t", "a"}, "a", "", "t"},
        {{"--test", "a"}, "a", "", "t"},
        {{"--t", "a"}, "a", "", "t"},
        {{"-ft", "a"}, "a", "", "ft"},
        {{"-h"}, "", "", "h"},
        {{"--help"}, "", "", "h"},
        {{"-V"}, "", "", "V"},
        {{"--version"}, "", "", "V"},
        {{"--v", "more", "than", "one"}, "", "", "V"},
        {{"--", "-f"}, "-f", "", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct options options;
        struct problem problem;
        cr_expect_eq(read_all(table[i].arguments, &options, &problem), ERROR_NONE, "row %zu: %s", i,
                     problem.text);
        cr_expect_str_eq(or_none(options.application), table[i].application, "row %zu", i);
        cr_expect_str_eq(or_none(options.config), table[i].config, "row %zu", i);
        cr_expect_str_eq(flags_of(&options), table[i].flags, "row %zu", i);
    }
}

/* Promise CLI-3: what is wrong is named. */
Test(options, that_are_wrong_are_named)
{
    static const struct {
        const char *arguments[ARGUMENTS_MAX];
        const char *problem;
    } table[] = {
        {{NULL}, "no application: name a shared object, such as ./myapp.so"},
        {{""}, "no application: name a shared object, such as ./myapp.so"},
        {{"-f"}, "no application: name a shared object, such as ./myapp.so"},
        {{"-x", "a"}, "unknown option \"-x\""},
        {{"-fx", "a"}, "unknown option \"-x\""},
        {{"--extra", "a"}, "unknown or ambiguous option \"--extra\""},
        {{"--foreground=yes", "a"}, "unknown or ambiguous option \"--foreground=yes\""},
        {{"a", "-c"}, "option \"-c\" needs the name of a file"},
        {{"a", "--config"}, "option \"--config\" needs the name of a file"},
        {{"a", "b"}, "extra argument \"b\""},
        {{"a", "--", "-b"}, "extra argument \"-b\""},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct options options;
        struct problem problem;
        cr_expect_eq(read_all(table[i].arguments, &options, &problem), ERROR_INVALID, "row %zu", i);
        cr_expect_str_eq(problem.text, table[i].problem);
    }
}

/* Promise CFG-10 */
Test(options, may_stand_in_the_environment)
{
    static const char *const nothing[ARGUMENTS_MAX] = {NULL};
    struct options options;
    struct problem problem;
    (void)setenv("HYPNOTOAD_APP", "app", 1);
    (void)setenv("HYPNOTOAD_CONFIG", "conf", 1);
    (void)setenv("HYPNOTOAD_FOREGROUND", "1", 1);
    (void)setenv("HYPNOTOAD_TEST", "yes", 1);
    (void)setenv("HYPNOTOAD_DEBUG", "1", 1);
    cr_assert_eq(read_all(nothing, &options, &problem), ERROR_NONE);
    cr_expect_str_eq(options.application, "app");
    cr_expect_str_eq(options.config, "conf");
    cr_expect_str_eq(flags_of(&options), "ftd");
    static const char *const both[ARGUMENTS_MAX] = {"-c", "other", "another", NULL};
    cr_assert_eq(read_all(both, &options, &problem), ERROR_NONE);
    cr_expect_str_eq(options.application, "another");
    cr_expect_str_eq(options.config, "other");
}

Test(options, in_the_environment_are_not_set_by_nothing_or_0)
{
    static const char *const arguments[ARGUMENTS_MAX] = {"a", NULL};
    static const char *const values[] = {"", "0"};
    for (size_t i = 0; i < 2; i++) {
        struct options options;
        struct problem problem;
        for (size_t k = 2; k < 5; k++)
            (void)setenv(variables[k], values[i], 1);
        (void)setenv("HYPNOTOAD_APP", "", 1);
        (void)setenv("HYPNOTOAD_CONFIG", "", 1);
        cr_assert_eq(read_all(arguments, &options, &problem), ERROR_NONE);
        cr_expect_str_eq(flags_of(&options), "");
        cr_expect_eq(options.config, NULL);
    }
}

/* Nothing of a reading that ended early, or put its arguments in order, is left for the next one.
 */
Test(options, are_read_anew_each_time)
{
    static const char *const first[][ARGUMENTS_MAX] = {
        {"-fxt", "a"}, {"a", "b", "-f", "-s"}, {"a", "-c", "x", "b", "--extra"}};
    static const char *const second[ARGUMENTS_MAX] = {"a", "-t"};
    struct options options;
    struct problem problem;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        cr_expect_eq(read_all(first[i], &options, &problem), ERROR_INVALID);
        cr_expect_eq(read_all(second, &options, &problem), ERROR_NONE, "%s", problem.text);
        cr_expect_str_eq(or_none(options.application), "a");
        cr_expect_str_eq(flags_of(&options), "t", "row %zu", i);
    }
}
