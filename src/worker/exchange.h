/* exchange - one request and its answer: the toad_request that the application sees.
 *
 * It lives while the conversation waits for its answer, a callback runs, or the application holds
 * it; then it goes back to the worker's pool, with its memory. */
#ifndef TOAD_WORKER_EXCHANGE_H
#define TOAD_WORKER_EXCHANGE_H

#include "http/http_reader.h"
#include "hypnotoad.h"
#include "worker/forwarding.h"
#include "worker/memory.h"
#include "worker/peer.h"

#include <stdbool.h>

struct connection;

typedef void body_callback(void *state, struct toad_request *request, struct toad_text body);
typedef void abort_callback(void *state, struct toad_request *request);

struct toad_request {
    struct toad_worker *worker;    /* borrowed */
    struct connection *connection; /* NULL once it is answered or aborted */
    struct toad_request *next;     /* in the pool */
    uint32_t references;
    uint32_t holds; /* those of the references that the application has */
    bool is_answered;
    bool is_aborted;
    bool is_body_read;

    body_callback *on_body;
    abort_callback *on_abort;
    void *data;
    void (*destroy_data)(void *data);

    char *body;
    size_t body_size;
    size_t body_capacity;
    uint64_t body_most;

    char *path; /* decoded */
    struct forwarding forwarding;
    uint64_t number;
    int64_t began_us; /* when the head was complete */
    struct peer peer;

    struct http_reader reader;
    struct http_head head; /* views into `memory` */
    struct memory memory;
};

struct exchange_pool {
    struct toad_request *free;
    size_t count;
};

/* Makes a request of a head for this connection, which has none. HTTP_COMPLETE or HTTP_REFUSED. */
enum http_progress exchange_open(struct connection *connection, struct bytes head,
                                 struct http_refusal *ret_refusal);

bool exchange_has_no_body(const struct toad_request *request);

/* The whole body is in front of `input`, so that it can be had without waiting. */
bool exchange_body_is_at_hand(const struct toad_request *request, struct bytes input);

/* The application asked for the body, and it is not complete. */
bool exchange_wants_body(const struct toad_request *request);

/* Takes what is there of the body and, at its end, calls the application. False if the input cannot
 * be used further. */
bool exchange_read_body(struct toad_request *request, struct bytes *input);

/* Calls the application with the request. */
void exchange_ask_application(struct toad_request *request);

/* The connection lost interest: the application is told, once. */
void exchange_abort(struct toad_request *request);

/* The answer is complete: the conversation goes on without the request. */
void exchange_finish(struct toad_request *request);

void exchange_pool_clear(struct exchange_pool *pool);

#endif
