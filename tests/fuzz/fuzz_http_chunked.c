/* Any bytes as a chunked body: what the server takes, a second reader takes as the same body, and
 * what that one takes the server refuses for its size alone, however it is cut (promises CON-4,
 * CON-5). */
#include "../unit/http/conversation.h"

#include "chunks.h"
#include "must.h"

enum {
    STREAM_MAX = 20000,
    BODY_MOST = 10000,
    SAID_MAX = 4 * STREAM_MAX,
    OVERHEAD_SURE = 4096 /* the server never refuses so little of it */
};

#define HEAD "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
#define SAID "POST / @h close ["

static char said[2][SAID_MAX];
static char stream_bytes[sizeof HEAD + STREAM_MAX];

static const struct conversation *hold(size_t way, struct bytes stream, struct cuts cuts)
{
    static struct conversation conversations[2];
    struct buffer buffer;
    buffer_init(&buffer, said[way], SAID_MAX);
    conversation_hold(&conversations[way], buffer, stream, cuts, BODY_MOST);
    MUST(!conversations[way].is_stuck);
    MUST(bytes_start_with(buffer_view(&conversations[way].said), BYTES(SAID)));
    return &conversations[way];
}

static void compare(const struct conversation *server, const struct chunks *second, bool is_taken)
{
    struct bytes body = buffer_view(&second->body);
    struct bytes text = bytes_from(buffer_view(&server->said), sizeof SAID - 1);
    int status = (int)server->refusal.status;
    if (server->is_over && status == 0) {
        MUST(is_taken && text.size == body.size + 1 && bytes_start_with(text, body));
    } else if (is_taken) {
        bool is_large = body.size > BODY_MOST && status == 413;
        bool is_spoken = second->overhead > OVERHEAD_SURE && status == 413;
        bool is_trailed = second->has_trailers && (status == 431 || status == 400);
        MUST(is_large || is_spoken || is_trailed);
    }
    if (!server->is_over)
        MUST(second->is_short && bytes_equal(bytes_first(text, text.size - 3), body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char storage[STREAM_MAX];
    if (size == 0 || size > STREAM_MAX)
        return 0;
    memcpy(stream_bytes, HEAD, sizeof HEAD - 1);
    memcpy(stream_bytes + sizeof HEAD - 1, data, size);
    struct bytes stream = {stream_bytes, sizeof HEAD - 1 + size};
    struct chunks second = {.rest = {(const char *)data, size}};
    buffer_init(&second.body, storage, sizeof storage);
    bool is_taken = chunks_read(&second);
    const struct conversation *whole = hold(0, stream, (struct cuts){.first = stream.size});
    compare(whole, &second, is_taken);
    const struct cuts ways[] = {{.first = sizeof HEAD, .rest = 1},
                                {.seed = size * 977 + data[size / 2]}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const struct conversation *other = hold(1, stream, ways[i]);
        MUST(bytes_equal(buffer_view(&other->said), buffer_view(&whole->said)));
    }
    return 0;
}
