/* ws_app - the application behind a fuzzed WebSocket: the path says how it is opened, a message is
 * sent back or says what to do, and each one that the server has taken is noted. */
#ifndef TOAD_TESTS_FUZZ_WS_APP_H
#define TOAD_TESTS_FUZZ_WS_APP_H

#include "session_state.h"

enum {
    WS_SENT_MAX = 8192,
    WS_LARGE_SIZE = 20000,
    WS_FLOOD_MAX = 40 /* large messages on one connection */
};

/* A message that the server has taken. */
struct ws_sent {
    bool is_text;
    size_t size;
    uint64_t hash;
};

static struct {
    struct toad_websocket *ws; /* NULL: there is none, or no more */
    size_t opened;
    size_t closed;
    unsigned code;
    uint64_t reason; /* a hash */
    size_t pings;
    size_t flood;  /* messages that are still to come */
    bool is_loose; /* what is sent depends on when the client reads */
    size_t sent_count;
    struct ws_sent sent[WS_SENT_MAX];
} talk;

static void talk_forget(void)
{
    app_demand(talk.opened == talk.closed, "The end of a WebSocket was not told");
    talk.ws = NULL;
    talk.opened = talk.closed = talk.pings = talk.flood = talk.sent_count = 0;
    talk.code = 0;
    talk.reason = 0;
    talk.is_loose = false;
}

static bool talk_send(struct toad_websocket *ws, int type, const char *data, size_t size)
{
    app_demand(talk.sent_count < WS_SENT_MAX, "There are too many messages");
    if (toad_ws_send(ws, type, data, size) == 0) {
        talk.is_loose = true;
        return false;
    }
    talk.sent[talk.sent_count++] =
        (struct ws_sent){type == TOAD_WS_TEXT, size, app_hash(0, data, size)};
    return true;
}

/* ---- What a message asks for ---- */

static void talk_flood(struct toad_websocket *ws)
{
    static char large[WS_LARGE_SIZE];
    app_fill(large, sizeof large);
    for (; talk.flood > 0; talk.flood--)
        if (!talk_send(ws, TOAD_WS_BINARY, large, sizeof large))
            return;
}

static void talk_do_wrong(struct toad_websocket *ws)
{
    static const char zeros[126];
    bool is_taken = toad_ws_send(ws, TOAD_WS_TEXT, "\xed\xa0\x80", 3) > 0 ||
                    toad_ws_send(ws, 0, "x", 1) > 0 || toad_ws_ping(ws, zeros, sizeof zeros) ||
                    toad_ws_close(ws, 1005, "") || toad_ws_close(ws, 70000, NULL) ||
                    toad_ws_close(ws, 0, "a reason without a code") ||
                    toad_ws_close(ws, 1000, "\xff");
    app_demand(!is_taken, "What may not be sent was taken");
    toad_reply(toad_ws_request(ws), 200, NULL, "x", 1);
}

static void talk_close(struct toad_websocket *ws, struct toad_text order)
{
    unsigned code = 0;
    for (size_t i = 2; i < order.size && i < 8; i++)
        code = code * 10 + (unsigned char)order.data[i] % 10;
    if (!toad_ws_close(ws, code, code == 0 ? NULL : "bye"))
        return;
    app_demand(toad_ws_send(ws, TOAD_WS_TEXT, "x", 1) == 0 && !toad_ws_close(ws, 1000, NULL),
               "Something is sent behind a close");
}

static void talk_obey(struct toad_websocket *ws, struct toad_text order)
{
    switch (order.data[1]) {
    case 'c':
        talk_close(ws, order);
        break;
    case 'f':
        talk.flood = WS_FLOOD_MAX;
        talk.is_loose = true;
        talk_flood(ws);
        break;
    case 'l':
        talk.flood = 1;
        talk_flood(ws);
        break;
    case 'p':
        talk.pings += toad_ws_ping(ws, order.data, order.size < 126 ? order.size : 125);
        break;
    case 'w':
        talk_do_wrong(ws);
        break;
    default:
        (void)talk_send(ws, TOAD_WS_TEXT, "obeyed", 6);
    }
}

/* ---- Callbacks ---- */

