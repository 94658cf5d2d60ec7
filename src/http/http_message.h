/* http_message - what the reader says about a request, and why it refuses one.
 *
 * Pure. All views point into the bytes that the reader was given and live as long as those (or are
 * static). */
#ifndef TOAD_HTTP_HTTP_MESSAGE_H
#define TOAD_HTTP_HTTP_MESSAGE_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum http_progress {
    HTTP_INCOMPLETE, /* more bytes are needed */
    HTTP_COMPLETE,
    HTTP_REFUSED, /* answer with the refusal's status, then close */
};

struct http_refusal {
    uint16_t status;
    const char *reason; /* static text for the log and the answer's body */
};

/* Fills in the refusal and returns HTTP_REFUSED, so that `return http_refuse(...)` reads well. */
enum http_progress http_refuse(struct http_refusal *ret_refusal, uint16_t status,
                               const char *reason);

struct http_field {
    struct bytes name;
    struct bytes value; /* without white space at its ends */
};

struct http_head {
    struct bytes method;
    struct bytes target;    /* as it was sent */
    struct bytes path;      /* of the target, still percent-encoded; "*" for the asterisk form */
    struct bytes query;     /* behind the first `?`, without it */
    struct bytes authority; /* of an absolute target, else the Host field; may be empty */
    uint8_t version_minor;  /* HTTP/1.0 or HTTP/1.1 */
    bool persists;          /* version and Connection options allow a next request (RFC 9112 9.3) */
    bool has_body;          /* chunked, or a Content-Length above 0: read it to its end */
    bool is_chunked;
    bool expects_continue;   /* HTTP/1.1, Expect: 100-continue, and a body follows */
    uint64_t content_length; /* if it is not chunked */
    uint32_t field_count;
    struct http_field fields[HTTP_HEADERS_MAX];
};

#endif
