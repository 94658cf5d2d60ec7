/* frames - an independent look at what a server sent over one WebSocket.
 *
 * Knows nothing of the server's own code but its views of bytes. Every frame must be well-formed
 * (RFC 6455 5.2) and whole, messages are those that the application has sent, in their order, and
 * nothing follows a close. What is wrong ends the process. */
#ifndef TOAD_TESTS_FUZZ_FRAMES_H
#define TOAD_TESTS_FUZZ_FRAMES_H

#include "ws_app.h"

#include <zlib.h>

struct frames {
    struct bytes rest;
    bool may_compress; /* permessage-deflate was agreed on */
    size_t messages;
    size_t pings;
    size_t pongs;
    bool is_closed;
    unsigned code; /* of the close; 1005: none */
};

struct frame {
    unsigned opcode;
    bool is_compressed;
    struct bytes payload;
};

static struct bytes frames_take(struct frames *frames, uint64_t size)
{
    app_demand(size <= frames->rest.size, "A frame is cut off");
    struct bytes taken = bytes_first(frames->rest, (size_t)size);
    frames->rest = bytes_from(frames->rest, (size_t)size);
    return taken;
}

static uint64_t frames_take_number(struct frames *frames, size_t size)
{
    struct bytes taken = frames_take(frames, size);
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char)taken.data[i];
    return number;
}

/* Never masked, never in parts, each length in its least form. */
static struct frame frames_take_one(struct frames *frames)
{
    unsigned first = (unsigned)frames_take_number(frames, 1);
    uint64_t size = frames_take_number(frames, 1);
    struct frame frame = {.opcode = first & 15, .is_compressed = (first & 0x40) != 0};
    app_demand((first & 0xb0) == 0x80 && size < 128, "A frame has a bit that it may not have");
    if (size >= 126) {
        size_t bytes = size == 126 ? 2 : 8;
        size = frames_take_number(frames, bytes);
        app_demand(size > (bytes == 2 ? 125u : 65535u), "A length is not in its least form");
    }
    bool is_control = frame.opcode >= 8;
    app_demand(!is_control || (size <= 125 && !frame.is_compressed), "A control frame is none");
    app_demand(!frame.is_compressed || frames->may_compress, "Nobody agreed on compression");
    frame.payload = frames_take(frames, size);
    return frame;
}

/* RFC 7692 7.2.2; no context is kept. */
static struct bytes frames_inflate(struct bytes payload)
{
    static char storage[1 << 20];
    static const unsigned char tail[] = {0, 0, 0xff, 0xff};
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)payload.data,
                       .avail_in = (unsigned)payload.size,
                       .next_out = (unsigned char *)storage,
                       .avail_out = sizeof storage};
    app_demand(inflateInit2(&stream, -15) == Z_OK, "There is no memory");
    int status = inflate(&stream, Z_SYNC_FLUSH);
    app_demand((status == Z_OK || status == Z_BUF_ERROR) && stream.avail_in == 0,
               "A message cannot be inflated");
    stream.next_in = (unsigned char *)(uintptr_t)tail;
    stream.avail_in = sizeof tail;
    status = inflate(&stream, Z_SYNC_FLUSH);
    app_demand((status == Z_OK || status == Z_BUF_ERROR) && stream.avail_in == 0,
               "A message does not end");
    struct bytes inflated = {storage, sizeof storage - stream.avail_out};
    (void)inflateEnd(&stream);
    return inflated;
}

static void frames_note_message(struct frames *frames, const struct frame *frame)
{
    app_demand(frames->messages < talk.sent_count, "Nobody has sent this message");
    const struct ws_sent *sent = &talk.sent[frames->messages++];
    struct bytes message = frame->is_compressed ? frames_inflate(frame->payload) : frame->payload;
    app_demand(sent->is_text == (frame->opcode == 1) && sent->size == message.size &&
                   sent->hash == app_hash(0, message.data, message.size),
               "This is another message");
}

static void frames_note_close(struct frames *frames, struct bytes payload)
{
    frames->is_closed = true;
    frames->code = 1005;
    if (payload.size == 0)
        return;
    app_demand(payload.size >= 2, "A close has half a code");
    frames->code = (unsigned)(unsigned char)payload.data[0] << 8 | (unsigned char)payload.data[1];
    app_demand(frames->code >= 1000 && frames->code < 5000 && frames->code != 1004 &&
                   frames->code != 1005 && frames->code != 1006 && frames->code != 1015,
               "A close has a code that may not be sent");
}

/* Looks at all of it. */
static void frames_read(struct frames *frames)
{
    while (frames->rest.size > 0) {
        app_demand(!frames->is_closed, "Something comes behind the close");
        struct frame frame = frames_take_one(frames);
        if (frame.opcode == 1 || frame.opcode == 2)
            frames_note_message(frames, &frame);
        else if (frame.opcode == 8)
            frames_note_close(frames, frame.payload);
        else if (frame.opcode == 9)
            frames->pings++;
        else if (frame.opcode == 10)
            frames->pongs++;
        else
            app_demand(false, "Nobody knows this frame");
    }
}

#endif
