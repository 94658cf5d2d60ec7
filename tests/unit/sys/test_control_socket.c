#include "sys/control_socket.h"

#include "kit/child.h"
#include "kit/descriptors.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    NOBODY = 65534
};

static int manager_fd = -1;

static void begin(void)
{
    cr_assert_eq(control_socket_open(&manager_fd), ERROR_NONE);
}

TestSuite(control_socket, .init = begin);

static int connect_to_self(void)
{
    int fd = -1;
    cr_assert_eq(control_socket_connect((int32_t)getpid(), &fd), ERROR_NONE);
    return fd;
}

static int accept_one(void)
{
    int fd = -1;
    cr_assert_eq(control_socket_accept(manager_fd, &fd), ERROR_NONE);
    return fd;
}

/* Promise CLI-8: messages are whole, each by itself. */
Test(control_socket, carries_whole_messages)
{
    static char sent[CONTROL_MESSAGE_MAX];
    static char text[CONTROL_MESSAGE_MAX];
    size_t size = 99;
    int asker = -1;
    cr_expect_eq(control_socket_accept(manager_fd, &asker), ERROR_AGAIN);
    int fd = connect_to_self();
    asker = accept_one();
    cr_expect_eq(control_socket_receive(asker, text, &size), ERROR_AGAIN);
    cr_expect_eq(size, 99);
    memset(sent, 's', sizeof sent);
    cr_assert_eq(control_socket_send(fd, "one\0two", 8), ERROR_NONE);
    cr_assert_eq(control_socket_send(fd, sent, sizeof sent), ERROR_NONE);
    cr_assert_eq(control_socket_receive(asker, text, &size), ERROR_NONE);
    cr_expect_eq(size, 8);
    cr_expect_arr_eq(text, "one\0two", 8);
    cr_assert_eq(control_socket_receive(asker, text, &size), ERROR_NONE);
    cr_expect_eq(size, sizeof sent);
    cr_expect_arr_eq(text, sent, sizeof sent);
    cr_assert_eq(close(fd), 0);
    cr_expect_eq(control_socket_receive(asker, text, &size), ERROR_CLOSED);
    cr_expect_eq(control_socket_send(asker, "x", 1), ERROR_CLOSED);
}

/* The manager waits for nobody. */
Test(control_socket, never_blocks_the_manager)
{
    static char text[CONTROL_MESSAGE_MAX];
    (void)connect_to_self();
    int asker = accept_one();
    int count = 0;
    while (count < 100000 && control_socket_send(asker, text, sizeof text) == ERROR_NONE)
        count++;
    cr_expect(count > 0 && count < 100000);
}

Test(control_socket, is_closed_by_exec)
{
    int fd = connect_to_self();
    int asker = accept_one();
    cr_expect(fcntl(manager_fd, F_GETFD) & FD_CLOEXEC);
    cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_expect(fcntl(asker, F_GETFD) & FD_CLOEXEC);
}

Test(control_socket, is_one_a_process)
{
    int second = -1;
    struct descriptors before = descriptors_look();
    cr_expect_eq(control_socket_open(&second), ERROR_SYSTEM);
    cr_expect_eq(errno, EADDRINUSE);
    cr_expect_eq(second, -1);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
    cr_assert_eq(close(manager_fd), 0);
    cr_expect_eq(control_socket_open(&second), ERROR_NONE, "nothing is left behind");
}

Test(control_socket, of_nobody_is_not_found)
{
    int fd = -1;
    struct descriptors before = descriptors_look();
    cr_expect_eq(control_socket_connect(999999999, &fd), ERROR_NOT_FOUND);
    cr_expect_eq(errno, ECONNREFUSED);
    cr_expect_eq(fd, -1);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
}

static int imitate(void *context)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "hypnotoad/%d",
                          *(const int *)context);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    child_demand(bind(fd, (struct sockaddr *)&name,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) ==
                 0);
    child_demand(listen(fd, 1) == 0);
    (void)raise(SIGSTOP);
    return 0;
}

/* Promise CLI-10: who asks speaks to no other process. */
Test(control_socket, of_somebody_else_is_refused)
{
    int claimed = 999999998;
    int fd = -1;
    pid_t imitator = child_start(imitate, &claimed);
    cr_assert(child_is_stopped(imitator));
    struct descriptors before = descriptors_look();
    cr_expect_eq(control_socket_connect(claimed, &fd), ERROR_NOT_FOUND);
    cr_expect_eq(errno, EPERM);
    cr_expect_eq(fd, -1);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
    (void)kill(imitator, SIGKILL);
    cr_expect_eq(child_wait(imitator), CHILD_SIGNALLED + SIGKILL);
}

static int ask_as_nobody(void *context)
{
    char text[CONTROL_MESSAGE_MAX];
    size_t size = 0;
    int fd = -1;
    (void)context;
    child_demand(setresuid(NOBODY, NOBODY, NOBODY) == 0);
    child_demand(control_socket_connect((int32_t)getppid(), &fd) == ERROR_NONE);
    child_demand(control_socket_send(fd, "app", 4) == ERROR_NONE);
    (void)raise(SIGSTOP);
    return control_socket_receive(fd, text, &size) == ERROR_CLOSED ? 0 : 1;
}

/* Promise CLI-10: who comes behind is heard all the same. */
Test(control_socket, sends_other_users_away)
{
    if (getuid() != 0)
        cr_skip_test("only root can be somebody else");
    struct descriptors before = descriptors_look();
    pid_t stranger = child_start(ask_as_nobody, NULL);
    cr_assert(child_is_stopped(stranger));
    int asker = -1;
    cr_expect_eq(control_socket_accept(manager_fd, &asker), ERROR_AGAIN);
    cr_expect_eq(asker, -1);
    struct descriptors after = descriptors_look();
    cr_expect(descriptors_equal(&before, &after));
    (void)kill(stranger, SIGCONT);
    cr_expect_eq(child_wait(stranger), 0);
    stranger = child_start(ask_as_nobody, NULL);
    cr_assert(child_is_stopped(stranger));
    (void)connect_to_self();
    cr_expect_geq(accept_one(), 0);
    (void)kill(stranger, SIGCONT);
    cr_expect_eq(child_wait(stranger), 0);
}

static int be_a_manager_of_nobody(void *context)
{
    int *outcome = context;
    int fd = -1;
    int asker = -1;
    child_demand(setresuid(NOBODY, NOBODY, NOBODY) == 0);
    child_demand(control_socket_open(&fd) == ERROR_NONE);
    (void)raise(SIGSTOP);
    *outcome = (int)control_socket_accept(fd, &asker);
    return 0;
}

/* Promise CLI-10: the administrator may. */
Test(control_socket, hears_root)
{
    if (getuid() != 0)
        cr_skip_test("only root is root");
    int *outcome = child_shared(sizeof *outcome);
    int fd = -1;
    pid_t server = child_start(be_a_manager_of_nobody, outcome);
    cr_assert(child_is_stopped(server));
    *outcome = -1;
    cr_assert_eq(control_socket_connect((int32_t)server, &fd), ERROR_NONE);
    (void)kill(server, SIGCONT);
    cr_expect_eq(child_wait(server), 0);
    cr_expect_eq(*outcome, ERROR_NONE);
}
