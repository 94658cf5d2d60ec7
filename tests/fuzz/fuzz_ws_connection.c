/* fuzz_ws_connection - a WebSocket at a worker, from its opening to its end (promises CON-8,
 * WRK-5).
 *
 * As in fuzz_http_session each stream is sent whole, byte by byte, and in random pieces by a client
 * that reads late; what comes back must be the same and stand up to frames.h. One more client
 * vanishes in the middle. The application is told of each end exactly once, and nothing is left.
 *
 * The first byte chooses what is offered, the second the path. The others are frames as they are
 * sent, or, by a bit of the first, each a first byte, a length and a payload, which are masked
 * here. */
#include "frames.h"
#include "session_client.h"

enum {
    INPUT_MAX = 20000,
    STREAM_MAX = 4 * INPUT_MAX,
    SINGLE_MAX = 1500, /* longer ones are not sent byte by byte */
    WAYS = 4,
    OFFERS_DEFLATE = 1,
    OFFERS_WINDOW = 2,
    OFFERS_PROTOCOL = 4,
    HAS_REQUEST = 8, /* another one in front */
    HAS_SMALL_LIMIT = 16,
    IS_STRUCTURED = 32
};

/* What a client has seen, and the application was told. */
struct seen {
    struct bytes frames;
    bool is_opened;
    bool is_loose;
    unsigned code;
    uint64_t reason;
};

static char stream_bytes[STREAM_MAX];
static char kept[OUTPUT_MAX];

static void append(struct buffer *stream, const char *text)
{
    app_demand(buffer_append(stream, bytes_of(text)), "The stream is too long");
}

static void write_opening(struct buffer *stream, unsigned way, char path)
{
    if ((way & HAS_REQUEST) != 0)
        append(stream, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)buffer_append_format(stream,
                               "GET /%c HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: "
                               "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                               "dGhlIHNhbXBsZSBub25jZQ==\r\n",
                               path);
    if ((way & OFFERS_PROTOCOL) != 0)
        append(stream, "Sec-WebSocket-Protocol: cats, chat\r\n");
    if ((way & OFFERS_DEFLATE) != 0)
        append(stream, (way & OFFERS_WINDOW) != 0
                           ? "Sec-WebSocket-Extensions: permessage-deflate; "
                             "server_max_window_bits=10; client_max_window_bits=9\r\n"
                           : "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    append(stream, "\r\n");
}

/* A first byte, a length and so many bytes become a masked frame. */
static void write_frame(struct buffer *stream, struct bytes *rest)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    char first = rest->data[0];
    size_t size = rest->size > 1 ? (unsigned char)rest->data[1] : 0;
    struct bytes payload = bytes_first(bytes_from(*rest, 2), size);
    *rest = bytes_from(*rest, 2 + payload.size);
    char head[8] = {first, (char)(0x80 | (payload.size < 126 ? payload.size : 126))};
    size_t head_size = 2;
    if (payload.size >= 126) {
        head[head_size++] = 0;
        head[head_size++] = (char)payload.size;
    }
    memcpy(head + head_size, mask, sizeof mask);
    head_size += sizeof mask;
    app_demand(buffer_append(stream, (struct bytes){head, head_size}), "It is too long");
    for (size_t i = 0; i < payload.size; i++) {
        char byte = (char)((unsigned char)payload.data[i] ^ mask[i % 4]);
        app_demand(buffer_append(stream, (struct bytes){&byte, 1}), "It is too long");
    }
}

static struct bytes write_stream(unsigned way, char path, struct bytes rest)
{
    struct buffer stream;
    buffer_init(&stream, stream_bytes, sizeof stream_bytes);
    write_opening(&stream, way, path);
    if ((way & IS_STRUCTURED) == 0)
        app_demand(buffer_append(&stream, rest), "The stream is too long");
    else
        while (rest.size > 0)
            write_frame(&stream, &rest);
    return buffer_view(&stream);
}

