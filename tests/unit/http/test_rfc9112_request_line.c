/* RFC 9112 3 and 2.3, RFC 9110 9: the request line - its parts, method, target and version. */
#include "rows.h"

#include "http/http_target.h"

#define WITH(line) SENT(line "\r\nHost: h\r\n\r\n")

static const struct row parts[] = {
    {"three parts with one space between", WITH("GET / HTTP/1.1"), "GET / @h"},
    {"two spaces behind the method", WITH("GET  / HTTP/1.1"), "400"},
    {"two spaces behind the target", WITH("GET /  HTTP/1.1"), "400"},
    {"a space behind the version", WITH("GET / HTTP/1.1 "), "400"},
    {"a TAB behind the method", WITH("GET\t/ HTTP/1.1"), "400"},
    {"a TAB behind the target", WITH("GET /\tHTTP/1.1"), "400"},
    {"a space in the target", WITH("GET /a b HTTP/1.1"), "400"},
    {"no target", WITH("GET HTTP/1.1"), "400"},
    {"an empty target", WITH("GET  HTTP/1.1"), "400"},
    {"no method", WITH(" / HTTP/1.1"), "400"},
    {"the target alone", WITH("/ HTTP/1.1"), "400"},
    {"one word", WITH("GET"), "400"},
    {"a version alone", WITH("HTTP/1.1"), "400"},
    {"no fields", SENT("GET / HTTP/1.0\r\n\r\n"), "GET / 1.0 close"},
};

static const struct row methods[] = {
    {"HEAD", WITH("HEAD / HTTP/1.1"), "HEAD / @h"},
    {"PUT", WITH("PUT / HTTP/1.1"), "PUT / @h"},
    {"PATCH", WITH("PATCH / HTTP/1.1"), "PATCH / @h"},
    {"DELETE", WITH("DELETE / HTTP/1.1"), "DELETE / @h"},
    {"PROPFIND", WITH("PROPFIND / HTTP/1.1"), "PROPFIND / @h"},
    {"M-SEARCH", WITH("M-SEARCH / HTTP/1.1"), "M-SEARCH / @h"},
    /* RFC 9110 9.1: neither recognized nor implemented */
    {"an unknown method", WITH("HELLO / HTTP/1.1"), "501"},
    {"a method in lower case", WITH("get / HTTP/1.1"), "501"},
    {"the beginning of a method", WITH("GE / HTTP/1.1"), "501"},
    {"more than a method", WITH("GETS / HTTP/1.1"), "501"},
    {"a method of one letter", WITH("G / HTTP/1.1"), "501"},
    {"a token of punctuation", WITH("!#$%&'*+-.^_`|~ / HTTP/1.1"), "501"},
    {"a method of RTSP", WITH("SETUP / HTTP/1.1"), "501"},
    {"the method of the HTTP/2 preface", WITH("PRI / HTTP/1.1"), "400"},
    {"CONNECT to an authority", WITH("CONNECT h:443 HTTP/1.1"), "501"},
    {"CONNECT to a path", WITH("CONNECT / HTTP/1.1"), "501"},
    {"TRACE", WITH("TRACE / HTTP/1.1"), "501"},
    {"a method that is no token", WITH("GE(T / HTTP/1.1"), "400"},
    {"a method in quotes", WITH("\"GET\" / HTTP/1.1"), "400"},
    {"a method with a byte above 0x7f", WITH("G\xc3\x84T / HTTP/1.1"), "400"},
    {"a method with a colon", WITH("GET: / HTTP/1.1"), "400"},
};

