/* session_worker - a whole worker in this process, on a loop that is turned by hand until it is
 * quiet. */
#ifndef TOAD_TESTS_FUZZ_SESSION_WORKER_H
#define TOAD_TESTS_FUZZ_SESSION_WORKER_H

#include "session_state.h"

#include "sys/log.h"
#include "worker/worker.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    TURNS_MAX = 100000
};

static struct worker_settings settings;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_size = sizeof address.sun_family;
static jmp_buf booted;
static bool is_quiet;
static int lowest_fd = -1;

static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)loop;
    (void)events;
    is_quiet = true;
    if (idle->data != NULL) {
        idle->data = NULL;
        longjmp(booted, 1);
    }
}

static int open_listener(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    app_demand(fd >= 0 && bind(fd, (struct sockaddr *)&address, address_size) == 0 &&
                   listen(fd, 8) == 0,
               "The listener cannot be opened");
    address_size = sizeof address;
    app_demand(getsockname(fd, (struct sockaddr *)&address, &address_size) == 0, "No name");
    return fd;
}

static int start(void *data, struct toad_worker *worker, void **state)
{
    static ev_idle idle;
    ev_idle_init(&idle, on_idle);
    ev_set_priority(&idle, EV_MINPRI);
    idle.data = &idle;
    ev_idle_start(toad_worker_loop(worker), &idle);
    (void)data;
    (void)state;
    app.worker = worker;
    return 0;
}

static int find_lowest_fd(void)
{
    int fd = dup(STDERR_FILENO);
    (void)close(fd);
    return fd;
}

/* As many as before, and nobody else's was closed. */
static void check_descriptors(void)
{
    int fd = find_lowest_fd();
    if (fd != lowest_fd)
        (void)fprintf(stderr, "The next descriptor is %d, not %d\n", fd, lowest_fd);
    app_demand(fd == lowest_fd, "A descriptor is left or lost");
}

/* worker_run() does not come back: once the worker is idle for the first time, its loop is left and
 * turned from outside. */
static void boot(const struct toad_app *application)
{
    static struct toad_app descriptor;
    int life[2];
    descriptor = *application;
    descriptor.worker_start = start;
    settings = (struct worker_settings){
        .limits = {.clients = 100},
        .session = {.linger_timeout_us = 3600 * SECOND_US},
        .websocket = {.close_timeout_us = 3600 * SECOND_US, .linger_timeout_us = 3600 * SECOND_US},
        .heartbeat_interval_us = 3600 * SECOND_US,
        .graceful_timeout_us = SECOND_US,
        .app = &descriptor,
        .lock_fd = memfd_create("lock", MFD_CLOEXEC),
        .listener_count = 1,
        .listeners = {{.fd = open_listener()}},
    };
    app_demand(log_open("/dev/null") == ERROR_NONE, "There is no log");
    app_demand(pipe2(life, O_CLOEXEC) == 0, "There is no pipe");
    if (setjmp(booted) == 0)
        (void)worker_run(&settings, open("/dev/null", O_WRONLY | O_CLOEXEC), life[0], -1);
    app_demand(app.worker != NULL && is_quiet, "The worker does not serve");
}

/* Lets the worker do all that it can do now. */
static void settle(void)
{
    is_quiet = false;
    for (unsigned turns = 0; !is_quiet; turns++) {
        app_demand(turns < TURNS_MAX, "The worker does not come to rest");
        (void)ev_run(toad_worker_loop(app.worker), EVRUN_NOWAIT);
    }
}

/* Nothing of the last connection is left. */
static void check_rest(void)
{
    app_demand(toad_worker_connections(app.worker) == 0, "A connection is left");
    app_demand(app.living == 0, "A request is left");
    check_descriptors();
}

#endif
