#include "main/application.h"

#include "kit/faulty.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(application, .init = folder_open, .fini = folder_close);

#define GOOD MODULES "/good.so"

static struct application application;
static struct problem problem;

static enum error configure(const char *path, const char *config)
{
    struct options options = {.application = path, .config = config};
    problem.text[0] = '\0';
    return application_configure(&application, &options, &problem);
}

/* With `@` standing for the folder. */
static enum error configure_text(const char *text)
{
    static char whole[16384];
    size_t used = 0;
    for (; *text != '\0'; text++)
        used += (size_t)snprintf(whole + used, sizeof whole - used, *text == '@' ? "%s" : "%.1s",
                                 *text == '@' ? folder_path("") : text);
    whole[used] = '\0';
    folder_write("conf", whole);
    return configure(GOOD, folder_path("conf"));
}

static enum error load_text(const char *text)
{
    enum error error = configure_text(text);
    return error == ERROR_NONE ? application_load(&application, &problem) : error;
}

static void expect_refusal(const char *text, const char *reason)
{
    cr_expect_neq(load_text(text), ERROR_NONE, "%s", text);
    cr_expect(strstr(problem.text, reason) != NULL, "%s: %s", text, problem.text);
}

/* Promises CFG-3, CFG-5 */
Test(application, has_its_files_beside_it)
{
    cr_assert_eq(symlink(GOOD, folder_path("link.so")), 0);
    cr_assert_eq(configure(folder_path("link.so"), NULL), ERROR_NONE, "%s", problem.text);
    cr_expect_str_eq(application.path, GOOD);
    cr_expect_str_eq(application.config_path, MODULES "/hypnotoad.conf");
    cr_expect_str_eq(application.config.pid_file, MODULES "/hypnotoad.pid");
    cr_expect_eq(application.config.workers, 4);
}

Test(application, that_is_absent_is_named)
{
    cr_expect_eq(configure("./no-such-app.so", NULL), ERROR_NOT_FOUND);
    cr_expect_str_eq(problem.text, "cannot find application \"./no-such-app.so\": No such file or "
                                   "directory");
}

/* Promise CFG-3 */
Test(application, needs_the_configuration_that_was_named)
{
    cr_expect_eq(configure(GOOD, "./no-such.conf"), ERROR_NOT_FOUND);
    cr_expect(strstr(problem.text, "./no-such.conf") != NULL, "%s", problem.text);
}

Test(application, has_paths_that_fit)
{
    static char name[CONFIG_PATH_MAX + 1];
    memset(name, 'c', CONFIG_PATH_MAX);
    cr_expect_eq(configure(GOOD, name), ERROR_FULL);
    cr_expect(strstr(problem.text, "ccc...\" is too long") != NULL, "%s", problem.text);
}

/* A directory so deep that only the application's own name still fits. */
Test(application, has_paths_beside_it_that_fit)
{
    static char name[201];
    memset(name, 'd', 200);
    cr_assert_eq(chdir(folder_path("")), 0);
    size_t length = strlen(folder_path(""));
    while (length + 201 < CONFIG_PATH_MAX - 20) {
        cr_assert_eq(mkdir(name, 0755), 0);
        cr_assert_eq(chdir(name), 0);
        length += 201;
    }
    size_t rest = CONFIG_PATH_MAX - 1 - length - 1 - 2 - 4;
    if (rest > 0 && rest < 200) {
        name[rest] = '\0';
        cr_assert_eq(mkdir(name, 0755), 0);
        cr_assert_eq(chdir(name), 0);
    }
    FILE *file = fopen("a.s", "we");
    cr_assert_neq(file, NULL);
    (void)fclose(file);
    cr_expect_eq(configure("a.s", NULL), ERROR_FULL, "%s", problem.text);
    cr_expect(strstr(problem.text, "...\" is too long") != NULL, "%s", problem.text);
}

