#include "ws/ws_close.h"

#include "ws/ws_utf8.h"

#include <string.h>

bool ws_close_code_is_valid(uint16_t code)
{
    /* RFC 6455 7.4.2: 3000 to 3999 are registered, 4000 to 4999 private. */
    if (code >= 3000)
        return code <= 4999;
    /* RFC 6455 7.4.1, and 1012 to 1014 from its registry; 1004 has no meaning, 1005, 1006 and 1015
     * are never on the wire. */
    return code >= 1000 && code <= 1014 && code != 1004 && code != WS_CLOSE_NO_CODE &&
           code != WS_CLOSE_ABNORMAL;
}

bool ws_close_read(struct bytes payload, uint16_t *ret_code, struct bytes *ret_reason)
{
    *ret_reason = bytes_from(payload, 2);
    *ret_code = WS_CLOSE_NO_CODE;
    if (payload.size == 0)
        return true;
    *ret_code = WS_CLOSE_PROTOCOL_ERROR;
    if (payload.size == 1)
        return false;
    unsigned high = (unsigned char)payload.data[0];
    unsigned low = (unsigned char)payload.data[1];
    uint16_t code = (uint16_t)(high << 8 | low);
    if (!ws_close_code_is_valid(code))
        return false;
    *ret_code = WS_CLOSE_INVALID_DATA;
    if (!ws_utf8_is_valid(*ret_reason))
        return false;
    *ret_code = code;
    return true;
}

enum error ws_close_write(uint16_t code, struct bytes reason, char ret_payload[WS_CONTROL_MAX],
                          uint8_t *ret_size)
{
    if (code == WS_CLOSE_NO_CODE && reason.size == 0) {
        *ret_size = 0;
        return ERROR_NONE;
    }
    if (!ws_close_code_is_valid(code) || reason.size > WS_REASON_MAX || !ws_utf8_is_valid(reason))
        return ERROR_INVALID;
    ret_payload[0] = (char)(code >> 8);
    ret_payload[1] = (char)(code & 0xff);
    if (reason.size > 0)
        memcpy(ret_payload + 2, reason.data, reason.size);
    *ret_size = (uint8_t)(2 + reason.size);
    return ERROR_NONE;
}
