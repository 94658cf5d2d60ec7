#include "worker/websocket.h"

#include "sys/log.h"
#include "worker/conversation.h"
#include "worker/transport.h"
#include "worker/worker_process.h"

#include <stdlib.h>

/* Between the last 1001 and the end of graceful_timeout: a second for the clients' closes (promise
 * WRK-5), and what the loop may be late by. */
#define DRAIN_REST_US (SECOND_US + 250 * MILLISECOND_US)

static void *resize(void *memory, size_t size)
{
    if (size > 0)
        return realloc(memory, size);
    free(memory);
    return NULL;
}

void websockets_init(struct toad_worker *worker)
{
    ws_shared_init(&worker->websockets, resize);
}

void websockets_drain(struct toad_worker *worker)
{
    int64_t rest_us = worker->settings->graceful_timeout_us - DRAIN_REST_US;
    int64_t span_us = rest_us > 0 ? rest_us : 0;
    int64_t count = 0;
    for (struct connection *each = worker->connections; each != NULL; each = each->next)
        count += each->websocket != NULL;
    int64_t number = 0;
    for (struct connection *each = worker->connections; each != NULL; each = each->next) {
        if (each->websocket == NULL)
            continue;
        number++;
        each->websocket->leave_us = worker->now_us + span_us / count * number;
        connection_make_runnable(each);
    }
    worker->websockets_end_us = worker->now_us + span_us;
}

void websocket_begin(struct toad_websocket *ws, struct toad_request *request,
                     const struct ws_deflate_terms *terms)
{
    struct connection *connection = request->connection;
    struct toad_worker *worker = connection->worker;
    ws->connection = connection;
    ws->worker = worker;
    ws->request = request;
    ws->leave_us = worker->facts.is_leaving ? worker->websockets_end_us : NEVER_US;
    ws_session_init(&ws->session, &worker->websockets, terms, worker->settings->websocket_max_bytes,
                    worker->now_us);
    connection->websocket = ws;
    conversation_observe(connection, HTTP_SESSION_SWITCHED);
}

void websocket_send_control(struct toad_websocket *ws, const struct ws_control *control)
{
    if (control->size == 0)
        return;
    ws->queued += control->size;
    conversation_send(ws->connection, (struct bytes){control->data, control->size});
}

void websocket_wake(struct toad_websocket *ws)
{
    if (ws->worker->running != ws->connection)
        connection_make_runnable(ws->connection);
}

static void tell_message(struct toad_websocket *ws, int type, struct bytes message)
{
    if (ws->callbacks.on_message != NULL)
        ws->callbacks.on_message(ws->worker->app_state, ws, type,
                                 (struct toad_text){message.data, message.size});
}

static void tell_end(struct toad_websocket *ws, uint16_t code, struct bytes reason)
{
    if (ws->callbacks.on_close != NULL)
        ws->callbacks.on_close(ws->worker->app_state, ws, code,
                               (struct toad_text){reason.data, reason.size});
}

static void handle(struct toad_websocket *ws, const struct ws_event *event)
{
    websocket_send_control(ws, &event->answer);
    switch (event->kind) {
    case WS_EVENT_TEXT:
        tell_message(ws, TOAD_WS_TEXT, event->bytes);
        break;
    case WS_EVENT_BINARY:
        tell_message(ws, TOAD_WS_BINARY, event->bytes);
        break;
    case WS_EVENT_PING:
    case WS_EVENT_PONG:
        break;
    case WS_EVENT_FAILED:
        /* What is not the client's fault is told to the administrator, too. */
        if (event->code == WS_CLOSE_INTERNAL_ERROR)
            log_write(LOG_LEVEL_ERROR, "A WebSocket is closed: %s", event->bytes.data);
        tell_end(ws, event->code, event->bytes);
        break;
    case WS_EVENT_CLOSE:
        tell_end(ws, event->code, event->bytes);
        break;
    }
}

void websocket_receive(struct toad_websocket *ws, struct bytes *input)
{
    struct connection *connection = ws->connection;
    struct ws_event event;
    while (!connection->is_lost) {
        connection->is_held_up = output_is_stalled(connection);
        if (connection->is_held_up ||
            !ws_session_receive(&ws->session, input, ws->worker->now_us, &event))
            return;
        /* Not held up, the client has taken what it was sent in this turn. */
        ws->queued = 0;
        handle(ws, &event);
    }
}

static bool tell_drain(struct toad_websocket *ws)
{
    bool is_open = ws->session.state.life == WS_LIFE_OPEN;
    if (ws->is_drained || !is_open || !ws->worker->facts.is_leaving)
        return false;
    ws->is_drained = true;
    if (ws->callbacks.on_drain != NULL)
        ws->callbacks.on_drain(ws->worker->app_state, ws);
    return true;
}

static bool tell_room(struct toad_websocket *ws)
{
    if (!websocket_wants_room(ws) || ws->queued > STREAM_WAITING_MAX / 2)
        return false;
    ws->is_short = false;
    ws->callbacks.on_writable(ws->worker->app_state, ws);
    return true;
}

bool websocket_advance(struct toad_websocket *ws)
{
    ws->queued = output_waiting(ws->connection);
    bool is_drained = tell_drain(ws);
    return tell_room(ws) || is_drained;
}

bool websocket_wants_input(const struct toad_websocket *ws)
{
    return !websocket_is_finishing(ws);
}

bool websocket_wants_room(const struct toad_websocket *ws)
{
    return ws->is_short && ws->callbacks.on_writable != NULL &&
           ws->session.state.life == WS_LIFE_OPEN;
}

bool websocket_is_finishing(const struct toad_websocket *ws)
{
    return ws->session.state.life == WS_LIFE_FINISHING;
}

void websocket_note_movement(struct toad_websocket *ws)
{
    ws_session_moved(&ws->session, ws->worker->now_us);
}

void websocket_note_stall(struct toad_websocket *ws)
{
    ws_session_stall(&ws->session, ws->worker->now_us);
}

void websocket_note_flush(struct toad_websocket *ws)
{
    const struct ws_life_state *state = &ws->session.state;
    bool was_finishing = websocket_is_finishing(ws);
    if (was_finishing || state->is_stalled)
        ws_session_flushed(&ws->session, ws->worker->now_us);
    if (!was_finishing)
        return;
    input_clear(&ws->connection->input);
    transport_finish(ws->connection->io.fd);
}

int64_t websocket_deadline(const struct toad_websocket *ws)
{
    int64_t deadline_us = ws_session_deadline(&ws->session, &ws->worker->settings->websocket);
    bool may_leave = ws->session.state.life == WS_LIFE_OPEN;
    return may_leave && ws->leave_us < deadline_us ? ws->leave_us : deadline_us;
}

void websocket_time_out(struct toad_websocket *ws)
{
    struct ws_control control;
    /* An open one closes with 1001, whichever of its deadlines it is. */
    ws_session_time_out(&ws->session, ws->worker->now_us, &control);
    if (ws->session.state.life == WS_LIFE_CLOSED)
        conversation_observe(ws->connection, HTTP_SESSION_TIMED_OUT);
    else
        websocket_send_control(ws, &control);
}

void websocket_lose(struct toad_websocket *ws)
{
    bool is_news = ws_session_lose(&ws->session, ws->worker->now_us);
    ws->connection->websocket = NULL;
    ws->connection = NULL;
    if (is_news)
        tell_end(ws, WS_CLOSE_ABNORMAL, (struct bytes){"", 0});
    ws_session_clear(&ws->session);
    exchange_drop(ws->request);
    free(ws);
}
