/* RFC 9112 5, RFC 9110 5: field lines. */
#include "rows.h"

static const struct row names[] = {
    {"letters, digits and punctuation", SENT(GET "!#$%&'*+-.^_`|~aZ09: 1\r\n\r\n"),
     "GET / @h {!#$%&'*+-.^_`|~aZ09=1}"},
    {"the order and the case stay", SENT(GET "b: 1\r\nA: 2\r\nb: 3\r\n\r\n"),
     "GET / @h {b=1} {A=2} {b=3}"},
    {"a space before the colon", SENT(GET "A : 1\r\n\r\n"), "400"},
    {"a TAB before the colon", SENT(GET "A\t: 1\r\n\r\n"), "400"},
    {"a space before the colon of a length", SENT(POST "Content-Length : 1\r\n\r\nx"), "400"},
    {"a space before the colon of a coding",
     SENT(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), "400"},
    {"a space inside", SENT(GET "A B: 1\r\n\r\n"), "400"},
    {"empty", SENT(GET ": 1\r\n\r\n"), "400"},
    {"no colon", SENT(GET "A\r\n\r\n"), "400"},
    {"no colon on the last line", SENT(GET "A: 1\r\nB\r\n\r\n"), "400"},
    {"a slash", SENT(GET "A/B: 1\r\n\r\n"), "400"},
    {"parentheses", SENT(GET "A(B): 1\r\n\r\n"), "400"},
    {"quotes", SENT(GET "\"A\": 1\r\n\r\n"), "400"},
    {"a byte above 0x7f", SENT(GET "\xc3\xa4: 1\r\n\r\n"), "400"},
    {"a byte above 0x7f inside", SENT(GET "a\xff: 1\r\n\r\n"), "400"},
    {"braces", SENT(GET "{A}: 1\r\n\r\n"), "400"},
};

static const struct row values[] = {
    {"empty", SENT(GET "A:\r\n\r\n"), "GET / @h {A=}"},
    {"of white space", SENT(GET "A: \t \r\n\r\n"), "GET / @h {A=}"},
    {"empty, and the next is not", SENT(GET "A:\r\nB: 1\r\n\r\n"), "GET / @h {A=} {B=1}"},
    {"without white space", SENT(GET "A:1\r\n\r\n"), "GET / @h {A=1}"},
    {"with white space at both ends", SENT(GET "A: \t 1 2 \t \r\n\r\n"), "GET / @h {A=1 2}"},
    {"with colons", SENT(GET "A: :b:\r\n\r\n"), "GET / @h {A=:b:}"},
    {"with quotes and commas", SENT(GET "A: \"x, y\", z\r\n\r\n"), "GET / @h {A=\"x, y\", z}"},
    {"the longest names of the specials", SENT(GET "Transfer-Encodings: 1\r\nHos: 2\r\n\r\n"),
     "GET / @h {Transfer-Encodings=1} {Hos=2}"},
    {"names as long as the specials' are ordinary",
     SENT(GET "Hose: 1\r\nCookie: 2\r\nUser-Agent: 3\r\nAccept-Charset: 4\r\n"
              "If-Modified-Since: 5\r\n\r\n"),
     "GET / @h {Hose=1} {Cookie=2} {User-Agent=3} {Accept-Charset=4} {If-Modified-Since=5}"},
};

static const struct row incomplete_heads[] = {
    {"a method so far", SENT("GE"), "..."},
    {"a request line so far", SENT("GET / HTTP/1.1"), "..."},
    {"a request line", SENT("GET / HTTP/1.1\r\n"), "..."},
    {"a name so far", SENT(GET "A"), "..."},
    {"all but the last byte", SENT(GET "A: 1\r\n\r"), "..."},
    {"a second request so far", SENT(GET END "GET"), "GET / @h | ..."},
};

Test(rfc9112_fields, have_a_token_for_a_name)
{
    CHECK_ROWS(names);
}

Test(rfc9112_fields, have_a_value_without_white_space_around_it)
{
    CHECK_ROWS(values);
}

Test(rfc9112_fields, are_waited_for)
{
    CHECK_ROWS(incomplete_heads);
}
