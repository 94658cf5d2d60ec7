/* ws_extension - the extensions that a client offers, and what is taken of them (RFC 6455 9.1,
 * RFC 7692 5 to 7).
 *
 * Pure. Only permessage-deflate is known. */
#ifndef TOAD_WS_WS_EXTENSION_H
#define TOAD_WS_WS_EXTENSION_H

#include "base/buffer.h"
#include "ws/ws_deflate.h"

struct ws_extension_settings {
    bool may_compress;
    bool may_keep_context;           /* costs memory for each connection: see ws_deflate.h */
    uint8_t server_window_bits_most; /* 9 to 15 */
    uint8_t client_window_bits_most; /* 9 to 15 */
};

/* What the answer has to say about the agreed terms. */
struct ws_extension {
    struct ws_deflate_terms terms;
    bool names_server_bits;
    bool names_client_bits;
    uint32_t offers; /* read so far */
};

/* Reads one Sec-WebSocket-Extensions field; the first offer that can be taken is. False: the list
 * is malformed or too long, and the handshake to be refused (RFC 6455 9.1). */
bool ws_extension_read(struct ws_extension *extension, struct bytes list,
                       const struct ws_extension_settings *settings);

/* The answer's value; nothing if nothing is agreed. False: it does not fit. */
bool ws_extension_write(const struct ws_extension *extension, struct buffer *out);

#endif
