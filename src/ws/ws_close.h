/* ws_close - the payload of a close frame: a code and a reason (RFC 6455 5.5.1, 7.4).
 *
 * Pure. */
#ifndef TOAD_WS_WS_CLOSE_H
#define TOAD_WS_WS_CLOSE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

enum ws_close_code {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL_ERROR = 1002,
    WS_CLOSE_NO_CODE = 1005,  /* never sent: the close had none */
    WS_CLOSE_ABNORMAL = 1006, /* never sent: there was no close */
    WS_CLOSE_INVALID_DATA = 1007,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL_ERROR = 1011,
};

/* May stand in a close frame, whichever way it goes. */
bool ws_close_code_is_valid(uint16_t code);

/* Reads the payload of a close frame: WS_CLOSE_NO_CODE if it is empty, and a reason that points
 * into it. False, with the code that answers it in `*ret_code`, if it is malformed. */
bool ws_close_read(struct bytes payload, uint16_t *ret_code, struct bytes *ret_reason);

/* Writes a payload and its size; WS_CLOSE_NO_CODE makes an empty one. ERROR_INVALID: the code may
 * not be sent, or the reason is too long, not UTF-8, or without a code. */
MUST_CHECK enum error ws_close_write(uint16_t code, struct bytes reason,
                                     char ret_payload[WS_CONTROL_MAX], uint8_t *ret_size);

#endif
