#include "sys/signals.h"

#include "kit/child.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int watched[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD};

static int must_open(void)
{
    int fd = -1;
    cr_assert_eq(signals_open(watched, 4, &fd), ERROR_NONE);
    return fd;
}

static void raise_often(int number, int times)
{
    for (int i = 0; i < times; i++)
        cr_assert_eq(kill(getpid(), number), 0);
}

Test(signals_open, gives_a_descriptor_that_neither_blocks_nor_is_inherited)
{
    int fd = must_open();
    int number = 77;
    cr_assert_neq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    cr_assert_neq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_eq(signals_read(fd, &number), ERROR_AGAIN);
    cr_assert_eq(number, 77);
}

Test(signals_read, gives_equal_signals_once_and_loses_none)
{
    int fd = must_open();
    raise_often(SIGUSR1, 5);
    raise_often(SIGTERM, 1);
    raise_often(SIGUSR2, 3);
    bool has_come[NSIG] = {false};
    int number = 0;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(signals_read(fd, &number), ERROR_NONE);
        cr_assert_not(has_come[number]);
        has_come[number] = true;
    }
    cr_assert(has_come[SIGUSR1] && has_come[SIGUSR2] && has_come[SIGTERM]);
    cr_assert_eq(signals_read(fd, &number), ERROR_AGAIN);
    raise_often(SIGUSR1, 1);
    cr_assert_eq(signals_read(fd, &number), ERROR_NONE, "it comes again");
    cr_assert_eq(number, SIGUSR1);
}

static int send_burst(void *context)
{
    (void)context;
    for (int i = 0; i < 1000; i++)
        (void)kill(getppid(), i % 2 == 0 ? SIGUSR1 : SIGUSR2);
    (void)kill(getppid(), SIGTERM);
    return 0;
}

/* Promise MGR-13 */
Test(signals_read, loses_no_kind_of_a_burst)
{
    int fd = must_open();
    pid_t sender = child_start(send_burst, NULL);
    bool has_come[NSIG] = {false};
    int64_t end_us = patience_now_us() + PATIENCE_US;
    while (!(has_come[SIGUSR1] && has_come[SIGUSR2] && has_come[SIGTERM] && has_come[SIGCHLD])) {
        int number = 0;
        cr_assert_lt(patience_now_us(), end_us);
        if (signals_read(fd, &number) == ERROR_NONE)
            has_come[number] = true;
        else
            (void)patience_readable(fd, 1000);
    }
    cr_assert_eq(child_wait(sender), 0);
}

Test(signals_read, says_when_there_is_nothing_to_read_from)
{
    int number = 77;
    int fd = must_open();
    (void)close(fd);
    cr_assert_eq(signals_read(fd, &number), ERROR_SYSTEM);
    cr_assert_eq(number, 77);
}

static bool is_default(int number)
{
    struct sigaction present;
    return sigaction(number, NULL, &present) != 0 || present.sa_handler == SIG_DFL;
}

Test(signals_set_defaults, undoes_what_the_parent_left_behind)
{
    static const int numbers[] = {SIGCHLD, SIGPIPE, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signals_ignore(numbers[i]);
    cr_assert_not(is_default(SIGCHLD));
    signals_set_defaults();
    for (int number = 1; number < NSIG; number++)
        cr_expect(is_default(number), "signal %d", number);
}

static int unblock_what_is_pending(void *context)
{
    (void)context;
    int fd = -1;
    signals_set_defaults();
    child_demand(signals_open(watched, 4, &fd) == ERROR_NONE);
    child_demand(kill(getpid(), SIGTERM) == 0);
    signals_unblock();
    return 0;
}

Test(signals_unblock, lets_in_what_was_pending)
{
    cr_assert_eq(child_run(unblock_what_is_pending, NULL), CHILD_SIGNALLED + SIGTERM);
}

Test(signals_unblock, leaves_nothing_blocked)
{
    sigset_t all;
    sigset_t present;
    (void)sigfillset(&all);
    cr_assert_eq(sigprocmask(SIG_BLOCK, &all, NULL), 0);
    signals_unblock();
    cr_assert_eq(sigprocmask(SIG_BLOCK, NULL, &present), 0);
    for (int number = 1; number < NSIG; number++)
        cr_expect_neq(sigismember(&present, number), 1, "signal %d", number);
}

static int ignore_and_raise(void *context)
{
    (void)context;
    signals_ignore(SIGTERM);
    return raise(SIGTERM) == 0 ? 5 : 1;
}

Test(signals_ignore, lets_a_process_live)
{
    cr_assert_eq(child_run(ignore_and_raise, NULL), 5);
}

Test(signals_name, is_what_kill_calls_it)
{
    cr_assert_str_eq(signals_name(SIGTERM), "TERM");
    cr_assert_str_eq(signals_name(SIGSEGV), "SEGV");
    cr_assert_str_eq(signals_name(0), "?");
    cr_assert_str_eq(signals_name(-1), "?");
    cr_assert_str_eq(signals_name(1000), "?");
}
