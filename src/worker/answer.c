#include "worker/answer.h"

#include "sys/clock.h"
#include "sys/log.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT_MAX = 65536
};

static void send_or_give_up(struct connection *connection, struct bytes bytes)
{
    if (output_send(connection, bytes) != ERROR_NONE)
        connection->is_lost = true;
}

static void send_reply(struct connection *connection, const struct http_reply *reply,
                       struct bytes data)
{
    char storage[HTTP_REPLY_HEAD_MAX];
    struct buffer head;
    buffer_init(&head, storage, sizeof storage);
    if (!http_reply_write(&head, reply)) {
        connection->is_lost = true;
        return;
    }
    send_or_give_up(connection, buffer_view(&head));
    send_or_give_up(connection, data);
}

static struct bytes field_of(const struct toad_request *request, const char *name)
{
    return bytes_of(toad_header(request, name));
}

/* `request` is a null pointer if there was none that could be read. */
static void note_access(const struct connection *connection, const struct toad_request *request,
                        uint16_t status, uint64_t size)
{
    struct toad_worker *worker = connection->worker;
    if (worker->access_log.path == NULL)
        return;
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
        entry.method = request->head.method;
        entry.target = request->head.target;
        entry.version_minor = request->head.version_minor;
        entry.referer = field_of(request, "Referer");
        entry.agent = field_of(request, "User-Agent");
    }
    access_log_write(&worker->access_log, &entry);
}

/* Whether this answer is the last one must be known before its head is written. */
static void decide(struct toad_request *request)
{
    struct connection *connection = request->connection;
    const struct toad_worker *worker = connection->worker;
    bool is_last = connection->has_ended && connection->input == NULL;
    bool can_persist = connection->session.life == HTTP_LIFE_WORKING && !is_last;
    http_session_decide(&connection->session, request->head.persists && can_persist,
                        worker->facts.is_leaving, &worker->settings->session);
    connection->client_closes = !request->head.persists && can_persist;
}

static void reply(struct toad_request *request, uint16_t status, struct bytes type,
                  struct bytes data)
{
    struct connection *connection = request->connection;
    /* The application may have taken long. */
    worker_refresh_time(connection->worker);
    decide(request);
    bool closes = connection->session.closes;
    struct http_reply head = {
        .status = status,
        .closes = closes,
        .says_keep_alive = !closes && request->head.version_minor == 0,
        .keep_alive_s =
            closes ? 0 : http_session_keep_alive_s(&connection->worker->settings->session),
        .date = worker_date(connection->worker),
        .content_type = type,
        .content_length = data.size,
    };
    bool is_bare =
        http_status_has_no_body(status) || bytes_equal(request->head.method, BYTES("HEAD"));
    send_reply(connection, &head, is_bare ? (struct bytes){NULL, 0} : data);
    note_access(connection, request, status, is_bare ? 0 : data.size);
    conversation_observe(connection, HTTP_SESSION_ANSWERED);
    exchange_finish(request);
    if (connection->worker->running != connection)
        connection_make_runnable(connection);
}

void answer_text(struct toad_request *request, uint16_t status, const char *text)
{
    reply(request, status, BYTES("text/plain; charset=utf-8"), bytes_of(text));
}

void answer_too_large(struct toad_request *request)
{
    answer_text(request, 413, "The body is larger than the application takes\n");
}

void answer_continue(struct toad_request *request)
{
    struct connection *connection = request->connection;
    if (request->head.expects_continue)
        send_or_give_up(connection, BYTES("HTTP/1.1 100 Continue\r\n\r\n"));
    if (connection->worker->running != connection)
        connection_make_runnable(connection);
}

void answer_refusal(struct connection *connection, uint16_t status, const char *reason)
{
    char storage[256];
    struct buffer text;
    buffer_init(&text, storage, sizeof storage);
    (void)buffer_append_format(&text, "%s\n", reason);
    struct http_reply head = {
        .status = status,
        .closes = true,
        .date = worker_date(connection->worker),
        .content_type = BYTES("text/plain; charset=utf-8"),
        .content_length = text.size,
    };
    send_reply(connection, &head, buffer_view(&text));
    note_access(connection, connection->exchange, status, text.size);
}

/* An answer that is still wanted: false, and a line in the log where the application is wrong, if
 * it is not. */
static bool may_answer(const struct toad_request *request)
{
    if (request->connection != NULL)
        return true;
    if (!request->is_aborted)
        log_write(LOG_LEVEL_ERROR, "The application answered a request twice: %s %s",
                  toad_method(request), toad_target(request));
    return false;
}

static bool is_acceptable(int status, struct bytes type)
{
    return status >= 200 && status <= 599 && type.size <= HTTP_REPLY_HEAD_MAX / 2 &&
           http_field_is_valid(BYTES("Content-Type"), type);
}

void toad_reply(struct toad_request *request, int status, const char *type, const void *data,
                size_t size)
{
    if (!may_answer(request))
        return;
    if (!is_acceptable(status, bytes_of(type))) {
        log_write(LOG_LEVEL_ERROR, "The application's answer to %s has status %d and type \"%s\"",
                  toad_target(request), status, type == NULL ? "" : type);
        answer_text(request, 500, "The application's answer was not valid\n");
        return;
    }
    reply(request, (uint16_t)status, bytes_of(type), (struct bytes){data, size});
}

void toad_reply_format(struct toad_request *request, int status, const char *type,
                       const char *format, ...)
{
    if (!may_answer(request))
        return;
    char *text = malloc(FORMAT_MAX);
    va_list values;
    va_start(values, format);
    int length = text == NULL ? -1 : vsnprintf(text, FORMAT_MAX, format, values);
    va_end(values);
    if (text == NULL) {
        log_write(LOG_LEVEL_ERROR, "The application's answer to %s was lost: out of memory",
                  toad_target(request));
        answer_text(request, 500, "The server is out of memory\n");
    } else if (length < 0 || length >= FORMAT_MAX) {
        log_write(LOG_LEVEL_ERROR, "The application's answer to %s is longer than %d bytes",
                  toad_target(request), FORMAT_MAX - 1);
        answer_text(request, 500, "The application's answer was not valid\n");
    } else {
        toad_reply(request, status, type, text, (size_t)length);
    }
    free(text);
}
