/* WebSockets: the path says how one is opened; a message is sent back, or says what to do. */
#include "played.h"

#include "served.h"
#include "worker/worker_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLOOD_SIZE = 10000 /* bytes of a message */
};

struct played_ws {
    struct toad_websocket *ws;
    struct toad_timer *timer;
    unsigned left; /* messages of a flood */
};

static char flood[FLOOD_SIZE];
static struct toad_websocket *latest;

/* What is the application's to tell is told by it. */
static struct toad_timer *start_timer(struct toad_worker *own_worker, double seconds,
                                      void (*callback)(void *data), void *data)
{
    struct toad_timer *timer = toad_timer_start(own_worker, seconds, callback, data);
    if (timer == NULL)
        toad_log(2, "no memory for a timer");
    return timer;
}

static void send_text(struct toad_websocket *ws, const char *text)
{
    (void)toad_ws_send(ws, TOAD_WS_TEXT, text, strlen(text));
}

static void go_on(void *state, struct toad_websocket *ws)
{
    struct played_ws *own = toad_ws_data(ws);
    (void)state;
    while (own->left > 0) {
        size_t size = toad_ws_send(ws, TOAD_WS_BINARY, flood, sizeof flood);
        if (size == 0) {
            served->shorts++;
            return;
        }
        served->taken += size;
        own->left--;
    }
    send_text(ws, "done");
}

static void on_room(void *state, struct toad_websocket *ws)
{
    served->writables++;
    go_on(state, ws);
}

static void say_later(void *data)
{
    struct played_ws *own = data;
    own->timer = NULL;
    served->due++;
    send_text(own->ws, "later");
}

static void close_later(void *data)
{
    struct played_ws *own = data;
    own->timer = NULL;
    (void)toad_ws_close(own->ws, 4001, "later");
}

static void show_request(struct toad_websocket *ws)
{
    char text[256];
    struct toad_request *request = toad_ws_request(ws);
    const char *color = toad_header(request, "X-Color");
    (void)snprintf(text, sizeof text, "%s %s %s %s %s %s %u", toad_method(request),
                   toad_path(request), toad_parameter(request, "a"), color,
                   toad_remote_address(request), toad_local_address(request),
                   toad_local_port(request) == served_port);
    send_text(ws, text);
}

static const char *or_none(const char *text)
{
    return text == NULL ? "none" : text;
}

static void show_tls(struct toad_websocket *ws)
{
    char text[256];
    struct toad_request *request = toad_ws_request(ws);
    (void)snprintf(text, sizeof text, "%s %s %s %s", or_none(toad_tls_version(request)),
                   or_none(toad_tls_cipher(request)), or_none(toad_tls_server_name(request)),
                   or_none(toad_tls_client_subject(request)));
    send_text(ws, text);
}

static void do_wrong(struct toad_websocket *ws)
{
    (void)toad_ws_send(ws, TOAD_WS_TEXT, "\xff", 1);
    (void)toad_ws_send(ws, 3, "x", 1);
    (void)toad_ws_ping(ws, flood, 126);
    (void)toad_ws_close(ws, 1005, "");
    (void)toad_ws_close(ws, 70000, "");
    (void)toad_ws_close(ws, 0, "a reason without a code");
    toad_reply(toad_ws_request(ws), 200, NULL, "x", 1);
    (void)toad_ws_accept(toad_ws_request(ws), &(struct toad_ws_callbacks){.struct_size = 8}, NULL);
    send_text(ws, "still here");
}

static void obey(struct toad_websocket *ws, const char *order)
{
    struct played_ws *own = toad_ws_data(ws);
    struct toad_worker *own_worker = toad_request_worker(toad_ws_request(ws));
    unsigned number = (unsigned)strtoul(order + 2, NULL, 10);
    switch (order[0]) {
    case 'b':
        (void)toad_ws_send(ws, TOAD_WS_BINARY, flood, sizeof flood);
        break;
    case 'c':
        (void)toad_ws_close(ws, number, number == 0 ? NULL : "bye");
        send_text(ws, "too late");
        if (toad_ws_ping(ws, "", 0) || toad_ws_close(ws, 1000, NULL))
            abort();
        break;
    case 'f':
        own->left = number;
        go_on(served, ws);
        break;
    case 'l':
        own->timer = start_timer(own_worker, 0.01, say_later, own);
        break;
    case 'C':
        own->timer = start_timer(own_worker, 0.01, close_later, own);
        break;
    case 'o':
        send_text(latest, "from another");
        break;
    case 'p':
        (void)toad_ws_ping(ws, "hi", 2);
        break;
    case 'r':
        show_request(ws);
        break;
    case 't':
        show_tls(ws);
        break;
    case 'w':
        do_wrong(ws);
        break;
    default:
        abort();
    }
}

