/* A worker is ready before it may serve: it accepts nothing before its gate is open (promise
 * UPG-1).
 */
#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"
#include "sys/log.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
}

TestSuite(gate, .init = begin, .fini = served_close);

static void start_shut_out(void)
{
    served_is_shut_out = true;
    served_start(&settings);
}

/* It has done all that it does before it accepts. */
static void await_heartbeat(void)
{
    char line[32];
    (void)snprintf(line, sizeof line, "%d\n", (int)worker);
    cr_assert(patience_readable(heartbeats_fd, PATIENCE_US), "%s", folder_read("log"));
    cr_assert_str_eq(served_heartbeats(), line);
}

static int knock(void)
{
    int fd = client_connect();
    client_send(fd, GET("/"));
    return fd;
}

Test(gate, keeps_a_worker_that_is_ready_from_accepting)
{
    start_shut_out();
    await_heartbeat();
    int fd = knock();
    cr_expect_not(patience_readable(fd, 300 * MILLISECOND_US));
    served_let_in();
    cr_expect(strstr(client_answer(fd), "Hello World") != NULL);
    (void)close(fd);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* Somebody else may have it open still: a child of the manager that has not become another program
 * yet. */
Test(gate, is_open_when_there_is_something_to_read)
{
    start_shut_out();
    await_heartbeat();
    int fd = knock();
    served_open_gate();
    cr_expect(strstr(client_answer(fd), "Hello World") != NULL);
    (void)close(fd);
    cr_expect_eq(served_end_by_quit(), 0);
}

/* The manager of a generation that does not take over ends, and with it both pipes. */
Test(gate, lets_nobody_in_when_the_manager_is_gone)
{
    start_shut_out();
    await_heartbeat();
    int fd = knock();
    served_send(SIGSTOP);
    cr_assert(child_is_stopped(worker));
    served_let_in();
    served_orphan();
    served_send(SIGCONT);
    cr_expect_eq(served_end(), 0);
    cr_expect_eq(served_count_log("The manager is gone, the worker leaves"), 1);
    cr_expect_eq(served->drains, 1);
    cr_expect_not(patience_readable(fd, 0), "it was let in");
    (void)close(fd);
}

Test(gate, lets_a_worker_leave_that_is_shut_out)
{
    start_shut_out();
    await_heartbeat();
    int fd = knock();
    cr_expect_eq(served_end_by_quit(), 0);
    char line[32];
    (void)snprintf(line, sizeof line, "%d:1\n", (int)worker);
    cr_expect_str_eq(served_heartbeats(), line);
    cr_expect_eq(served->stops, 1);
    cr_expect_not(patience_readable(fd, 0), "it was let in");
    (void)close(fd);
}

Test(gate, need_not_be_there)
{
    served_has_no_gate = true;
    served_start(&settings);
    cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
    cr_expect_eq(served_end_by_quit(), 0);
}

static int ends[2];

static void begin_tee(void)
{
    child_demand(close(ends[0]) == 0);
    log_tee(ends[1]);
    log_write(LOG_LEVEL_WARN, "said before it serves");
}

/* Promise UPG-5: who waits for the outcome hears a worker until it serves, and not for longer. */
Test(gate, ends_what_others_hear_of_the_log)
{
    char text[512] = "";
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    served_prologue = begin_tee;
    start_shut_out();
    cr_assert_eq(close(ends[1]), 0);
    await_heartbeat();
    cr_assert(read(ends[0], text, sizeof text - 1) > 0);
    cr_expect_eq(text[0], LOG_TEE_MARK);
    cr_expect(strstr(text, "] warn said before it serves\n") != NULL, "%s", text);
    cr_expect_not(patience_readable(ends[0], 50 * MILLISECOND_US), "it has let go too early");
    served_let_in();
    cr_assert(patience_readable(ends[0], PATIENCE_US));
    cr_expect_eq(read(ends[0], text, sizeof text), 0);
    served_send(SIGQUIT);
    cr_expect_eq(child_wait(worker), 0);
}
