#include "worker/conversation.h"

#include "http/http_target.h"
#include "sys/log.h"
#include "worker/answer.h"
#include "worker/worker_process.h"

void conversation_observe(struct connection *connection, int event)
{
    if (http_session_observe(&connection->session, (enum http_session_event)event,
                             connection->worker->now_us) == ERROR_NONE)
        return;
    log_write(LOG_LEVEL_ERROR, "A connection in phase %s cannot take %s and is closed",
              http_life_text(connection->session.life),
              http_session_event_text((enum http_session_event)event));
    connection->is_lost = true;
}

bool conversation_is_over(const struct connection *connection)
{
    return connection->is_lost || connection->session.life == HTTP_LIFE_CLOSED;
}

void conversation_send(struct connection *connection, struct bytes bytes)
{
    if (output_send(connection, bytes) != ERROR_NONE)
        connection->is_lost = true;
}

void conversation_send_head(struct connection *connection, const struct http_reply *head)
{
    char storage[HTTP_REPLY_HEAD_MAX];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    if (http_reply_write(&buffer, head))
        conversation_send(connection, buffer_view(&buffer));
    else
        connection->is_lost = true;
}

void conversation_refuse(struct connection *connection, uint16_t status, const char *reason)
{
    /* What is not the client's fault is told to the administrator, too. */
    if (status == 503)
        log_write(LOG_LEVEL_ERROR, "A request was refused: %s", reason);
    conversation_observe(connection, HTTP_SESSION_REFUSED);
    if (conversation_is_over(connection))
        return;
    answer_refusal(connection, status, reason);
    if (connection->exchange != NULL)
        exchange_abort(connection->exchange);
}

/* What has come of a head is refused before it is a request. */
static void refuse_head(struct connection *connection, struct bytes input,
                        const struct http_refusal *refusal)
{
    connection->asks_for_head = http_asks_for_head(input);
    conversation_refuse(connection, refusal->status, refusal->reason);
}

/* The end of a head was found: makes it a request. False if the input cannot be used further. */
static bool begin_request(struct connection *connection, struct bytes head)
{
    struct http_refusal refusal;
    enum http_progress progress = exchange_open(connection, head, &refusal);
    if (progress == HTTP_REFUSED) {
        refuse_head(connection, head, &refusal);
        return false;
    }
    connection->worker->requests++;
    conversation_observe(connection, HTTP_SESSION_HEAD_READ);
    return !connection->is_lost;
}

static bool read_head(struct connection *connection, struct bytes *input, struct http_scan *scan)
{
    struct bytes head;
    size_t size = 0;
    struct http_refusal refusal;
    switch (http_scan_head(scan, *input, &head, &size, &refusal)) {
    case HTTP_INCOMPLETE:
        conversation_observe(connection, HTTP_SESSION_BYTES);
        return false;
    case HTTP_REFUSED:
        refuse_head(connection, *input, &refusal);
        return false;
    case HTTP_COMPLETE:
        break;
    }
    if (!begin_request(connection, head))
        return false;
    *input = bytes_from(*input, size);
    http_scan_init(scan);
    struct toad_request *request = connection->exchange;
    if (request->body.is_read)
        conversation_observe(connection, HTTP_SESSION_BODY_READ);
    else if (body_is_at_hand(request, *input) && !body_read_ahead(request, input))
        return false;
    exchange_ask_application(request);
    return true;
}

static void drop(struct bytes *input)
{
    *input = (struct bytes){NULL, 0};
}

/* Uses one part of the input. False when nothing more can be used now. */
static bool use(struct connection *connection, struct bytes *input, struct http_scan *scan)
{
    switch (connection->session.life) {
    case HTTP_LIFE_IDLE:
    case HTTP_LIFE_HEAD:
        connection->is_held_up = input->size > 0 && output_is_stalled(connection);
        if (input->size == 0 || connection->is_held_up)
            return false;
        return read_head(connection, input, scan);
    case HTTP_LIFE_BODY:
    case HTTP_LIFE_WORKING:
    case HTTP_LIFE_ANSWERING:
        return body_advance(connection->exchange, input);
    case HTTP_LIFE_UPGRADED:
        websocket_receive(connection->websocket, input);
        return false;
    case HTTP_LIFE_SHAKING:
    case HTTP_LIFE_FINISHING:
    case HTTP_LIFE_LINGERING:
    case HTTP_LIFE_CLOSED:
        drop(input);
        return false;
    }
    return false;
}

static void use_all(struct connection *connection, struct bytes *input, struct http_scan *scan)
{
    while (!connection->is_lost && use(connection, input, scan))
        continue;
    if (connection->session.life == HTTP_LIFE_FINISHING)
        drop(input);
}

/* False if there is no memory for what the client sent; the connection is given up then. */
static bool keep(struct connection *connection, struct bytes bytes)
{
    if (input_append(&connection->input, bytes) == ERROR_NONE)
        return true;
    log_write(LOG_LEVEL_ERROR, "A connection is dropped: no memory for its input");
    connection->is_lost = true;
    return false;
}

static void receive(struct connection *connection, struct bytes bytes)
{
    struct http_scan scan;
    if (connection->input == NULL) {
        http_scan_init(&scan);
        use_all(connection, &bytes, &scan);
        if (bytes.size > 0)
            (void)keep(connection, bytes);
    } else {
        if (!keep(connection, bytes))
            return;
        scan = connection->input->scan;
        struct bytes rest = input_view(connection->input);
        size_t before = rest.size;
        use_all(connection, &rest, &scan);
        input_consume(&connection->input, before - rest.size);
    }
    if (connection->input != NULL)
        connection->input->scan = scan;
}

/* A client that sends nothing more and has not sent all of its request (RFC 9112 8). */
static void notice_end(struct connection *connection)
{
    if (connection->has_ended && connection->exchange != NULL &&
        !conversation_is_over(connection) && body_is_wanted(connection->exchange))
        conversation_refuse(connection, 400, "The body ended too early");
}

void conversation_receive(struct connection *connection, struct bytes bytes)
{
    connection->is_held_up = false;
    connection->is_conversing = true;
    receive(connection, bytes);
    notice_end(connection);
    connection->is_conversing = false;
}

void conversation_time_out(struct connection *connection)
{
    if (connection->websocket != NULL) {
        websocket_time_out(connection->websocket);
        return;
    }
    conversation_observe(connection, HTTP_SESSION_TIMED_OUT);
    if (connection->session.life != HTTP_LIFE_FINISHING)
        return;
    connection->asks_for_head =
        connection->input != NULL && http_asks_for_head(input_view(connection->input));
    answer_refusal(connection, 408, "The head of the request did not arrive in time");
}
