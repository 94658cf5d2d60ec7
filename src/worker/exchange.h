/* exchange - one request and its answer: the toad_request that the application sees.
 *
 * It lives while the conversation waits for its answer, a callback runs, or the application holds
 * it; then it goes back to the worker's pool, with its memory. */
#ifndef TOAD_WORKER_EXCHANGE_H
#define TOAD_WORKER_EXCHANGE_H

#include "http/http_reader.h"
#include "hypnotoad.h"
#include "worker/body.h"
#include "worker/forwarding.h"
#include "worker/memory.h"
#include "worker/peer.h"
#include "worker/reply.h"
#include "worker/tls_facts.h"

#include <stdbool.h>

struct connection;

struct toad_request {
    struct toad_worker *worker;    /* borrowed */
    struct connection *connection; /* NULL once it is answered or aborted */
    struct toad_request *next;     /* in the pool */
    uint32_t references;
    uint32_t holds; /* those of the references that the application has */
    uint32_t calls; /* those of callbacks that run, one within the other */
    bool is_aborted;
    bool is_opening; /* of a WebSocket, and valid */

    request_callback *on_abort;
    void *data;
    void (*destroy_data)(void *data);

    struct body body;
    struct reply reply;

    char *path; /* decoded */
    struct forwarding forwarding;
    uint64_t number;
    int64_t began_us; /* when the head was complete */
    struct peer peer;
    bool is_tls;
    struct tls_facts tls;

    struct http_reader *reader; /* NULL: nothing follows the head */
    struct http_head *head;     /* views into `memory` */
    struct memory memory;
};

/* Makes a request of a head for this connection, which has none. HTTP_COMPLETE or HTTP_REFUSED. */
enum http_progress exchange_open(struct connection *connection, struct bytes head,
                                 struct http_refusal *ret_refusal);

/* Calls the application with the request. */
void exchange_ask_application(struct toad_request *request);

/* Around each callback that is given the request, which cannot go away meanwhile. */
void exchange_begin_call(struct toad_request *request);
void exchange_end_call(struct toad_request *request);

/* The connection lost interest: the application is told, once. */
void exchange_abort(struct toad_request *request);

/* The answer is complete: the conversation goes on without the request. */
void exchange_finish(struct toad_request *request);

/* The same for one that lives on: what it says stays readable until exchange_drop(). */
void exchange_detach(struct toad_request *request);
void exchange_drop(struct toad_request *request);

#endif
