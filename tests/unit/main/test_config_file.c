#include "main/config_file.h"

#include "kit/folder.h"
#include "kit/sweep.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(config_file, .init = folder_open, .fini = folder_close);

static struct config config;
static struct problem problem;

static enum error read_it(const char *text)
{
    folder_write("conf", text);
    problem.text[0] = '\0';
    return config_file_read(folder_path("conf"), true, &config, &problem);
}

/* Promises CFG-1, CFG-3 */
Test(config_file, is_read)
{
    cr_assert_eq(read_it("{workers => 7};"), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(config.workers, 7);
    cr_expect_eq(config.clients, 1000);
}

/* Promise CFG-3 */
Test(config_file, that_is_absent_gives_the_defaults_unless_it_was_named)
{
    cr_assert_eq(config_file_read(folder_path("absent"), false, &config, &problem), ERROR_NONE);
    cr_expect_eq(config.workers, 4);
    cr_expect_eq(config_file_read(folder_path("absent"), true, &config, &problem), ERROR_NOT_FOUND);
    cr_expect(strstr(problem.text, folder_path("absent")) != NULL, "%s", problem.text);
}

Test(config_file, that_is_no_file_is_refused)
{
    cr_assert_eq(mkdir(folder_path("directory"), 0755), 0);
    cr_expect_neq(config_file_read(folder_path("directory"), false, &config, &problem), ERROR_NONE);
    cr_expect(strstr(problem.text, folder_path("directory")) != NULL, "%s", problem.text);
}

/* Promise CFG-4 */
Test(config_file, that_is_wrong_is_named_with_the_place)
{
    static const char *const texts[] = {"{workers => 'many'}", "{wokers => 1}", "{workers => }"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char place[1100];
        cr_expect_eq(read_it(texts[i]), ERROR_INVALID);
        (void)snprintf(place, sizeof place, "%s:1:", folder_path("conf"));
        cr_expect(strstr(problem.text, place) != NULL, "%s", problem.text);
    }
}

/* Promise CFG-2 */
Test(config_file, that_is_more_than_data_is_evaluated)
{
    cr_assert_eq(read_it("my $n = 3;\n{workers => $n * 2};\n"), ERROR_NONE, "%s", problem.text);
    cr_expect_eq(config.workers, 6);
}

/* Promise CFG-2 */
Test(config_file, that_perl_cannot_evaluate_says_why)
{
    static const struct {
        const char *text;
        const char *problem;
    } table[] = {
        {"my $n = 1; die \"no\\n\";", "no"},
        {"use strict;\n{workers => $m};", "line 2"},
        {"my $n = 1;\n{workers => $n . 'x'};", "workers"},
        {"my $n = 1; close STDERR; exit 3;", "perl failed to evaluate it (status 3)"},
        {"my $n = 1; {listen => ['http://h/' . 'x' x 2000000]};",
         "it is larger than 1048576 bytes"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        cr_expect_neq(read_it(table[i].text), ERROR_NONE, "%s", table[i].text);
        cr_expect(strstr(problem.text, table[i].problem) != NULL, "%s: %s", table[i].text,
                  problem.text);
    }
}

/* Promise CFG-2 */
Test(config_file, that_is_more_than_data_needs_a_perl)
{
    (void)setenv("PATH", folder_path(""), 1);
    cr_expect_eq(read_it("my $n = 3; {workers => $n};"), ERROR_INVALID);
    cr_expect(strstr(problem.text, "it is more than data, and there is no perl to evaluate it"),
              "%s", problem.text);
    cr_expect_eq(read_it("{workers => 3}"), ERROR_NONE);
}

static enum error evaluate(struct problem *said)
{
    return config_file_read(folder_path("conf"), true, &config, said);
}

Test(config_file, that_cannot_be_read_or_evaluated_is_named)
{
    folder_write("conf", "my $n = 3; {workers => $n};");
    struct sweep sweep = {.name = "config_file_read", .attempt = evaluate, .says = "conf"};
    static const struct sweep_row rows[] = {
        {FAULTY_open, FAULTY_ONCE | FAULTY_FROM_THEN_ON, 0},
        {FAULTY_pipe2, FAULTY_ONCE | FAULTY_FROM_THEN_ON, 0},
        {FAULTY_fork, FAULTY_ONCE | FAULTY_FROM_THEN_ON, 0},
    };
    SWEEP_RUN(&sweep, rows);
}
