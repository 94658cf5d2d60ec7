/* http_target - the request line: method, target and version (RFC 9112 3).
 *
 * Pure. */
#ifndef TOAD_HTTP_HTTP_TARGET_H
#define TOAD_HTTP_HTTP_TARGET_H

#include "http/http_message.h"

/* Reads a request line, given without its CRLF, into method, target, path, query, authority (empty
 * unless the target has one) and version_minor. HTTP_COMPLETE or HTTP_REFUSED. CONNECT and TRACE
 * are refused with 501: the server knows them but implements neither for any target, and 405 is for
 * a method that it does (RFC 9110 9.1, 15.6.2). An https URI is refused with 421 unless the
 * connection has TLS, an http URI if it has (RFC 9110 7.4). */
enum http_progress http_request_line_read(struct bytes line, bool is_tls,
                                          struct http_head *ret_head,
                                          struct http_refusal *ret_refusal);

/* What has come of a request, empty lines in front of it included, begins with the method HEAD:
 * even its refusal has no content then (RFC 9110 9.3.2). */
bool http_asks_for_head(struct bytes input);

/* The line ends as HTTP/DIGIT.DIGIT behind a space: cheap, for a first look. */
bool http_request_line_has_version(struct bytes line);

#endif
