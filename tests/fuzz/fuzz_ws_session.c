/* Any stream of bytes as a WebSocket client's (promise CON-8).
 *
 * The first byte chooses what has been agreed on and how large a message may be. However the stream
 * is cut, the same events and answers come of it; all memory is given back; and every message can
 * be sent back so that it reads the same. */
#include "../unit/ws/transcript.h"

enum {
    STREAM_MAX = 8192,
    SAID_MAX = 1 << 20,
    IS_AGREED = 1,
    KEEPS_CONTEXT = 2,
    HAS_SMALL_WINDOW = 4,
    HAS_SMALL_LIMIT = 8
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char said[2][SAID_MAX];

static struct bytes play(size_t way, struct bytes stream, struct cuts cuts,
                         const struct ws_deflate_terms *terms, uint64_t message_most)
{
    struct buffer buffer;
    buffer_init(&buffer, said[way], SAID_MAX);
    transcript_play(stream, cuts, terms, message_most, &buffer);
    notation_must(memmem(buffer.data, buffer.size, ">BROKEN", 7) == NULL);
    return buffer_view(&buffer);
}

/* What the client reads of a message that was sent back. */
static void check_echo(struct ws_session *session, struct ws_deflate *client,
                       struct ws_deflate_shared *client_shared, const struct ws_event *event)
{
    struct ws_frame frame;
    struct bytes back;
    bool is_text = event->kind == WS_EVENT_TEXT;
    notation_must(!is_text || ws_utf8_is_valid(event->bytes));
    notation_must(ws_session_send(session, is_text, event->bytes, 2, &frame) == ERROR_NONE);
    back = frame.payload;
    if ((frame.head[0] & 0x40) != 0)
        notation_must(ws_deflate_expand(client, client_shared, frame.payload, event->bytes.size,
                                        &back) == ERROR_NONE);
    notation_must(bytes_equal(back, event->bytes));
}

static void echo(struct bytes stream, const struct ws_deflate_terms *terms)
{
    static struct ws_shared shared;
    static struct ws_deflate_shared client_shared;
    struct ws_session session;
    struct ws_deflate client;
    struct ws_event event;
    struct ws_deflate_terms mirrored = *terms;
    mirrored.client_keeps_context = terms->server_keeps_context;
    mirrored.client_window_bits = terms->server_window_bits;
    ws_shared_init(&shared, heap_resize);
    ws_deflate_shared_init(&client_shared, &shared.memory);
    ws_session_init(&session, &shared, terms, STREAM_MAX, 0);
    ws_deflate_init(&client, &mirrored);
    while (ws_session_receive(&session, &stream, 1, &event))
        if (event.kind == WS_EVENT_TEXT || event.kind == WS_EVENT_BINARY)
            check_echo(&session, &client, &client_shared, &event);
    ws_deflate_clear(&client, &client_shared);
    ws_session_clear(&session);
    ws_deflate_shared_clear(&client_shared);
    ws_shared_clear(&shared);
    notation_must(heap.blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > STREAM_MAX)
        return 0;
    bool keeps_context = (data[0] & KEEPS_CONTEXT) != 0;
    uint8_t bits = (data[0] & HAS_SMALL_WINDOW) != 0 ? 9 : 15;
    struct ws_deflate_terms terms = {.is_agreed = (data[0] & IS_AGREED) != 0,
                                     .server_keeps_context = keeps_context,
                                     .client_keeps_context = keeps_context,
                                     .server_window_bits = bits,
                                     .client_window_bits = bits};
    uint64_t message_most = (data[0] & HAS_SMALL_LIMIT) != 0 ? 5 : 200;
    struct bytes stream = {(const char *)data + 1, size - 1};
    const struct cuts ways[] = {{.first = 1, .rest = 1}, {.seed = size * 977 + data[size / 2]}};
    struct bytes whole = play(0, stream, (struct cuts){.first = stream.size}, &terms, message_most);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        notation_must(bytes_equal(play(1, stream, ways[i], &terms, message_most), whole));
    echo(stream, &terms);
    return 0;
}
