/* Commands run in the system's shell, which is there wherever this is built. */
#include "sys/command.h"

#include "base/limits.h"
#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT_US (3 * SECOND_US)

struct told {
    struct command_result result;
    struct buffer output;
    struct buffer errors;
    int64_t took_us;
    char output_storage[8192];
    char error_storage[1024];
};

static struct told told;

static void run(const char *program, const char *script, int64_t timeout_us, size_t room)
{
    const char *arguments[] = {program, "-c", script, NULL};
    memset(&told, 0, sizeof told);
    buffer_init(&told.output, told.output_storage, room);
    buffer_init(&told.errors, told.error_storage, sizeof told.error_storage - 1);
    struct descriptors before = descriptors_look();
    int64_t start_us = patience_now_us();
    cr_assert_eq(command_run(arguments, timeout_us, &told.output, &told.errors, &told.result),
                 ERROR_NONE);
    told.took_us = patience_now_us() - start_us;
    struct descriptors after = descriptors_look();
    cr_assert(descriptors_equal(&before, &after), "%s\n%s", before.text, after.text);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "no child is left");
}

static void shell(const char *script)
{
    run("sh", script, PATIENCE_US, sizeof told.output_storage - 1);
}

static void expect_in_time(int status)
{
    cr_expect_eq(told.result.status, status, "%d", told.result.status);
    cr_expect_not(told.result.is_late);
    cr_expect_not(told.result.is_too_long);
}

Test(command_run, gives_output_errors_and_status)
{
    shell("echo out; echo err >&2; exit 3");
    expect_in_time(3);
    cr_assert_str_eq(told.output_storage, "out\n");
    cr_assert_str_eq(told.error_storage, "err\n");
    shell("exit 0");
    expect_in_time(0);
    cr_assert_eq(told.output.size + told.errors.size, 0);
}

Test(command_run, says_127_for_a_program_that_is_not_there)
{
    run("no-such-program-at-all", "", PATIENCE_US, 10);
    expect_in_time(127);
    cr_assert_eq(told.output.size + told.errors.size, 0);
}

Test(command_run, says_minus_1_for_a_program_that_a_signal_ended)
{
    shell("echo before; kill -KILL $$");
    expect_in_time(-1);
    cr_assert_str_eq(told.output_storage, "before\n");
}

static pid_t told_pid(void)
{
    long pid = strtol(told.output_storage, NULL, 10);
    cr_assert_gt(pid, 1, "\"%s\"", told.output_storage);
    return (pid_t)pid;
}

Test(command_run, kills_a_late_program_and_its_children)
{
    run("sh", "sleep 1000 & echo $!; wait", SHORT_US, 100);
    cr_assert(told.result.is_late);
    cr_assert_geq(told.took_us, SHORT_US);
    cr_assert(child_has_ended(told_pid()));
}

Test(command_run, kills_what_a_program_leaves_behind)
{
    shell("sleep 1000 >/dev/null 2>&1 & echo $!");
    expect_in_time(0);
    cr_assert(child_has_ended(told_pid()));
}

Test(command_run, is_late_also_when_the_program_has_closed_its_streams)
{
    run("sh", "echo $$; exec >&- 2>&-; sleep 1000", SHORT_US, 100);
    cr_assert(told.result.is_late);
    cr_assert_geq(told.took_us, SHORT_US);
    cr_assert(child_has_ended(told_pid()));
}

Test(command_run, waits_for_the_status_of_a_program_that_has_closed_its_streams)
{
    shell("exec >&- 2>&-; sleep 0.1; exit 5");
    expect_in_time(5);
}

Test(command_run, ends_a_program_that_says_too_much)
{
    run("sh", "yes", PATIENCE_US, 5000);
    cr_assert(told.result.is_too_long);
    cr_assert_not(told.result.is_late);
    run("sh", "yes >&2", PATIENCE_US, 5000);
    cr_assert(told.result.is_too_long);
    run("sh", "printf 12345", PATIENCE_US, 4);
    cr_assert(told.result.is_too_long);
    run("sh", "printf 12345", PATIENCE_US, 5);
    expect_in_time(0);
    cr_assert_eq(told.output.size, 5);
}

Test(command_run, collects_both_streams_at_once)
{
    /* More than a pipe holds, so that a reader of one after the other would never come to an end.
     */
    static char large[200001];
    struct buffer output;
    struct buffer errors;
    struct command_result result;
    const char *arguments[] = {
        "sh", "-c",
        "for i in 1 2; do head -c 100000 /dev/zero >&2; head -c 1 /dev/zero; "
        "done",
        NULL};
    buffer_init(&output, told.output_storage, sizeof told.output_storage);
    buffer_init(&errors, large, sizeof large);
    cr_assert_eq(command_run(arguments, PATIENCE_US, &output, &errors, &result), ERROR_NONE);
    cr_assert_eq(result.status, 0);
    cr_assert_eq(output.size, 2);
    cr_assert_eq(errors.size, 200000);
}

/* What a server has open is its own. */
Test(command_run, lends_its_program_the_standard_streams_alone)
{
    int kept = dup2(STDERR_FILENO, 50);
    cr_assert_eq(kept, 50);
    shell("test -e /proc/self/fd/50 && echo leaked; cat; echo done");
    expect_in_time(0);
    cr_assert_str_eq(told.output_storage, "done\n", "and nothing to read");
    (void)close(kept);
}

Test(command_run, gives_its_program_every_signal_back)
{
    sigset_t all;
    (void)sigfillset(&all);
    cr_assert_eq(sigprocmask(SIG_BLOCK, &all, NULL), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    shell("grep -E '^Sig(Blk|Ign):' /proc/self/status");
    expect_in_time(0);
    cr_assert_str_eq(told.output_storage, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    shell("kill -TERM $$; echo deaf");
    expect_in_time(-1);
}
