/* RFC 7239: the field Forwarded (promise CON-9). */
#include "forwarded_rows.h"

#define PEER "10.0.0.1"
#define NETS "10.0.0.0/8 fd00::/8"
#define F(value) "Forwarded: " value "\n"

static const struct row examples[] = {
    {"section 4, a name", "", PEER, F("for=\"_gazonk\""), "- 0 - -"},
    {"section 4, IPv6 and a port", "", PEER, F("For=\"[2001:db8:cafe::17]:4711\""),
     "2001:db8:cafe::17 4711 - -"},
    {"section 4, IPv4", "", PEER, F("for=192.0.2.60;proto=http;by=203.0.113.43"),
     "192.0.2.60 0 http -"},
    {"section 4, two", "", PEER, F("for=192.0.2.43, for=198.51.100.17"), "198.51.100.17 0 - -"},
    {"section 7.1, with IPv6", "", PEER, F("for=192.0.2.43, for=\"[2001:db8:cafe::17]\""),
     "2001:db8:cafe::17 0 - -"},
    {"section 7.1, in two fields", "", PEER,
     F("for=192.0.2.43") F("for=\"[2001:db8:cafe::17]\", for=unknown"), "- 0 - -"},
    {"section 7.4", "198.51.100.0/24", "198.51.100.17", F("for=192.0.2.43, for=198.51.100.17"),
     "192.0.2.43 0 - -"},
    {"section 7.5", "", PEER, F("for=_hidden, for=_SEVKISEK"), "- 0 - -"},
};

Test(rfc7239_forwarded, reads_the_examples)
{
    CHECK_ROWS(examples);
}

static const struct row values[] = {
    {"everything", "", PEER, F("for=\"192.0.2.1:80\";proto=https;host=\"a.example:8443\";by=_me"),
     "192.0.2.1 80 https a.example:8443"},
    {"names in any case", "", PEER, F("FOR=192.0.2.1;PROTO=HTTPS;HoSt=a"), "192.0.2.1 0 https a"},
    {"any order", "", PEER, F("host=a;by=1;proto=http;for=192.0.2.1"), "192.0.2.1 0 http a"},
    {"parameters of others", "", PEER, F("secret=\"a;b,c\";for=192.0.2.1;x=y"), "192.0.2.1 0 - -"},
    {"empty pairs", "", PEER, F(";;for=192.0.2.1;"), "192.0.2.1 0 - -"},
    {"white space around semicolons", "", PEER, F("for=192.0.2.1 ;\tproto=https"),
     "192.0.2.1 0 https -"},
    {"a scheme alone", "", PEER, F("proto=https"), "- 0 https -"},
    {"a scheme of its own", "", PEER, F("for=192.0.2.1;proto=ftp"), "192.0.2.1 0 - -"},
    {"a host that is none", "", PEER, F("for=192.0.2.1;host=\"a b\""), "192.0.2.1 0 - -"},
    {"an empty host", "", PEER, F("for=192.0.2.1;host=\"\""), "192.0.2.1 0 - -"},
    {"a host with a comma and a semicolon", "", PEER, F("for=192.0.2.1;host=\"a,b;c\""),
     "192.0.2.1 0 - a,b;c"},
    {"a hidden port", "", PEER, F("for=\"192.0.2.1:_x.Y-1\""), "192.0.2.1 0 - -"},
    {"a hidden port of IPv6", "", PEER, F("for=\"[::1]:_x\""), "::1 0 - -"},
    {"a hidden port without a name", "", PEER, F("for=\"192.0.2.1:_\""), "- 0 - -"},
    {"a hidden port with another byte", "", PEER, F("for=\"192.0.2.1:_a+\""), "- 0 - -"},
    {"a port too high", "", PEER, F("for=\"192.0.2.1:65536\""), "- 0 - -"},
    {"IPv6 without brackets", "", PEER, F("for=\"2001:db8::1\""), "- 0 - -"},
    {"mapped IPv4", "", PEER, F("for=\"[::ffff:192.0.2.1]\""), "192.0.2.1 0 - -"},
    {"unknown", "", PEER, F("for=unknown;proto=https;host=a"), "- 0 https a"},
    {"an empty node", "", PEER, F("for=\"\";proto=https"), "- 0 https -"},
    {"an escaped byte makes it no address", "", PEER, F("for=\"192.0.2.\\1\";proto=https"),
     "- 0 https -"},
    {"an escaped byte makes it no host", "", PEER, F("for=192.0.2.1;host=\"\\a\""),
     "192.0.2.1 0 - -"},
    {"an escaped quotation mark ends nothing", "", PEER, F("x=\"\\\"\";for=192.0.2.1"),
     "192.0.2.1 0 - -"},
    {"two backslashes in front of a quotation mark escape none", "", PEER,
     F("for=192.0.2.66, x=\"a\\\\\";for=192.0.2.1"), "192.0.2.1 0 - -"},
    {"three do", "", PEER, F("for=192.0.2.66, x=\"a\\\\\\\", b\";for=192.0.2.1"),
     "192.0.2.1 0 - -"},
    {"one does", "", PEER, F("for=192.0.2.66, x=\"\\\", b\";for=192.0.2.1"), "192.0.2.1 0 - -"},
    {"an escaped backslash escapes nothing", "", PEER, F("x=\"\\\\\";for=192.0.2.1"),
     "192.0.2.1 0 - -"},
};

