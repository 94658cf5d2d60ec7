#include "sys/notify.h"

#include "kit/descriptors.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct descriptors before;

static void begin(void)
{
    folder_open();
    (void)unsetenv("NOTIFY_SOCKET");
    before = descriptors_look();
}

TestSuite(notify, .init = begin, .fini = folder_close);

/* The service manager's end. */
static int open_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(name);
    memcpy(address.sun_path, name, size);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
                 0);
    cr_assert_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    before = descriptors_look();
    return fd;
}

static const char *message(int fd)
{
    static char text[256];
    ssize_t size = recv(fd, text, sizeof text - 1, 0);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

static void expect_nothing_left(void)
{
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after), "%s", after.text);
}

static void expect_messages(const char *name)
{
    char expected[64];
    int fd = open_socket(name);
    (void)snprintf(expected, sizeof expected, "MAINPID=%d\nREADY=1", (int)getpid());
    notify_ready();
    cr_expect_str_eq(message(fd), expected);
    notify_stopping();
    cr_expect_str_eq(message(fd), "STOPPING=1");
    cr_expect_str_eq(message(fd), "");
    expect_nothing_left();
    (void)close(fd);
}

/* Promise UPG-7 */
Test(notify, speaks_to_a_socket_in_a_directory)
{
    expect_messages(folder_path("notify"));
}

/* Promise UPG-7 */
Test(notify, speaks_to_an_abstract_socket)
{
    char name[64];
    (void)snprintf(name, sizeof name, "@hypnotoad-test-%d", (int)getpid());
    expect_messages(name);
}

Test(notify, knows_names_that_fill_the_address)
{
    char name[sizeof((struct sockaddr_un *)0)->sun_path];
    memset(name, 'n', sizeof name - 1);
    name[0] = '@';
    name[sizeof name - 1] = '\0';
    (void)snprintf(name + 1, 16, "toad-%d", (int)getpid());
    name[strlen(name)] = '-';
    expect_messages(name);
}

Test(notify, is_silent_where_nobody_can_hear)
{
    static const char *const names[] = {
        "", "relative", "@nobody-hears-this", "/no such directory/x", "/", "@"};
    notify_ready();
    notify_stopping();
    expect_nothing_left();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_assert_eq(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        notify_ready();
        notify_stopping();
        expect_nothing_left();
    }
}

Test(notify, does_not_cut_a_name_that_is_too_long)
{
    char name[512];
    memset(name, 'n', sizeof name);
    (void)snprintf(name, 32, "@toad-%d-", (int)getpid());
    name[strlen(name)] = '-';
    name[107] = '\0';
    int fd = open_socket(name);
    name[107] = 'n';
    for (size_t size = 108; size < sizeof name; size *= 2) {
        name[size] = '\0';
        cr_assert_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
        notify_ready();
        cr_expect_str_eq(message(fd), "", "%zu", size);
        name[size] = 'n';
    }
    expect_nothing_left();
    (void)close(fd);
}

/* Promise UPG-7: it never waits. */
Test(notify, does_not_wait_for_who_does_not_listen)
{
    int fd = open_socket(folder_path("notify"));
    int64_t start_us = patience_now_us();
    for (int i = 0; i < 10000; i++)
        notify_stopping();
    cr_expect_lt(patience_now_us() - start_us, PATIENCE_US);
    cr_expect_str_eq(message(fd), "STOPPING=1");
    expect_nothing_left();
    (void)close(fd);
}
