#include "worker/worker.h"

#include "policy/heartbeat.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "worker/worker_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

void worker_refresh_time(struct toad_worker *worker)
{
    worker->now_us = clock_monotonic_us();
}

struct bytes worker_date(struct toad_worker *worker)
{
    int64_t now_s = (int64_t)ev_now(worker->loop);
    if (now_s != worker->date_s) {
        worker->date_s = now_s;
        http_date_write(worker->date, now_s);
    }
    return (struct bytes){worker->date, sizeof worker->date};
}

/* Promise HBT-5: a pipe that is full costs this beat, nothing else. */
static void beat(const struct toad_worker *worker)
{
    char storage[HEARTBEAT_LINE_MAX];
    struct buffer line;
    buffer_init(&line, storage, sizeof storage);
    if (!heartbeat_write(&line, (struct heartbeat){(int32_t)getpid(), worker->facts.is_leaving}))
        return;
    ssize_t written = write(worker->heartbeat_fd, line.data, line.size);
    (void)written;
}

static void on_heartbeat(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    beat(timer->data);
}

void worker_consider_going(struct toad_worker *worker)
{
    if (admission_may_go(&worker->facts))
        ev_break(worker->loop, EVBREAK_ALL);
}

void worker_leave(struct toad_worker *worker)
{
    if (worker->facts.is_leaving)
        return;
    worker->facts.is_leaving = true;
    acceptor_close(&worker->acceptor);
    beat(worker);
    websockets_drain(worker);
    if (worker->settings->app->worker_drain != NULL)
        worker->settings->app->worker_drain(worker->app_state);
}

static void on_quit(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop;
    (void)events;
    struct toad_worker *worker = signal->data;
    worker_refresh_time(worker);
    worker_leave(worker);
    worker_consider_going(worker);
}

/* Promise CLI-7: the standard error of a daemon is its log. */
static enum error give_up_streams(const struct toad_worker *worker)
{
    if (!worker->settings->is_detached)
        return ERROR_NONE;
    enum error error = process_detach_streams(log_has_file() ? log_descriptor() : -1);
    if (error != ERROR_NONE)
        log_write(LOG_LEVEL_ERROR, "The standard streams could not be given up: %s",
                  strerror(errno));
    return error;
}

static void on_reopen(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop;
    (void)events;
    struct toad_worker *worker = signal->data;
    if (log_reopen() != ERROR_NONE)
        log_write(LOG_LEVEL_ERROR, "The log could not be opened anew: %s", strerror(errno));
    else
        (void)give_up_streams(worker); /* it has said so itself */
    if (access_log_reopen(&worker->access_log) != ERROR_NONE)
        log_write(LOG_LEVEL_ERROR, "The access log could not be opened anew: %s", strerror(errno));
}

/* Promise MGR-4 without a manager who could send TERM: the kernel's alarm ends a worker that stays,
 * whatever its application does. */
static void limit_life(int64_t time_us)
{
    if (time_us == 0)
        time_us = 1; /* 0 would be no alarm */
    struct itimerval limit = {
        .it_value = {.tv_sec = time_us / SECOND_US, .tv_usec = time_us % SECOND_US}};
    (void)setitimer(ITIMER_REAL, &limit, NULL);
}

/* Promise WRK-6: nobody writes to this pipe; it ends with the manager. */
static void on_manager_gone(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    struct toad_worker *worker = io->data;
    worker_refresh_time(worker);
    log_write(LOG_LEVEL_ERROR, "The manager is gone, the worker leaves");
    ev_io_stop(loop, io);
    limit_life(worker->settings->graceful_timeout_us);
    worker_leave(worker);
    worker_consider_going(worker);
}

/* Behind the turns, before the loop waits. */
static void on_deliver(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    (void)loop;
    (void)events;
    struct toad_worker *worker = prepare->data;
    access_log_flush(&worker->access_log);
}

/* Promise UPG-1: what was ready before serves from now on. */
static void on_gate_open(struct ev_loop *loop, ev_io *io, int events)
{
    struct toad_worker *worker = io->data;
    worker_refresh_time(worker);
    ev_io_stop(loop, io);
    /* The loop could not watch it and has let go of it. */
    if ((events & EV_ERROR) != 0) {
        log_write(LOG_LEVEL_ERROR, "The system cannot watch the gate, the worker leaves");
        worker_leave(worker);
        worker_consider_going(worker);
        return;
    }
    process_close(&worker->gate_fd);
    log_tee(-1);
    /* The gate of a manager that is gone ends as well: this worker was never meant to serve. */
    if (!worker->facts.is_leaving && !process_is_readable(worker->life_fd))
        acceptor_begin(&worker->acceptor);
}

