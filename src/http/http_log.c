#include "http/http_log.h"

#include "base/limits.h"
#include "http/http_writer.h"

#include <inttypes.h>

enum {
    ESCAPED_BYTE_MAX = 6, /* \u00HH */
    MARK_SIZE = 3,        /* ... */
};

/* A client's text, escaped as `\xHH` or, in JSON, `\u00HH`. */
static bool append_escaped(struct buffer *buffer, struct bytes text, const char *escape)
{
    bool fits = true;
    size_t end = buffer->size + HTTP_LOG_FIELD_MAX - ESCAPED_BYTE_MAX - MARK_SIZE;
    size_t shown = 0;
    for (; shown < text.size && fits && buffer->size <= end; shown++) {
        unsigned char byte = (unsigned char)text.data[shown];
        bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        fits = is_plain ? buffer_append(buffer, (struct bytes){text.data + shown, 1})
                        : buffer_append_format(buffer, "%s%02x", escape, byte);
    }
    return fits && (shown == text.size || buffer_append(buffer, BYTES("...")));
}

static bool append_quoted(struct buffer *buffer, struct bytes text, const char *escape)
{
    return buffer_append(buffer, BYTES("\"")) && append_escaped(buffer, text, escape) &&
           buffer_append(buffer, BYTES("\""));
}

/* 10/Oct/2000:13:55:36 +0000, out of the parts of an IMF-fixdate. */
static bool append_date(struct buffer *buffer, int64_t unix_us)
{
    char date[HTTP_DATE_SIZE];
    http_date_write(date, unix_us / SECOND_US);
    return buffer_append_format(buffer, "[%.2s/%.3s/%.4s:%.8s +0000] ", date + 5, date + 8,
                                date + 12, date + 17);
}

static bool append_request(struct buffer *buffer, const struct http_log_entry *entry)
{
    if (entry->method.size == 0)
        return buffer_append(buffer, BYTES("\"-\""));
    return buffer_append(buffer, BYTES("\"")) && append_escaped(buffer, entry->method, "\\x") &&
           buffer_append(buffer, BYTES(" ")) && append_escaped(buffer, entry->target, "\\x") &&
           buffer_append_format(buffer, " HTTP/1.%u\"", (unsigned)entry->version_minor);
}

static bool append_optional(struct buffer *buffer, struct bytes text)
{
    return text.size == 0 ? buffer_append(buffer, BYTES("\"-\""))
                          : append_quoted(buffer, text, "\\x");
}

/* As nginx has it. */
static struct bytes remote_of(const struct http_log_entry *entry)
{
    return entry->remote.size == 0 ? BYTES("unix:") : entry->remote;
}

bool http_log_write_combined(struct buffer *buffer, const struct http_log_entry *entry)
{
    size_t start = buffer->size;
    bool fits =
        buffer_append(buffer, remote_of(entry)) && buffer_append(buffer, BYTES(" - - ")) &&
        append_date(buffer, entry->unix_us) && append_request(buffer, entry) &&
        buffer_append_format(buffer, " %u %" PRIu64 " ", (unsigned)entry->status, entry->size) &&
        append_optional(buffer, entry->referer) && buffer_append(buffer, BYTES(" ")) &&
        append_optional(buffer, entry->agent) && buffer_append(buffer, BYTES("\n"));
    if (!fits)
        buffer->size = start;
    return fits;
}

static bool append_member(struct buffer *buffer, const char *name, struct bytes text)
{
    return buffer_append_format(buffer, ",\"%s\":", name) && append_quoted(buffer, text, "\\u00");
}

bool http_log_write_json(struct buffer *buffer, const struct http_log_entry *entry)
{
    size_t start = buffer->size;
    bool fits = buffer_append_format(buffer, "{\"time\":%" PRId64 ".%06" PRId64,
                                     entry->unix_us / SECOND_US, entry->unix_us % SECOND_US) &&
                append_member(buffer, "remote", remote_of(entry)) &&
                append_member(buffer, "method", entry->method) &&
                append_member(buffer, "target", entry->target) &&
                buffer_append_format(
                    buffer, ",\"version\":\"1.%u\",\"status\":%u,\"size\":%" PRIu64,
                    (unsigned)entry->version_minor, (unsigned)entry->status, entry->size) &&
                buffer_append_format(buffer, ",\"seconds\":%" PRId64 ".%06" PRId64,
                                     entry->took_us / SECOND_US, entry->took_us % SECOND_US) &&
                append_member(buffer, "referer", entry->referer) &&
                append_member(buffer, "agent", entry->agent) && buffer_append(buffer, BYTES("}\n"));
    if (!fits)
        buffer->size = start;
    return fits;
}
