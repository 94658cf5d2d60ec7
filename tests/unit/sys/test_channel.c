#include "sys/channel.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ours = -1;
static int theirs = -1;

static void begin(void)
{
    cr_assert_eq(channel_open(&ours, &theirs), ERROR_NONE);
}

TestSuite(channel, .init = begin);

static void expect_word(int fd, char expected)
{
    char word = '?';
    cr_assert_eq(channel_receive(fd, &word), ERROR_NONE);
    cr_expect_eq(word, expected);
}

static void expect_nothing(int fd, enum error expected)
{
    char word = '?';
    cr_expect_eq(channel_receive(fd, &word), expected);
    cr_expect_eq(word, '?');
}

Test(channel, carries_words_both_ways_in_order)
{
    expect_nothing(ours, ERROR_AGAIN);
    expect_nothing(theirs, ERROR_AGAIN);
    cr_assert_eq(channel_send(ours, 'a'), ERROR_NONE);
    cr_assert_eq(channel_send(ours, 'b'), ERROR_NONE);
    cr_assert_eq(channel_send(theirs, 'c'), ERROR_NONE);
    expect_word(ours, 'c');
    expect_word(theirs, 'a');
    expect_word(theirs, 'b');
    expect_nothing(theirs, ERROR_AGAIN);
}

/* What was said before the end is heard. */
Test(channel, ends_with_its_peer)
{
    cr_assert_eq(channel_send(ours, 'a'), ERROR_NONE);
    cr_assert_eq(close(ours), 0);
    expect_word(theirs, 'a');
    expect_nothing(theirs, ERROR_CLOSED);
    expect_nothing(theirs, ERROR_CLOSED);
    /* No signal ends this process. */
    cr_expect_eq(channel_send(theirs, 'x'), ERROR_CLOSED);
}

Test(channel, never_blocks)
{
    int count = 0;
    while (count < 1000000 && channel_send(ours, 'a') == ERROR_NONE)
        count++;
    cr_expect(count > 0 && count < 1000000);
    expect_word(theirs, 'a');
}

/* A message that is longer than a word is one still. */
Test(channel, takes_one_word_of_a_message)
{
    cr_assert_eq(send(ours, "abc", 3, 0), 3);
    cr_assert_eq(channel_send(ours, 'd'), ERROR_NONE);
    expect_word(theirs, 'a');
    expect_word(theirs, 'd');
}

/* Promise UPG-8 */
Test(channel, is_closed_by_exec)
{
    cr_expect(fcntl(ours, F_GETFD) & FD_CLOEXEC);
    cr_expect(fcntl(theirs, F_GETFD) & FD_CLOEXEC);
}

static int look_from_child(void *context)
{
    (void)context;
    child_demand(channel_is_from(theirs, (int32_t)getppid()));
    child_demand(!channel_is_from(theirs, (int32_t)getpid()));
    return 0;
}

static int make_one(void *context)
{
    int *ends = context;
    child_demand(channel_open(&ends[0], &ends[1]) == ERROR_NONE);
    child_demand(channel_is_from(ends[1], (int32_t)getpid()));
    child_demand(!channel_is_from(ends[1], (int32_t)getppid()));
    return 0;
}

/* Bad input: a handover that is forged names a channel that its manager has not made. */
Test(channel, tells_who_made_it)
{
    int ends[2];
    int pipe_ends[2];
    cr_expect(channel_is_from(theirs, (int32_t)getpid()));
    cr_expect_not(channel_is_from(theirs, 1));
    cr_expect_not(channel_is_from(theirs, 0));
    cr_expect_eq(child_run(look_from_child, NULL), 0);
    cr_expect_eq(child_run(make_one, ends), 0);
    cr_assert_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
    cr_expect_not(channel_is_from(pipe_ends[0], (int32_t)getpid()));
    cr_expect_not(channel_is_from(1000, (int32_t)getpid()));
    int unconnected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_expect_not(channel_is_from(unconnected, (int32_t)getpid()));
}