/* Promise CFG-10 */
Test(application, keeps_temporary_files_where_the_environment_says)
{
    (void)unsetenv("TMPDIR");
    (void)unsetenv("MOJO_TMPDIR");
    cr_assert_eq(configure(GOOD, NULL), ERROR_NONE);
    cr_expect_str_eq(application.temporary_directory, "/tmp");
    (void)setenv("TMPDIR", "/one", 1);
    (void)setenv("MOJO_TMPDIR", "", 1);
    cr_assert_eq(configure(GOOD, NULL), ERROR_NONE);
    cr_expect_str_eq(application.temporary_directory, "/one");
    (void)setenv("MOJO_TMPDIR", "/two", 1);
    cr_assert_eq(configure(GOOD, NULL), ERROR_NONE);
    cr_expect_str_eq(application.temporary_directory, "/two");
}

/* Promises CFG-5, CFG-6, CON-9 */
Test(application, takes_the_reverse_proxy_from_the_environment_unless_the_file_says_it)
{
    static const struct {
        const char *value; /* NULL: unset */
        const char *text;
        bool is_on;
    } rows[] = {
        {NULL, "{}", false},          {"", "{}", false},
        {"0", "{}", false},           {"1", "{}", true},
        {"00", "{}", true},           {"yes", "{proxy => undef}", true},
        {"1", "{proxy => 0}", false}, {NULL, "{proxy => 1}", true},
        {"0", "{proxy => 1}", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)unsetenv("MOJO_REVERSE_PROXY");
        if (rows[i].value != NULL)
            (void)setenv("MOJO_REVERSE_PROXY", rows[i].value, 1);
        cr_assert_eq(configure_text(rows[i].text), ERROR_NONE, "%s", problem.text);
        cr_expect_eq(application.config.proxy, rows[i].is_on, "%zu: %s", i, rows[i].text);
    }
}

/* Promise CLI-4 */
Test(application, is_loaded_when_all_is_well)
{
    cr_expect_eq(load_text("{pid_file => '@/pid', lock_file => '@/lock', log_file => '@/log', "
                           "access_log => '@/access', listen => ['http://127.0.0.1:0', "
                           "'http://*:0', 'http://[::1]:0', 'http://localhost:0']}"),
                 ERROR_NONE, "%s", problem.text);
    cr_expect_str_eq(application.app.name, "module");
    cr_expect_eq(folder_count(), 1, "it has made a file");
}

/* Promises LSN-7, CLI-4 */
Test(application, is_told_where_it_cannot_listen)
{
    static const struct {
        const char *value;
        const char *reason;
    } table[] = {
        {"ftp://127.0.0.1:80", "Invalid listen value \"ftp://127.0.0.1:80\""},
        {"http://127.0.0.1:99999", "Invalid listen value"},
        {"https://127.0.0.1:80:/none.pem:/none.key",
         "80:/none.pem:/none.key\": certificate \"/none.pem\" cannot be read: No such file"},
        {"https://127.0.0.1:80?verify=1", "80?verify=1\": verify needs a ca"},
        {"file:///run/sock?reuse=1", "reuse needs a host and a port"},
        {"http://no-such-host.invalid:80", "no-such-host.invalid"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "{pid_file => '@/pid', listen => ['%s']}",
                       table[i].value);
        expect_refusal(text, table[i].reason);
    }
}

/* Promises LSN-2, CLI-4: what a start would be told; one that has inherited a socket would not. */
Test(application, is_told_which_path_cannot_be)
{
    static const struct {
        const char *value;
        const char *reason; /* NULL: all is well */
    } table[] = {
        {"file://@/sock", NULL},
        {"http+unix://@/sock?mode=0660", NULL},
        {"file://@/absent/sock?fd=77", NULL},
        {"http://127.0.0.1:0?single_accept=1", NULL},
        {"file://@/absent/sock", "directory \""},
        {"file://@/conf", "/conf\" is there already and is not a socket"},
        {"http+unix://@/conf/sock", "Not a directory"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "{pid_file => '@/pid', listen => ['%s']}",
                       table[i].value);
        cr_assert_eq(load_text(text), ERROR_NONE, "%s: %s", table[i].value, problem.text);
        problem.text[0] = '\0';
        enum error error = application_check_paths(&application, &problem);
        cr_expect_eq(error == ERROR_NONE, table[i].reason == NULL, "%s: %s", table[i].value,
                     problem.text);
        if (table[i].reason == NULL)
            continue;
        cr_expect_eq(strncmp(problem.text, "Invalid listen value \"", 22), 0, "%s", problem.text);
        cr_expect(strstr(problem.text, table[i].reason) != NULL, "%s", problem.text);
    }
    cr_expect_eq(folder_count(), 1, "it has made a file");
}

