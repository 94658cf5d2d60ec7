#include "worker/answer.h"

#include "sys/log.h"
#include "worker/conversation.h"
#include "worker/worker_process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FORMAT_MAX = 65536
};

static void reply(struct toad_request *request, uint16_t status, struct bytes type,
                  struct bytes data)
{
    reply_send_head(request, status, type, HTTP_REPLY_SIZED, data.size, false);
    if (!request->reply.is_bare)
        conversation_send(request->connection, data);
    reply_complete(request, request->reply.is_bare ? 0 : data.size);
}

void answer_text(struct toad_request *request, uint16_t status, const char *text)
{
    request->reply.fields = (struct reply_fields){NULL, NULL, 0};
    reply(request, status, BYTES("text/plain; charset=utf-8"), bytes_of(text));
}

void answer_lines(struct toad_request *request, uint16_t status, const char *lines,
                  const char *text)
{
    char storage[256];
    struct buffer line;
    buffer_init(&line, storage, sizeof storage);
    (void)buffer_append_format(&line, "%s\n", text);
    request->reply.lines = lines;
    reply(request, status, BYTES("text/plain; charset=utf-8"), buffer_view(&line));
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
    /* RFC 9110 9.3.2 */
    bool is_bare = connection->exchange == NULL
                       ? connection->asks_for_head
                       : bytes_equal(connection->exchange->head->method, BYTES("HEAD"));
    conversation_send_head(connection, &head);
    if (!is_bare)
        conversation_send(connection, buffer_view(&text));
    reply_note_access(connection, connection->exchange, status, is_bare ? 0 : text.size);
}

void toad_reply(struct toad_request *request, int status, const char *type, const void *data,
                size_t size)
{
    struct bytes type_bytes = bytes_of(type);
    if (reply_may_begin(request) && reply_is_acceptable(request, status, type_bytes))
        reply(request, (uint16_t)status, type_bytes, (struct bytes){data, size});
}

void toad_reply_format(struct toad_request *request, int status, const char *type,
                       const char *format, ...)
{
    if (!reply_may_begin(request))
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
