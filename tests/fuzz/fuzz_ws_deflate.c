/* Any bytes as compressed messages, and as messages to compress (promise CON-8): little more is
 * made of them than a message may have, and what was compressed inflates to the same.
 *
 * The first byte chooses what is done and agreed on; the messages are as long as their first byte
 * says, times eight. */
#include "../unit/ws/transcript.h"

enum {
    INPUT_MAX = 16384,
    EXPANDED_MAX = 50000,
    IS_COMPRESSED = 1,
    KEEPS_CONTEXT = 2,
    BITS_SHIFT = 2 /* three bits: 9 to 15 */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ws_deflate_shared here_shared;
static struct ws_deflate_shared there_shared;

static bool next_message(struct bytes *rest, struct bytes *ret_message)
{
    if (rest->size == 0)
        return false;
    size_t size = (size_t)(unsigned char)rest->data[0] * 8;
    *rest = bytes_from(*rest, 1);
    *ret_message = bytes_first(*rest, size);
    *rest = bytes_from(*rest, ret_message->size);
    return true;
}

static void expand(struct ws_deflate *there, struct bytes rest)
{
    struct bytes message;
    struct bytes back;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && next_message(&rest, &message)) {
        error = ws_deflate_expand(there, &there_shared, message, EXPANDED_MAX, &back);
        notation_must(error == ERROR_NONE || error == ERROR_INVALID || error == ERROR_FULL);
        notation_must(error != ERROR_NONE || back.size <= EXPANDED_MAX);
        notation_must(there_shared.inflated.capacity <= EXPANDED_MAX + 1);
    }
}

static void shrink_and_expand(struct ws_deflate *here, struct ws_deflate *there, struct bytes rest)
{
    struct bytes message;
    struct bytes payload;
    struct bytes back = {NULL, 0};
    bool is_compressed;
    while (next_message(&rest, &message)) {
        notation_must(ws_deflate_shrink(here, &here_shared, message, &payload, &is_compressed) ==
                      ERROR_NONE);
        if (!is_compressed)
            continue;
        notation_must(payload.size <= ws_deflate_compressed_most(message.size));
        notation_must(ws_deflate_expand(there, &there_shared, payload, message.size, &back) ==
                      ERROR_NONE);
        notation_must(bytes_equal(back, message));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ws_memory memory = {heap_resize};
    struct ws_deflate here;
    struct ws_deflate there;
    if (size == 0 || size > INPUT_MAX)
        return 0;
    uint8_t bits = (uint8_t)(9 + (data[0] >> BITS_SHIFT & 7) % 7);
    bool keeps_context = (data[0] & KEEPS_CONTEXT) != 0;
    struct ws_deflate_terms terms = {.is_agreed = true,
                                     .server_keeps_context = keeps_context,
                                     .client_keeps_context = keeps_context,
                                     .server_window_bits = bits,
                                     .client_window_bits = bits};
    struct bytes rest = {(const char *)data + 1, size - 1};
    ws_deflate_shared_init(&here_shared, &memory);
    ws_deflate_shared_init(&there_shared, &memory);
    ws_deflate_init(&here, &terms);
    ws_deflate_init(&there, &terms);
    if ((data[0] & IS_COMPRESSED) != 0)
        expand(&there, rest);
    else
        shrink_and_expand(&here, &there, rest);
    ws_deflate_clear(&here, &here_shared);
    ws_deflate_clear(&there, &there_shared);
    ws_deflate_shared_clear(&here_shared);
    ws_deflate_shared_clear(&there_shared);
    notation_must(heap.blocks == 0);
    return 0;
}