static void start_watchers(struct toad_worker *worker)
{
    double interval_s = (double)worker->settings->heartbeat_interval_us / (double)SECOND_US;
    ev_timer_init(&worker->heartbeat, on_heartbeat, interval_s, interval_s);
    ev_io_init(&worker->life, on_manager_gone, worker->life_fd, EV_READ);
    ev_io_init(&worker->gate, on_gate_open, worker->gate_fd, EV_READ);
    ev_signal_init(&worker->quit, on_quit, SIGQUIT);
    ev_signal_init(&worker->reopen, on_reopen, SIGUSR1);
    ev_prepare_init(&worker->deliver, on_deliver);
    worker->heartbeat.data = worker->life.data = worker->gate.data = worker->quit.data =
        worker->reopen.data = worker->deliver.data = worker;
    ev_timer_start(worker->loop, &worker->heartbeat);
    ev_io_start(worker->loop, &worker->life);
    ev_signal_start(worker->loop, &worker->quit);
    ev_signal_start(worker->loop, &worker->reopen);
    turns_start(&worker->turns);
    ev_prepare_start(worker->loop, &worker->deliver);
}

/* Promise WRK-7 */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGUSR2, SIGTTIN, SIGTTOU, SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signals_ignore(ignored[i]);
}

static enum error prepare(struct toad_worker *worker)
{
    const struct worker_settings *settings = worker->settings;
    struct problem problem;
    if (access_log_open(&worker->access_log, settings->access_log_path,
                        settings->access_log_is_json) != ERROR_NONE) {
        log_write(LOG_LEVEL_ERROR, "The access log \"%s\" cannot be opened: %s",
                  settings->access_log_path, strerror(errno));
        return ERROR_SYSTEM;
    }
    if (acceptor_share_lock(&worker->acceptor, settings->lock_fd) != ERROR_NONE) {
        log_write(LOG_LEVEL_ERROR, "The accept mutex cannot be opened: %s", strerror(errno));
        return ERROR_SYSTEM;
    }
    if (privileges_drop(&settings->privileges, &problem) != ERROR_NONE) {
        log_write(LOG_LEVEL_ERROR, "%s", problem.text);
        return ERROR_SYSTEM;
    }
    worker->input = malloc(READ_SIZE_MAX);
    worker->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (worker->input == NULL || worker->loop == NULL) {
        log_write(LOG_LEVEL_ERROR, "The worker has no event loop or no memory");
        return ERROR_MEMORY;
    }
    return ERROR_NONE;
}

static enum error start_application(struct toad_worker *worker)
{
    const struct worker_settings *settings = worker->settings;
    if (settings->app->worker_start == NULL)
        return ERROR_NONE;
    int outcome = settings->app->worker_start(settings->app_data, worker, &worker->app_state);
    if (outcome == 0)
        return ERROR_NONE;
    log_write(LOG_LEVEL_ERROR, "The application's worker_start failed (%d)", outcome);
    return ERROR_INVALID;
}

static enum error start_serving(struct toad_worker *worker)
{
    enum error error = give_up_streams(worker);
    if (error != ERROR_NONE)
        return error;
    acceptor_open(&worker->acceptor, worker);
    if (worker->gate_fd < 0)
        acceptor_begin(&worker->acceptor);
    else
        ev_io_start(worker->loop, &worker->gate);
    return ERROR_NONE;
}

static void release(struct toad_worker *worker)
{
    while (worker->connections != NULL)
        connection_close(worker->connections);
    access_log_close(&worker->access_log);
    ws_shared_clear(&worker->websockets);
    exchange_pool_clear(&worker->exchanges);
    ev_loop_destroy(worker->loop);
    free(worker->input);
    process_close(&worker->acceptor.lock_fd);
    process_close(&worker->heartbeat_fd);
    process_close(&worker->life_fd);
    process_close(&worker->gate_fd);
}

static enum error serve(struct toad_worker *worker)
{
    worker_refresh_time(worker);
    start_watchers(worker);
    signals_unblock();
    if (start_application(worker) != ERROR_NONE || start_serving(worker) != ERROR_NONE)
        return ERROR_INVALID;
    beat(worker);
    (void)ev_run(worker->loop, 0);
    if (worker->settings->app->worker_stop != NULL)
        worker->settings->app->worker_stop(worker->app_state);
    return ERROR_NONE;
}

int worker_run(const struct worker_settings *settings, int heartbeat_fd, int life_fd, int gate_fd)
{
    static struct toad_worker worker;
    worker.settings = settings;
    worker.heartbeat_fd = heartbeat_fd;
    worker.life_fd = life_fd;
    worker.acceptor.lock_fd = -1;
    worker.gate_fd = gate_fd;
    buffer_init(&worker.scratch.buffer, worker.scratch.storage, sizeof worker.scratch.storage);
    websockets_init(&worker);
    turns_init(&worker.turns, &worker);
    ignore_signals();
    bool has_served = prepare(&worker) == ERROR_NONE && serve(&worker) == ERROR_NONE;
    release(&worker);
    return has_served ? 0 : 1;
}