/* Promise CON-6 */
static const struct row versions[] = {
    {"HTTP/1.0", WITH("GET / HTTP/1.0"), "GET / 1.0 @h close"},
    {"HTTP/0.9", WITH("GET / HTTP/0.9"), "505"},
    {"HTTP/1.2", WITH("GET / HTTP/1.2"), "505"},
    {"HTTP/1.9", WITH("GET / HTTP/1.9"), "505"},
    {"HTTP/2.0", WITH("GET / HTTP/2.0"), "505"},
    {"HTTP/2.1", WITH("GET / HTTP/2.1"), "505"},
    {"HTTP/9.9", WITH("GET / HTTP/9.9"), "505"},
    {"an unsupported version of an unknown method", WITH("HELLO / HTTP/3.0"), "505"},
    {"HTTP/1.10", WITH("GET / HTTP/1.10"), "400"},
    {"HTTP/01.1", WITH("GET / HTTP/01.1"), "400"},
    {"HTTP/1", WITH("GET / HTTP/1"), "400"},
    {"HTTP/2", WITH("GET / HTTP/2"), "400"},
    {"HTTP/1.", WITH("GET / HTTP/1."), "400"},
    {"HTTP/.1", WITH("GET / HTTP/.1"), "400"},
    {"HTTP/1,1", WITH("GET / HTTP/1,1"), "400"},
    {"HTTP/a.1", WITH("GET / HTTP/a.1"), "400"},
    {"HTTP/1.x", WITH("GET / HTTP/1.x"), "400"},
    {"HTTP 1.1", WITH("GET / HTTP 1.1"), "400"},
    {"http/1.1", WITH("GET / http/1.1"), "400"},
    {"HTTPS/1.1", WITH("GET / HTTPS/1.1"), "400"},
    {"RTSP/1.0", WITH("OPTIONS / RTSP/1.0"), "400"},
    {"ICE/1.0", WITH("SOURCE / ICE/1.0"), "400"},
    {"the simple request of HTTP/0.9", SENT("GET /\r\n"), "400"},
};

/* Promise CON-4; RFC 9112 3.2 */
static const struct row targets[] = {
    {"a path", WITH("GET /a/b HTTP/1.1"), "GET /a/b @h"},
    {"a path and a query", WITH("GET /a?b=c HTTP/1.1"), "GET /a?b=c @h"},
    {"a query that is empty", WITH("GET /a? HTTP/1.1"), "GET /a @h"},
    {"a second question mark", WITH("GET /a?b?c HTTP/1.1"), "GET /a?b?c @h"},
    {"a percent-encoded path stays so", WITH("GET /%41%2f%00 HTTP/1.1"), "GET /%41%2f%00 @h"},
    {"two slashes", WITH("GET //a HTTP/1.1"), "GET //a @h"},
    {"dots are not resolved", WITH("GET /../a HTTP/1.1"), "GET /../a @h"},
    {"a URI in the query", WITH("GET /?u=http://x/ HTTP/1.1"), "GET /?u=http://x/ @h"},
    {"an @ in the path", WITH("GET /@a@b HTTP/1.1"), "GET /@a@b @h"},
    {"a fragment", WITH("GET /a#b HTTP/1.1"), "400"},
    {"a fragment in the query", WITH("GET /a?b#c HTTP/1.1"), "400"},
    {"a byte above 0x7f", WITH("GET /\xc3\xa4 HTTP/1.1"), "400"},
    {"DEL", WITH("GET /\x7f HTTP/1.1"), "400"},
    {"a control byte", WITH("GET /\x01 HTTP/1.1"), "400"},
    {"no slash", WITH("GET a HTTP/1.1"), "400"},
    {"a query without a path", WITH("GET ?a HTTP/1.1"), "400"},
    {"an authority", WITH("GET h:80 HTTP/1.1"), "400"},
    {"* for OPTIONS", WITH("OPTIONS * HTTP/1.1"), "OPTIONS * @h"},
    {"* for GET", WITH("GET * HTTP/1.1"), "400"},
    {"* with more", WITH("OPTIONS *a HTTP/1.1"), "400"},
    {"a path for OPTIONS", WITH("OPTIONS /a HTTP/1.1"), "OPTIONS /a @h"},
};

