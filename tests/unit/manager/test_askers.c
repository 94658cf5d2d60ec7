#include "manager/askers.h"

#include "kit/descriptors.h"
#include "kit/folder.h"
#include "sys/control_socket.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct askers askers;
static struct descriptors before;
static const char *const names[2] = {"app.so", "/srv/app.so"};
static const char request[] = "./app.so\0/srv/app.so";

static void begin(void)
{
    static char log_path[1024];
    folder_open();
    (void)snprintf(log_path, sizeof log_path, "%s", folder_path("log"));
    cr_assert_eq(log_open(log_path), ERROR_NONE);
    before = descriptors_look();
    askers_init(&askers);
    askers_open(&askers);
    cr_assert_geq(askers.socket_fd, 0, "%s", folder_read("log"));
}

static void end(void)
{
    askers_close(&askers);
    askers_close(&askers);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s", after.text);
    folder_close();
}

TestSuite(askers, .init = begin, .fini = end);

static int knock(void)
{
    int fd = -1;
    cr_assert_eq(control_socket_connect((int32_t)getpid(), &fd), ERROR_NONE);
    cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static bool observe(void)
{
    return askers_observe(&askers, names, NULL);
}

static int ask(void)
{
    int fd = knock();
    cr_assert_eq(control_socket_send(fd, request, sizeof request), ERROR_NONE);
    return fd;
}

static int wait_for_outcome(void)
{
    int fd = ask();
    cr_assert(observe());
    return fd;
}

/* The next message, "" if there is none yet, "end" if there is none to come. */
static const char *message(int fd)
{
    static char text[CONTROL_MESSAGE_MAX + 1];
    size_t size = 0;
    enum error error = control_socket_receive(fd, text, &size);
    text[size] = '\0';
    return error == ERROR_CLOSED ? "end" : text;
}

static size_t count_watched(void)
{
    struct pollfd watched[ASKERS_MAX + 1];
    return askers_watch(&askers, watched);
}

static void hang_up(int fd)
{
    cr_assert_eq(close(fd), 0);
}

/* Promise CLI-8 */
Test(askers, hear_what_is_said_and_the_outcome)
{
    int fd = knock();
    cr_expect_not(observe(), "it has not said anything");
    cr_expect_eq(count_watched(), 2);
    cr_assert_eq(control_socket_send(fd, request, sizeof request), ERROR_NONE);
    cr_expect(observe());
    cr_expect_eq(count_watched(), 1, "nothing more is expected from it");
    cr_expect_not(observe());
    askers_tell(&askers, "text\n", 5);
    cr_expect_str_eq(message(fd), "Ttext\n");
    cr_expect_str_eq(message(fd), "");
    askers_end(&askers, ASKER_COMMITTED, "4711");
    cr_expect_str_eq(message(fd), "C4711");
    cr_expect_str_eq(message(fd), "end");
    cr_expect_eq(askers.count, 0);
    hang_up(fd);
}

Test(askers, are_told_why_when_they_are_refused)
{
    int fd = ask();
    cr_expect_not(askers_observe(&askers, names, "not now"));
    cr_expect_str_eq(message(fd), "Fnot now");
    cr_expect_str_eq(message(fd), "end");
    cr_expect_eq(askers.count, 0);
    hang_up(fd);
}

/* Promise CLI-8: the command deploys what the server serves, and nothing else. */
Test(askers, must_want_what_is_served)
{
    static const struct {
        const char *text;
        size_t size;
        bool is_served;
    } table[] = {
        {"app.so\0", 7, true},
        {"/srv/app.so\0", 12, true},
        {"other\0app.so\0", 13, true},
        {"\0\0app.so\0", 9, true},
        {"app.so", 6, false}, /* without its end */
        {"other\0", 6, false},
        {"app.so.old\0", 11, false},
        {"xapp.so\0", 8, false},
        {"app.s\0", 6, false},
        {"\0", 1, false},
        {"/srv/app.s", 10, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int fd = knock();
        cr_assert_eq(control_socket_send(fd, table[i].text, table[i].size), ERROR_NONE);
        cr_expect_eq(observe(), table[i].is_served, "%zu", i);
        cr_expect_str_eq(message(fd),
                         table[i].is_served ? "" : "Fit serves another application, app.so");
        askers_end(&askers, ASKER_FAILED, "over");
        hang_up(fd);
    }
}

Test(askers, may_go_without_a_word)
{
    hang_up(knock());
    cr_expect_not(observe());
    cr_expect_eq(askers.count, 0);
    hang_up(wait_for_outcome());
    askers_tell(&askers, "text", 4);
    cr_expect_eq(askers.count, 0);
    hang_up(wait_for_outcome());
    askers_end(&askers, ASKER_FAILED, "over");
    cr_expect_eq(askers.count, 0);
    int fd = ask();
    hang_up(fd);
    cr_expect(observe(), "what it has asked for holds");
    askers_end(&askers, ASKER_FAILED, "over");
}

Test(askers, that_have_not_asked_get_no_outcome)
{
    int fd = knock();
    cr_expect_not(observe());
    askers_tell(&askers, "text", 4);
    askers_end(&askers, ASKER_FAILED, "over");
    cr_expect_str_eq(message(fd), "");
    cr_assert_eq(control_socket_send(fd, request, sizeof request), ERROR_NONE);
    cr_expect(observe());
    hang_up(fd);
}

Test(askers, are_taken_one_at_a_time)
{
    int first = ask();
    int second = ask();
    cr_expect(observe());
    cr_expect_not(askers_observe(&askers, names, "one is under way"));
    askers_end(&askers, ASKER_COMMITTED, "1");
    const char *text = message(first);
    bool is_first = text[0] == 'C';
    cr_expect_str_eq(text, is_first ? "C1" : "Fone is under way");
    cr_expect_str_eq(message(second), is_first ? "Fone is under way" : "C1");
    hang_up(first);
    hang_up(second);
}

/* The others wait in the kernel's queue until there is room. */
Test(askers, are_not_more_than_eight)
{
    int fds[ASKERS_MAX + 1];
    for (size_t i = 0; i <= ASKERS_MAX; i++)
        fds[i] = knock();
    cr_expect_not(observe());
    cr_expect_eq(askers.count, ASKERS_MAX);
    cr_expect_eq(count_watched(), ASKERS_MAX + 1);
    cr_assert_eq(control_socket_send(fds[ASKERS_MAX], request, sizeof request), ERROR_NONE);
    cr_expect_not(observe());
    hang_up(fds[3]);
    cr_expect_not(observe());
    cr_expect(observe());
    askers_end(&askers, ASKER_COMMITTED, "1");
    cr_expect_str_eq(message(fds[ASKERS_MAX]), "C1");
    for (size_t i = 0; i <= ASKERS_MAX; i++)
        if (i != 3)
            hang_up(fds[i]);
}

Test(askers, get_as_much_as_a_message_holds)
{
    static char text[CONTROL_MESSAGE_MAX + 100];
    memset(text, 't', sizeof text);
    int fd = wait_for_outcome();
    askers_tell(&askers, text, sizeof text);
    cr_expect_eq(strlen(message(fd)), CONTROL_MESSAGE_MAX);
    cr_expect_eq(askers.count, 1);
    hang_up(fd);
}

/* The manager waits for nobody. */
Test(askers, that_do_not_listen_are_dismissed)
{
    static char text[CONTROL_MESSAGE_MAX];
    memset(text, 't', sizeof text);
    int fd = wait_for_outcome();
    for (int i = 0; i < 10000 && askers.count > 0; i++)
        askers_tell(&askers, text, sizeof text);
    cr_expect_eq(askers.count, 0);
    hang_up(fd);
}

/* A manager serves all the same. */
Test(askers, cannot_be_where_somebody_else_is_asked)
{
    struct askers others;
    askers_init(&others);
    askers_open(&others);
    cr_expect_lt(others.socket_fd, 0);
    cr_expect(strstr(folder_read("log"), "warn Nobody can wait for a hot deployment: Address "
                                         "already in use") != NULL,
              "%s", folder_read("log"));
    struct pollfd watched[ASKERS_MAX + 1];
    cr_expect_eq(askers_watch(&others, watched), 0);
    cr_expect_not(askers_observe(&others, names, NULL));
    askers_tell(&others, "text", 4);
    askers_end(&others, ASKER_FAILED, "over");
    askers_close(&others);
}
