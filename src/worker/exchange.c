#include "worker/exchange.h"

#include "base/percent.h"
#include "sys/log.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

#include <stdlib.h>
#include <string.h>

enum {
    POOL_MAX = 64,         /* requests that are kept for the next ones */
    BODY_KEPT_MAX = 65536, /* a larger body buffer is given back */
    BODY_FIRST_SIZE = 4096,
};

static struct toad_request *take(struct toad_worker *worker)
{
    struct exchange_pool *pool = &worker->exchanges;
    struct toad_request *request = pool->free;
    if (request == NULL) {
        request = malloc(sizeof *request);
        if (request == NULL)
            return NULL;
        request->body = NULL;
        request->body_capacity = 0;
    } else {
        pool->free = request->next;
        pool->count--;
    }
    /* The head and the memory are large and written before they are read: only the front is
     * cleared. */
    char *body = request->body;
    size_t body_capacity = request->body_capacity;
    memset(request, 0, offsetof(struct toad_request, reader));
    request->body = body;
    request->body_capacity = body_capacity;
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
    if (request->body_capacity > BODY_KEPT_MAX) {
        free(request->body);
        request->body = NULL;
        request->body_capacity = 0;
    }
    struct exchange_pool *pool = &request->worker->exchanges;
    if (pool->count == POOL_MAX) {
        free(request->body);
        free(request);
        return;
    }
    request->next = pool->free;
    pool->free = request;
    pool->count++;
}

static void drop_reference(struct toad_request *request)
{
    if (--request->references == 0)
        give_back(request);
}

void exchange_pool_clear(struct exchange_pool *pool)
{
    while (pool->free != NULL) {
        struct toad_request *request = pool->free;
        pool->free = request->next;
        free(request->body);
        free(request);
    }
    pool->count = 0;
}

static enum http_progress refuse(struct http_refusal *refusal, uint16_t status, const char *reason)
{
    *refusal = (struct http_refusal){status, reason};
    return HTTP_REFUSED;
}

static enum http_progress read_head(struct toad_request *request, struct bytes head,
                                    struct http_refusal *ret_refusal)
{
    char *copy = memory_copy(&request->memory, head);
    if (copy == NULL)
        return refuse(ret_refusal, 503, "The server is out of memory");
    enum http_progress progress =
        http_reader_head(&request->reader, (struct bytes){copy, head.size},
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
    enum http_progress progress = read_head(request, head, ret_refusal);
    if (progress != HTTP_COMPLETE) {
        drop_reference(request);
        return progress;
    }
    request->connection = connection;
    request->number = connection->session.requests + 1;
    request->peer = connection->peer;
    request->began_us = connection->worker->now_us;
    request->is_body_read = exchange_has_no_body(request);
    request->body_most = connection->worker->settings->message_max_bytes;
    connection->exchange = request;
    return HTTP_COMPLETE;
}

bool exchange_has_no_body(const struct toad_request *request)
{
    return !request->head.has_body ||
           (!request->head.is_chunked && request->head.content_length == 0);
}

bool exchange_body_is_at_hand(const struct toad_request *request, struct bytes input)
{
    return !request->head.is_chunked && request->head.content_length <= input.size;
}

bool exchange_wants_body(const struct toad_request *request)
{
    return request->on_body != NULL && !request->is_body_read;
}

static bool append_body(struct toad_request *request, struct bytes part)
{
    size_t size = request->body_size + part.size;
    if (size >= request->body_capacity) {
        size_t wanted = request->body_capacity == 0 ? BODY_FIRST_SIZE : request->body_capacity;
        while (wanted <= size)
            wanted *= 2;
        char *grown = realloc(request->body, wanted);
        if (grown == NULL)
            return false;
        request->body = grown;
        request->body_capacity = wanted;
    }
    if (part.size > 0)
        memcpy(request->body + request->body_size, part.data, part.size);
    request->body_size = size;
    request->body[size] = '\0';
    return true;
}

/* A request that nobody will answer any more: the application forgot it. */
static void answer_if_forgotten(struct toad_request *request)
{
    bool waits_for_body = exchange_wants_body(request);
    if (request->connection == NULL || request->holds > 0 || waits_for_body)
        return;
    log_write(LOG_LEVEL_ERROR, "The application left %s %s without an answer", toad_method(request),
              toad_target(request));
    answer_text(request, 500, "The application did not answer\n");
}

static void call_body(struct toad_request *request)
{
    body_callback *callback = request->on_body;
    struct toad_text body = {request->body == NULL ? "" : request->body, request->body_size};
    request->references++;
    callback(request->worker->app_state, request, body);
    answer_if_forgotten(request);
    drop_reference(request);
}

bool exchange_read_body(struct toad_request *request, struct bytes *input)
{
    struct connection *connection = request->connection;
    enum http_progress progress = HTTP_INCOMPLETE;
    while (progress == HTTP_INCOMPLETE && input->size > 0) {
        struct bytes part = {NULL, 0};
        struct http_refusal refusal;
        progress = http_reader_body(&request->reader, input, &part, &refusal);
        if (progress == HTTP_REFUSED) {
            conversation_refuse(connection, refusal.status, refusal.reason);
            return false;
        }
        if (request->body_size + part.size > request->body_most) {
            conversation_refuse(connection, 413, "The body is larger than the application takes");
            return false;
        }
        if (!append_body(request, part)) {
            conversation_refuse(connection, 503, "The server is out of memory");
            return false;
        }
    }
    conversation_observe(connection,
                         progress == HTTP_COMPLETE ? HTTP_SESSION_BODY_READ : HTTP_SESSION_MOVED);
    if (progress != HTTP_COMPLETE)
        return false;
    request->is_body_read = true;
    if (request->on_body != NULL)
        call_body(request);
    return true;
}

void exchange_ask_application(struct toad_request *request)
{
    request->references++;
    request->worker->settings->app->request(request->worker->app_state, request);
    answer_if_forgotten(request);
    drop_reference(request);
}

void exchange_abort(struct toad_request *request)
{
    request->connection->exchange = NULL;
    request->connection = NULL;
    request->is_aborted = true;
    abort_callback *callback = request->on_abort;
    request->on_abort = NULL;
    if (callback != NULL)
        callback(request->worker->app_state, request);
    drop_reference(request);
}

void exchange_finish(struct toad_request *request)
{
    request->is_answered = true;
    request->on_abort = NULL;
    request->connection->exchange = NULL;
    request->connection = NULL;
    drop_reference(request);
}

void toad_body_all(struct toad_request *request, size_t size_max,
                   void (*callback)(void *state, struct toad_request *request,
                                    struct toad_text body))
{
    if (request->connection == NULL)
        return;
    if (request->on_body != NULL || callback == NULL) {
        log_write(LOG_LEVEL_ERROR, "The application asked for the body of %s twice",
                  toad_target(request));
        return;
    }
    request->on_body = callback;
    if (size_max < request->body_most)
        request->body_most = size_max;
    uint64_t known = request->is_body_read      ? request->body_size
                     : request->head.is_chunked ? 0
                                                : request->head.content_length;
    if (known > request->body_most)
        answer_too_large(request);
    else if (request->is_body_read)
        call_body(request);
    else
        answer_continue(request);
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
    drop_reference(request);
}

void toad_on_abort(struct toad_request *request,
                   void (*callback)(void *state, struct toad_request *request))
{
    if (request->connection != NULL)
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
