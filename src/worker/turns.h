/* turns - connections that have something to do although nothing has happened at their sockets.
 *
 * They stand in a queue. Each of those that stand there gets one turn, before the loop waits; who
 * wants another one stands behind the others and behind all whose sockets are ready, so that nobody
 * keeps a worker for itself. Connections are borrowed and must be removed before they are freed. */
#ifndef TOAD_WORKER_TURNS_H
#define TOAD_WORKER_TURNS_H

#include <ev.h>
#include <stddef.h>

struct connection;
struct toad_worker;

struct turns {
    struct toad_worker *worker; /* borrowed */
    struct connection *first;
    struct connection **end; /* where the next one is put */
    size_t count;
    ev_prepare prepare;
    ev_idle idle; /* keeps the loop from waiting while somebody stands here */
};

void turns_init(struct turns *turns, struct toad_worker *worker);

/* Once the worker has its loop. */
void turns_start(struct turns *turns);

/* Once at a time for each; adding it again changes nothing. */
void turns_add(struct turns *turns, struct connection *connection);

/* Whether it stands there or not. */
void turns_remove(struct turns *turns, struct connection *connection);

#endif
