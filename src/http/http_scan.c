#include "http/http_scan.h"

#include "http/http_grammar.h"
#include "http/http_target.h"

#include <string.h>

void http_scan_init(struct http_scan *scan)
{
    *scan = (struct http_scan){0};
}

/* Whether one of eight bytes is below the space: the subtraction borrows into its top bit, which
 * was not set before. */
static bool has_control(const char *eight)
{
    uint64_t word;
    memcpy(&word, eight, sizeof word);
    return ((word - UINT64_C(0x2020202020202020)) & ~word & UINT64_C(0x8080808080808080)) != 0;
}

/* Where the next byte below the space stands, at or behind `at`, or the end. */
static size_t find_control(struct bytes input, size_t at)
{
    while (input.size - at >= 8 && !has_control(input.data + at))
        at += 8;
    while (at < input.size && (unsigned char)input.data[at] >= ' ')
        at++;
    return at;
}

/* The line without its end, and the head as a whole, reach so far. */
static enum http_progress check_length(const struct http_scan *scan, size_t line_end,
                                       size_t head_end, struct http_refusal *ret_refusal)
{
    if (!scan->has_request_line && line_end - scan->line_start > HTTP_REQUEST_LINE_MAX)
        return http_refuse(ret_refusal, 414, "The request line is too long");
    if (head_end - scan->head_start > HTTP_HEAD_MAX)
        return http_refuse(ret_refusal, 431, "The head is too long");
    return HTTP_INCOMPLETE;
}

static enum http_progress refuse_start(const struct http_scan *scan, char byte,
                                       struct http_refusal *ret_refusal)
{
    if (byte == '\n')
        return http_refuse(ret_refusal, 400, "A line of the head ends without CR");
    if (!scan->has_request_line)
        return http_refuse(ret_refusal, 400, "The request does not begin with a method");
    if (byte == ' ' || byte == '\t')
        return http_refuse(ret_refusal, 400, "A line of the head begins with white space");
    return http_refuse(ret_refusal, 400, "A line of the head does not begin with a field name");
}

/* A line begins with a method or a field name, or is the empty one. */
static bool may_begin(char byte)
{
    return http_is_token_byte(byte) || byte == '\r';
}

static enum http_progress refuse_control(char byte, struct http_refusal *ret_refusal)
{
    switch (byte) {
    case '\r':
        return http_refuse(ret_refusal, 400, "The head has a CR without LF");
    case '\n':
        return http_refuse(ret_refusal, 400, "A line of the head ends without CR");
    case '\0':
        return http_refuse(ret_refusal, 400, "The head has a NUL byte");
    default:
        return http_refuse(ret_refusal, 400, "The head has a control byte");
    }
}

/* The line up to its CR at `at` is good; HTTP_COMPLETE if it is the empty one behind the fields. */
static enum http_progress end_line(struct http_scan *scan, struct bytes input, size_t at,
                                   struct http_refusal *ret_refusal)
{
    struct bytes line = {input.data + scan->line_start, at - scan->line_start};
    scan->scanned = scan->line_start = (uint32_t)(at + 2);
    if (line.size == 0 && scan->has_request_line)
        return HTTP_COMPLETE;
    if (line.size == 0) {
        /* RFC 9112 2.2 */
        scan->head_start = scan->line_start;
        return scan->head_start <= 2 * HTTP_LEADING_EMPTY_LINES_MAX
                   ? HTTP_INCOMPLETE
                   : http_refuse(ret_refusal, 400, "Too many empty lines precede the request");
    }
    if (!scan->has_request_line && !http_request_line_has_version(line))
        return http_refuse(ret_refusal, 400, "The request line does not end in HTTP/DIGIT.DIGIT");
    scan->has_request_line = true;
    return HTTP_INCOMPLETE;
}

/* One step: up to the end of the line, or as far as the input goes. HTTP_INCOMPLETE with
 * `*ret_is_starved` false: go on. Faults are found in the order of their bytes, so that the verdict
 * does not depend on how the input is cut. */
static enum http_progress scan_line(struct http_scan *scan, struct bytes input,
                                    bool *ret_is_starved, struct http_refusal *ret_refusal)
{
    *ret_is_starved = true;
    if (scan->line_start < input.size && !may_begin(input.data[scan->line_start]))
        return refuse_start(scan, input.data[scan->line_start], ret_refusal);
    size_t at = find_control(input, scan->scanned);
    while (at < input.size && input.data[at] == '\t')
        at = find_control(input, at + 1);
    if (check_length(scan, at, at, ret_refusal) == HTTP_REFUSED)
        return HTTP_REFUSED;
    scan->scanned = (uint32_t)at;
    /* A CR at the end of the input is looked at again, together with what follows it. */
    if (at == input.size || (input.data[at] == '\r' && at + 1 == input.size))
        return HTTP_INCOMPLETE;
    if (check_length(scan, at, at + 2, ret_refusal) == HTTP_REFUSED)
        return HTTP_REFUSED;
    if (input.data[at] != '\r' || input.data[at + 1] != '\n')
        return refuse_control(input.data[at], ret_refusal);
    *ret_is_starved = false;
    return end_line(scan, input, at, ret_refusal);
}

enum http_progress http_scan_head(struct http_scan *scan, struct bytes input,
                                  struct bytes *ret_head, size_t *ret_size,
                                  struct http_refusal *ret_refusal)
{
    bool is_starved = false;
    enum http_progress progress = HTTP_INCOMPLETE;
    while (progress == HTTP_INCOMPLETE && !is_starved)
        progress = scan_line(scan, input, &is_starved, ret_refusal);
    if (progress == HTTP_COMPLETE) {
        *ret_size = scan->scanned;
        *ret_head = (struct bytes){input.data + scan->head_start, scan->scanned - scan->head_start};
    }
    return progress;
}
