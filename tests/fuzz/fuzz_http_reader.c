/* fuzz_http_reader - any stream of bytes, as it would come from a client.
 *
 * What the server makes of it must not depend on how it is cut (promise CON-5): whole, byte by byte
 * and in pieces of random sizes give the same requests, payloads and refusals. And a head that was
 * taken has no line that another server would see elsewhere. */
#include "../unit/http/conversation.h"

enum {
    STREAM_MAX = 40000,
    SAID_MAX = 200000
};

static char said[4][SAID_MAX];

static struct bytes hold(size_t way, struct bytes stream, struct cuts cuts, uint64_t body_most,
                         struct http_refusal *ret_refusal)
{
    static struct conversation conversation;
    struct buffer buffer;
    buffer_init(&buffer, said[way], SAID_MAX);
    conversation_hold(&conversation, buffer, stream, cuts, body_most);
    if (conversation.is_stuck)
        abort();
    *ret_refusal = conversation.refusal;
    return buffer_view(&conversation.said);
}

/* The first head of a stream, without the empty lines before it. */
static struct bytes first_head(struct bytes stream)
{
    while (bytes_start_with(stream, BYTES("\r\n")))
        stream = bytes_from(stream, 2);
    size_t size = 0;
    while (size < stream.size && !bytes_start_with(bytes_from(stream, size), BYTES("\r\n\r\n")))
        size++;
    return bytes_first(stream, size + 4);
}

/* RFC 9112 2.2, 5.2 */
static bool has_one_meaning(struct bytes head)
{
    for (size_t i = 1; i < head.size; i++) {
        bool is_end = head.data[i - 1] == '\r';
        if (is_end != (head.data[i] == '\n') || head.data[i] == '\0')
            return false;
        if (head.data[i - 1] == '\n' && (head.data[i] == ' ' || head.data[i] == '\t'))
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > STREAM_MAX)
        return 0;
    struct bytes stream = {(const char *)data, size};
    /* The size doubles as the seed: the same input is always cut in the same way. */
    const struct cuts ways[] = {{.first = size},
                                {.first = 1, .rest = 1},
                                {.seed = size},
                                {.seed = size * 977 + data[size / 2]}};
    uint64_t body_most = size % 3 == 0 ? 20 : STREAM_MAX;
    struct http_refusal refusal;
    struct bytes whole = hold(0, stream, ways[0], body_most, &refusal);
    if (refusal.status != 0 && (refusal.status < 400 || refusal.reason == NULL))
        abort();
    bool is_taken = whole.size > 0 && whole.data[0] >= 'A' && whole.data[0] <= 'Z';
    if (is_taken && !has_one_meaning(first_head(stream)))
        abort();
    for (size_t i = 1; i < sizeof ways / sizeof ways[0]; i++)
        if (!bytes_equal(hold(i, stream, ways[i], body_most, &refusal), whole))
            abort();
    return 0;
}
