/* Promise CON-9: who is believed, and what X-Forwarded-For and its kin say. */
#include "forwarded_rows.h"

#include <stdio.h>

#define PEER "10.0.0.1"
#define NETS "10.0.0.0/8 fd00::/8"

static const struct row believed[] = {
    {"nothing is said", "", PEER, "Host: h\n", "- 0 - -"},
    {"without networks every peer is", "", "203.0.113.9", "X-Forwarded-For: 192.0.2.1\n",
     "192.0.2.1 0 - -"},
    {"without networks one without an address, too", "", NULL, "X-Forwarded-For: 192.0.2.1\n",
     "192.0.2.1 0 - -"},
    {"a peer in a network", NETS, PEER, "X-Forwarded-For: 192.0.2.1\n", "192.0.2.1 0 - -"},
    {"a peer in the second network", NETS, "fd12::1", "X-Forwarded-For: 192.0.2.1\n",
     "192.0.2.1 0 - -"},
    {"an IPv4-mapped peer is its IPv4 address", NETS, "::ffff:10.0.0.1",
     "X-Forwarded-For: 192.0.2.1\n", "192.0.2.1 0 - -"},
    {"not one in no network", NETS, "11.0.0.1",
     "X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: https\nX-Forwarded-HTTPS: 1\n"
     "X-Forwarded-Host: x\nForwarded: for=192.0.2.1;proto=https;host=x\n",
     "- 0 - -"},
    {"not Forwarded from one in no network", NETS, "11.0.0.1",
     "Forwarded: for=192.0.2.1;proto=https;host=x\n", "- 0 - -"},
    {"not one without an address, if there are networks", NETS " 0.0.0.0/0 ::/0", NULL,
     "X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: https\n", "- 0 - -"},
};

Test(http_forwarded, believes_peers_in_the_networks)
{
    CHECK_ROWS(believed);
}

Test(http_forwarded, believes_nobody_if_it_is_off)
{
    static struct http_head head;
    struct http_forwarded forwarded;
    struct http_trust trust;
    struct ip_address peer;
    fill_trust(&trust, BYTES(NETS));
    trust.is_on = false;
    cr_assert(ip_address_read(BYTES(PEER), &peer));
    fill_head(&head, BYTES("X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: https\n"
                           "X-Forwarded-Host: x\n"));
    for (size_t networks = 0; networks <= 2; networks += 2) {
        trust.network_count = networks;
        http_forwarded_read(&head, &peer, &trust, &forwarded);
        cr_expect_not(forwarded.has_client);
        cr_expect_eq(forwarded.scheme.size + forwarded.host.size, 0);
    }
}

static const struct row walks[] = {
    {"the last one without networks", "", PEER, "X-Forwarded-For: 192.0.2.1, 192.0.2.2\n",
     "192.0.2.2 0 - -"},
    {"the last field without networks", "", PEER,
     "X-Forwarded-For: 192.0.2.1\nHost: h\nx-forwarded-FOR: 192.0.2.2\n", "192.0.2.2 0 - -"},
    {"the last one that is no proxy", NETS, PEER,
     "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 10.0.0.3,10.0.0.2\n", "192.0.2.2 0 - -"},
    {"fields and lists are one list", NETS, PEER,
     "X-Forwarded-For: 192.0.2.1, 192.0.2.2\nX-Forwarded-For: 10.0.0.3\n"
     "X-Forwarded-For: 10.0.0.2\n",
     "192.0.2.2 0 - -"},
    {"all are proxies: the first one", NETS, PEER, "X-Forwarded-For: fd00::7, 10.0.0.3\n",
     "fd00::7 0 - -"},
    {"a mapped proxy is passed", NETS, PEER, "X-Forwarded-For: 192.0.2.1, ::ffff:10.0.0.3\n",
     "192.0.2.1 0 - -"},
    {"a proxy with its port is passed", NETS, PEER, "X-Forwarded-For: 192.0.2.1, 10.0.0.3:4000\n",
     "192.0.2.1 0 - -"},
    {"what is not understood ends it", NETS, PEER, "X-Forwarded-For: 192.0.2.1, name, 10.0.0.3\n",
     "10.0.0.3 0 - -"},
    {"unknown ends it", NETS, PEER, "X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.3:9\n",
     "10.0.0.3 9 - -"},
    {"somebody hidden ends it", NETS, PEER, "X-Forwarded-For: 192.0.2.1, _hidden, 10.0.0.3\n",
     "10.0.0.3 0 - -"},
    {"an empty element ends it", NETS, PEER, "X-Forwarded-For: 192.0.2.1,, 10.0.0.3\n",
     "10.0.0.3 0 - -"},
    {"an empty field ends it", NETS, PEER,
     "X-Forwarded-For: 192.0.2.1\nX-Forwarded-For:\nX-Forwarded-For: 10.0.0.3\n", "10.0.0.3 0 - -"},
    {"unknown alone leaves the peer", NETS, PEER, "X-Forwarded-For: 192.0.2.1, unknown\n",
     "- 0 - -"},
    {"unknown leaves the peer without networks", "", PEER, "X-Forwarded-For: 192.0.2.1, unknown\n",
     "- 0 - -"},
    {"an empty last one leaves the peer", "", PEER, "X-Forwarded-For: 192.0.2.1,\n", "- 0 - -"},
    {"an empty field leaves the peer", "", PEER, "X-Forwarded-For:\n", "- 0 - -"},
    {"a network of everybody ends at the first one", "0.0.0.0/0", PEER,
     "X-Forwarded-For: 192.0.2.1, 192.0.2.2\n", "192.0.2.1 0 - -"},
};

