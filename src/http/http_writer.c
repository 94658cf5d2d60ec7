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

/* RFC 9110 8.6: no length in a 204; in a 304 it is the one that a 200 would have had. RFC 9110
 * 15.3.6: a 205 has no content, and says so. */
static bool append_length(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->status == 304 && reply->content_length == 0)
        return true;
    return buffer_append(buffer, BYTES("\r\nContent-Length: ")) &&
           buffer_append_number(buffer, reply->status == 205 ? 0 : reply->content_length);
}

static bool append_framing(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->status == 204)
        return true;
    if (reply->status == 205)
        return append_length(buffer, reply);
    switch (reply->body) {
    case HTTP_REPLY_SIZED:
        return append_length(buffer, reply);
    case HTTP_REPLY_CHUNKED:
        return reply->status == 304 ||
               buffer_append(buffer, BYTES("\r\nTransfer-Encoding: chunked"));
    case HTTP_REPLY_TO_THE_END:
        break;
    }
    return true;
}

static bool append_connection(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->closes)
        return buffer_append(buffer, BYTES("\r\nConnection: close"));
    /* RFC 9110 7.6.1: Connection lists each field that is about the connection. */
    bool says_keep_alive = reply->says_keep_alive || reply->keep_alive_s > 0;
    if (says_keep_alive && !buffer_append(buffer, BYTES("\r\nConnection: keep-alive")))
        return false;
    return reply->keep_alive_s == 0 || (buffer_append(buffer, BYTES("\r\nKeep-Alive: timeout=")) &&
                                        buffer_append_number(buffer, reply->keep_alive_s));
}

static bool append_end(struct buffer *buffer, const struct http_reply *reply)
{
    return buffer_append(buffer, reply->has_fields ? BYTES("\r\n") : BYTES("\r\n\r\n"));
}

bool http_reply_write(struct buffer *buffer, const struct http_reply *reply)
{
    if (reply->status < 200 || reply->status > 599 || !http_is_text(reply->content_type))
        return false;
    size_t size = buffer->size;
    bool fits = append_start(buffer, reply) && append_type(buffer, reply->content_type) &&
                append_framing(buffer, reply) && append_connection(buffer, reply) &&
                append_end(buffer, reply);
    if (!fits)
        buffer->size = size;
    return fits;
}

bool http_field_is_reserved(struct bytes name)
{
    static const char *const names[] = {"Connection",
                                        "Content-Length",
                                        "Date",
                                        "Keep-Alive",
                                        "Sec-WebSocket-Accept",
                                        "Sec-WebSocket-Extensions",
                                        "Sec-WebSocket-Protocol",
                                        "Trailer",
                                        "Transfer-Encoding",
                                        "Upgrade"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bytes_equal_ignoring_case(name, bytes_of(names[i])))
            return true;
    return false;
}

bool http_field_write(struct buffer *buffer, struct bytes name, struct bytes value)
{
    size_t size = buffer->size;
    bool fits = buffer_append(buffer, name) && buffer_append(buffer, BYTES(": ")) &&
                buffer_append(buffer, value) && buffer_append(buffer, BYTES("\r\n"));
    if (!fits)
        buffer->size = size;
    return fits;
}

bool http_chunk_start_write(struct buffer *buffer, uint64_t size)
{
    static const char digits[] = "0123456789abcdef";
    char line[HTTP_CHUNK_START_MAX];
    size_t first = sizeof line;
    line[--first] = '\n';
    line[--first] = '\r';
    do {
        line[--first] = digits[size % 16];
        size /= 16;
    } while (size > 0);
    return buffer_append(buffer, (struct bytes){line + first, sizeof line - first});
}
