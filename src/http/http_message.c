#include "http/http_message.h"

enum http_progress http_refuse(struct http_refusal *ret_refusal, uint16_t status,
                               const char *reason)
{
    *ret_refusal = (struct http_refusal){.status = status, .reason = reason};
    return HTTP_REFUSED;
}