/* The frames are what comes behind the answer 101. */
static struct seen look(const struct client *client)
{
    static const char answer[] = "HTTP/1.1 101 ";
    struct seen seen = {.is_opened = talk.opened > 0, .is_loose = talk.is_loose};
    const char *head = memmem(output, client->received, answer, sizeof answer - 1);
    app_demand((head != NULL) == seen.is_opened, "An answer 101 is missing, or there is one");
    if (head == NULL)
        return seen;
    struct bytes rest = {head, client->received - (size_t)(head - output)};
    const char *end = memmem(rest.data, rest.size, "\r\n\r\n", 4);
    app_demand(end != NULL, "The answer 101 has no end");
    seen.frames = bytes_from(rest, (size_t)(end - rest.data) + 4);
    struct frames frames = {.rest = seen.frames,
                            .may_compress = memmem(rest.data, (size_t)(end - rest.data),
                                                   "permessage-deflate", 18) != NULL};
    frames_read(&frames);
    app_demand(frames.messages == talk.sent_count, "A message is missing");
    app_demand(frames.pings == talk.pings, "A ping is missing");
    return seen;
}

static struct seen play(const struct way *way, struct bytes stream)
{
    struct seen seen = {.is_loose = true};
    app_forget();
    talk_forget();
    struct client client = connect_client(way);
    send_stream(&client, *way, stream);
    if (way->vanishes) {
        vanish(&client);
    } else {
        exhaust(&client);
        (void)shutdown(client.fd, SHUT_WR);
        exhaust(&client);
        app_demand(client.has_ended, "The worker does not close");
        seen = look(&client);
        (void)close(client.fd);
        settle();
    }
    app_demand(talk.opened == talk.closed, "The end of a WebSocket was not told");
    seen.code = talk.code;
    seen.reason = talk.reason;
    check_rest();
    return seen;
}

static void compare(const struct seen *whole, const struct seen *other)
{
    app_demand(whole->is_opened == other->is_opened, "Cut in pieces it is another opening");
    if (whole->is_loose || other->is_loose)
        return;
    app_demand(whole->code == other->code && whole->reason == other->reason,
               "Cut in pieces it has another end");
    app_demand(bytes_equal(whole->frames, other->frames), "Cut in pieces other frames come back");
}

static void set_up(unsigned way)
{
    if (app.worker == NULL)
        boot(&talk_descriptor);
    /* libFuzzer opens some of its own between two inputs. */
    lowest_fd = find_lowest_fd();
    settings.websocket_max_bytes = (way & HAS_SMALL_LIMIT) != 0 ? 200 : 70000;
    settings.websocket_extension =
        (struct ws_extension_settings){.may_compress = true,
                                       .server_window_bits_most = WS_WINDOW_BITS_MOST,
                                       .client_window_bits_most = WS_WINDOW_BITS_MOST};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char paths[] = "eeeghnpru";
    if (size < 2 || size > INPUT_MAX)
        return 0;
    set_up(data[0]);
    struct bytes stream = write_stream(data[0], paths[data[1] % (sizeof paths - 1)],
                                       (struct bytes){(const char *)data + 2, size - 2});
    const struct way ways[WAYS] = {
        {.cuts = {.first = stream.size}},
        {.cuts = size > SINGLE_MAX ? (struct cuts){.seed = size}
                                   : (struct cuts){.first = 1, .rest = 1}},
        {.cuts = {.seed = size * 977 + data[size / 2]}, .is_slow = true},
        {.cuts = {.seed = size * 31 + data[0]}, .vanishes = true},
    };
    struct seen whole = play(&ways[0], stream);
    if (whole.frames.size > 0)
        memcpy(kept, whole.frames.data, whole.frames.size);
    whole.frames.data = kept;
    for (size_t i = 1; i < WAYS; i++) {
        struct seen other = play(&ways[i], stream);
        if (!ways[i].vanishes)
            compare(&whole, &other);
    }
    return 0;
}
