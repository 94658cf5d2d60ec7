/* The system cannot watch a descriptor (epoll_ctl() fails): the loop lets go of it, and nothing
 * would ever wake it up. */
#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind {
    LISTENER,
    CONNECTION,
    GATE
};

/* Shared with the worker. */
static struct {
    enum kind kind;
    unsigned rest; /* how often it still fails */
} * trouble;

static bool is_meant(int fd)
{
    int is_listening = 0;
    socklen_t size = sizeof is_listening;
    if (trouble == NULL || trouble->rest == 0)
        return false;
    if (trouble->kind == GATE)
        return fd == served_gate_fd();
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 &&
           (is_listening != 0) == (trouble->kind == LISTENER);
}

/* In place of the C library's, for the event loop. */
int epoll_ctl(int loop, int operation, int fd, struct epoll_event *event)
{
    if (!is_meant(fd))
        return (int)syscall(SYS_epoll_ctl, loop, operation, fd, event);
    trouble->rest--;
    errno = ENOSPC;
    return -1;
}

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    /* The loop looks at what it had to let go of when it wakes up the next time. */
    settings.heartbeat_interval_us = 5 * MILLISECOND_US;
    trouble = child_shared(sizeof *trouble);
}

TestSuite(loop_trouble, .init = begin, .fini = served_close);

Test(loop_trouble, with_a_listener_passes)
{
    trouble->kind = LISTENER;
    trouble->rest = 1;
    served_start(&settings);
    cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    cr_expect_eq(trouble->rest, 0);
    cr_expect_eq(served_count_log("No connection can be accepted for now: the system cannot watch"),
                 1);
    served_expect_good_end();
}

Test(loop_trouble, with_a_connection_ends_it)
{
    trouble->kind = CONNECTION;
    served_start(&settings);
    cr_assert(client_ask_once(GET("/"))[0] != '\0');
    trouble->rest = 1000000;
    for (unsigned i = 0; i < 3; i++)
        client_await_end(client_connect());
    unsigned rest = trouble->rest;
    cr_expect_geq(rest, 1000000 - 3 * 4, "%u", 1000000 - rest);
    trouble->rest = 0;
    /* The connection of the first request may be one more. */
    unsigned dropped = served_count_log("A connection was dropped: the system cannot watch it");
    cr_expect(dropped == 3 || dropped == 4, "%s", folder_read("log"));
    cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    served_expect_good_end();
}

/* Promise UPG-1: a gate that nobody can see opening stays shut. */
Test(loop_trouble, with_the_gate_ends_the_worker)
{
    trouble->kind = GATE;
    trouble->rest = 1;
    served_is_shut_out = true;
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/"));
    cr_expect_eq(served_end(), 0);
    cr_expect_eq(trouble->rest, 0);
    cr_expect_eq(served_count_log("error The system cannot watch the gate, the worker leaves"), 1);
    cr_expect_not(patience_readable(fd, 0), "it was let in");
    (void)close(fd);
}