static void talk_on_message(void *state, struct toad_websocket *ws, int type,
                            struct toad_text message)
{
    (void)state;
    app_demand(talk.ws == ws && talk.closed == 0, "A message comes behind the end");
    app_demand(toad_ws_data(ws) == &talk, "The data of a WebSocket have changed");
    app_demand(type == TOAD_WS_TEXT || type == TOAD_WS_BINARY, "A message has no type");
    if (message.size >= 2 && message.data[0] == '!')
        talk_obey(ws, message);
    else if (talk.sent_count < WS_SENT_MAX - 2 * WS_FLOOD_MAX)
        (void)talk_send(ws, type, message.data, message.size);
}

static void talk_on_close(void *state, struct toad_websocket *ws, unsigned code,
                          struct toad_text reason)
{
    (void)state;
    app_demand(talk.ws == ws && talk.closed < talk.opened, "The end is told twice");
    app_demand(toad_ws_send(ws, TOAD_WS_TEXT, "x", 1) == 0 && !toad_ws_ping(ws, "", 0),
               "Something is sent behind the end");
    talk.code = code;
    talk.reason = app_hash(0, reason.data, reason.size);
    talk.closed++;
    talk.flood = 0;
    talk.ws = NULL;
}

static void talk_on_writable(void *state, struct toad_websocket *ws)
{
    (void)state;
    app_demand(talk.ws == ws, "There is room for nobody");
    talk_flood(ws);
}

/* ---- Openings ---- */

static void talk_open(struct toad_request *request, const char *protocol)
{
    static const struct toad_ws_callbacks callbacks = {.struct_size = sizeof callbacks,
                                                       .on_message = talk_on_message,
                                                       .on_close = talk_on_close,
                                                       .on_writable = talk_on_writable};
    struct toad_websocket *ws = toad_ws_accept(request, &callbacks, protocol);
    if (ws == NULL)
        return;
    app_demand(talk.ws == NULL && toad_ws_request(ws) == request, "It has another request");
    talk.ws = ws;
    talk.opened++;
    toad_ws_set_data(ws, &talk);
    if (toad_path(request)[1] == 'g')
        (void)talk_send(ws, TOAD_WS_TEXT, "welcome", 7);
}

static void talk_open_held(struct toad_request *request)
{
    app.held = NULL;
    talk_open(request, NULL);
    toad_release(request);
}

static void talk_abort_held(void *state, struct toad_request *request)
{
    (void)state;
    app_demand(app.held == request, "A request was aborted that nobody waits for");
    app.held = NULL;
    toad_release(request);
}

static void talk_hold(struct toad_request *request)
{
    app_demand(app.held == NULL, "A request came before the one before it was answered");
    app.held = request;
    app.go_on = talk_open_held;
    toad_on_abort(request, talk_abort_held);
    toad_hold(request);
}

static void talk_give_back(void *data)
{
    app_demand(data == &app, "The data of a request have changed");
    app.living--;
}

static void talk_keep(struct toad_request *request)
{
    app.living++;
    toad_set_data(request, &app, talk_give_back);
}

static void talk_websocket(void *state, struct toad_request *request)
{
    (void)state;
    talk_keep(request);
    switch (toad_path(request)[1]) {
    case 'h':
        talk_hold(request);
        break;
    case 'n':
        break;
    case 'p':
        (void)toad_add_header(request, "X-Header", "yes");
        talk_open(request, toad_ws_offers(request, "chat") ? "chat" : NULL);
        break;
    case 'r':
        toad_reply(request, 403, NULL, "no", 2);
        break;
    case 'u':
        talk_open(request, "cat");
        break;
    default:
        talk_open(request, NULL);
    }
}

static void talk_request(void *state, struct toad_request *request)
{
    (void)state;
    talk_keep(request);
    app_demand(toad_ws_accept(request, &(struct toad_ws_callbacks){.struct_size = 8}, NULL) == NULL,
               "What opens no WebSocket was accepted");
    toad_reply(request, 200, NULL, "x", 1);
}

static const struct toad_app talk_descriptor = {
    TOAD_APP_HEADER, .name = "fuzzed", .request = talk_request, .websocket = talk_websocket};

#endif
