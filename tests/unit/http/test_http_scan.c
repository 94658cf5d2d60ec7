#include "http/http_scan.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_SIZE = 40000
};

static char input[INPUT_SIZE];

/* `start`, then `filler` until the input has `size` bytes, then `end`; the whole size. */
static size_t input_make(const char *start, char filler, size_t size, const char *end)
{
    cr_assert(size + strlen(end) <= INPUT_SIZE && strlen(start) <= size);
    memset(input, filler, size);
    memcpy(input, start, strlen(start));
    memcpy(input + size, end, strlen(end));
    return size + strlen(end);
}

/* The status once all of the input has come in pieces; 0: complete, -1: more is needed. */
static int scan_in_pieces(size_t size, size_t piece, size_t *ret_needed)
{
    struct http_scan scan;
    http_scan_init(&scan);
    for (size_t given = 0; given < size;) {
        given = given + piece < size ? given + piece : size;
        struct bytes head;
        size_t head_size;
        struct http_refusal refusal;
        *ret_needed = given;
        switch (http_scan_head(&scan, (struct bytes){input, given}, &head, &head_size, &refusal)) {
        case HTTP_COMPLETE:
            return 0;
        case HTTP_REFUSED:
            return refusal.status;
        case HTTP_INCOMPLETE:
            break;
        }
    }
    return -1;
}

static void expect_status(size_t size, int status)
{
    static const size_t pieces[] = {INPUT_SIZE, 1, 7, 1000, 8191, 8192, 8193};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t needed;
        cr_expect_eq(scan_in_pieces(size, pieces[i], &needed), status, "in pieces of %zu",
                     pieces[i]);
    }
}

Test(http_scan, gives_the_head_without_what_stands_around_it)
{
    struct http_scan scan;
    struct bytes head;
    size_t size;
    struct http_refusal refusal;
    struct bytes all = BYTES("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\0\n\rbody");
    http_scan_init(&scan);
    cr_assert_eq(http_scan_head(&scan, all, &head, &size, &refusal), HTTP_COMPLETE);
    cr_expect(bytes_equal(head, BYTES("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
    cr_expect_eq(head.data, all.data + 4);
    cr_expect_eq(size, 4 + head.size);
}

/* Promise CON-7: what a trickling head costs does not grow with the square of its size. */
Test(http_scan, looks_at_every_byte_once)
{
    static const char text[] = "\r\nGET /abc HTTP/1.1\r\nHost: h\r\nA: \t1\r\n\r\n";
    struct http_scan scan;
    struct bytes head;
    size_t size;
    struct http_refusal refusal;
    http_scan_init(&scan);
    for (size_t given = 1; given < sizeof text - 1; given++) {
        struct bytes so_far = {text, given};
        cr_assert_eq(http_scan_head(&scan, so_far, &head, &size, &refusal), HTTP_INCOMPLETE);
        cr_expect_eq(scan.scanned, given - (text[given - 1] == '\r'), "at %zu", given);
    }
}

Test(http_scan, needs_nothing_to_need_more)
{
    struct http_scan scan;
    struct bytes head;
    size_t size;
    struct http_refusal refusal;
    http_scan_init(&scan);
    cr_expect_eq(http_scan_head(&scan, (struct bytes){NULL, 0}, &head, &size, &refusal),
                 HTTP_INCOMPLETE);
}

/* Promise CON-6 */
Test(http_scan, takes_a_request_line_up_to_its_limit)
{
    static const char end[] = " HTTP/1.1\r\n\r\n";
    static const size_t line_end = sizeof " HTTP/1.1" - 1;
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX - line_end, end), 0);
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX - line_end + 1, end), 414);
    expect_status(input_make("\r\nGET /", 'a', HTTP_REQUEST_LINE_MAX - line_end + 2, end), 0);
    expect_status(input_make("\r\nGET /", 'a', HTTP_REQUEST_LINE_MAX - line_end + 3, end), 414);
}

Test(http_scan, refuses_a_long_request_line_before_it_ends)
{
    size_t needed;
    size_t size = input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX + 1, "");
    cr_expect_eq(scan_in_pieces(size - 1, 1, &needed), -1);
    cr_expect_eq(scan_in_pieces(size, 1, &needed), 414);
    cr_expect_eq(needed, HTTP_REQUEST_LINE_MAX + 1);
    /* Whatever follows: the line was too long before. */
    static const char *const ends[] = {"\r", "\n", "\r\n", "\rX", "\t", "\1"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX + 1, ends[i]), 414);
}

