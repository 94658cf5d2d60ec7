#include "worker/body.h"

#include "sys/log.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

#include <stdlib.h>
#include <string.h>

enum {
    BODY_KEPT_MAX = 65536, /* a larger buffer is given back */
    BODY_FIRST_SIZE = 4096,
};

#define TOO_LARGE "The body is larger than the application takes"

static bool is_none(const struct toad_request *request)
{
    return !request->head->has_body ||
           (!request->head->is_chunked && request->head->content_length == 0);
}

void body_init(struct toad_request *request)
{
    request->body.is_read = is_none(request);
    request->body.most = request->worker->settings->message_max_bytes;
}

void body_release(struct body *body)
{
    if (body->capacity <= BODY_KEPT_MAX)
        return;
    free(body->data);
    body->data = NULL;
    body->capacity = 0;
}

bool body_is_at_hand(const struct toad_request *request, struct bytes input)
{
    return !request->head->is_chunked && request->head->content_length <= input.size;
}

bool body_is_awaited(const struct toad_request *request)
{
    return request->body.is_asked && !request->body.is_told;
}

/* A file that is on its way is an answer in which the application has no part any more. */
static bool is_open(const struct toad_request *request)
{
    bool may_be_told =
        request->reply.phase == REPLY_AWAITED || request->reply.phase == REPLY_IN_PARTS;
    return request->connection != NULL && may_be_told && body_is_awaited(request) &&
           !request->body.is_paused;
}

bool body_is_wanted(const struct toad_request *request)
{
    return is_open(request) && !request->body.is_read && !request->body.is_too_large;
}

static bool append(struct body *body, struct bytes part)
{
    size_t size = body->size + part.size;
    if (size >= body->capacity) {
        size_t wanted = body->capacity == 0 ? BODY_FIRST_SIZE : body->capacity;
        while (wanted <= size)
            wanted *= 2;
        char *grown = realloc(body->data, wanted);
        if (grown == NULL)
            return false;
        body->data = grown;
        body->capacity = wanted;
    }
    if (part.size > 0)
        memcpy(body->data + body->size, part.data, part.size);
    body->size = size;
    body->data[size] = '\0';
    return true;
}

/* Reads some of it, perhaps to its end; keeps it unless it is handed over in parts. False if the
 * request is over. */
static bool read_part(struct toad_request *request, struct bytes *input, struct bytes *ret_part)
{
    struct connection *connection = request->connection;
    struct body *body = &request->body;
    struct http_refusal refusal;
    struct bytes part = {NULL, 0};
    enum http_progress progress = http_reader_body(request->reader, input, &part, &refusal);
    if (progress == HTTP_REFUSED) {
        conversation_refuse(connection, refusal.status, refusal.reason);
        return false;
    }
    body->seen += part.size;
    if (body->seen > body->most) {
        conversation_refuse(connection, 413, TOO_LARGE);
        return false;
    }
    if (body->on_part == NULL && !append(body, part)) {
        conversation_refuse(connection, 503, "The server is out of memory");
        return false;
    }
    body->is_read = progress == HTTP_COMPLETE;
    conversation_observe(connection, body->is_read ? HTTP_SESSION_BODY_READ : HTTP_SESSION_MOVED);
    *ret_part = part;
    return true;
}

bool body_read_ahead(struct toad_request *request, struct bytes *input)
{
    struct bytes part;
    while (!request->body.is_read)
        if (!read_part(request, input, &part))
            return false;
    return true;
}

static void hand_over(struct toad_request *request, body_callback *callback, struct bytes bytes)
{
    struct toad_text text = {bytes.size == 0 ? "" : bytes.data, bytes.size};
    exchange_begin_call(request);
    callback(request->worker->app_state, request, text);
    exchange_end_call(request);
}

static void tell_end(struct toad_request *request)
{
    request->body.is_told = true;
    exchange_begin_call(request);
    if (request->body.on_end != NULL)
        request->body.on_end(request->worker->app_state, request);
    exchange_end_call(request);
}

