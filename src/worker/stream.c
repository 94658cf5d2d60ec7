#include "worker/stream.h"

#include "http/http_fields.h"
#include "sys/log.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

/* There is nobody to send it to any more; that is no mistake. */
static bool is_gone(const struct toad_request *request)
{
    return request->connection == NULL ? request->is_aborted
                                       : conversation_is_over(request->connection);
}

/* The host is about to answer with 413: that the application begins an answer is no mistake. */
static bool is_refused(const struct toad_request *request)
{
    return request->connection != NULL && request->reply.phase == REPLY_AWAITED &&
           request->body.is_too_large;
}

/* The answer is under way in parts: false, and a line in the log where the application is wrong, if
 * it is not. */
static bool is_under_way(const struct toad_request *request, const char *what)
{
    if (is_gone(request) || is_refused(request))
        return false;
    if (request->connection != NULL && request->reply.phase == REPLY_IN_PARTS)
        return true;
    const char *why = request->reply.phase == REPLY_AWAITED ? "has not begun" : "is complete";
    log_write(LOG_LEVEL_ERROR, "The application %s the answer to %s, which %s", what,
              toad_target(request), why);
    return false;
}

/* The application has done its part; false if that was for nothing. */
static bool is_still_wanted(struct toad_request *request, const char *what)
{
    /* Whoever has ended it is not told of the end of the connection. */
    if (is_refused(request))
        request->on_abort = NULL;
    else if (request->connection != NULL && is_gone(request))
        reply_cut(request);
    return is_under_way(request, what);
}

/* Something is to be sent, and another turn than the connection's own is to be ended with that. */
static void have_sent(struct connection *connection)
{
    if (connection->worker->running != connection)
        connection_make_runnable(connection);
}

static enum http_reply_body framing_for(const struct toad_request *request, uint64_t size)
{
    if (size != TOAD_SIZE_UNKNOWN)
        return HTTP_REPLY_SIZED;
    return request->head->version_minor == 0 ? HTTP_REPLY_TO_THE_END : HTTP_REPLY_CHUNKED;
}

void toad_start(struct toad_request *request, int status, const char *type, uint64_t size)
{
    if (is_refused(request) || !reply_may_begin(request) ||
        !reply_is_acceptable(request, status, bytes_of(type)))
        return;
    request->reply.phase = REPLY_IN_PARTS;
    reply_send_head(request, (uint16_t)status, bytes_of(type), framing_for(request, size), size,
                    body_is_awaited(request));
    conversation_observe(request->connection, HTTP_SESSION_BEGUN);
    have_sent(request->connection);
}

/* What of it still belongs to the answer: more than was announced does not. */
static size_t fitting(struct toad_request *request, size_t size)
{
    struct reply *reply = &request->reply;
    if (reply->body != HTTP_REPLY_SIZED || size <= reply->size - reply->written)
        return size;
    if (!reply->is_overrun)
        log_write(LOG_LEVEL_ERROR, "The application writes more than the announced size of %s",
                  toad_target(request));
    reply->is_overrun = true;
    return (size_t)(reply->size - reply->written);
}

static size_t room_for(struct reply *reply, size_t size)
{
    size_t room = reply->queued < STREAM_WAITING_MAX ? STREAM_WAITING_MAX - reply->queued : 0;
    if (size <= room)
        return size;
    reply->is_short = true;
    return room;
}

/* One chunk; gives its size with its frame. */
static size_t send_chunk(struct connection *connection, struct bytes part)
{
    char storage[HTTP_CHUNK_START_MAX];
    struct buffer start;
    buffer_init(&start, storage, sizeof storage);
    (void)http_chunk_start_write(&start, part.size); /* there is room for any */
    conversation_send(connection, buffer_view(&start));
    conversation_send(connection, part);
    conversation_send(connection, BYTES("\r\n"));
    return start.size + part.size + 2;
}

static size_t send_bare(struct connection *connection, struct bytes part)
{
    conversation_send(connection, part);
    return part.size;
}

static void send_part(struct toad_request *request, struct bytes part)
{
    struct connection *connection = request->connection;
    struct reply *reply = &request->reply;
    bool is_chunked = reply->body == HTTP_REPLY_CHUNKED;
    reply->queued += is_chunked ? send_chunk(connection, part) : send_bare(connection, part);
    reply->written += part.size;
    worker_refresh_time(connection->worker);
    /* What only waits moves nothing. */
    if (!connection->session.is_stalled)
        conversation_observe(connection, HTTP_SESSION_MOVED);
    have_sent(connection);
}

size_t toad_write(struct toad_request *request, const void *data, size_t size)
{
    struct reply *reply = &request->reply;
    if (!is_under_way(request, "wrote to"))
        return 0;
    if (reply->is_bare)
        return size;
    size_t wanted = fitting(request, size);
    size_t taken = room_for(reply, wanted);
    if (taken > 0)
        send_part(request, (struct bytes){data, taken});
    /* What is too much is dropped: nobody is to wait for room for it. */
    return taken < wanted ? taken : size;
}

void toad_on_writable(struct toad_request *request,
                      void (*callback)(void *state, struct toad_request *request))
{
    if (request->connection == NULL)
        return;
    request->reply.on_writable = callback;
    if (request->reply.is_short)
        have_sent(request->connection);
}

bool toad_add_trailer(struct toad_request *request, const char *name, const char *value)
{
    struct reply *reply = &request->reply;
    if (!is_under_way(request, "added a trailer to"))
        return false;
    bool is_sent =
        reply->body == HTTP_REPLY_CHUNKED && !reply->is_bare && http_takes_trailers(request->head);
    return reply_fields_add(&reply->trailers, request, name, value) && is_sent;
}

static void send_end(struct toad_request *request)
{
    struct connection *connection = request->connection;
    bool takes_trailers = http_takes_trailers(request->head);
    if (request->reply.trailers.first != NULL && takes_trailers) {
        conversation_send(connection, BYTES("0\r\n"));
        reply_fields_send(&request->reply.trailers, connection);
    } else {
        conversation_send(connection, BYTES("0\r\n\r\n"));
    }
}

void toad_end(struct toad_request *request)
{
    struct reply *reply = &request->reply;
    if (!is_still_wanted(request, "ended"))
        return;
    if (reply->body == HTTP_REPLY_SIZED && !reply->is_bare && reply->written < reply->size) {
        log_write(LOG_LEVEL_ERROR, "The answer to %s ended before its announced size",
                  toad_target(request));
        reply_cut(request);
        return;
    }
    if (reply->body == HTTP_REPLY_CHUNKED && !reply->is_bare)
        send_end(request);
    worker_refresh_time(request->worker);
    reply_complete(request, reply->written);
}

void toad_fail(struct toad_request *request)
{
    if (request->connection != NULL && request->reply.phase == REPLY_AWAITED)
        answer_text(request, 500, "The application could not answer\n");
    else if (is_still_wanted(request, "gave up"))
        reply_cut(request);
}

bool stream_advance(struct toad_request *request)
{
    struct reply *reply = &request->reply;
    reply->queued = output_waiting(request->connection);
    if (!stream_wants_room(request) || reply->queued > STREAM_WAITING_MAX / 2)
        return false;
    reply->is_short = false;
    exchange_begin_call(request);
    reply->on_writable(request->worker->app_state, request);
    exchange_end_call(request);
    return true;
}

bool stream_wants_room(const struct toad_request *request)
{
    return request->reply.is_short && request->reply.on_writable != NULL;
}
