/* What the application does with a WebSocket: accept, send, close. */
#include "worker/answer.h"
#include "worker/conversation.h"
#include "worker/opening.h"
#include "worker/tls_facts.h"
#include "worker/worker_process.h"

#include "sys/log.h"

#include <stdlib.h>
#include <string.h>

static bool may_accept(const struct toad_request *request)
{
    if (!reply_may_begin(request) || conversation_is_over(request->connection))
        return false;
    if (!request->is_opening)
        log_write(LOG_LEVEL_ERROR, "The application accepted %s, which opens no WebSocket",
                  toad_target(request));
    return request->is_opening;
}

/* A part of a member is none: behind the first one all are pointers. */
static void copy_callbacks(struct toad_websocket *ws, const struct toad_ws_callbacks *callbacks)
{
    size_t size =
        callbacks->struct_size < sizeof *callbacks ? callbacks->struct_size : sizeof *callbacks;
    size -= size % sizeof(void *);
    memcpy(&ws->callbacks, callbacks, size);
}

static void refuse(struct toad_request *request, enum error error, const char *protocol)
{
    if (error == ERROR_INVALID) {
        log_write(LOG_LEVEL_ERROR, "The application chose \"%.100s\" for %s, which is not offered",
                  protocol, toad_target(request));
        answer_text(request, 500, "The application's answer was not valid\n");
    } else {
        log_write(LOG_LEVEL_ERROR, "A WebSocket at %s was refused: out of memory",
                  toad_target(request));
        answer_text(request, 503, "The server is out of memory\n");
    }
}

static void send_head(struct toad_request *request, struct bytes head)
{
    conversation_send(request->connection, head);
    reply_fields_send(&request->reply.fields, request->connection);
    reply_note_access(request->connection, request, 101, 0);
    request->reply.phase = REPLY_OVER;
    /* Nobody can be asked once the connection is not the request's any more. */
    (void)toad_local_address(request);
    tls_facts_keep(request);
}

struct toad_websocket *toad_ws_accept(struct toad_request *request,
                                      const struct toad_ws_callbacks *callbacks,
                                      const char *protocol)
{
    char storage[OPENING_HEAD_MAX];
    struct buffer head;
    struct ws_deflate_terms terms;
    if (!may_accept(request))
        return NULL;
    worker_refresh_time(request->worker);
    buffer_init(&head, storage, sizeof storage);
    struct toad_websocket *ws = calloc(1, sizeof *ws);
    enum error error =
        ws == NULL ? ERROR_MEMORY : opening_write(request, bytes_of(protocol), &head, &terms);
    if (error != ERROR_NONE) {
        free(ws);
        refuse(request, error, protocol);
        return NULL;
    }
    struct connection *connection = request->connection;
    copy_callbacks(ws, callbacks);
    send_head(request, buffer_view(&head));
    websocket_begin(ws, request, &terms);
    exchange_detach(request);
    connection_wake(connection);
    return ws;
}

struct toad_request *toad_ws_request(const struct toad_websocket *ws)
{
    return ws->request;
}

void toad_ws_set_data(struct toad_websocket *ws, void *data)
{
    ws->data = data;
}

void *toad_ws_data(const struct toad_websocket *ws)
{
    return ws->data;
}

static bool is_gone(const struct toad_websocket *ws)
{
    return ws->connection == NULL || conversation_is_over(ws->connection);
}

/* A turn began with a look at the clock, which costs more than a short message. */
static void refresh_time(const struct toad_websocket *ws)
{
    if (ws->worker->running == NULL)
        worker_refresh_time(ws->worker);
}

/* Whole messages: the last one may be larger than the room that it finds. */
static bool has_room(struct toad_websocket *ws)
{
    bool has_any = ws->queued < STREAM_WAITING_MAX;
    ws->is_short = ws->is_short || !has_any;
    return has_any;
}

static size_t send_frame(struct toad_websocket *ws, const struct ws_frame *frame)
{
    size_t size = frame->head_size + frame->payload.size;
    conversation_send(ws->connection, (struct bytes){frame->head, frame->head_size});
    if (frame->payload.size > 0)
        conversation_send(ws->connection, frame->payload);
    ws->queued += size;
    websocket_wake(ws);
    return size;
}

static void complain(const struct toad_websocket *ws, const char *what)
{
    log_write(LOG_LEVEL_ERROR, "The application sent to the WebSocket at %s %s",
              toad_target(ws->request), what);
}

/* A message that is missing must not go unnoticed. */
static void drop(struct toad_websocket *ws)
{
    log_write(LOG_LEVEL_ERROR, "A WebSocket is dropped: no memory for its message");
    ws->connection->is_lost = true;
    websocket_wake(ws);
}

size_t toad_ws_send(struct toad_websocket *ws, int type, const void *data, size_t size)
{
    struct ws_frame frame;
    if (is_gone(ws) || ws->session.state.life != WS_LIFE_OPEN || !has_room(ws))
        return 0;
    if (type != TOAD_WS_TEXT && type != TOAD_WS_BINARY) {
        complain(ws, "a message of an unknown type");
        return 0;
    }
    refresh_time(ws);
    enum error error = ws_session_send(&ws->session, type == TOAD_WS_TEXT,
                                       (struct bytes){data, size}, ws->worker->now_us, &frame);
    if (error == ERROR_NONE)
        return send_frame(ws, &frame);
    if (error == ERROR_INVALID)
        complain(ws, "a text that is not UTF-8");
    else
        drop(ws);
    return 0;
}

bool toad_ws_ping(struct toad_websocket *ws, const void *data, size_t size)
{
    struct ws_control control;
    if (is_gone(ws) || !has_room(ws))
        return false;
    refresh_time(ws);
    enum error error =
        ws_session_ping(&ws->session, (struct bytes){data, size}, ws->worker->now_us, &control);
    if (error == ERROR_INVALID)
        complain(ws, "a ping of more than 125 bytes");
    if (error != ERROR_NONE)
        return false;
    websocket_send_control(ws, &control);
    websocket_wake(ws);
    return true;
}

/* The one that stands for none is no code that could be sent; nor is 0. */
static uint16_t close_code(unsigned code)
{
    if (code == 0)
        return WS_CLOSE_NO_CODE;
    return code == WS_CLOSE_NO_CODE || code > UINT16_MAX ? 0 : (uint16_t)code;
}

bool toad_ws_close(struct toad_websocket *ws, unsigned code, const char *reason)
{
    struct ws_control control;
    if (is_gone(ws))
        return false;
    refresh_time(ws);
    uint16_t sent = close_code(code);
    enum error error =
        ws_session_close(&ws->session, sent, bytes_of(reason), ws->worker->now_us, &control);
    if (error == ERROR_INVALID)
        complain(ws, "a close whose code or reason may not be sent");
    if (error != ERROR_NONE)
        return false;
    websocket_send_control(ws, &control);
    websocket_wake(ws);
    return true;
}