/* All of it has been read. */
static void tell_rest(struct toad_request *request)
{
    struct body *body = &request->body;
    struct bytes kept = {body->data, body->size};
    if (body->on_whole != NULL) {
        body->is_told = true;
        hand_over(request, body->on_whole, kept);
        return;
    }
    body->size = 0;
    exchange_begin_call(request);
    if (kept.size > 0)
        hand_over(request, body->on_part, kept);
    if (is_open(request))
        tell_end(request);
    exchange_end_call(request);
}

static void read_parts(struct toad_request *request, struct bytes *input)
{
    struct bytes part;
    while (body_is_wanted(request) && input->size > 0) {
        if (!read_part(request, input, &part))
            return;
        if (part.size > 0 && request->body.on_part != NULL)
            hand_over(request, request->body.on_part, part);
    }
    if (is_open(request) && request->body.is_read)
        tell_rest(request);
}

/* Promise APP-3: it is told that no body will come, too. */
static void refuse_too_large(struct toad_request *request)
{
    request_callback *callback = request->on_abort;
    if (request->reply.phase != REPLY_AWAITED) {
        conversation_observe(request->connection, HTTP_SESSION_CUT);
        return;
    }
    request->is_aborted = true;
    answer_text(request, 413, TOO_LARGE "\n");
    if (callback != NULL)
        callback(request->worker->app_state, request);
}

bool body_advance(struct toad_request *request, struct bytes *input)
{
    if (!is_open(request))
        return false;
    bool has_something = request->body.is_read || request->body.is_too_large || input->size > 0;
    if (!has_something)
        return false;
    exchange_begin_call(request);
    if (request->body.is_too_large)
        refuse_too_large(request);
    else if (request->body.is_read)
        tell_rest(request);
    else
        read_parts(request, input);
    exchange_end_call(request);
    return true;
}

/* Says `100 Continue` if the client waits for that (RFC 9110 10.1.1), which has no sense any more
 * once the answer has begun. */
static void say_continue(struct toad_request *request)
{
    struct connection *connection = request->connection;
    bool may_say = request->head->expects_continue && request->reply.phase == REPLY_AWAITED;
    if (may_say && !request->body.is_read)
        conversation_send(connection, BYTES("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* False if it cannot be asked for. */
static bool ask(struct toad_request *request, uint64_t size_max, bool has_callback)
{
    struct body *body = &request->body;
    if (request->connection == NULL || request->reply.phase == REPLY_FILE ||
        request->reply.phase == REPLY_OVER)
        return false;
    if (body->is_asked || !has_callback) {
        log_write(LOG_LEVEL_ERROR, "The application asked for the body of %s %s",
                  toad_target(request), body->is_asked ? "twice" : "without a callback");
        return false;
    }
    body->is_asked = true;
    if (size_max < body->most)
        body->most = size_max;
    uint64_t known = body->is_read               ? body->seen
                     : request->head->is_chunked ? 0
                                                 : request->head->content_length;
    body->is_too_large = known > body->most;
    if (!body->is_too_large)
        say_continue(request);
    connection_wake(request->connection);
    return true;
}

void toad_body_all(struct toad_request *request, size_t size_max,
                   void (*callback)(void *state, struct toad_request *request,
                                    struct toad_text body))
{
    if (!ask(request, size_max, callback != NULL))
        return;
    request->body.on_whole = callback;
    /* Whoever paused it before it asked cannot have meant a body that comes whole. */
    request->body.is_paused = false;
    if (request->body.is_read && !request->body.is_too_large)
        tell_rest(request);
}

void toad_body_stream(struct toad_request *request, uint64_t size_max,
                      void (*on_part)(void *state, struct toad_request *request,
                                      struct toad_text part),
                      void (*on_end)(void *state, struct toad_request *request))
{
    if (!ask(request, size_max, on_part != NULL))
        return;
    request->body.on_part = on_part;
    request->body.on_end = on_end;
}

void toad_body_pause(struct toad_request *request)
{
    request->body.is_paused = request->body.on_whole == NULL;
}

void toad_body_resume(struct toad_request *request)
{
    bool was_paused = request->body.is_paused;
    request->body.is_paused = false;
    if (was_paused && request->connection != NULL)
        connection_wake(request->connection);
}

uint64_t toad_body_size(const struct toad_request *request)
{
    return request->head->is_chunked ? TOAD_SIZE_UNKNOWN : request->head->content_length;
}
