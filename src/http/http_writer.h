/* http_writer - answers as bytes.
 *
 * Pure. What an application supplies is checked here: no CR, LF or NUL reaches the wire (promise
 * CON-10). */
#ifndef TOAD_HTTP_HTTP_WRITER_H
#define TOAD_HTTP_HTTP_WRITER_H

#include "base/buffer.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP_DATE_SIZE = 29
};

/* How the client knows where the body ends (RFC 9112 6.3). */
enum http_reply_body {
    HTTP_REPLY_SIZED,
    HTTP_REPLY_CHUNKED,
    HTTP_REPLY_TO_THE_END, /* of the connection, for HTTP/1.0 */
};

struct http_reply {
    uint16_t status;           /* 200 to 599 */
    bool closes;               /* says `Connection: close` */
    bool says_keep_alive;      /* says `Connection: keep-alive`, for HTTP/1.0 */
    uint32_t keep_alive_s;     /* says so and `Keep-Alive: timeout=`; 0: says nothing */
    struct bytes date;         /* HTTP_DATE_SIZE bytes */
    struct bytes content_type; /* empty: none */
    enum http_reply_body body;
    uint64_t content_length; /* of a body that is sized */
    bool has_fields;         /* more fields follow, so that the empty line is not written */
};

/* Appends the status line, the fields and the empty line; false, and nothing appended, if they do
 * not fit, the status is out of its range, or the content type has a control byte. A 204 gets no
 * Content-Length, a 304 none when it is 0 (RFC 9110 8.6), and neither Transfer-Encoding (RFC 9112
 * 6.1); a 205 always has the length 0. `closes` silences the keep-alive fields. */
bool http_reply_write(struct buffer *buffer, const struct http_reply *reply);

/* The reason phrase of a status, "" if it has none here. */
const char *http_status_text(uint16_t status);

/* An answer to this status never has a body (RFC 9110 6.4.1, 15.3.6). */
bool http_status_has_no_body(uint16_t status);

/* IMF-fixdate of a time in seconds since 1970 (RFC 9110 5.6.7), which is moved into the years 1970
 * to 9999 if it is outside them; writes HTTP_DATE_SIZE bytes, no NUL. */
void http_date_write(char date[HTTP_DATE_SIZE], int64_t unix_s);

/* A field name is a token and a value has no control bytes but TAB (RFC 9110 5.1, 5.5). */
bool http_field_is_valid(struct bytes name, struct bytes value);

/* A field of an answer that only the server writes: what frames it, and what concerns the
 * connection. */
bool http_field_is_reserved(struct bytes name);

/* Appends `NAME: VALUE` and the end of the line; false, and nothing appended, if it does not fit.
 */
bool http_field_write(struct buffer *buffer, struct bytes name, struct bytes value);

enum {
    HTTP_CHUNK_START_MAX = 18 /* 16 digits and the end of the line */
};

/* Appends the line in front of a chunk of so many bytes, of which there is at least one; a CRLF
 * follows them (RFC 9112 7.1). Needs HTTP_CHUNK_START_MAX bytes of room. */
bool http_chunk_start_write(struct buffer *buffer, uint64_t size);

#endif