static void on_message(void *state, struct toad_websocket *ws, int type, struct toad_text message)
{
    char order[32] = "";
    (void)state;
    if (message.size == 0 || message.data[0] != '!') {
        (void)toad_ws_send(ws, type, message.data, message.size);
        return;
    }
    memcpy(order, message.data + 1, message.size - 1);
    obey(ws, order);
}

static void on_close(void *state, struct toad_websocket *ws, unsigned code, struct toad_text reason)
{
    struct played_ws *own = toad_ws_data(ws);
    (void)state;
    (void)reason;
    served->close_code = code;
    served->closed++;
    if (latest == ws)
        latest = NULL;
    /* It is too late for anything. */
    if (toad_ws_send(ws, TOAD_WS_TEXT, "x", 1) != 0 || toad_ws_close(ws, 1000, NULL) ||
        toad_ws_ping(ws, "", 0) || toad_path(toad_ws_request(ws)) == NULL)
        abort();
    toad_timer_stop(own->timer);
    free(own);
}

static void on_drain(void *state, struct toad_websocket *ws)
{
    (void)state;
    served->warned++;
    send_text(ws, "drain");
    if (strcmp(toad_path(toad_ws_request(ws)), "/ws-leaving") == 0)
        (void)toad_ws_close(ws, 1012, "restart");
}

static const struct toad_ws_callbacks callbacks = {
    .struct_size = sizeof callbacks,
    .on_message = on_message,
    .on_close = on_close,
    .on_drain = on_drain,
    .on_writable = on_room,
};

static struct toad_websocket *open_it(struct toad_request *request, const char *protocol)
{
    struct played_ws *own = calloc(1, sizeof *own);
    if (own == NULL)
        toad_log(2, "no memory for a WebSocket");
    struct toad_websocket *ws = own == NULL ? NULL : toad_ws_accept(request, &callbacks, protocol);
    if (ws == NULL) {
        free(own);
        return NULL;
    }
    own->ws = ws;
    toad_ws_set_data(ws, own);
    latest = ws;
    served->opened++;
    return ws;
}

static void accept_later(void *data)
{
    struct toad_request *request = data;
    (void)open_it(request, NULL);
    served->due++;
    toad_release(request);
}

static void begin_later(struct toad_request *request)
{
    if (start_timer(toad_request_worker(request), 0.001, accept_later, request) == NULL)
        toad_release(request);
}

static void count_abort(void *state, struct toad_request *request)
{
    (void)state;
    served->aborts++;
    if (strcmp(toad_path(request), "/ws-too-late") == 0)
        begin_later(request);
}

static void hold(struct toad_request *request)
{
    toad_hold(request);
    toad_on_abort(request, count_abort);
    served->keeping++;
}

static void count_destroyed(void *data)
{
    (void)data;
    served->destroyed++;
}

void played_websocket(void *state, struct toad_request *request)
{
    const char *path = toad_path(request);
    (void)state;
    if (strcmp(path, "/ws-no") == 0) {
        toad_reply(request, 403, "text/plain", "no", 2);
    } else if (strcmp(path, "/ws-nothing") == 0) {
        return;
    } else if (strcmp(path, "/ws-later") == 0) {
        hold(request);
        begin_later(request);
    } else if (strcmp(path, "/ws-broken") == 0) {
        request->connection->is_lost = true;
        if (open_it(request, NULL) != NULL)
            abort();
    } else if (strcmp(path, "/ws-too-late") == 0) {
        hold(request);
    } else if (strcmp(path, "/ws-chat") == 0) {
        bool offers = toad_ws_offers(request, "chat") && !toad_ws_offers(request, "cat") &&
                      !toad_ws_offers(request, "");
        (void)toad_add_header(request, "X-Added", "yes");
        (void)toad_add_header(request, "Sec-WebSocket-Protocol", "own");
        (void)open_it(request, offers ? "chat" : NULL);
    } else if (strcmp(path, "/ws-unoffered") == 0) {
        if (open_it(request, "cat") != NULL)
            abort();
    } else if (strcmp(path, "/ws-data") == 0) {
        toad_set_data(request, state, count_destroyed);
        (void)open_it(request, NULL);
    } else if (strcmp(path, "/ws-deaf") == 0) {
        (void)toad_ws_accept(request, &(struct toad_ws_callbacks){.struct_size = 8}, NULL);
    } else if (strcmp(path, "/ws-greets") == 0) {
        struct toad_websocket *ws = open_it(request, NULL);
        if (ws != NULL)
            send_text(ws, "welcome");
    } else {
        (void)open_it(request, NULL);
    }
}
