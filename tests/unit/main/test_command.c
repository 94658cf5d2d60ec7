/* The command from its arguments to its exit status. */
#include "captured.h"
#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int hypnotoad_main(int argument_count, char **arguments);

static void begin(void)
{
    static const char *const variables[] = {"HYPNOTOAD_APP",        "HYPNOTOAD_CONFIG",
                                            "HYPNOTOAD_FOREGROUND", "HYPNOTOAD_TEST",
                                            "HYPNOTOAD_DEBUG",      "MOJO_MODE"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        (void)unsetenv(variables[i]);
    folder_open();
    /* The plan must be there before a child shares it. */
    faulty_arm(FAULTY_open, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(command, .init = begin, .fini = folder_close);

#define GOOD MODULES "/good.so"

static const char *const *arguments;
static enum faulty_call failing_call;
static bool must_fail;

static int run_command(void *context)
{
    char *list[8] = {HYPNOTOAD};
    int count = 1;
    (void)context;
    for (; arguments[count - 1] != NULL; count++)
        list[count] = (char *)(uintptr_t)arguments[count - 1];
    if (must_fail)
        faulty_arm(failing_call, FAULTY_ONCE, 1, FAULTY_HERE);
    return hypnotoad_main(count, list);
}

static int run(const char *const *list)
{
    arguments = list;
    return captured_run(run_command, NULL);
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static const char *config_with(const char *pid_file, const char *rest)
{
    static char path[1024];
    char text[2048];
    (void)snprintf(path, sizeof path, "%s", folder_path("conf"));
    (void)snprintf(text, sizeof text,
                   "{listen => ['http://127.0.0.1:0'], workers => 1, pid_file => '%s/%s', "
                   "log_file => '%s/log', %s}",
                   folder_path(""), pid_file, folder_path(""), rest);
    folder_write("conf", text);
    return path;
}

static const char *config(const char *rest)
{
    return config_with("pid", rest);
}

/* Promise CLI-3 */
Test(command, shows_its_version_and_how_it_is_used)
{
    cr_expect_eq(RUN("--version"), 0);
    cr_expect_str_eq(captured_out(), "hypnotoad " TOAD_VERSION "\n");
    cr_expect_eq(RUN("--help"), 0);
    cr_expect(strstr(captured_out(), "Options (unique") != NULL);
    cr_expect_str_eq(captured_errors(), "");
}

/* Promise CLI-3 */
Test(command, that_is_wrong_is_explained)
{
    cr_expect_eq(RUN("--nonsense", "a"), 2);
    const char *errors = captured_errors();
    cr_expect_eq(
        strncmp(errors, "hypnotoad: unknown or ambiguous option \"--nonsense\"\nusage: ", 59), 0,
        "%s", errors);
    cr_expect_str_eq(captured_out(), "");
}

/* Promise CLI-4 */
Test(command, checks)
{
    cr_expect_eq(RUN("--test", "-c", config(""), GOOD), 0);
    cr_expect_str_eq(captured_out(), "Everything looks good!\n");
    cr_expect_str_eq(captured_errors(), "");
    cr_expect_eq(RUN("--test", "-c", config("user => 'no-such-user'"), GOOD), 1);
    cr_expect(strstr(captured_errors(), "hypnotoad: user \"no-such-user\" does not exist") != NULL);
    cr_expect_str_eq(captured_out(), "");
    cr_expect_eq(RUN("--test", "-c", config("nonsense => 1"), GOOD), 1);
    cr_expect(strstr(captured_errors(), "nonsense") != NULL, "%s", captured_errors());
}

/* Promise CFG-10 */
Test(command, obeys_the_environment)
{
    (void)setenv("HYPNOTOAD_APP", GOOD, 1);
    (void)setenv("HYPNOTOAD_CONFIG", config(""), 1);
    (void)setenv("HYPNOTOAD_TEST", "1", 1);
    (void)setenv("HYPNOTOAD_DEBUG", "1", 1);
    static const char *const nothing[] = {NULL};
    cr_expect_eq(run(nothing), 0);
    cr_expect_str_eq(captured_out(), "Everything looks good!\n");
    /* Promise OBS-1 */
    char said[2200];
    (void)snprintf(said, sizeof said, "APPLICATION %s\nCONFIG %s\n", GOOD, folder_path("conf"));
    cr_expect_str_eq(captured_errors(), said);
}

/* Promises CLI-1, CLI-6, CLI-9 */
Test(command, starts_a_server_and_stops_it)
{
    cr_assert_eq(RUN("-c", config(""), GOOD), 0, "%s", captured_errors());
    cr_expect_eq(strncmp(captured_out(), "Server available at http://127.0.0.1:", 37), 0);
    cr_expect_str_eq(captured_errors(), "");
    pid_t manager = (pid_t)strtol(folder_read("pid"), NULL, 10);
    cr_expect_eq(RUN("--stop", "-c", config(""), GOOD), 0);
    cr_expect(strstr(captured_out(), "Stopping Hypnotoad server") != NULL);
    cr_expect(child_has_ended(manager));
    cr_expect_not(folder_has("pid"));
    cr_expect_eq(RUN("--stop", "-c", config(""), GOOD), 0);
    cr_expect_str_eq(captured_out(), "Hypnotoad server not running.\n");
}

static void expect_deployment(pid_t manager)
{
    char said[64];
    (void)snprintf(said, sizeof said, "Starting hot deployment for Hypnotoad server %d.\n",
                   (int)manager);
    cr_expect_str_eq(captured_out(), said);
}

/* Promises CLI-8, UPG-1, CFG-9 */
Test(command, deploys_a_server_that_is_running)
{
    cr_assert_eq(RUN("-c", config(""), GOOD), 0, "%s", captured_errors());
    pid_t first = (pid_t)strtol(folder_read("pid"), NULL, 10);
    cr_expect_eq(RUN("-c", config(""), GOOD), 0, "%s", captured_errors());
    expect_deployment(first);
    cr_expect_str_eq(captured_errors(), "");
    pid_t second = (pid_t)strtol(folder_read("pid"), NULL, 10);
    cr_expect_neq(first, second);
    cr_expect(child_has_ended(first));
    /* It can be deployed as well, and what it has to say is heard; it stays where it was. */
    cr_expect_eq(RUN("--stop", "-c", config_with("elsewhere", "bonjour => 1"), GOOD), 0);
    cr_expect_str_eq(captured_out(), "Hypnotoad server not running.\n");
    cr_assert_eq(kill(second, SIGUSR2), 0);
    cr_expect(child_has_ended(second));
    pid_t third = (pid_t)strtol(folder_read("pid"), NULL, 10);
    cr_expect_neq(second, third);
    cr_expect_not(folder_has("elsewhere"));
    cr_expect_eq(RUN("--stop", "-c", config(""), GOOD), 0);
    cr_expect(child_has_ended(third));
}

/* Promises CLI-8, UPG-5 */
Test(command, says_why_a_deployment_fails)
{
    cr_assert_eq(RUN("-c", config(""), GOOD), 0, "%s", captured_errors());
    pid_t manager = (pid_t)strtol(folder_read("pid"), NULL, 10);
    arguments = (const char *const[]){"-c", config("user => 'no-such-user'"), GOOD, NULL};
    cr_expect_eq(captured_run(run_command, NULL), 1);
    expect_deployment(manager);
    const char *errors = captured_errors();
    cr_expect_eq(strncmp(errors, "hypnotoad: user \"no-such-user\" does not exist", 45), 0, "%s",
                 errors);
    char said[128];
    (void)snprintf(said, sizeof said,
                   "\nhypnotoad: the hot deployment of server %d failed: the new generation ended "
                   "before it took over\n",
                   (int)manager);
    cr_expect(strstr(errors, said) != NULL, "%s", errors);
    cr_expect_eq((pid_t)strtol(folder_read("pid"), NULL, 10), manager);
    cr_expect_eq(RUN("--stop", "-c", config(""), GOOD), 0);
    cr_expect(child_has_ended(manager));
}

/* Promise CLI-5: in the terminal that started it, also from the background. */
Test(command, says_why_a_server_does_not_start)
{
    cr_expect_eq(RUN("-c", config("user => 'no-such-user'"), GOOD), 1);
    cr_expect_str_eq(captured_errors(), "hypnotoad: user \"no-such-user\" does not exist; the "
                                        "setting user takes the name of a user of this system\n");
    (void)setenv("MODULE_FAILS", "1", 1);
    cr_expect_eq(RUN("-f", "-c", config(""), GOOD), 1);
    cr_expect(strstr(captured_errors(), "failed to initialize (7)") != NULL, "%s",
              captured_errors());
    cr_expect_eq(RUN("./no-such-app.so"), 1);
    cr_expect(strstr(captured_errors(), "cannot find application") != NULL);
}

Test(command, says_which_call_fails)
{
    static const struct {
        enum faulty_call call;
        const char *says;
    } table[] = {
        {FAULTY_open, "hypnotoad: cannot open /dev/null: Too many open files\n"},
        {FAULTY_setenv, "hypnotoad: cannot set MOJO_MODE: Cannot allocate memory\n"},
        {FAULTY_pipe2, "hypnotoad: cannot go to the background: Too many open files\n"},
    };
    must_fail = true;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        failing_call = table[i].call;
        cr_expect_eq(RUN("-c", config(""), GOOD), 1);
        cr_expect_str_eq(captured_errors(), table[i].says);
    }
}

static int run_without_room(void *context)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    child_demand(full >= 0 && dup2(full, STDOUT_FILENO) >= 0);
    return run_command(context);
}

/* What could not be said is not a success. */
Test(command, fails_when_it_cannot_say_what_it_was_asked)
{
    static const char *const lists[][5] = {{"--version"}, {"--help"}, {"-t", "-c", NULL, GOOD}};
    for (size_t i = 0; i < 3; i++) {
        const char *list[5];
        memcpy(list, lists[i], sizeof list);
        if (i == 2)
            list[2] = config("");
        arguments = list;
        cr_expect_eq(captured_run(run_without_room, NULL), 1, "%s", list[0]);
    }
}
