#include "apps/probe_websocket.h"

#include "apps/kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGES_MAX UINT64_C(10000000)
#define MESSAGE_SIZE_MAX 24

static void tell_leaving(void *state, struct toad_websocket *ws)
{
    (void)state;
    (void)toad_ws_send(ws, TOAD_WS_TEXT, "leaving", 7);
}

/* ---- Back again ---- */

/* An answer that finds no room means that the client sends without reading: it is given up. */
static void echo(void *state, struct toad_websocket *ws, int type, struct toad_text message)
{
    (void)state;
    if (toad_ws_send(ws, type, message.data, message.size) == 0)
        (void)toad_ws_close(ws, 1008, "Your answers wait for you");
}

void websocket_open_echo(void *state, struct toad_request *request)
{
    static const struct toad_ws_callbacks callbacks = {
        .struct_size = sizeof(callbacks), .on_message = echo, .on_drain = tell_leaving};
    (void)state;
    (void)toad_ws_accept(request, &callbacks, toad_ws_offers(request, "echo") ? "echo" : NULL);
}

/* ---- Many at once ---- */

struct push {
    uint64_t next;
    uint64_t end;
};

static void push(void *state, struct toad_websocket *ws)
{
    struct push *own = toad_ws_data(ws);
    (void)state;
    while (own->next < own->end) {
        char text[MESSAGE_SIZE_MAX];
        int size = snprintf(text, sizeof(text), "%" PRIu64, own->next);
        if (toad_ws_send(ws, TOAD_WS_TEXT, text, (size_t)size) == 0)
            return;
        own->next++;
    }
}

static void forget_push(void *state, struct toad_websocket *ws, unsigned code,
                        struct toad_text reason)
{
    (void)state;
    (void)code;
    (void)reason;
    free(toad_ws_data(ws));
}

void websocket_open_push(void *state, struct toad_request *request)
{
    static const struct toad_ws_callbacks callbacks = {.struct_size = sizeof(callbacks),
                                                       .on_close = forget_push,
                                                       .on_drain = tell_leaving,
                                                       .on_writable = push};
    uint64_t count = 0;
    if (!kit_number(request, "n", MESSAGES_MAX, &count))
        return;
    struct push *own = calloc(1, sizeof(*own));
    if (own == NULL) {
        kit_reply_text(request, 503, "There is no memory for this\n");
        return;
    }
    own->end = count;
    struct toad_websocket *ws = toad_ws_accept(request, &callbacks, NULL);
    if (ws == NULL) {
        free(own);
        return;
    }
    toad_ws_set_data(ws, own);
    push(state, ws);
}

/* ---- The end ---- */

void websocket_open_close(void *state, struct toad_request *request)
{
    static const struct toad_ws_callbacks callbacks = {.struct_size = sizeof(callbacks)};
    uint64_t code = 0;
    (void)state;
    if (!kit_number(request, "code", 4999, &code))
        return;
    struct toad_websocket *ws = toad_ws_accept(request, &callbacks, NULL);
    if (ws != NULL)
        (void)toad_ws_close(ws, (unsigned)code, "as you wish");
}
