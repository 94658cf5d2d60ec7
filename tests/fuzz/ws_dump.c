/* ws_dump - what a session makes of streams of frames, a line for each; a tool of
 * differential_wsproto.
 *
 * Standard input holds records: a byte of flags (1: compression is agreed on, 2: the client keeps
 * its context), the size of the stream in four bytes, the stream. A line is `T` or `B` and the
 * message, `P` or `O` and the payload of a ping or pong, `C` code and reason of a close, or `F` and
 * the code of a failure, with the bytes in hexadecimal and spaces between them. */
#include "ws/ws_session.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STREAM_MAX = 1 << 20,
    MESSAGE_MOST = 1 << 26,
    IS_AGREED = 1,
    KEEPS_CONTEXT = 2
};

static void *resize(void *memory, size_t size)
{
    if (size > 0)
        return realloc(memory, size);
    free(memory);
    return NULL;
}

static void print_event(const struct ws_event *event)
{
    bool is_end = event->kind == WS_EVENT_CLOSE || event->kind == WS_EVENT_FAILED;
    (void)printf(" %c", "TBPOCF"[event->kind]);
    if (is_end)
        (void)printf("%u:", event->code);
    for (size_t i = 0; i < event->bytes.size && event->kind != WS_EVENT_FAILED; i++)
        (void)printf("%02x", (unsigned)(unsigned char)event->bytes.data[i]);
}

static void print_stream(unsigned flags, struct bytes stream)
{
    bool keeps_context = (flags & KEEPS_CONTEXT) != 0;
    struct ws_deflate_terms terms = {.is_agreed = (flags & IS_AGREED) != 0,
                                     .server_keeps_context = keeps_context,
                                     .client_keeps_context = keeps_context,
                                     .server_window_bits = WS_WINDOW_BITS_MOST,
                                     .client_window_bits = WS_WINDOW_BITS_MOST};
    static struct ws_shared shared;
    struct ws_session session;
    struct ws_event event;
    ws_shared_init(&shared, resize);
    ws_session_init(&session, &shared, &terms, MESSAGE_MOST, 0);
    while (ws_session_receive(&session, &stream, 1, &event))
        print_event(&event);
    (void)printf("\n");
    ws_session_clear(&session);
    ws_shared_clear(&shared);
}

int main(void)
{
    static char stream[STREAM_MAX];
    unsigned char head[5];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t size =
            (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
        if (size > sizeof stream || fread(stream, 1, size, stdin) != size)
            return EXIT_FAILURE;
        print_stream(head[0], (struct bytes){stream, size});
    }
    return ferror(stdin) != 0 || fflush(stdout) != 0;
}
