#include "ws/ws_message.h"

#include "base/limits.h"
#include "ws/ws_close.h"

static const struct ws_fault none = {0, NULL};

static struct ws_fault fault(uint16_t code, const char *reason)
{
    return (struct ws_fault){code, reason};
}

void ws_message_init(struct ws_message *message, uint64_t most)
{
    *message = (struct ws_message){.most = most, .opcode = WS_OPCODE_CONTINUATION};
}

void ws_message_release(struct ws_message *message, const struct ws_memory *memory)
{
    ws_memory_release(memory, &message->parts);
    message->is_used_up = false;
}

void ws_message_rest(struct ws_message *message, const struct ws_memory *memory)
{
    if (message->is_used_up)
        ws_message_release(message, memory);
}

bool ws_message_is_under_way(const struct ws_message *message)
{
    return message->opcode != WS_OPCODE_CONTINUATION;
}

static uint64_t payload_most(const struct ws_message *message)
{
    return message->is_compressed ? ws_deflate_compressed_most(message->most) : message->most;
}

static void begin_frame(struct ws_message *message, const struct ws_piece *piece)
{
    if (piece->opcode == WS_OPCODE_CONTINUATION)
        return;
    message->opcode = piece->opcode;
    message->is_compressed = piece->reserved == WS_RESERVED_COMPRESSED;
    message->fragments = 0;
}

static struct ws_fault measure_frame(struct ws_message *message, const struct ws_piece *piece)
{
    if (++message->fragments > WS_FRAGMENTS_MAX)
        return fault(WS_CLOSE_TOO_BIG, "a message has too many fragments");
    if (piece->frame_size > payload_most(message) - message->parts.size)
        return fault(WS_CLOSE_TOO_BIG, "a message is too large");
    return none;
}

static bool is_end(const struct ws_piece *piece)
{
    return piece->is_last && piece->is_final;
}

/* Adds a piece, and gives what there is: the piece itself if it is the whole message. */
static struct ws_fault collect(struct ws_message *message, const struct ws_memory *memory,
                               const struct ws_piece *piece, struct bytes *ret_bytes)
{
    bool is_text = message->opcode == WS_OPCODE_TEXT && !message->is_compressed;
    if (is_text && !ws_utf8_read(&message->utf8, piece->data))
        return fault(WS_CLOSE_INVALID_DATA, "a text is not UTF-8");
    *ret_bytes = piece->data;
    if (message->parts.size == 0 && is_end(piece))
        return none;
    if (ws_memory_grow(memory, &message->parts, piece->data.size, payload_most(message)) !=
        ERROR_NONE)
        return fault(WS_CLOSE_INTERNAL_ERROR, "there is no memory for a message");
    (void)buffer_append(&message->parts, piece->data);
    *ret_bytes = buffer_view(&message->parts);
    return none;
}

static struct ws_fault expand(const struct ws_message *message, struct ws_deflate *own,
                              struct ws_deflate_shared *shared, struct bytes *bytes)
{
    enum error error = ws_deflate_expand(own, shared, *bytes, message->most, bytes);
    if (error == ERROR_FULL)
        return fault(WS_CLOSE_TOO_BIG, "an inflated message is too large");
    if (error == ERROR_MEMORY)
        return fault(WS_CLOSE_INTERNAL_ERROR, "there is no memory to inflate a message");
    if (error != ERROR_NONE)
        return fault(WS_CLOSE_INVALID_DATA, "a compressed message is malformed");
    if (message->opcode == WS_OPCODE_TEXT && !ws_utf8_is_valid(*bytes))
        return fault(WS_CLOSE_INVALID_DATA, "a text is not UTF-8");
    return none;
}

static struct ws_fault complete(struct ws_message *message, struct ws_deflate *own,
                                struct ws_deflate_shared *shared, struct bytes *bytes)
{
    if (message->is_compressed)
        return expand(message, own, shared, bytes);
    if (!ws_utf8_is_complete(&message->utf8))
        return fault(WS_CLOSE_INVALID_DATA, "a text ends within a character");
    return none;
}

struct ws_fault ws_message_take(struct ws_message *message, struct ws_deflate *own,
                                struct ws_deflate_shared *shared, const struct ws_piece *piece,
                                struct bytes *ret_whole, uint8_t *ret_opcode)
{
    struct bytes bytes;
    struct ws_fault found = none;
    *ret_opcode = WS_OPCODE_CONTINUATION;
    if (piece->is_first) {
        begin_frame(message, piece);
        found = measure_frame(message, piece);
    }
    if (found.code == 0)
        found = collect(message, shared->memory, piece, &bytes);
    if (found.code != 0 || !is_end(piece))
        return found;
    found = complete(message, own, shared, &bytes);
    if (found.code == 0) {
        *ret_whole = bytes;
        *ret_opcode = message->opcode;
    }
    message->is_used_up = true;
    message->opcode = WS_OPCODE_CONTINUATION;
    return found;
}

void ws_message_drop(struct ws_message *message, const struct ws_piece *piece)
{
    if (piece->is_first)
        begin_frame(message, piece);
    if (is_end(piece))
        message->opcode = WS_OPCODE_CONTINUATION;
}
