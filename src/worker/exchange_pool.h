/* exchange_pool - memory for requests: roomy for those that are answered at once, and kept for the
 * next ones; compact for those that live as long as a WebSocket. */
#ifndef TOAD_WORKER_EXCHANGE_POOL_H
#define TOAD_WORKER_EXCHANGE_POOL_H

#include <stddef.h>

struct toad_request;
struct toad_worker;

struct exchange_pool {
    struct toad_request *free;
    size_t count;
};

/* A roomy request with one reference and nothing in it; NULL if there is no memory. */
struct toad_request *exchange_pool_take(struct toad_worker *worker);

/* Moves a request without a body, of which nobody has seen anything yet, into memory of just its
 * size, and gives its old one back. NULL, and nothing has happened, if there is no memory. */
struct toad_request *exchange_pool_compact(struct toad_request *request);

/* All of its memory; what the application has in it is the caller's affair. */
void exchange_pool_give_back(struct toad_request *request);

void exchange_pool_clear(struct exchange_pool *pool);

#endif
