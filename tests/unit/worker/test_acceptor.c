#include "client.h"
#include "played.h"
#include "served.h"

#include "kit/child.h"
#include "kit/faulty.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct worker_settings settings;

static void begin(void)
{
    served_open();
    settings = served_settings();
    /* The plan must be there before the worker shares it. */
    faulty_arm(FAULTY_accept4, FAULTY_ONCE, 1, FAULTY_HERE);
    (void)faulty_disarm();
}

TestSuite(acceptor, .init = begin, .fini = served_close);

static void expect_hello(void)
{
    cr_expect(strstr(client_ask_once(GET("/")), "Hello World") != NULL);
}

/* Takes the mutex, stops, and gives it back when it is continued. */
static int hold_lock(void *context)
{
    int fd = *(const int *)context;
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, O_RDWR | O_CLOEXEC);
    child_demand(own >= 0 && flock(own, LOCK_EX) == 0);
    (void)raise(SIGSTOP);
    return 0;
}

/* The same, as somebody who is no child of the workers' parent. */
static int hold_lock_elsewhere(void *context)
{
    pid_t pid = child_start(hold_lock, context);
    child_demand(child_is_stopped(pid));
    (void)raise(SIGSTOP);
    child_demand(kill(pid, SIGCONT) == 0);
    return child_wait(pid);
}

/* Promise LCK-1 */
Test(acceptor, lets_connections_wait_while_somebody_else_has_the_mutex)
{
    pid_t holder = child_start(hold_lock_elsewhere, &settings.lock_fd);
    cr_assert(child_is_stopped(holder));
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/"));
    cr_expect_not(patience_readable(fd, 600 * MILLISECOND_US));
    /* It looks again every 32 ms; a second of asking all the time would cost a second. */
    cr_expect_lt(served_cpu_us(), 300 * MILLISECOND_US);
    cr_assert_eq(kill(holder, SIGCONT), 0);
    cr_expect(strstr(client_answer(fd), "Hello World") != NULL);
    cr_expect_eq(child_wait(holder), 0);
    (void)close(fd);
    served_expect_good_end();
}

/* Promise HBT-6: none of them ever keeps it, so it has been stopped. */
Test(acceptor, passes_by_a_sibling_that_was_stopped_with_the_mutex_in_its_hand)
{
    pid_t sibling = child_start(hold_lock, &settings.lock_fd);
    cr_assert(child_is_stopped(sibling));
    served_start(&settings);
    for (int i = 0; i < 5; i++)
        expect_hello();
    cr_assert_eq(kill(sibling, SIGCONT), 0);
    cr_expect_eq(child_wait(sibling), 0);
    expect_hello();
    served_expect_good_end();
}

static enum faulty_call failing_call;

static void let_it_fail(void)
{
    faulty_arm(failing_call, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
}

static bool has_struck_twice(void *context)
{
    (void)context;
    return faulty_struck() >= 2;
}

/* EMFILE: it asks again every half second, says so each time, and is well when it can be. */
Test(acceptor, does_not_spin_when_there_are_no_descriptors)
{
    failing_call = FAULTY_accept4;
    served_prologue = let_it_fail;
    int64_t began_us = patience_now_us();
    served_start(&settings);
    int fd = client_connect();
    client_send(fd, GET("/"));
    cr_assert(patience_holds(has_struck_twice, NULL));
    unsigned struck = faulty_disarm();
    int64_t took_us = patience_now_us() - began_us;
    cr_expect_leq(struck, 1 + took_us / (500 * MILLISECOND_US), "%u calls in %ld us", struck,
                  (long)took_us);
    cr_expect(strstr(client_answer(fd), "Hello World") != NULL);
    (void)close(fd);
    cr_expect_eq(served_count_log("No connection can be accepted for now: Too many open files"),
                 struck);
    served_expect_good_end();
}

/* A system that refuses every accept4() with EPERM, as a filter of system calls does. */
static void forbid_accepting(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = rules};
    child_demand(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    child_demand(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static bool is_said_twice(void *context)
{
    return served_count_log(context) >= 2;
}

/* EPERM may concern one connection; when it concerns all of them, it asks less often. */
Test(acceptor, does_not_spin_when_every_connection_is_refused)
{
    static const char said[] = "No connection can be accepted for now: Operation not permitted";
    served_prologue = forbid_accepting;
    int64_t began_us = patience_now_us();
    served_start(&settings);
    int fd = client_connect();
    cr_expect(patience_holds(is_said_twice, (void *)(uintptr_t)said));
    unsigned count = served_count_log(said);
    int64_t took_us = patience_now_us() - began_us;
    cr_expect_leq(count, 1 + took_us / (500 * MILLISECOND_US));
    (void)close(fd);

    served_expect_good_end();
}

/* Promise LCK-1: nobody holds a mutex that the system cannot give. */
Test(acceptor, accepts_without_a_mutex_that_cannot_be_had)
{
    failing_call = FAULTY_flock;
    served_prologue = let_it_fail;
    served_start(&settings);
    for (int i = 0; i < 5; i++)
        expect_hello();
    cr_expect_geq(faulty_disarm(), 5);
    expect_hello();
    cr_expect_eq(served_count_log("The accept mutex cannot be taken, connections are accepted "
                                  "without it: No locks available"),
                 1);
    served_expect_good_end();
}

/* Promise LSN-6: what one worker does not take is there for the others. */
Test(acceptor, takes_one_connection_at_a_time_if_it_is_told_to)
{
    for (int one = 0; one < 2; one++) {
        int clients[3];
        served_begin_anew();
        settings = served_settings();
        settings.listeners[0].accepts_one = one;
        served_is_shut_out = true;
        served_start(&settings);
        for (int i = 0; i < 3; i++) {
            clients[i] = client_connect();
            client_send(clients[i], GET("/block"));
        }
        served_let_in();
        served_await(&served->blocking, 1);
        bool is_one_waiting = patience_readable(settings.listeners[0].fd, 0);
        cr_expect_eq(is_one_waiting, one);
        served->must_go_on = true;
        for (int i = 0; i < 3; i++) {
            cr_expect(strstr(client_answer(clients[i]), "blocked") != NULL);
            (void)close(clients[i]);
        }
        served_expect_good_end();
    }
}

/* A connection that the system cannot give memory for is closed, and the next one served. */
Test(acceptor, drops_a_connection_that_there_is_no_memory_for)
{
    served_start(&settings);
    expect_hello();
    faulty_arm(FAULTY_calloc, FAULTY_ONCE, 1, FAULTY_EVERYWHERE);
    int fd = client_connect();
    client_await_end(fd);
    cr_expect_eq(faulty_disarm(), 1);
    served_await_log("A connection was dropped: out of memory");
    expect_hello();
    served_expect_good_end();
}
