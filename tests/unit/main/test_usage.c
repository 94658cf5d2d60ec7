#include "main/usage.h"

#include "config/setting.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[65536];

static void print(void (*function)(FILE *stream))
{
    FILE *stream = fmemopen(text, sizeof text, "w");
    cr_assert_neq(stream, NULL);
    function(stream);
    (void)fclose(stream);
}

/* Promises CLI-2, CFG-10 */
Test(usage, names_every_option_variable_and_signal)
{
    static const char *const names[] = {"-c, --config FILE",
                                        "-f, --foreground",
                                        "-h, --help",
                                        "-s, --stop",
                                        "-t, --test",
                                        "-V, --version",
                                        "HYPNOTOAD_APP",
                                        "HYPNOTOAD_CONFIG",
                                        "HYPNOTOAD_DEBUG",
                                        "HYPNOTOAD_FOREGROUND",
                                        "HYPNOTOAD_TEST",
                                        "HYPNOTOAD_TRACE",
                                        "MOJO_MODE",
                                        "MOJO_REVERSE_PROXY",
                                        "MOJO_TMPDIR",
                                        "INT, TERM",
                                        "QUIT",
                                        "TTIN, TTOU",
                                        "USR1"};
    print(usage_print);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect(strstr(text, names[i]) != NULL, "%s", names[i]);
}

/* Promise CFG-7 */
Test(usage, names_every_setting_and_its_default)
{
    print(usage_print);
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        struct setting_description setting;
        char line[256];
        setting_describe((enum setting_id)i, &setting);
        (void)snprintf(line, sizeof line, "\n  %s ", setting.name);
        cr_expect(strstr(text, line) != NULL, "%s", setting.name);
        (void)snprintf(line, sizeof line, "default: %s\n", setting.standard);
        cr_expect(strstr(text, line) != NULL, "%s", line);
    }
}

Test(usage, is_short_after_a_mistake)
{
    print(usage_print_short);
    cr_expect_eq(strncmp(text, "usage: hypnotoad [OPTIONS] APPLICATION\n", 39), 0, "%s", text);
    cr_expect(strstr(text, "--help") != NULL);
    cr_expect_lt(strlen(text), 400);
}
