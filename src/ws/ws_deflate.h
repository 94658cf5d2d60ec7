/* ws_deflate - messages compressed and inflated (RFC 7692 7.2).
 *
 * Pure. zlib's memory comes from the caller's function. Connections that keep no context share one
 * inflater and, for each size of window, one deflater; the others have a pair of their own. */
#ifndef TOAD_WS_WS_DEFLATE_H
#define TOAD_WS_WS_DEFLATE_H

#include "ws/ws_memory.h"

struct z_stream_s;

enum {
    WS_WINDOW_BITS_LEAST = 8, /* RFC 7692 7.1.2 */
    WS_WINDOW_BITS_MOST = 15,
};

/* What both sides have agreed on. */
struct ws_deflate_terms {
    bool is_agreed;
    bool server_keeps_context; /* the server's messages may refer to earlier ones */
    bool client_keeps_context;
    uint8_t server_window_bits; /* 9 to 15: zlib compresses with no smaller window */
    uint8_t client_window_bits; /* 8 to 15 */
};

/* What all sessions of a worker share. Stays where it is while there are any. */
struct ws_deflate_shared {
    const struct ws_memory *memory; /* borrowed */
    struct z_stream_s *inflater;    /* NULL: not needed yet */
    struct z_stream_s *deflaters[WS_WINDOW_BITS_MOST + 1];
    struct buffer inflated;
    struct buffer deflated;
};

/* One session's own. */
struct ws_deflate {
    struct ws_deflate_terms terms;
    struct z_stream_s *inflater; /* NULL: not needed yet, or shared */
    struct z_stream_s *deflater;
};

void ws_deflate_shared_init(struct ws_deflate_shared *shared, const struct ws_memory *memory);
void ws_deflate_shared_clear(struct ws_deflate_shared *shared);

void ws_deflate_init(struct ws_deflate *own, const struct ws_deflate_terms *terms);
void ws_deflate_clear(struct ws_deflate *own, struct ws_deflate_shared *shared);

/* How large a compressed message may be that holds `most` bytes: incompressible ones grow. */
uint64_t ws_deflate_compressed_most(uint64_t most);

/* Inflates the payload of a whole message; the view lives until the next call with the same shared
 * part. ERROR_INVALID: not what a compressor makes. ERROR_FULL: it holds more than `most` bytes;
 * never much more than that is made. ERROR_MEMORY. After an error the session cannot go on. */
MUST_CHECK enum error ws_deflate_expand(struct ws_deflate *own, struct ws_deflate_shared *shared,
                                        struct bytes payload, uint64_t most,
                                        struct bytes *ret_message);

/* Compresses a message. `*ret_is_compressed` is false, and the payload the message itself, where
 * that is shorter and allowed. The view lives until the next call with the same shared part.
 * ERROR_MEMORY leaves the session as it was. */
MUST_CHECK enum error ws_deflate_shrink(struct ws_deflate *own, struct ws_deflate_shared *shared,
                                        struct bytes message, struct bytes *ret_payload,
                                        bool *ret_is_compressed);

#endif
