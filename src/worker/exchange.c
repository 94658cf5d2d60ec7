#include "worker/exchange.h"

#include "base/percent.h"
#include "sys/log.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/opening.h"
#include "worker/worker_process.h"

#include <stdlib.h>
#include <string.h>

enum {
    POOL_MAX = 64 /* requests that are kept for the next ones */
};

static struct toad_request *take(struct toad_worker *worker)
{
    struct exchange_pool *pool = &worker->exchanges;
    struct toad_request *request = pool->free;
    if (request == NULL) {
        request = malloc(sizeof *request);
        if (request == NULL)
            return NULL;
        request->body.data = NULL;
        request->body.capacity = 0;
    } else {
        pool->free = request->next;
        pool->count--;
    }
    /* The head and the memory are large and written before they are read: only the front is
     * cleared. */
    char *data = request->body.data;
    size_t capacity = request->body.capacity;
    memset(request, 0, offsetof(struct toad_request, reader));
    request->body.data = data;
    request->body.capacity = capacity;
    request->worker = worker;
    request->references = 1;
    memory_init(&request->memory);
    return request;
}

static void give_back(struct toad_request *request)
{
    if (request->destroy_data != NULL)
        request->destroy_data(request->data);
    memory_clear(&request->memory);
    body_release(&request->body);
    struct exchange_pool *pool = &request->worker->exchanges;
    if (pool->count == POOL_MAX) {
        free(request->body.data);
        free(request);
        return;
    }
    request->next = pool->free;
    pool->free = request;
    pool->count++;
}

void exchange_drop(struct toad_request *request)
{
    if (--request->references == 0)
        give_back(request);
}

void exchange_pool_clear(struct exchange_pool *pool)
{
    while (pool->free != NULL) {
        struct toad_request *request = pool->free;
        pool->free = request->next;
        free(request->body.data);
        free(request);
    }
    pool->count = 0;
}

static enum http_progress refuse(struct http_refusal *refusal, uint16_t status, const char *reason)
{
    *refusal = (struct http_refusal){status, reason};
    return HTTP_REFUSED;
}

static enum http_progress read_head(struct toad_request *request, struct bytes head, bool is_tls,
                                    struct http_refusal *ret_refusal)
{
    char *copy = memory_copy(&request->memory, head);
    if (copy == NULL)
        return refuse(ret_refusal, 503, "The server is out of memory");
    enum http_progress progress =
        http_reader_head(&request->reader, (struct bytes){copy, head.size}, is_tls,
                         request->worker->settings->message_max_bytes, &request->head, ret_refusal);
    if (progress != HTTP_COMPLETE)
        return progress;
    request->path = memory_copy(&request->memory, request->head.path);
    if (request->path == NULL)
        return refuse(ret_refusal, 503, "The server is out of memory");
    if (!percent_decode(request->path, false))
        return refuse(ret_refusal, 400, "The path has a malformed percent escape");
    return HTTP_COMPLETE;
}

enum http_progress exchange_open(struct connection *connection, struct bytes head,
                                 struct http_refusal *ret_refusal)
{
    struct toad_request *request = take(connection->worker);
    if (request == NULL)
        return refuse(ret_refusal, 503, "The server is out of memory");
    enum http_progress progress = read_head(request, head, connection->tls != NULL, ret_refusal);
    if (progress != HTTP_COMPLETE) {
        exchange_drop(request);
        return progress;
    }
    request->connection = connection;
    request->number = connection->session.requests + 1;
    request->peer = connection->peer;
    request->is_tls = connection->tls != NULL;
    request->began_us = connection->worker->now_us;
    body_init(request);
    connection->exchange = request;
    return HTTP_COMPLETE;
}

/* A request that nobody will answer any more: the application forgot it. */
static void answer_if_forgotten(struct toad_request *request)
{
    bool has_begun = request->reply.phase != REPLY_AWAITED;
    if (request->connection == NULL || has_begun || request->holds > 0 || body_is_awaited(request))
        return;
    log_write(LOG_LEVEL_ERROR, "The application left %s %s without an answer", toad_method(request),
              toad_target(request));
    answer_text(request, 500, "The application did not answer\n");
}

void exchange_begin_call(struct toad_request *request)
{
    request->references++;
    request->calls++;
}

void exchange_end_call(struct toad_request *request)
{
    if (--request->calls == 0)
        answer_if_forgotten(request);
    exchange_drop(request);
}

void exchange_ask_application(struct toad_request *request)
{
    struct toad_worker *worker = request->worker;
    struct ws_refusal refusal;
    exchange_begin_call(request);
    switch (opening_judge(request, &refusal)) {
    case WS_VERDICT_PLAIN:
        worker->settings->app->request(worker->app_state, request);
        break;
    case WS_VERDICT_VALID:
        request->is_opening = true;
        worker->settings->app->websocket(worker->app_state, request);
        break;
    case WS_VERDICT_REFUSED:
        opening_refuse(request, &refusal);
        break;
    }
    exchange_end_call(request);
}

void exchange_abort(struct toad_request *request)
{
    reply_give_up(request);
    request->connection->exchange = NULL;
    request->connection = NULL;
    request->is_aborted = true;
    request_callback *callback = request->on_abort;
    request->on_abort = NULL;
    if (callback != NULL)
        callback(request->worker->app_state, request);
    exchange_drop(request);
}

void exchange_detach(struct toad_request *request)
{
    request->on_abort = NULL;
    request->connection->exchange = NULL;
    request->connection = NULL;
}

void exchange_finish(struct toad_request *request)
{
    exchange_detach(request);
    exchange_drop(request);
}

void toad_hold(struct toad_request *request)
{
    request->references++;
    request->holds++;
}

void toad_release(struct toad_request *request)
{
    if (request->holds == 0) {
        log_write(LOG_LEVEL_ERROR, "The application released a request that it does not hold");
        return;
    }
    request->holds--;
    /* Inside a callback the reference of the callback is still there, and its end looks after the
     * answer. */
    if (request->references == 2 && request->connection != NULL)
        answer_if_forgotten(request);
    exchange_drop(request);
}

void toad_on_abort(struct toad_request *request,
                   void (*callback)(void *state, struct toad_request *request))
{
    bool may_abort =
        request->reply.phase == REPLY_AWAITED || request->reply.phase == REPLY_IN_PARTS;
    if (request->connection != NULL && may_abort)
        request->on_abort = callback;
}

void *toad_alloc(struct toad_request *request, size_t size)
{
    return memory_take(&request->memory, size);
}

void toad_set_data(struct toad_request *request, void *data, void (*destroy)(void *data))
{
    request->data = data;
    request->destroy_data = destroy;
}

void *toad_data(const struct toad_request *request)
{
    return request->data;
}
