#include "worker/turns.h"

#include "policy/fairness.h"
#include "worker/connection.h"
#include "worker/worker_process.h"

/* There is nothing to do but not to wait. */
static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)loop;
    (void)idle;
    (void)events;
}

static struct connection *take_first(struct turn_queue *queue)
{
    struct connection *first = queue->first;
    turns_remove(first);
    return first;
}

/* A turn may end other connections, so that fewer are left than there were. */
static void play_ready(struct turn_queue *ready)
{
    for (size_t left = ready->count; left > 0 && ready->count > 0; left--)
        (void)connection_turn(take_first(ready), 0);
}

static void play_shaking(struct turn_queue *shaking, struct toad_worker *worker)
{
    int64_t began_us = worker->now_us;
    for (size_t steps = 0;
         shaking->count > 0 && fairness_may_shake(steps, worker->now_us - began_us); steps++) {
        (void)connection_turn(take_first(shaking), EV_READ);
        worker_refresh_time(worker);
    }
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    (void)events;
    struct turns *turns = prepare->data;
    if (turns->ready.count > 0 || turns->shaking.count > 0)
        worker_refresh_time(turns->worker);
    play_ready(&turns->ready);
    play_shaking(&turns->shaking, turns->worker);
    if (turns->ready.count > 0 || turns->shaking.count > 0)
        ev_idle_start(loop, &turns->idle);
    else
        ev_idle_stop(loop, &turns->idle);
}

static void init_queue(struct turn_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
    queue->count = 0;
}

void turns_init(struct turns *turns, struct toad_worker *worker)
{
    turns->worker = worker;
    init_queue(&turns->ready);
    init_queue(&turns->shaking);
    ev_prepare_init(&turns->prepare, on_prepare);
    ev_idle_init(&turns->idle, on_idle);
    turns->prepare.data = turns;
}

void turns_start(struct turns *turns)
{
    ev_prepare_start(turns->worker->loop, &turns->prepare);
}

static void add(struct turn_queue *queue, struct connection *connection)
{
    if (connection->queue != NULL)
        return;
    connection->queue = queue;
    connection->next_in_queue = NULL;
    *queue->end = connection;
    queue->end = &connection->next_in_queue;
    queue->count++;
}

void turns_add_ready(struct turns *turns, struct connection *connection)
{
    add(&turns->ready, connection);
}

void turns_add_shaking(struct turns *turns, struct connection *connection)
{
    add(&turns->shaking, connection);
}

void turns_remove(struct connection *connection)
{
    struct turn_queue *queue = connection->queue;
    if (queue == NULL)
        return;
    struct connection **place = &queue->first;
    while (*place != connection)
        place = &(*place)->next_in_queue;
    *place = connection->next_in_queue;
    if (queue->end == &connection->next_in_queue)
        queue->end = place;
    connection->queue = NULL;
    queue->count--;
}
