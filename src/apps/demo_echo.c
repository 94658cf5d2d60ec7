#include "apps/demo_echo.h"

#include <stdio.h>
#include <unistd.h>

enum {
    GREETING_SIZE_MAX = 100
};

static void echo(void *state, struct toad_websocket *ws, int type, struct toad_text message)
{
    (void)state;
    if (type != TOAD_WS_TEXT)
        (void)toad_ws_close(ws, 1003, "Only text is understood");
    else if (toad_ws_send(ws, type, message.data, message.size) == 0)
        (void)toad_ws_close(ws, 1008, "Your answers wait for you");
}

/* The server would do it too, a while later; the page finds the new generation at once. */
static void send_away(void *state, struct toad_websocket *ws)
{
    (void)state;
    (void)toad_ws_close(ws, 1001, "This worker leaves");
}

static void greet(struct toad_websocket *ws, const struct toad_request *request)
{
    char text[GREETING_SIZE_MAX];
    const struct toad_worker *worker = toad_request_worker(request);
    int size = snprintf(text, sizeof(text), "Connected to worker %ld of generation %u.",
                        (long)getpid(), toad_worker_generation(worker));
    (void)toad_ws_send(ws, TOAD_WS_TEXT, text, (size_t)size);
}

void echo_open(struct toad_request *request)
{
    static const struct toad_ws_callbacks callbacks = {
        .struct_size = sizeof(callbacks), .on_message = echo, .on_drain = send_away};
    struct toad_websocket *ws = toad_ws_accept(request, &callbacks, NULL);
    if (ws != NULL)
        greet(ws, request);
}
