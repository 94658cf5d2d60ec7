#include "worker/exchange.h"

#include "base/percent.h"
#include "sys/log.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/exchange_pool.h"
#include "worker/opening.h"
#include "worker/worker_process.h"

static void give_back(struct toad_request *request)
{
    if (request->destroy_data != NULL)
        request->destroy_data(request->data);
    exchange_pool_give_back(request);
}

void exchange_drop(struct toad_request *request)
{
    if (--request->references == 0)
        give_back(request);
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
        http_reader_head(request->reader, (struct bytes){copy, head.size}, is_tls,
                         request->worker->settings->message_max_bytes, request->head, ret_refusal);
    if (progress != HTTP_COMPLETE)
        return progress;
    request->path = memory_copy(&request->memory, request->head->path);
    if (request->path == NULL)
        return refuse(ret_refusal, 503, "The server is out of memory");
    if (!percent_decode(request->path, false))
        return refuse(ret_refusal, 400, "The path has a malformed percent escape");
    return HTTP_COMPLETE;
}

enum http_progress exchange_open(struct connection *connection, struct bytes head,
                                 struct http_refusal *ret_refusal)
{
    struct toad_request *request = exchange_pool_take(connection->worker);
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
    /* Nobody can be answered, and the application may have been told so. */
    if (conversation_is_over(request->connection))
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

static void call(struct toad_request *request, request_callback *callback)
{
    exchange_begin_call(request);
    callback(request->worker->app_state, request);
    exchange_end_call(request);
}

/* It will live long, and is not to hold more than it needs. */
static void ask_for_websocket(struct toad_request *request)
{
    struct toad_request *compact = exchange_pool_compact(request);
    if (compact == NULL) {
        log_write(LOG_LEVEL_ERROR, "A WebSocket at %s was refused: out of memory",
                  toad_target(request));
        answer_text(request, 503, "The server is out of memory\n");
        return;
    }
    compact->is_opening = true;
    call(compact, compact->worker->settings->app->websocket);
}

void exchange_ask_application(struct toad_request *request)
{
    struct ws_refusal refusal;
    switch (opening_judge(request, &refusal)) {
    case WS_VERDICT_PLAIN:
        call(request, request->worker->settings->app->request);
        break;
    case WS_VERDICT_VALID:
        ask_for_websocket(request);
        break;
    case WS_VERDICT_REFUSED:
        opening_refuse(request, &refusal);
        break;
    }
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