Test(http_forwarded, walks_from_the_last_entry_past_the_proxies)
{
    CHECK_ROWS(walks);
}

#define FOR(node) "X-Forwarded-For: 192.0.2.9, " node "\n"

static const struct row nodes[] = {
    {"IPv4 and a port", "", PEER, FOR("192.0.2.1:65535"), "192.0.2.1 65535 - -"},
    {"IPv6", "", PEER, FOR("2001:DB8::1"), "2001:db8::1 0 - -"},
    {"IPv6 that ends like a port", "", PEER, FOR("2001:db8::1:80"), "2001:db8::1:80 0 - -"},
    {"IPv6 in brackets", "", PEER, FOR("[2001:db8::1]"), "2001:db8::1 0 - -"},
    {"IPv6 in brackets and a port", "", PEER, FOR("[2001:db8::1]:80"), "2001:db8::1 80 - -"},
    {"mapped IPv4 is IPv4", "", PEER, FOR("::ffff:192.0.2.1"), "192.0.2.1 0 - -"},
    {"port 0", "", PEER, FOR("192.0.2.1:0"), "192.0.2.1 0 - -"},
    {"leading zeros", "", PEER, FOR("192.0.2.1:00080"), "192.0.2.1 80 - -"},
    {"TAB around", "", PEER, FOR("\t192.0.2.1\t"), "192.0.2.1 0 - -"},
    {"a port too high", "", PEER, FOR("192.0.2.1:65536"), "- 0 - -"},
    {"a port too long", "", PEER, FOR("192.0.2.1:000080"), "- 0 - -"},
    {"an empty port", "", PEER, FOR("192.0.2.1:"), "- 0 - -"},
    {"an empty port of IPv6", "", PEER, FOR("[::1]:"), "- 0 - -"},
    {"a port with a sign", "", PEER, FOR("192.0.2.1:+80"), "- 0 - -"},
    {"a hidden port", "", PEER, FOR("192.0.2.1:_p"), "- 0 - -"},
    {"two ports", "", PEER, FOR("192.0.2.1:80:80"), "- 0 - -"},
    {"something behind brackets", "", PEER, FOR("[::1]80"), "- 0 - -"},
    {"brackets that do not end", "", PEER, FOR("[::1"), "- 0 - -"},
    {"brackets that do not begin", "", PEER, FOR("::1]"), "- 0 - -"},
    {"brackets around IPv4", "", PEER, FOR("[192.0.2.1]"), "- 0 - -"},
    {"brackets around nothing", "", PEER, FOR("[]"), "- 0 - -"},
    {"a bracket alone", "", PEER, FOR("["), "- 0 - -"},
    {"a colon alone", "", PEER, FOR(":"), "- 0 - -"},
    {"a zone", "", PEER, FOR("fe80::1%eth0"), "- 0 - -"},
    {"quotation marks", "", PEER, FOR("\"192.0.2.1\""), "- 0 - -"},
    {"a leading zero", "", PEER, FOR("192.0.2.01"), "- 0 - -"},
    {"a number", "", PEER, FOR("3221225985"), "- 0 - -"},
    {"hexadecimal", "", PEER, FOR("0xc0.0.2.1"), "- 0 - -"},
    {"two addresses", "", PEER, FOR("192.0.2.1 192.0.2.2"), "- 0 - -"},
    {"a path of a socket", "", PEER, FOR("unix:"), "- 0 - -"},
};

Test(http_forwarded, reads_addresses_strictly)
{
    CHECK_ROWS(nodes);
}

#define CLIENT "X-Forwarded-For: 192.0.2.1, 10.0.0.3, 10.0.0.2\n"