Test(http_scan, sees_a_fault_at_the_limit_of_the_request_line)
{
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX, "\n"), 400);
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX, "\rX"), 400);
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX, "\r\n"), 400);
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX, "\tX"), 414);
    expect_status(input_make("GET /", 'a', HTTP_REQUEST_LINE_MAX, "\r"), -1);
}

/* Promise CON-6 */
Test(http_scan, takes_a_head_up_to_its_limit)
{
    static const char start[] = "GET / HTTP/1.1\r\nA: ";
    static const char started_late[] = "\r\n\r\nGET / HTTP/1.1\r\nA: ";
    expect_status(input_make(start, 'a', HTTP_HEAD_MAX - 4, "\r\n\r\n"), 0);
    expect_status(input_make(start, 'a', HTTP_HEAD_MAX - 3, "\r\n\r\n"), 431);
    expect_status(input_make(start, 'a', HTTP_HEAD_MAX - 2, "\r\n\r\n"), 431);
    expect_status(input_make(start, 'a', HTTP_HEAD_MAX, "\r\n\r\n"), 431);
    expect_status(input_make(started_late, 'a', HTTP_HEAD_MAX, "\r\n\r\n"), 0);
    expect_status(input_make(started_late, 'a', HTTP_HEAD_MAX + 1, "\r\n\r\n"), 431);
}

Test(http_scan, refuses_a_long_head_before_it_ends)
{
    size_t needed;
    size_t size = input_make("GET / HTTP/1.1\r\nA: ", 'a', HTTP_HEAD_MAX + 1, "");
    cr_expect_eq(scan_in_pieces(size - 1, 1, &needed), -1);
    cr_expect_eq(scan_in_pieces(size, 1, &needed), 431);
    cr_expect_eq(needed, HTTP_HEAD_MAX + 1);
}

Test(http_scan, refuses_a_head_of_many_short_lines_that_does_not_end)
{
    static const char line[] = "A: 1\r\n";
    size_t size = input_make("GET / HTTP/1.1\r\n", '?', 16, "");
    while (size + sizeof line < INPUT_SIZE) {
        memcpy(input + size, line, sizeof line - 1);
        size += sizeof line - 1;
    }
    expect_status(size, 431);
}

/* Promise CON-5: garbage is not waited for. */
Test(http_scan, refuses_at_the_byte_that_is_wrong)
{
    static const struct {
        const char *sent;
        size_t needed;
    } rows[] = {
        {"\x16\x03\x01\x02", 1},
        {" GET", 1},
        {"{", 1},
        {"\n", 1},
        {"\rG", 2},
        {"GET /\nHost", 6},
        {"GET /\x01", 6},
        {"GET /\r\nHost", 7},
        {"GET / HTTP/1.1\r\n Host", 17},
        {"GET / HTTP/1.1\r\n\tHost", 17},
        {"GET / HTTP/1.1\r\n:", 17},
        {"GET / HTTP/1.1\r\nA: 1\r\n\n", 23},
        {"\r\n\r\n\r\n\r\n\r\n", 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t needed = 0;
        size_t size = input_make(rows[i].sent, 'x', strlen(rows[i].sent), "");
        cr_expect_eq(scan_in_pieces(size, 1, &needed), 400, "row %zu", i);
        cr_expect_eq(needed, rows[i].needed, "row %zu: %zu", i, needed);
    }
}

/* Each byte at each place of a line that begins at each place of a word of eight. */
Test(http_scan, finds_a_control_byte_anywhere)
{
    for (size_t length = 1; length < 40; length++) {
        for (size_t at = 0; at < length; at++) {
            for (int byte = 0; byte < 256; byte++) {
                size_t size = input_make("GET / HTTP/1.1\r\nA: ", 'a', 19 + length, "\r\n\r\n");
                input[19 + at] = (char)byte;
                size_t needed;
                int status = byte < 32 && byte != '\t' ? 400 : 0;
                cr_assert_eq(scan_in_pieces(size, size, &needed), status, "%d at %zu of %zu", byte,
                             at, length);
            }
        }
    }
}
