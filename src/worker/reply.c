#include "worker/reply.h"

#include "http/http_grammar.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/file_body.h"
#include "worker/stream.h"
#include "worker/worker_process.h"

static struct bytes field_of(const struct toad_request *request, const char *name)
{
    return bytes_of(toad_header(request, name));
}

static void write_access(const struct connection *connection, const struct toad_request *request,
                         uint16_t status, uint64_t size)
{
    struct toad_worker *worker = connection->worker;
    char remote[PEER_TEXT_SIZE];
    struct peer client = request == NULL ? connection->peer : forwarding_client(request);
    struct http_log_entry entry = {
        .remote = peer_text(&client, remote),
        .unix_us = clock_unix_us(),
        .status = status,
        .size = size,
    };
    if (request != NULL) {
        entry.took_us = worker->now_us - request->began_us;
        entry.method = request->head->method;
        entry.target = request->head->target;
        entry.version_minor = request->head->version_minor;
        entry.referer = field_of(request, "Referer");
        entry.agent = field_of(request, "User-Agent");
    }
    access_log_write(&worker->access_log, &entry);
}

void reply_note_access(const struct connection *connection, const struct toad_request *request,
                       uint16_t status, uint64_t size)
{
    if (connection->worker->access_log.path != NULL)
        write_access(connection, request, status, size);
}

bool reply_may_begin(const struct toad_request *request)
{
    if (request->connection != NULL && request->reply.phase == REPLY_AWAITED)
        return true;
    if (!request->is_aborted)
        log_write(LOG_LEVEL_ERROR, "The application answered a request twice: %s %s",
                  toad_method(request), toad_target(request));
    return false;
}

/* The application's mistake: 500 for the client, and a line for the administrator. */
static void refuse(struct toad_request *request, int status, struct bytes type)
{
    log_write(LOG_LEVEL_ERROR, "The application's answer to %s has status %d and type \"%.*s\"",
              toad_target(request), status, (int)bytes_first(type, HTTP_REPLY_HEAD_MAX).size,
              type.size == 0 ? "" : type.data);
    answer_text(request, 500, "The application's answer was not valid\n");
}

bool reply_is_acceptable(struct toad_request *request, int status, struct bytes type)
{
    bool is_acceptable = status >= 200 && status <= 599 && type.size <= HTTP_REPLY_HEAD_MAX / 2 &&
                         http_is_text(type);
    if (!is_acceptable)
        refuse(request, status, type);
    return is_acceptable;
}

/* Whether this answer is the last one must be known before its head is written. */
static void decide(struct toad_request *request, bool is_unframed, bool reads_on)
{
    struct connection *connection = request->connection;
    const struct toad_worker *worker = connection->worker;
    bool is_last = connection->has_ended && connection->input == NULL;
    bool persists = request->head->persists && !is_last && !is_unframed;
    http_session_decide(&connection->session, persists, reads_on, worker->facts.is_leaving,
                        &worker->settings->session);
}

void reply_send_head(struct toad_request *request, uint16_t status, struct bytes type,
                     enum http_reply_body body, uint64_t size, bool reads_on)
{
    struct connection *connection = request->connection;
    struct reply *reply = &request->reply;
    reply->status = status;
    reply->body = body;
    reply->size = size;
    reply->is_bare =
        http_status_has_no_body(status) || bytes_equal(request->head->method, BYTES("HEAD"));
    /* The application may have taken long. */
    worker_refresh_time(connection->worker);
    decide(request, body == HTTP_REPLY_TO_THE_END && !reply->is_bare, reads_on);
    bool closes = connection->session.closes;
    struct http_reply head = {
        .status = status,
        .closes = closes,
        .says_keep_alive = !closes && request->head->version_minor == 0,
        .keep_alive_s =
            closes ? 0 : http_session_keep_alive_s(&connection->worker->settings->session),
        .date = worker_date(connection->worker),
        .content_type = type,
        .body = body,
        .content_length = size,
        .has_fields = reply->fields.first != NULL || reply->lines != NULL,
    };
    conversation_send_head(connection, &head);
    if (reply->lines != NULL)
        conversation_send(connection, bytes_of(reply->lines));
    if (head.has_fields)
        reply_fields_send(&reply->fields, connection);
}

void reply_complete(struct toad_request *request, uint64_t size)
{
    struct connection *connection = request->connection;
    reply_note_access(connection, request, request->reply.status, size);
    request->reply.phase = REPLY_OVER;
    connection->client_closes =
        !request->head->persists && connection->session.life == HTTP_LIFE_WORKING;
    conversation_observe(connection, HTTP_SESSION_ANSWERED);
    exchange_finish(request);
    connection_wake(connection);
}

/* The application gives up, so that it is not told. */
void reply_cut(struct toad_request *request)
{
    request->on_abort = NULL;
    file_body_close(request);
    request->reply.phase = REPLY_OVER;
    if (!conversation_is_over(request->connection))
        conversation_observe(request->connection, HTTP_SESSION_CUT);
    connection_wake(request->connection);
}

void reply_give_up(struct toad_request *request)
{
    const struct reply *reply = &request->reply;
    bool has_begun = reply->status != 0;
    uint64_t sent = reply->written > reply->queued ? reply->written - reply->queued : 0;
    if (has_begun)
        reply_note_access(request->connection, request, reply->status, reply->is_bare ? 0 : sent);
    file_body_close(request);
    request->reply.phase = REPLY_OVER;
}

bool reply_needs_reset(const struct toad_request *request)
{
    return request->reply.status != 0 && request->reply.body == HTTP_REPLY_TO_THE_END &&
           !request->reply.is_bare;
}

bool reply_advance(struct toad_request *request)
{
    if (conversation_is_over(request->connection))
        return false;
    switch (request->reply.phase) {
    case REPLY_IN_PARTS:
        return stream_advance(request);
    case REPLY_FILE:
        return file_body_advance(request);
    case REPLY_AWAITED:
    case REPLY_OVER:
        break;
    }
    return false;
}

bool reply_wants_room(const struct toad_request *request)
{
    return request->reply.phase == REPLY_FILE ||
           (request->reply.phase == REPLY_IN_PARTS && stream_wants_room(request));
}