static const struct row schemes[] = {
    {"https", "", PEER, "X-Forwarded-Proto: https\n", "- 0 https -"},
    {"HTTPS", "", PEER, "X-Forwarded-Proto: HTTPS\n", "- 0 https -"},
    {"http", "", PEER, "X-Forwarded-Proto: http\n", "- 0 http -"},
    {"another one", "", PEER, "X-Forwarded-Proto: wss\n", "- 0 - -"},
    {"an empty one", "", PEER, "X-Forwarded-Proto:\n", "- 0 - -"},
    {"more than a scheme", "", PEER, "X-Forwarded-Proto: https://\n", "- 0 - -"},
    {"the flag is on", "", PEER, "X-Forwarded-HTTPS: on\n", "- 0 https -"},
    {"the flag is 1", "", PEER, "X-Forwarded-HTTPS: 1\n", "- 0 https -"},
    {"the flag is TRUE", "", PEER, "X-Forwarded-HTTPS: TRUE\n", "- 0 https -"},
    {"the flag is yes", "", PEER, "X-Forwarded-HTTPS: yes\n", "- 0 https -"},
    {"the flag is https", "", PEER, "X-Forwarded-HTTPS: https\n", "- 0 https -"},
    {"the flag is off", "", PEER, "X-Forwarded-HTTPS: off\n", "- 0 http -"},
    {"the flag is 0", "", PEER, "X-Forwarded-HTTPS: 0\n", "- 0 http -"},
    {"the flag is False", "", PEER, "X-Forwarded-HTTPS: False\n", "- 0 http -"},
    {"the flag is no", "", PEER, "X-Forwarded-HTTPS: no\n", "- 0 http -"},
    {"the flag is http", "", PEER, "X-Forwarded-HTTPS: http\n", "- 0 http -"},
    {"the flag is empty", "", PEER, "X-Forwarded-HTTPS:\n", "- 0 - -"},
    {"the flag is something else", "", PEER, "X-Forwarded-HTTPS: perhaps\n", "- 0 - -"},
    {"the scheme wins over the flag", "", PEER, "X-Forwarded-HTTPS: on\nX-Forwarded-Proto: http\n",
     "- 0 http -"},
    {"the scheme wins also if it is not valid", "", PEER,
     "X-Forwarded-HTTPS: on\nX-Forwarded-Proto: x\n", "- 0 - -"},
    {"the last one without networks", "", PEER, CLIENT "X-Forwarded-Proto: https, http\n",
     "10.0.0.2 0 http -"},
    {"the last field without networks", "", PEER,
     "X-Forwarded-Proto: https\nX-Forwarded-Proto: http\n", "- 0 http -"},
    {"the one of the hop that is believed", NETS, PEER,
     CLIENT "X-Forwarded-Proto: http, https, http, http\n", "192.0.2.1 0 https -"},
    {"the only one", NETS, PEER, CLIENT "X-Forwarded-Proto: https\n", "192.0.2.1 0 https -"},
    {"the first one of a list that is shorter", NETS, PEER,
     CLIENT "X-Forwarded-Proto: https, http\n", "192.0.2.1 0 https -"},
    {"the peer's, if it does not know its client", NETS, PEER,
     "X-Forwarded-For: 192.0.2.1, unknown\nX-Forwarded-Proto: http, https\n", "- 0 https -"},
    {"that of the hop at which the walk ended", NETS, PEER,
     "X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.3\nX-Forwarded-Proto: http, http, https\n",
     "10.0.0.3 0 https -"},
    {"an invalid one is not replaced by its neighbour", NETS, PEER,
     CLIENT "X-Forwarded-Proto: https, x, https, https\n", "192.0.2.1 0 - -"},
    {"an empty one at the beginning is one", NETS, PEER, CLIENT "X-Forwarded-Proto: ,https\n",
     "192.0.2.1 0 - -"},
    {"quotation marks keep nothing together", NETS, PEER,
     CLIENT "X-Forwarded-Proto: https, http, x\"\n", "192.0.2.1 0 https -"},
    {"an empty one is one", NETS, PEER, CLIENT "X-Forwarded-Proto: https, , http, http\n",
     "192.0.2.1 0 - -"},
};

Test(http_forwarded, takes_the_scheme_of_the_hop_that_it_believes)
{
    CHECK_ROWS(schemes);
}