/* RFC 9112 3.2.2: the target's authority wins. */
static const struct row absolute_targets[] = {
    {"http", WITH("GET http://a/b HTTP/1.1"), "GET /b @a"},
    {"https, without TLS", WITH("GET https://a/b HTTP/1.1"), "421"},
    {"https in capitals", WITH("GET HTTPS://a/b HTTP/1.1"), "421"},
    {"https and nothing else", WITH("GET https:// HTTP/1.1"), "421"},
    {"half of https", WITH("GET https:/a HTTP/1.1"), "400"},
    {"a scheme in capitals", WITH("GET HTTP://a/b HTTP/1.1"), "GET /b @a"},
    {"a port", WITH("GET http://a:8080/ HTTP/1.1"), "GET / @a:8080"},
    {"an IPv6 address", WITH("GET http://[::1]:80/ HTTP/1.1"), "GET / @[::1]:80"},
    {"no path", WITH("GET http://a HTTP/1.1"), "GET / @a"},
    {"no path but a query", WITH("GET http://a?b HTTP/1.1"), "GET /?b @a"},
    {"no path for OPTIONS", WITH("OPTIONS http://a HTTP/1.1"), "OPTIONS * @a"},
    {"a query alone for OPTIONS", WITH("OPTIONS http://a?b HTTP/1.1"), "OPTIONS /?b @a"},
    {"a URI in the query", WITH("GET http://a/?u=http://b/ HTTP/1.1"), "GET /?u=http://b/ @a"},
    {"an HTTP/1.0 request", SENT("GET http://a/b HTTP/1.0\r\n\r\n"), "GET /b 1.0 @a close"},
    {"the Host must be there nevertheless", SENT("GET http://a/ HTTP/1.1\r\n\r\n"), "400"},
    {"the Host must be valid nevertheless", SENT("GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n"),
     "400"},
    {"an empty host", WITH("GET http:///b HTTP/1.1"), "400"},
    {"no host at all", WITH("GET http:// HTTP/1.1"), "400"},
    {"a port alone", WITH("GET http://:80/ HTTP/1.1"), "400"},
    {"user information", WITH("GET http://u:p@a/ HTTP/1.1"), "400"},
    {"a port that is no number", WITH("GET http://a:b/ HTTP/1.1"), "400"},
    {"another scheme", WITH("GET ftp://a/ HTTP/1.1"), "400"},
    {"one slash", WITH("GET http:/a HTTP/1.1"), "400"},
    {"a fragment", WITH("GET http://a/#b HTTP/1.1"), "400"},
    {"half a scheme", WITH("GET http HTTP/1.1"), "400"},
};

/* RFC 9110 9.3.2 */
static const struct {
    struct bytes came;
    bool asks_for_head;
} beginnings[] = {
    {SENT("HEAD / HTTP/1.1\r\n"), true},
    {SENT("HEAD "), true},
    {SENT("\r\n\r\nHEAD \x01"), true},
    {SENT("HEAD"), false},
    {SENT("HEAD\t/"), false},
    {SENT("HEADER / HTTP/1.1\r\n"), false},
    {SENT("head / HTTP/1.1\r\n"), false},
    {SENT("GET /HEAD HTTP/1.1\r\n"), false},
    {SENT("\r\n"), false},
    {SENT(""), false},
};

Test(rfc9112_request_line, tells_a_request_for_a_head_even_if_it_is_malformed)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        cr_expect_eq(http_asks_for_head(beginnings[i].came), beginnings[i].asks_for_head, "row %zu",
                     i);
}

Test(rfc9112_request_line, has_three_parts)
{
    CHECK_ROWS(parts);
}

Test(rfc9112_request_line, begins_with_a_method_that_is_implemented)
{
    CHECK_ROWS(methods);
}

Test(rfc9112_request_line, ends_in_one_of_two_versions)
{
    CHECK_ROWS(versions);
}

Test(rfc9112_request_line, has_a_target_in_a_form_that_suits_the_method)
{
    CHECK_ROWS(targets);
}

Test(rfc9112_request_line, may_name_the_whole_uri)
{
    CHECK_ROWS(absolute_targets);
}

/* RFC 9110 4.2.2, 7.4: what a whole URI asks for is what the connection must be. */
Test(rfc9112_request_line, must_agree_with_the_connection)
{
    static const struct {
        const char *line;
        bool is_tls;
        uint16_t status; /* 0: it is taken */
    } table[] = {
        {"GET http://a/b HTTP/1.1", false, 0},
        {"GET https://a/b HTTP/1.1", true, 0},
        {"GET HTTPS://a/b HTTP/1.1", true, 0},
        {"GET https://a/b HTTP/1.1", false, 421},
        {"GET http://a/b HTTP/1.1", true, 421},
        {"GET https:///b HTTP/1.1", true, 400},
        {"GET https://u@a/b HTTP/1.1", true, 400},
        {"GET ftp://a/b HTTP/1.1", true, 400},
        {"GET /b HTTP/1.1", true, 0},
        {"OPTIONS * HTTP/1.1", true, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct http_head head;
        struct http_refusal refusal = {.status = 0};
        enum http_progress progress =
            http_request_line_read(bytes_of(table[i].line), table[i].is_tls, &head, &refusal);
        cr_expect_eq(progress, table[i].status == 0 ? HTTP_COMPLETE : HTTP_REFUSED, "%s",
                     table[i].line);
        cr_expect_eq(refusal.status, table[i].status, "%s", table[i].line);
        if (progress == HTTP_COMPLETE && table[i].line[4] != '/' && table[i].line[0] == 'G') {
            cr_expect(bytes_equal(head.authority, BYTES("a")), "%s", table[i].line);
            cr_expect(bytes_equal(head.path, BYTES("/b")), "%s", table[i].line);
        }
    }
}
