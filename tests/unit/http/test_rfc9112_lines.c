/* RFC 9112 2.2: lines, their ends, and what stands before a request. */
#include "rows.h"

/* Promise CON-5 */
static const struct row line_ends[] = {
    {"every line ends in CRLF", SENT(GET "A: 1\r\n" END), "GET / @h {A=1}"},
    {"a bare LF ends the request line", SENT("GET / HTTP/1.1\nHost: h\r\n\r\n"), "400"},
    {"a bare LF ends a field", SENT(GET "A: 1\nB: 2\r\n\r\n"), "400"},
    {"a bare LF ends the last field", SENT(GET "A: 1\n\r\n"), "400"},
    {"a bare LF is the empty line", SENT(GET "\n"), "400"},
    {"bare LF everywhere", SENT("GET / HTTP/1.1\nHost: h\n\n"), "400"},
    {"a bare CR ends the request line", SENT("GET / HTTP/1.1\rHost: h\r\n\r\n"), "400"},
    {"a bare CR ends a field", SENT(GET "A: 1\rB: 2\r\n\r\n"), "400"},
    {"a bare CR stands in a value", SENT(GET "A: 1\r2\r\n\r\n"), "400"},
    {"a bare CR stands in front of a CRLF", SENT(GET "A: 1\r\r\n\r\n"), "400"},
    {"a bare CR is the empty line", SENT(GET "\rGET"), "400"},
    {"a bare CR stands in a name", SENT(GET "A\rB: 1\r\n\r\n"), "400"},
    {"a bare CR stands in the target", SENT("GET /\r HTTP/1.1\r\nHost: h\r\n\r\n"), "400"},
    {"LF and CR are swapped", SENT("GET / HTTP/1.1\n\rHost: h\n\r\n\r"), "400"},
    {"an empty value ends in a bare CR", SENT(GET "A:\rB: 2\r\n\r\n"), "400"},
    {"an empty value ends in a bare LF", SENT(GET "A:\nB: 2\r\n\r\n"), "400"},
    {"a CR is the last byte so far", SENT(GET "A: 1\r"), "..."},
    {"the empty line is not complete", SENT(GET "\r"), "..."},
};

static const struct row control_bytes[] = {
    {"NUL in the method", SENT("G\0T / HTTP/1.1\r\nHost: h\r\n\r\n"), "400"},
    {"NUL in the target", SENT("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"), "400"},
    {"NUL in a name", SENT(GET "A\0B: 1\r\n\r\n"), "400"},
    {"NUL in a value", SENT(GET "A: 1\0\r\n\r\n"), "400"},
    {"NUL alone on a line", SENT(GET "\0\r\n\r\n"), "400"},
    {"NUL first of all", SENT("\0GET / HTTP/1.1\r\nHost: h\r\n\r\n"), "400"},
    {"BEL in a value", SENT(GET "A: 1\a\r\n\r\n"), "400"},
    {"ESC in a value", SENT(GET "A: \x1b[31m\r\n\r\n"), "400"},
    {"DEL in a value", SENT(GET "A: 1\x7f\r\n\r\n"), "400"},
    {"VT in a value", SENT(GET "A: 1\v\r\n\r\n"), "400"},
    {"TAB in a value", SENT(GET "A: 1\t2\r\n\r\n"), "GET / @h {A=1\t2}"},
    {"bytes above 0x7f in a value", SENT(GET "A: \xc3\xa4\xff\r\n\r\n"),
     "GET / @h {A=\xc3\xa4\xff}"},
};

/* RFC 9112 5.2 */
static const struct row folded_lines[] = {
    {"a field goes on behind a space", SENT(GET "A: 1\r\n 2\r\n\r\n"), "400"},
    {"a field goes on behind a TAB", SENT(GET "A: 1\r\n\t2\r\n\r\n"), "400"},
    {"an empty field goes on", SENT(GET "A:\r\n 1\r\n\r\n"), "400"},
    {"a length goes on", SENT(POST "Content-Length: 1\r\n 0\r\n\r\n0123456789"), "400"},
    {"a coding goes on", SENT(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), "400"},
    {"white space in front of the first field", SENT("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), "400"},
    {"a TAB in front of the first field", SENT("GET / HTTP/1.1\r\n\tHost: h\r\n\r\n"), "400"},
    {"a line of white space", SENT(GET " \r\n\r\n"), "400"},
    {"white space in front of the empty line", SENT(GET "A: 1\r\n \r\n"), "400"},
};

static const struct row before_requests[] = {
    {"nothing", SENT(""), ""},
    {"one empty line", SENT("\r\n" GET END), "GET / @h"},
    {"four empty lines", SENT("\r\n\r\n\r\n\r\n" GET END), "GET / @h"},
    {"five empty lines", SENT("\r\n\r\n\r\n\r\n\r\n" GET END), "400"},
    {"an empty line and nothing yet", SENT("\r\n"), "..."},
    {"half an empty line", SENT("\r"), "..."},
    {"a bare LF", SENT("\n" GET END), "400"},
    {"a bare CR", SENT("\r" GET END), "400"},
    {"an empty line behind a body", SENT(POST "Content-Length: 1\r\n\r\nx\r\n" GET END),
     "POST / @h [x] | GET / @h"},
    {"five empty lines between requests", SENT(GET END "\r\n\r\n\r\n\r\n\r\n" GET END),
     "GET / @h | 400"},
    {"a space", SENT(" " GET END), "400"},
    {"a byte order mark", SENT("\xef\xbb\xbf" GET END), "400"},
};

static const struct row not_http[] = {
    {"the start of a TLS hello", SENT("\x16\x03\x01"), "400"},
    {"the first byte of a TLS hello", SENT("\x16"), "400"},
    {"an SSL 2 hello", SENT("\x80\x2e\x01"), "400"},
    {"a PROXY line", SENT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), "400"},
    {"a PROXY header, version 2", SENT("\r\n\r\n\0\r\nQUIT\n"), "400"},
    {"the HTTP/2 preface", SENT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "505"},
    {"an SSH greeting", SENT("SSH-2.0-OpenSSH_9.2\r\n"), "400"},
    {"an SMTP greeting", SENT("EHLO example.com\r\n"), "400"},
    {"JSON", SENT("{\"a\": 1}\n"), "400"},
    {"a response", SENT("HTTP/1.1 200 OK\r\n\r\n"), "400"},
};

Test(rfc9112_lines, end_in_crlf_only)
{
    CHECK_ROWS(line_ends);
}

Test(rfc9112_lines, hold_no_control_bytes)
{
    CHECK_ROWS(control_bytes);
}

Test(rfc9112_lines, are_never_folded)
{
    CHECK_ROWS(folded_lines);
}

Test(rfc9112_lines, before_a_request_are_skipped_if_they_are_few_and_empty)
{
    CHECK_ROWS(before_requests);
}

Test(rfc9112_lines, that_are_not_http_are_refused_at_once)
{
    CHECK_ROWS(not_http);
}
