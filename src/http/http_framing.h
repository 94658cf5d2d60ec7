/* http_framing - the bytes around the payload of a chunked body: size lines, extensions, trailers.
 *
 * Pure. The parser reads sizes and trailer fields; this looks again at what it is too kind to: line
 * ends, folded lines, control bytes, empty names, and trailer fields that would change the framing
 * (RFC 9110 6.5.1). Extensions it reads alone: the parser does not know their whole grammar. */
#ifndef TOAD_HTTP_HTTP_FRAMING_H
#define TOAD_HTTP_HTTP_FRAMING_H

#include "base/bytes.h"

/* Where in `;name=value` or `;name="value"` the next byte stands (RFC 9112 7.1.1). White space may
 * stand around `;` and `=` (RFC 9110 5.6.3) and nowhere else. */
enum http_extension {
    HTTP_EXTENSION_NONE,
    HTTP_EXTENSION_BEFORE_SEMICOLON, /* behind white space: a size line does not end here */
    HTTP_EXTENSION_BEFORE_NAME,
    HTTP_EXTENSION_NAME,
    HTTP_EXTENSION_BEHIND_NAME, /* likewise, and `=` may follow as well */
    HTTP_EXTENSION_BEFORE_VALUE,
    HTTP_EXTENSION_VALUE,
    HTTP_EXTENSION_QUOTED,
    HTTP_EXTENSION_ESCAPED,
    HTTP_EXTENSION_BEHIND_QUOTES,
    HTTP_EXTENSION_WRONG,
};

struct http_framing {
    enum http_extension extension;
    uint8_t name_size; /* bytes of the present trailer field's name */
    uint8_t suspects;  /* the forbidden names that begin like it, one bit each */
    bool is_in_name;
    bool is_in_trailers;
    bool is_behind_digit;
    bool is_behind_cr;
};

void http_framing_init(struct http_framing *framing);

/* The last size line has been read: what follows are trailer fields. */
void http_framing_begin_trailers(struct http_framing *framing);

/* The leading bytes of `bytes` that belong together: extensions with the white space in front of
 * them, which are not for the parser (`*ret_is_extension`), or anything else. */
struct bytes http_framing_run(const struct http_framing *framing, struct bytes bytes,
                              bool *ret_is_extension);

/* Looks at the next bytes, cut as they happen to come. NULL, or static text that says what is
 * wrong; after that the framing is not to be used again. */
const char *http_framing_check(struct http_framing *framing, struct bytes bytes);

/* How many bytes the shortest line for a chunk of this size has, its CRLF included. */
uint32_t http_chunk_line_size(uint64_t chunk_size);

#endif
