#include "manager/successor.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/faulty.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/channel.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct successor successor;
static struct askers askers;

static void begin(void)
{
    folder_open();
    int errors = open(folder_path("errors"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    cr_assert(errors >= 0 && dup2(errors, STDERR_FILENO) >= 0 && close(errors) == 0);
    successor_init(&successor);
    askers_init(&askers);
}

TestSuite(successor, .init = begin, .fini = folder_close);

static int speak(void *context, int channel, int errors)
{
    const char *text = context;
    child_bind_to_parent();
    if (channel_send(channel, 'x') != ERROR_NONE)
        return 1;
    return write(errors, text, strlen(text)) == (ssize_t)strlen(text) ? 42 : 2;
}

static void run(const char *text)
{
    int32_t pid = successor_spawn(&successor, speak, (void *)(uintptr_t)text);
    cr_assert_gt(pid, 0);
    cr_assert_eq(child_wait(pid), 42);
}

static int have_descriptors_that_others_do_not_get(void *context, int channel, int errors)
{
    (void)context;
    return (fcntl(channel, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(errors, F_GETFD) & FD_CLOEXEC) != 0
               ? 42
               : 1;
}

/* Promise UPG-8 */
Test(successor, is_given_descriptors_that_are_close_on_exec)
{
    struct descriptors before = descriptors_look();
    int32_t pid = successor_spawn(&successor, have_descriptors_that_others_do_not_get, NULL);
    cr_assert_eq(child_wait(pid), 42);
    cr_expect(fcntl(successor.channel, F_GETFD) & FD_CLOEXEC);
    cr_expect(fcntl(successor.errors_fd, F_GETFD) & FD_CLOEXEC);
    struct descriptors during = descriptors_look();
    cr_expect_eq(descriptors_count(&during), descriptors_count(&before) + 2, "%s", during.text);
    successor_release(&successor);
    successor_release(&successor);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s", after.text);
}

Test(successor, speaks_through_its_channel)
{
    char word = 0;
    run("");
    cr_expect_eq(channel_receive(successor.channel, &word), ERROR_NONE);
    cr_expect_eq(word, 'x');
    cr_expect_eq(channel_receive(successor.channel, &word), ERROR_CLOSED);
    successor_release(&successor);
}

/* Promise UPG-5: without a log file it goes where the log goes. */
Test(successor, is_heard_on_standard_error)
{
    run("one\n\x01two\nthree");
    successor_relay(&successor, &askers);
    cr_expect_str_eq(folder_read("errors"), "one\nthree\n", "the second one was there already");
    cr_expect_lt(successor.errors_fd, 0, "it has said everything");
    successor_relay(&successor, &askers);
    cr_expect_str_eq(folder_read("errors"), "one\nthree\n");
    successor_release(&successor);
}

static int keep_silent(void *context, int channel, int errors)
{
    (void)context;
    (void)channel;
    (void)errors;
    child_bind_to_parent();
    (void)pause();
    return 0;
}

/* The manager has other duties. */
Test(successor, is_not_waited_for)
{
    int32_t pid = successor_spawn(&successor, keep_silent, NULL);
    cr_assert_gt(pid, 0);
    int64_t start_us = patience_now_us();
    successor_relay(&successor, &askers);
    cr_expect_lt(patience_now_us() - start_us, PATIENCE_US);
    cr_expect_geq(successor.errors_fd, 0);
    cr_expect_str_eq(folder_read("errors"), "");
    successor_release(&successor);
    (void)kill(pid, SIGKILL);
    cr_expect_eq(child_wait(pid), CHILD_SIGNALLED + SIGKILL);
}

/* What is left of a line belongs to the generation that has said it. */
Test(successor, forgets_the_last_one)
{
    run("half a line");
    successor.line_size = 3;
    memcpy(successor.line, "old", 3);
    run("new\n");
    successor_relay(&successor, &askers);
    cr_expect_str_eq(folder_read("errors"), "new\n");
    successor_release(&successor);
}

/* Promise UPG-5 */
Test(successor, cannot_be_made_without_descriptors_or_processes)
{
    static const struct {
        enum faulty_call call;
        int reason;
    } table[] = {{FAULTY_socketpair, EMFILE},
                 {FAULTY_pipe2, EMFILE},
                 {FAULTY_fcntl, EBADF},
                 {FAULTY_fork, EAGAIN}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct descriptors before = descriptors_look();
        faulty_arm(table[i].call, FAULTY_ONCE, 1, FAULTY_HERE);
        int32_t pid = successor_spawn(&successor, speak, (void *)(uintptr_t) "");
        int reason = errno;
        cr_expect_eq(faulty_disarm(), 1);
        cr_expect_lt(pid, 0, "%s", faulty_call_text(table[i].call));
        cr_expect_eq(reason, table[i].reason, "%s: %s", faulty_call_text(table[i].call),
                     strerror(reason));
        struct descriptors after = descriptors_look();
        cr_expect(descriptors_equal(&before, &after), "%s: %s", faulty_call_text(table[i].call),
                  after.text);
    }
}
