#include "worker/turns.h"

#include "worker/connection.h"
#include "worker/worker_process.h"

/* There is nothing to do but not to wait. */
static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)loop;
    (void)idle;
    (void)events;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
    (void)events;
    struct turns *turns = prepare->data;
    if (turns->count > 0)
        worker_refresh_time(turns->worker);
    /* A turn may end other connections, so that fewer are left than there were. */
    for (size_t left = turns->count; left > 0 && turns->count > 0; left--) {
        struct connection *connection = turns->first;
        turns_remove(turns, connection);
        connection_turn(connection, 0);
    }
    if (turns->count > 0)
        ev_idle_start(loop, &turns->idle);
    else
        ev_idle_stop(loop, &turns->idle);
}

void turns_init(struct turns *turns, struct toad_worker *worker)
{
    turns->worker = worker;
    turns->first = NULL;
    turns->end = &turns->first;
    turns->count = 0;
    ev_prepare_init(&turns->prepare, on_prepare);
    ev_idle_init(&turns->idle, on_idle);
    turns->prepare.data = turns;
}

void turns_start(struct turns *turns)
{
    ev_prepare_start(turns->worker->loop, &turns->prepare);
}

void turns_add(struct turns *turns, struct connection *connection)
{
    if (connection->is_runnable)
        return;
    connection->is_runnable = true;
    connection->next_runnable = NULL;
    *turns->end = connection;
    turns->end = &connection->next_runnable;
    turns->count++;
}

void turns_remove(struct turns *turns, struct connection *connection)
{
    if (!connection->is_runnable)
        return;
    struct connection **place = &turns->first;
    while (*place != connection)
        place = &(*place)->next_runnable;
    *place = connection->next_runnable;
    if (turns->end == &connection->next_runnable)
        turns->end = place;
    connection->is_runnable = false;
    turns->count--;
}
