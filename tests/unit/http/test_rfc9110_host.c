/* RFC 9112 3.2, RFC 9110 7.2, RFC 3986 3.2.2: the Host. */
#include "rows.h"

#define TO(host) SENT("GET / HTTP/1.1\r\nHost: " host "\r\n\r\n")

static const struct row presence[] = {
    {"none in HTTP/1.1", SENT("GET / HTTP/1.1\r\n\r\n"), "400"},
    {"none in HTTP/1.1, but others", SENT("GET / HTTP/1.1\r\nA: 1\r\n\r\n"), "400"},
    {"none in HTTP/1.0", SENT("GET / HTTP/1.0\r\nA: 1\r\n\r\n"), "GET / 1.0 close {A=1}"},
    {"one in HTTP/1.0", SENT("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), "GET / 1.0 @a close"},
    {"two", SENT(GET "Host: g\r\n\r\n"), "400"},
    {"two that are equal", SENT(GET "Host: h\r\n\r\n"), "400"},
    {"two in HTTP/1.0", SENT("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), "400"},
    {"two, one of them empty", SENT(GET "Host:\r\n\r\n"), "400"},
    {"in another case", SENT("GET / HTTP/1.1\r\nhOST: a\r\n\r\n"), "GET / @a"},
    {"empty, as for a URI without authority", TO(""), "GET /"},
    {"behind other fields", SENT("GET / HTTP/1.1\r\nA: 1\r\nHost: a\r\n\r\n"), "GET / @a {A=1}"},
};

static const struct row hosts_that_are_names[] = {
    {"a name", TO("example.com"), "GET / @example.com"},
    {"a name with a dot at its end", TO("example.com."), "GET / @example.com."},
    {"a name and a port", TO("example.com:8080"), "GET / @example.com:8080"},
    {"a name and an empty port", TO("example.com:"), "GET / @example.com:"},
    {"the highest port", TO("a:65535"), "GET / @a:65535"},
    {"every kind of byte", TO("aZ0-._~!$&'()*+,;=%4a"), "GET / @aZ0-._~!$&'()*+,;=%4a"},
    {"white space around", TO(" \ta\t "), "GET / @a"},
    {"a port too high", TO("a:65536"), "400"},
    {"a port that is no number", TO("a:b"), "400"},
    {"a port with a sign", TO("a:+80"), "400"},
    {"two ports", TO("a:80:80"), "400"},
    {"a port alone", TO(":80"), "400"},
    {"a colon alone", TO(":"), "400"},
    {"a space", TO("a b"), "400"},
    {"a slash", TO("a/b"), "400"},
    {"a query", TO("a?b"), "400"},
    {"a fragment", TO("a#b"), "400"},
    {"user information", TO("u@a"), "400"},
    {"a scheme", TO("http://a"), "400"},
    {"a backslash", TO("a\\b"), "400"},
    {"angle brackets", TO("<a>"), "400"},
    {"half a percent encoding", TO("a%4"), "400"},
    {"a wrong percent encoding", TO("a%4g"), "400"},
    {"another wrong percent encoding", TO("a%g4"), "400"},
    {"a caret", TO("a^b"), "400"},
    {"a bar", TO("a|b"), "400"},
    {"a back quote", TO("a`b"), "400"},
    {"a byte above 0x7f", TO("\xc3\xa4"), "400"},
};

static const struct row hosts_that_are_addresses[] = {
    {"IPv4", TO("192.0.2.1:80"), "GET / @192.0.2.1:80"},
    {"IPv6", TO("[2001:db8::1]"), "GET / @[2001:db8::1]"},
    {"IPv6 and a port", TO("[2001:DB8::1]:80"), "GET / @[2001:DB8::1]:80"},
    {"IPv6 and an empty port", TO("[::1]:"), "GET / @[::1]:"},
    {"the unspecified one", TO("[::]"), "GET / @[::]"},
    {"eight groups", TO("[1:2:3:4:5:6:7:8]"), "GET / @[1:2:3:4:5:6:7:8]"},
    {"seven groups and a gap", TO("[1:2:3:4:5:6:7::]"), "GET / @[1:2:3:4:5:6:7::]"},
    {"a gap in the middle", TO("[1::8]"), "GET / @[1::8]"},
    {"an IPv4 address behind a gap", TO("[::ffff:192.0.2.1]"), "GET / @[::ffff:192.0.2.1]"},
    {"an IPv4 address behind six groups", TO("[1:2:3:4:5:6:192.0.2.1]"),
     "GET / @[1:2:3:4:5:6:192.0.2.1]"},
    {"nine groups", TO("[1:2:3:4:5:6:7:8:9]"), "400"},
    {"seven groups", TO("[1:2:3:4:5:6:7]"), "400"},
    {"eight groups and a gap", TO("[1:2:3:4:5:6:7::8]"), "400"},
    {"two gaps", TO("[1::2::3]"), "400"},
    {"three colons", TO("[:::]"), "400"},
    {"a colon first", TO("[:1::2]"), "400"},
    {"a colon last", TO("[1::2:]"), "400"},
    {"five digits", TO("[12345::]"), "400"},
    {"no hexadecimal digit", TO("[g::]"), "400"},
    {"an IPv4 address before a gap", TO("[192.0.2.1::]"), "400"},
    {"an IPv4 address with a leading zero", TO("[::192.0.2.01]"), "400"},
    {"an IPv4 address above 255", TO("[::192.0.2.256]"), "400"},
    {"an IPv4 address of three octets", TO("[::192.0.2]"), "400"},
    {"an IPv4 address of five octets", TO("[::192.0.2.1.1]"), "400"},
    {"an IPv4 address too many", TO("[1:2:3:4:5:6:7:192.0.2.1]"), "400"},
    {"an IPv4 address of zeros", TO("[::0.0.0.0]"), "GET / @[::0.0.0.0]"},
    {"a zone", TO("[fe80::1%25eth0]"), "400"},
    {"a future kind of address", TO("[v1.a]"), "400"},
    {"nothing in brackets", TO("[]"), "400"},
    {"no closing bracket", TO("[::1"), "400"},
    {"no opening bracket", TO("::1]"), "400"},
    {"no brackets", TO("::1"), "400"},
    {"more behind the brackets", TO("[::1]a"), "400"},
    {"a port without a colon", TO("[::1]80"), "400"},
    {"a name in brackets", TO("[a.b]"), "400"},
};

Test(rfc9110_host, is_there_once)
{
    CHECK_ROWS(presence);
}

Test(rfc9110_host, may_be_a_name)
{
    CHECK_ROWS(hosts_that_are_names);
}

Test(rfc9110_host, may_be_an_address)
{
    CHECK_ROWS(hosts_that_are_addresses);
}
