#include "reading.h"

#include <criterion/criterion.h>
#include <string.h>

struct config config;

enum error read_config(const char *text, struct problem *problem)
{
    struct config_source source = {.text = bytes_of(text), .file_name = "myapp.conf"};
    return config_read(&source, problem, &config);
}

void take(const char *text)
{
    struct problem problem = {.text = ""};
    cr_assert_eq(read_config(text, &problem), ERROR_NONE, "%s: %s", text, problem.text);
}

void expect_refused(const char *text, const char *expected)
{
    struct problem problem = {.text = ""};
    memset(&config, 0x5a, sizeof config);
    cr_expect_eq(read_config(text, &problem), ERROR_INVALID, "%s", text);
    cr_expect_str_eq(problem.text, expected, "%s\n  says     %s\n  expected %s", text, problem.text,
                     expected);
}

void expect_all_refused(const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_refused(rows[i].text, rows[i].problem);
}