static const struct row hosts[] = {
    {"a name", "", PEER, "X-Forwarded-Host: example.org\n", "- 0 - example.org"},
    {"a name and a port", "", PEER, "X-Forwarded-Host: example.org:8443\n",
     "- 0 - example.org:8443"},
    {"IPv6", "", PEER, "X-Forwarded-Host: [::1]:80\n", "- 0 - [::1]:80"},
    {"the last one", "", PEER, "X-Forwarded-Host: a, b\n", "- 0 - b"},
    {"the one of the hop that is believed", NETS, PEER, CLIENT "X-Forwarded-Host: w, x, y, z\n",
     "192.0.2.1 0 - x"},
    {"an empty one", "", PEER, "X-Forwarded-Host:\n", "- 0 - -"},
    {"a URI", "", PEER, "X-Forwarded-Host: http://a\n", "- 0 - -"},
    {"user information", "", PEER, "X-Forwarded-Host: u@a\n", "- 0 - -"},
    {"a space", "", PEER, "X-Forwarded-Host: a b\n", "- 0 - -"},
    {"a quotation mark", "", PEER, "X-Forwarded-Host: \"a\"\n", "- 0 - -"},
    {"markup", "", PEER, "X-Forwarded-Host: <script>\n", "- 0 - -"},
    {"a port too high", "", PEER, "X-Forwarded-Host: a:65536\n", "- 0 - -"},
    {"with everything else", NETS, PEER,
     "X-Forwarded-Host: a\nX-Forwarded-Proto: https\nX-Forwarded-For: 192.0.2.1:7\n",
     "192.0.2.1 7 https a"},
};

Test(http_forwarded, takes_the_host_of_the_hop_that_it_believes)
{
    CHECK_ROWS(hosts);
}

#define FORWARDED "Forwarded: for=192.0.2.77;proto=https;host=forged\n"

static const struct row both[] = {
    {"For wins", "", PEER, FORWARDED "X-Forwarded-For: 192.0.2.1\n", "192.0.2.1 0 - -"},
    {"Proto wins", "", PEER, FORWARDED "X-Forwarded-Proto: http\n", "- 0 http -"},
    {"HTTPS wins", "", PEER, FORWARDED "X-Forwarded-HTTPS: 0\n", "- 0 http -"},
    {"Host wins", "", PEER, FORWARDED "X-Forwarded-Host: h\n", "- 0 - h"},
    {"an invalid one wins", "", PEER, "X-Forwarded-For: unknown\n" FORWARDED, "- 0 - -"},
    {"an empty one wins", "", PEER, "X-Forwarded-For:\n" FORWARDED, "- 0 - -"},
    {"none wins that is only called alike", "", PEER,
     FORWARDED "X-Forwarded-Fo: 1\nX-Forwarded-Forx: 1\nX-Forwarded: 1\nX_Forwarded_For: 1\n",
     "192.0.2.77 0 https forged"},
};

Test(http_forwarded, prefers_the_fields_that_proxies_add_by_themselves)
{
    CHECK_ROWS(both);
}

/* Fills a field of 10 KB: `unit` again and again behind `front`, and `back` at its end. */
static const char *long_fields(const char *front, const char *unit, const char *back)
{
    static char text[ROWS_HEAD_MAX];
    size_t size = (size_t)snprintf(text, sizeof text, "%s", front);
    while (size < 10240)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", unit);
    (void)snprintf(text + size, sizeof text - size, "%s\n", back);
    return text;
}

Test(http_forwarded, takes_long_lists)
{
    static const struct {
        const char *front, *unit, *back, *said;
    } rows[] = {
        {"X-Forwarded-For: 192.0.2.1", ",10.0.0.3", "", "192.0.2.1 0 - -"},
        {"X-Forwarded-For: 192.0.2.1", ",", "", "- 0 - -"},
        {"X-Forwarded-For: 192.0.2.1", ",", "10.0.0.3", "10.0.0.3 0 - -"},
        {"X-Forwarded-For: ", "x", ",192.0.2.1", "192.0.2.1 0 - -"},
        {"X-Forwarded-For: ", "1", "", "- 0 - -"},
        {"X-Forwarded-For: ", "1.", "", "- 0 - -"},
        {"X-Forwarded-For: ", "1:", "", "- 0 - -"},
        {"X-Forwarded-For: ", "[", "", "- 0 - -"},
        {"Forwarded: for=192.0.2.1", ",for=10.0.0.3", "", "192.0.2.1 0 - -"},
        {"Forwarded: ", "\"", ",for=192.0.2.1", "192.0.2.1 0 - -"},
        {"Forwarded: for=\"", "\\\\", "\";proto=https", "- 0 https -"},
        {"Forwarded: ", "\\\"", "", "- 0 - -"},
        {"Forwarded: ", ";", "for=192.0.2.1", "192.0.2.1 0 - -"},
        {"Forwarded: ", "x=y;", "for=192.0.2.1", "192.0.2.1 0 - -"},
        {"Forwarded: ", "=", "", "- 0 - -"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *fields = long_fields(rows[i].front, rows[i].unit, rows[i].back);
        struct row row = {rows[i].unit, NETS, PEER, fields, rows[i].said};
        check_row(&row);
    }
}
