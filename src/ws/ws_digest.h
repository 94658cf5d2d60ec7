/* ws_digest - the answer to a client's key (RFC 6455 4.2.2).
 *
 * Pure; libcrypto allocates for the time of the call. */
#ifndef TOAD_WS_WS_DIGEST_H
#define TOAD_WS_WS_DIGEST_H

#include "base/bytes.h"
#include "base/error.h"

enum {
    WS_KEY_SIZE = 24,    /* 16 bytes in base64 */
    WS_ACCEPT_SIZE = 28, /* 20 bytes in base64 */
};

/* 16 bytes in base64, and nothing else. */
bool ws_digest_is_key(struct bytes key);

/* The value of Sec-WebSocket-Accept for a valid key. ERROR_MEMORY: libcrypto has none, or no SHA-1.
 */
MUST_CHECK enum error ws_digest_accept(struct bytes key, char ret_accept[WS_ACCEPT_SIZE]);

#endif
