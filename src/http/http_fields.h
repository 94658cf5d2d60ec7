/* http_fields - what the fields of a head say about its framing, its host and its connection.
 *
 * Pure. */
#ifndef TOAD_HTTP_HTTP_FIELDS_H
#define TOAD_HTTP_HTTP_FIELDS_H

#include "http/http_message.h"

/* Reads Host, Content-Length, Transfer-Encoding, Connection and Expect out of the fields, trims the
 * values and fills in what depends on them: authority (unless the target brought one), persists,
 * has_body, is_chunked, content_length, expects_continue. HTTP_COMPLETE or HTTP_REFUSED. */
enum http_progress http_fields_read(struct http_head *head, uint64_t body_most,
                                    struct http_refusal *ret_refusal);

/* The client says that it takes trailer fields (RFC 9110 10.1.4). */
bool http_takes_trailers(const struct http_head *head);

#endif
