#include "worker/acceptor.h"

#include "sys/accept_lock.h"
#include "sys/file_lock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "worker/worker_process.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_FIRST_S 0.001
#define PAUSE_MOST_S 0.032
/* How long the system has no descriptors or memory for us before we ask again. */
#define PAUSE_EXHAUSTED_S 0.5
/* After so long the holder is looked at: a stopped sibling must not make the server deaf for a
 * second. */
#define SUSPICIOUS_US (250 * MILLISECOND_US)

struct accepted {
    int fd;
    struct sockaddr_storage address;
};

/* All are opened before one of them is served: a worker that has had enough goes when its last
 * connection ends (promise WRK-4). */
static void welcome(struct toad_worker *worker, const struct accepted *batch, size_t count,
                    const struct tls_context *context)
{
    struct connection *connections[ACCEPT_BATCH_MAX];
    for (size_t i = 0; i < count; i++)
        connections[i] = connection_open(worker, batch[i].fd, &batch[i].address, context);
    /* What they ask for is often there already. */
    for (size_t i = 0; i < count; i++)
        if (connections[i] != NULL)
            connection_notice(connections[i], EV_READ);
}

static void watch(struct acceptor *acceptor)
{
    for (size_t i = 0; i < acceptor->count; i++)
        ev_io_start(acceptor->worker->loop, &acceptor->listeners[i]);
}

static void look_away(struct acceptor *acceptor)
{
    for (size_t i = 0; i < acceptor->count; i++)
        ev_io_stop(acceptor->worker->loop, &acceptor->listeners[i]);
}

static void step_back(struct acceptor *acceptor, double pause_s)
{
    look_away(acceptor);
    ev_timer_stop(acceptor->worker->loop, &acceptor->retry);
    ev_timer_set(&acceptor->retry, pause_s, 0.);
    ev_timer_start(acceptor->worker->loop, &acceptor->retry);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    acceptor_resume(timer->data);
}

static bool is_sibling(int32_t pid)
{
    return pid > 1 && pid != getpid() && process_parent(pid) == getppid();
}

/* The mutex has been taken for long. By a worker of the same manager? None of them ever keeps it,
 * so that one has been stopped. */
static void suspect_holder(struct acceptor *acceptor)
{
    int64_t now_us = acceptor->worker->now_us;
    if (acceptor->blocked_us == NEVER_US)
        acceptor->blocked_us = now_us;
    if (now_us - acceptor->blocked_us < SUSPICIOUS_US)
        return;
    acceptor->blocked_us = now_us;
    acceptor->passes_lock = is_sibling(file_lock_holder(acceptor->lock_fd));
}

/* Nobody holds a mutex that the system cannot give: nobody is in the way. */
static void do_without_lock(struct acceptor *acceptor)
{
    if (!acceptor->passes_lock)
        log_write(LOG_LEVEL_ERROR,
                  "The accept mutex cannot be taken, connections are accepted without it: %s",
                  strerror(errno));
    acceptor->passes_lock = true;
}

/* True if the worker may accept now; `ret_is_held` tells whether the mutex is to be given back. */
static bool take_lock(struct acceptor *acceptor, bool *ret_is_held)
{
    enum error error = accept_lock_take(acceptor->lock_fd);
    *ret_is_held = error == ERROR_NONE;
    if (*ret_is_held) {
        acceptor->blocked_us = NEVER_US;
        acceptor->passes_lock = false;
        acceptor->pause_s = PAUSE_FIRST_S;
        return true;
    }
    if (error == ERROR_BUSY)
        suspect_holder(acceptor);
    else
        do_without_lock(acceptor);
    if (acceptor->passes_lock)
        return true;
    step_back(acceptor, acceptor->pause_s);
    if (acceptor->pause_s < PAUSE_MOST_S)
        acceptor->pause_s *= 2;
    return false;
}

/* Trouble of the one connection that was next in the queue, as accept(2) has it: the one behind it
 * may be well. */
static bool concerns_one(int reason)
{
    switch (reason) {
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EINTR:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EPERM:
    case EPROTO:
        return true;
    default:
        return false;
    }
}

