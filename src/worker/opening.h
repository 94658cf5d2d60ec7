/* opening - the request that opens a WebSocket: judged before the application is asked, and
 * answered with 101 when it accepts (RFC 6455 4.2; promise CON-8).
 *
 * Nothing is remembered of it but the request: what the head says is read when it is needed. */
#ifndef TOAD_WORKER_OPENING_H
#define TOAD_WORKER_OPENING_H

#include "ws/ws_handshake.h"

enum {
    OPENING_HEAD_MAX = 1024 + HTTP_HEAD_MAX /* a subprotocol may be as long as a head */
};

struct toad_request;

/* WS_VERDICT_PLAIN as well where the application knows no WebSocket. */
enum ws_verdict opening_judge(const struct toad_request *request, struct ws_refusal *ret_refusal);

/* The host answers. */
void opening_refuse(struct toad_request *request, const struct ws_refusal *refusal);

/* Writes the head of the answer 101, without the empty line. ERROR_INVALID: the client does not
 * offer this subprotocol. ERROR_MEMORY, ERROR_FULL. */
MUST_CHECK enum error opening_write(const struct toad_request *request, struct bytes protocol,
                                    struct buffer *out, struct ws_deflate_terms *ret_terms);

#endif