/* Promises PID-5, CLI-4 */
Test(application, is_told_which_file_cannot_be)
{
    static const char *const settings[] = {"pid_file", "lock_file", "log_file", "access_log"};
    static const char *const named[] = {"PID file", "lock file", "log file", "access log"};
    for (size_t i = 0; i < 4; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "{%s'@/absent/file'}",
                       i == 0 ? "pid_file => " : "pid_file => '@/pid', ");
        if (i > 0)
            (void)snprintf(text, sizeof text, "{pid_file => '@/pid', %s => '@/absent/file'}",
                           settings[i]);
        expect_refusal(text, named[i]);
        expect_refusal(text, "/absent/file\"");
    }
    expect_refusal("{pid_file => '@/pid', access_log => '@'}", "access log");
}

/* A log may be a pipe or a device; other files may not. */
Test(application, may_log_into_a_pipe)
{
    cr_assert_eq(mkfifo(folder_path("pipe"), 0600), 0);
    cr_expect_eq(load_text("{pid_file => '@/pid', log_file => '/dev/null', "
                           "access_log => '@/pipe'}"),
                 ERROR_NONE, "%s", problem.text);
    expect_refusal("{pid_file => '@/pipe'}", "PID file");
    expect_refusal("{pid_file => '@/pid', lock_file => '/dev/null'}", "lock file");
}

Test(application, is_told_when_its_log_cannot_be_looked_at)
{
    static const enum faulty_call calls[] = {FAULTY_stat, FAULTY_access};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(configure_text("{pid_file => '@/pid', log_file => '/dev/null'}"), ERROR_NONE);
        faulty_arm(calls[i], FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
        enum error error = application_load(&application, &problem);
        cr_expect_gt(faulty_disarm(), 0);
        cr_expect_neq(error, ERROR_NONE);
        cr_expect(problem.text[0] != '\0' && strstr(problem.text, "Success") == NULL, "%s",
                  problem.text);
    }
}

/* Promise WRK-8 */
Test(application, is_told_of_users_that_do_not_exist)
{
    expect_refusal("{pid_file => '@/pid', user => 'no-such-user'}",
                   "user \"no-such-user\" does not exist");
    expect_refusal("{pid_file => '@/pid', group => 'no-such-group'}",
                   "group \"no-such-group\" does not exist");
}

/* Promise CLI-4 */
Test(application, may_refuse_to_start)
{
    static char longest[4096];
    (void)setenv("MODULE_REFUSES", "there is no database", 1);
    expect_refusal("{pid_file => '@/pid'}", "refuses to start: there is no database");
    (void)setenv("MODULE_REFUSES", "", 1);
    expect_refusal("{pid_file => '@/pid'}", "refuses to start: it does not say why");
    memset(longest, 'l', sizeof longest - 1);
    (void)setenv("MODULE_REFUSES", longest, 1);
    expect_refusal("{pid_file => '@/pid'}", "refuses to start: xxxx");
}

Test(application, must_be_one)
{
    folder_write("text.so", "text");
    cr_assert_eq(configure(folder_path("text.so"), NULL), ERROR_NONE);
    cr_expect_neq(application_load(&application, &problem), ERROR_NONE);
    cr_expect(strstr(problem.text, "cannot load application") != NULL, "%s", problem.text);
}
