/* http_log - one answer as one line of an access log.
 *
 * Pure. Whatever a client sends, a line stays a line: control bytes, quotes and bytes beyond ASCII
 * are escaped, and what is too long is cut and marked (promise OBS-3). */
#ifndef TOAD_HTTP_HTTP_LOG_H
#define TOAD_HTTP_HTTP_LOG_H

#include "base/buffer.h"

#include <assert.h>
#include <stdint.h>

enum {
    HTTP_LOG_LINE_MAX = 4096, /* what a pipe takes in one piece */
    HTTP_LOG_FIELD_MAX = 896, /* what one text of a client becomes at most, escaped and marked */
    HTTP_LOG_REST_MAX = 512,  /* all that is not a client's text */
};
static_assert(4 * (int)HTTP_LOG_FIELD_MAX + (int)HTTP_LOG_REST_MAX <= (int)HTTP_LOG_LINE_MAX,
              "method, target, referer and agent fit into a line");

struct http_log_entry {
    struct bytes remote; /* the client's address; empty: that of a UNIX domain socket */
    int64_t unix_us;     /* when the answer was made */
    int64_t took_us;     /* since the head was complete */
    struct bytes method; /* empty: there was no request that could be read */
    struct bytes target;
    uint8_t version_minor;
    uint16_t status;
    uint64_t size; /* bytes of the answer's body */
    struct bytes referer;
    struct bytes agent;
};

/* The combined format: `ADDRESS - - [DATE] "METHOD TARGET HTTP/1.1" STATUS SIZE "REFERER" "AGENT"`.
 * False, and nothing appended, if the buffer has no room. */
bool http_log_write_combined(struct buffer *buffer, const struct http_log_entry *entry);

/* A JSON object with the members time, remote, method, target, version, status, size, seconds,
 * referer and agent. */
bool http_log_write_json(struct buffer *buffer, const struct http_log_entry *entry);

#endif