Test(rfc7239_forwarded, reads_every_parameter)
{
    CHECK_ROWS(values);
}

static const struct row malformed[] = {
    {"a value that is missing", "", PEER, F("for=;proto=https"), "- 0 - -"},
    {"a name that is missing", "", PEER, F("=192.0.2.1"), "- 0 - -"},
    {"a name alone", "", PEER, F("for"), "- 0 - -"},
    {"an equals sign alone", "", PEER, F("="), "- 0 - -"},
    {"a colon without quotation marks", "", PEER, F("for=192.0.2.1:80;proto=https"), "- 0 - -"},
    {"brackets without quotation marks", "", PEER, F("for=[::1]"), "- 0 - -"},
    {"a space behind the equals sign", "", PEER, F("for= 192.0.2.1"), "- 0 - -"},
    {"a space in front of the equals sign", "", PEER, F("for =192.0.2.1"), "- 0 - -"},
    {"two values", "", PEER, F("for=192.0.2.1 192.0.2.2"), "- 0 - -"},
    {"something behind the quotation marks", "", PEER, F("for=\"192.0.2.1\"x"), "- 0 - -"},
    {"quotation marks that do not end", "", PEER, F("for=\"192.0.2.1"), "- 0 - -"},
    {"quotation marks that end escaped", "", PEER, F("for=\"192.0.2.1\\\""), "- 0 - -"},
    {"a quotation mark alone", "", PEER, F("for=\""), "- 0 - -"},
    {"quotation marks that do not begin", "", PEER, F("for=192.0.2.1\""), "- 0 - -"},
    {"a parameter twice", "", PEER, F("for=192.0.2.1;for=192.0.2.2"), "- 0 - -"},
    {"a parameter twice, once empty", "", PEER, F("for=\"\";FOR=192.0.2.2"), "- 0 - -"},
    {"by twice", "", PEER, F("for=192.0.2.1;by=a;by=b"), "- 0 - -"},
    {"proto twice", "", PEER, F("for=192.0.2.1;proto=http;proto=https"), "- 0 - -"},
    {"host twice", "", PEER, F("for=192.0.2.1;host=a;host=b"), "- 0 - -"},
    {"nothing", "", PEER, F(""), "- 0 - -"},
    {"no pair", "", PEER, F("192.0.2.1"), "- 0 - -"},
};

