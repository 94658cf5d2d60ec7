/* http_reader - one request: its head in one piece, then its body as it comes.
 *
 * Pure; wraps llhttp. One reader serves one request at a time and keeps no pointer between calls.
 */
#ifndef TOAD_HTTP_HTTP_READER_H
#define TOAD_HTTP_HTTP_READER_H

#include "http/http_framing.h"
#include "http/http_message.h"

#include <stdalign.h>
#include <stddef.h>

enum {
    HTTP_PARSER_SIZE = 96
};

struct http_reader {
    alignas(8) unsigned char parser[HTTP_PARSER_SIZE]; /* llhttp's state */
    uint64_t body_size;                                /* payload bytes so far */
    uint64_t body_most;
    uint64_t part_left; /* payload bytes that follow before anything else does */
    uint32_t overhead;  /* bytes around chunks beyond the least that it takes, or of trailers */
    struct http_framing framing;
    bool is_done;
};

/* Reads a whole head, as http_scan_head() found it. HTTP_COMPLETE or HTTP_REFUSED. Afterwards the
 * reader is ready for the body, of which it takes at most `body_most` bytes (413 beyond, also for a
 * Content-Length that promises more). After a refusal `*ret_head` is not to be read. */
enum http_progress http_reader_head(struct http_reader *reader, struct bytes head, bool is_tls,
                                    uint64_t body_most, struct http_head *ret_head,
                                    struct http_refusal *ret_refusal);

/* Reads from `*input` and moves it behind what was read; `*ret_part` is the payload found, a view
 * into the input, perhaps empty. HTTP_INCOMPLETE: call again while input is left (each call
 * reads some of it), then with what comes next. HTTP_COMPLETE: the request has ended and `*input`
 * is at the next one; further calls say so again and read nothing. Chunk extensions and trailer
 * fields are checked, bounded (413, 431) and dropped. After a refusal the reader is good for
 * another head only. */
enum http_progress http_reader_body(struct http_reader *reader, struct bytes *input,
                                    struct bytes *ret_part, struct http_refusal *ret_refusal);

#endif
