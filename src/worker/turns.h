/* turns - connections that wait to have their turn, though nothing happens at their sockets.
 *
 * They stand in two queues. In the first one are those that have something to do by themselves;
 * each of them gets one turn before the loop waits, and who wants another one stands behind all
 * others and behind everybody whose socket is ready. In the second one are those that shake hands:
 * that is costly, so they have but a share of each round (policy/fairness.h). Connections are
 * borrowed and must be removed before they are freed. */
#ifndef TOAD_WORKER_TURNS_H
#define TOAD_WORKER_TURNS_H

#include <ev.h>
#include <stddef.h>

struct connection;
struct toad_worker;

struct turn_queue {
    struct connection *first;
    struct connection **end; /* where the next one is put */
    size_t count;
};

struct turns {
    struct toad_worker *worker; /* borrowed */
    struct turn_queue ready;
    struct turn_queue shaking;
    ev_prepare prepare;
    ev_idle idle; /* keeps the loop from waiting while somebody stands here */
};

void turns_init(struct turns *turns, struct toad_worker *worker);

/* Once the worker has its loop. */
void turns_start(struct turns *turns);

/* Who stands in a queue already stays where it is. */
void turns_add_ready(struct turns *turns, struct connection *connection);
void turns_add_shaking(struct turns *turns, struct connection *connection);

/* Whether it stands there or not. */
void turns_remove(struct connection *connection);

#endif