/* No descriptors, no memory, or worse: to ask again at once would be to spin. */
static void give_up_for_now(struct acceptor *acceptor, const char *reason)
{
    log_write(LOG_LEVEL_ERROR, "No connection can be accepted for now: %s", reason);
    step_back(acceptor, PAUSE_EXHAUSTED_S);
}

static size_t accept_batch(struct acceptor *acceptor, int listener, struct accepted *batch,
                           size_t room)
{
    size_t count = 0;
    size_t refused = 0;
    while (count + refused < ACCEPT_BATCH_MAX && count < room) {
        struct accepted *next = &batch[count];
        socklen_t size = sizeof next->address;
        next->fd = accept4(listener, (struct sockaddr *)&next->address, &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (next->fd >= 0) {
            count++;
            continue;
        }
        if (concerns_one(errno) && ++refused < ACCEPT_BATCH_MAX)
            continue;
        if (errno != EAGAIN)
            give_up_for_now(acceptor, strerror(errno));
        break;
    }
    return count;
}

/* How many connections may be accepted from the listener now. */
static uint32_t room_of(const struct acceptor *acceptor, const ev_io *listener)
{
    const struct toad_worker *worker = acceptor->worker;
    uint32_t room = admission_room(&worker->facts, &worker->settings->limits);
    return room > 1 && acceptor->accepts_one[listener - acceptor->listeners] ? 1 : room;
}

static void on_listener(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    struct acceptor *acceptor = io->data;
    struct toad_worker *worker = acceptor->worker;
    worker_refresh_time(worker);
    /* The loop could not watch it and has let go of it. */
    if ((events & EV_ERROR) != 0) {
        give_up_for_now(acceptor, "the system cannot watch a listener");
        return;
    }
    uint32_t room = room_of(acceptor, io);
    if (room == 0) {
        look_away(acceptor);
        return;
    }
    bool is_held = false;
    if (!take_lock(acceptor, &is_held))
        return;
    struct accepted batch[ACCEPT_BATCH_MAX];
    size_t count = accept_batch(acceptor, io->fd, batch, room);
    if (is_held)
        accept_lock_release(acceptor->lock_fd);

    worker->facts.accepted += count;
    if (admission_is_spent(&worker->facts, &worker->settings->limits))
        worker_leave(worker);
    welcome(worker, batch, count, worker->settings->listeners[io - acceptor->listeners].context);
    worker_consider_going(worker);
}

enum error acceptor_share_lock(struct acceptor *acceptor, int lock_fd)
{
    return accept_lock_share(lock_fd, &acceptor->lock_fd);
}

void acceptor_open(struct acceptor *acceptor, struct toad_worker *worker)
{
    const struct worker_settings *settings = worker->settings;
    acceptor->worker = worker;
    acceptor->count = settings->listener_count;
    acceptor->pause_s = PAUSE_FIRST_S;
    acceptor->blocked_us = NEVER_US;
    acceptor->passes_lock = false;
    for (size_t i = 0; i < acceptor->count; i++) {
        ev_io_init(&acceptor->listeners[i], on_listener, settings->listeners[i].fd, EV_READ);
        acceptor->accepts_one[i] = settings->listeners[i].accepts_one;
        acceptor->listeners[i].data = acceptor;
    }
    ev_timer_init(&acceptor->retry, on_retry, 0., 0.);
    acceptor->retry.data = acceptor;
    acceptor->is_open = true;
}

void acceptor_begin(struct acceptor *acceptor)
{
    acceptor->has_begun = true;
    acceptor_resume(acceptor);
}

void acceptor_resume(struct acceptor *acceptor)
{
    const struct toad_worker *worker = acceptor->worker;
    if (acceptor->is_open && acceptor->has_begun && !ev_is_active(&acceptor->retry) &&
        admission_room(&worker->facts, &worker->settings->limits) > 0)
        watch(acceptor);
}

void acceptor_close(struct acceptor *acceptor)
{
    if (!acceptor->is_open)
        return;
    acceptor->is_open = false;
    ev_timer_stop(acceptor->worker->loop, &acceptor->retry);
    look_away(acceptor);
    for (size_t i = 0; i < acceptor->count; i++)
        (void)close(acceptor->listeners[i].fd);
    process_close(&acceptor->lock_fd);
}