Test(rfc7239_forwarded, takes_nothing_from_an_element_that_is_malformed)
{
    CHECK_ROWS(malformed);
}

static const struct row walks[] = {
    {"past the proxies", NETS, PEER,
     F("for=192.0.2.1;proto=http;host=a, for=192.0.2.2;proto=https;host=b, "
       "for=10.0.0.3;proto=http;host=c, for=\"[fd00::2]:1\";proto=http;host=d"),
     "192.0.2.2 0 https b"},
    {"over several fields", NETS, PEER,
     F("for=192.0.2.1") F("for=192.0.2.2;proto=https") "Host: h\n" F("for=10.0.0.3;proto=http"),
     "192.0.2.2 0 https -"},
    {"to the first one if all are proxies", NETS, PEER,
     F("for=10.0.0.4;proto=https, for=10.0.0.3;proto=http"), "10.0.0.4 0 https -"},
    {"up to one that is unknown", NETS, PEER,
     F("for=192.0.2.1;proto=http, for=unknown;proto=http, for=10.0.0.3;proto=https;host=c"),
     "10.0.0.3 0 https c"},
    {"up to one that is hidden", NETS, PEER, F("for=192.0.2.1, for=_a, for=10.0.0.3"),
     "10.0.0.3 0 - -"},
    {"up to one that is malformed", NETS, PEER, F("for=192.0.2.1, for, for=10.0.0.3;proto=https"),
     "10.0.0.3 0 https -"},
    {"up to one that is empty", NETS, PEER, F("for=192.0.2.1,, for=10.0.0.3"), "10.0.0.3 0 - -"},
    {"up to one without a node", NETS, PEER, F("for=192.0.2.1, proto=https, for=10.0.0.3"),
     "10.0.0.3 0 - -"},
    {"the believed element's scheme, not its neighbour's", NETS, PEER,
     F("for=192.0.2.1, for=10.0.0.3;proto=https;host=c"), "192.0.2.1 0 - -"},
    {"not at all without networks", "", PEER,
     F("for=192.0.2.1;proto=https, for=10.0.0.3;proto=http"), "10.0.0.3 0 http -"},
};

Test(rfc7239_forwarded, walks_from_the_last_element_past_the_proxies)
{
    CHECK_ROWS(walks);
}

/* What a client has sent stands in front of what the proxy adds, in the same field or in another
 * one. */
static const struct row forged[] = {
    {"quotation marks that never end", NETS, PEER, F("for=\"192.0.2.66, for=192.0.2.1"),
     "192.0.2.1 0 - -"},
    {"a lone quotation mark", NETS, PEER, F("\", for=\"[2001:db8::1]\""), "2001:db8::1 0 - -"},
    {"quotation marks that never end, in front of a proxy", NETS, PEER,
     F("for=192.0.2.66;x=\", for=192.0.2.1, for=10.0.0.3"), "192.0.2.1 0 - -"},
    {"a backslash at the end", NETS, PEER, F("for=\"a\\, for=\"192.0.2.1\""), "192.0.2.1 0 - -"},
    {"a quotation mark in another field", NETS, PEER, F("for=\"") F("for=192.0.2.1"),
     "192.0.2.1 0 - -"},
    {"an element within a value", NETS, PEER, F("for=192.0.2.1;host=\"x, for=192.0.2.66\""),
     "192.0.2.1 0 - -"},
    {"an element within a value, escaped", NETS, PEER,
     F("for=192.0.2.1;host=\"x\\\", for=192.0.2.66;y=\\\"\""), "192.0.2.1 0 - -"},
    {"a proxy's address", NETS, PEER, F("for=192.0.2.66, for=10.0.0.9, for=192.0.2.1"),
     "192.0.2.1 0 - -"},
};

Test(rfc7239_forwarded, is_not_led_astray_by_what_stands_in_front)
{
    CHECK_ROWS(forged);
}
