/* ws_handshake - the opening handshake: is a request one, and what answers it (RFC 6455 4.2)?
 *
 * Pure. Knows no HTTP: the caller hands over what the head of a request says, field by field. Views
 * point into that head and live as long. */
#ifndef TOAD_WS_WS_HANDSHAKE_H
#define TOAD_WS_WS_HANDSHAKE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"
#include "ws/ws_extension.h"

struct ws_handshake {
    bool is_http_1_1;
    bool is_get;
    bool has_body;
    bool asks_for_websocket; /* Upgrade lists it */
    bool has_upgrade_option; /* Connection does */
    uint32_t keys;           /* fields with this name */
    uint32_t versions;
    struct bytes key;
    struct bytes version;
    const char *complaint; /* about what was read so far; static, NULL: none */
    uint32_t protocols_count;
    struct bytes protocols[WS_PROTOCOLS_MAX]; /* what the client offers, in its order */
    struct ws_extension extension;
};

enum ws_verdict {
    WS_VERDICT_PLAIN, /* nothing asks for WebSocket: an ordinary request */
    WS_VERDICT_VALID,
    WS_VERDICT_REFUSED,
};

struct ws_refusal {
    uint16_t status;
    const char *reason; /* static text for the log and the answer's body */
    const char *fields; /* static lines for the answer's head, each with CRLF; may be empty */
};

/* A request with this method and version, HTTP/1.`version_minor`; `has_body` if bytes that are not
 * frames follow its head. */
void ws_handshake_init(struct ws_handshake *handshake, struct bytes method, uint8_t version_minor,
                       bool has_body);

/* One field of the head, in their order; those of no concern are passed over. */
void ws_handshake_read(struct ws_handshake *handshake, struct bytes name, struct bytes value,
                       const struct ws_extension_settings *settings);

/* All fields have been read. The refusal is filled in for WS_VERDICT_REFUSED alone. */
enum ws_verdict ws_handshake_judge(const struct ws_handshake *handshake,
                                   struct ws_refusal *ret_refusal);

/* The client offers this subprotocol. */
bool ws_handshake_offers(const struct ws_handshake *handshake, struct bytes protocol);

/* Appends the fields of the answer 101 to a valid handshake: Upgrade, Connection,
 * Sec-WebSocket-Accept, and Protocol and Extensions where there is one. `protocol` is empty or
 * offered, else ERROR_INVALID. ERROR_FULL. ERROR_MEMORY: see ws_digest_accept(). */
MUST_CHECK enum error ws_handshake_write(const struct ws_handshake *handshake,
                                         struct bytes protocol, struct buffer *out);

#endif
