#include "http/http_writer.h"

#include "http/http_grammar.h"

#include <string.h>

/* The status line and what always follows it, in one piece; nothing for a status without a reason
 * phrase. */
static struct bytes known_start(uint16_t status)
{
    switch (status) {
#define HTTP_STATUS(code, reason)                                                                  \
    case code:                                                                                     \
        return BYTES("HTTP/1.1 " #code " " reason "\r\nDate: ");
#include "http/http_status.def"
#undef HTTP_STATUS
    default:
        return (struct bytes){NULL, 0};
    }
}

const char *http_status_text(uint16_t status)
{
    switch (status) {
#define HTTP_STATUS(code, reason)                                                                  \
    case code:                                                                                     \
        return reason;
#include "http/http_status.def"
#undef HTTP_STATUS
    default:
        return "";
    }
}

bool http_status_has_no_body(uint16_t status)
{
    return status < 200 || status == 204 || status == 205 || status == 304;
}

bool http_field_is_valid(struct bytes name, struct bytes value)
{
    return http_is_token(name) && http_is_text(value);
}

static bool append_start(struct buffer *buffer, const struct http_reply *reply)
{
    struct bytes start = known_start(reply->status);
    if (start.size > 0)
        return buffer_append(buffer, start) && buffer_append(buffer, reply->date);
    return buffer_append(buffer, BYTES("HTTP/1.1 ")) &&
           buffer_append_number(buffer, reply->status) &&
           buffer_append(buffer, BYTES(" \r\nDate: ")) && buffer_append(buffer, reply->date);
}

static bool append_type(struct buffer *buffer, struct bytes type)
{
    return type.size == 0 ||
           (buffer_append(buffer, BYTES("\r\nContent-Type: ")) && buffer_append(buffer, type));
}

/* RFC 9110 8.6: never in a 204; in a 304 it is the length that a 200 would have had. RFC 9110
 * 15.3.6: a 205 has no content, and says so. */
static bool append_length(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->status == 204 || (reply->status == 304 && reply->content_length == 0))
        return true;
    return buffer_append(buffer, BYTES("\r\nContent-Length: ")) &&
           buffer_append_number(buffer, reply->status == 205 ? 0 : reply->content_length);
}

static bool append_connection(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->closes)
        return buffer_append(buffer, BYTES("\r\nConnection: close\r\n\r\n"));
    /* RFC 9110 7.6.1: Connection lists each field that is about the connection. */
    bool says_keep_alive = reply->says_keep_alive || reply->keep_alive_s > 0;
    if (says_keep_alive && !buffer_append(buffer, BYTES("\r\nConnection: keep-alive")))
        return false;
    if (reply->keep_alive_s > 0 && !(buffer_append(buffer, BYTES("\r\nKeep-Alive: timeout=")) &&
                                     buffer_append_number(buffer, reply->keep_alive_s)))
        return false;
    return buffer_append(buffer, BYTES("\r\n\r\n"));
}

bool http_reply_write(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->status < 200 || reply->status > 599 || !http_is_text(reply->content_type))
        return false;
    size_t size = buffer->size;
    bool fits = append_start(buffer, reply) && append_type(buffer, reply->content_type) &&
                append_length(buffer, reply) && append_connection(buffer, reply);
    if (!fits)
        buffer->size = size;
    return fits;
}
