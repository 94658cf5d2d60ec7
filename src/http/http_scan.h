/* http_scan - where the head of a request ends.
 *
 * Pure. The scan keeps its place, so a head that trickles in is looked at once. It refuses what the
 * parser behind it lets through: bare LF, folded lines, heads that are too long (RFC 9112 2.2, 5.2;
 * promises CON-5, CON-6). */
#ifndef TOAD_HTTP_HTTP_SCAN_H
#define TOAD_HTTP_HTTP_SCAN_H

#include "http/http_message.h"

#include <stddef.h>

struct http_scan {
    uint32_t scanned;    /* bytes looked at; a CR at the end of the input is not one yet */
    uint32_t line_start; /* where the current line begins */
    uint32_t head_start; /* behind empty lines in front of the request line */
    bool has_request_line;
};

void http_scan_init(struct http_scan *scan);

/* Goes on from where the last call with the same, possibly longer `input` stopped. HTTP_COMPLETE:
 * `*ret_head` is the head with its last empty line and `*ret_size` the bytes up to its end, skipped
 * empty lines included. */
enum http_progress http_scan_head(struct http_scan *scan, struct bytes input,
                                  struct bytes *ret_head, size_t *ret_size,
                                  struct http_refusal *ret_refusal);

#endif
