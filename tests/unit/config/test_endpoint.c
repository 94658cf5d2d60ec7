#include "config/endpoint.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(rows) (sizeof rows / sizeof rows[0])

static struct endpoint read(const char *value)
{
    struct endpoint endpoint;
    struct problem problem = {.text = ""};
    cr_assert_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_NONE, "%s",
                 problem.text);
    return endpoint;
}

static void expect_refused(const char *value, const char *reason)
{
    struct endpoint endpoint;
    struct endpoint before;
    struct problem problem = {.text = ""};
    char expected[PROBLEM_TEXT_MAX];
    memset(&endpoint, 0x5a, sizeof endpoint);
    before = endpoint;
    (void)snprintf(expected, sizeof expected, "Invalid listen value \"%s\": %s", value, reason);
    cr_expect_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_INVALID, "%s", value);
    cr_expect_str_eq(problem.text, expected, "%s\n  says     %s\n  expected %s", value,
                     problem.text, expected);
    cr_expect_eq(memcmp(&endpoint, &before, sizeof endpoint), 0, "%s: untouched", value);
}

Test(endpoint, has_a_scheme_a_host_and_a_port)
{
    /* Promise LSN-1 */
    struct row {
        const char *value;
        enum endpoint_scheme scheme;
        enum endpoint_host host_kind;
        const char *host;
        int port;
    };
    static const struct row rows[] = {
        {"http://*:8080", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 8080},
        {"https://*:443", ENDPOINT_HTTPS, ENDPOINT_HOST_ANY, "*", 443},
        {"HTTP://*:1", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 1},
        {"http://127.0.0.1:0", ENDPOINT_HTTP, ENDPOINT_HOST_IPV4, "127.0.0.1", 0},
        {"http://0.0.0.0:65535", ENDPOINT_HTTP, ENDPOINT_HOST_IPV4, "0.0.0.0", 65535},
        {"http://[::1]:3000", ENDPOINT_HTTP, ENDPOINT_HOST_IPV6, "::1", 3000},
        {"http://[::]", ENDPOINT_HTTP, ENDPOINT_HOST_IPV6, "::", 3000},
        {"http://[fe80::1%eth0]:80", ENDPOINT_HTTP, ENDPOINT_HOST_IPV6, "fe80::1%eth0", 80},
        {"http://[fe80::1%25eth0]:80", ENDPOINT_HTTP, ENDPOINT_HOST_IPV6, "fe80::1%eth0", 80},
        {"http://[fe80::1%25]:80", ENDPOINT_HTTP, ENDPOINT_HOST_IPV6, "fe80::1%25", 80},
        {"http://[fe80::1%br-a.1@b_]/", ENDPOINT_HTTP, ENDPOINT_HOST_IPV6, "fe80::1%br-a.1@b_",
         3000},
        {"http://localhost:80", ENDPOINT_HTTP, ENDPOINT_HOST_NAME, "localhost", 80},
        {"http://my_host-1.example.org", ENDPOINT_HTTP, ENDPOINT_HOST_NAME, "my_host-1.example.org",
         3000},
        {"http://1a", ENDPOINT_HTTP, ENDPOINT_HOST_NAME, "1a", 3000},
        {"http://4-2:80", ENDPOINT_HTTP, ENDPOINT_HOST_NAME, "4-2", 80},
        {"https://x", ENDPOINT_HTTPS, ENDPOINT_HOST_NAME, "x", 3000},
        {"http://*/", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 3000},
        {"http://*:80/", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 80},
        {"http://*:80?", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 80},
        {"http://*:80/?", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 80},
        {"http://*:080", ENDPOINT_HTTP, ENDPOINT_HOST_ANY, "*", 80},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct endpoint endpoint = read(rows[i].value);
        cr_expect_eq(endpoint.scheme, rows[i].scheme, "%s", rows[i].value);
        cr_expect_eq(endpoint.host_kind, rows[i].host_kind, "%s", rows[i].value);
        cr_expect_str_eq(endpoint.host, rows[i].host);
        cr_expect_eq(endpoint.port, rows[i].port, "%s", rows[i].value);
        cr_expect_eq(endpoint_is_tls(&endpoint), rows[i].scheme == ENDPOINT_HTTPS);
        cr_expect_not(endpoint_is_unix(&endpoint));
        cr_expect_str_eq(endpoint.path, "");
        cr_expect_eq(endpoint.fd, -1);
        cr_expect_eq(endpoint.verify, -1);
        cr_expect_not(endpoint.may_share_port || endpoint.accepts_one);
        cr_expect_eq(endpoint.certificates_count, 0);
        cr_expect_str_eq(endpoint_text(&endpoint, endpoint.ca), "");
    }
}

Test(endpoint, can_be_a_path)
{
    /* Promise LSN-2: the value is understood. */
    static const char *const rows[][2] = {
        {"file:///run/my.sock", "/run/my.sock"},
        {"file:///a b%2F+c", "/a b%2F+c"},
        {"http+unix://%2Frun%2Fmy.sock", "/run/my.sock"},
        {"http+unix:///run/my%20sock", "/run/my sock"},
        {"http+unix://%2frun%2F%c3%A9+", "/run/\xc3\xa9+"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct endpoint endpoint = read(rows[i][0]);
        cr_expect(endpoint_is_unix(&endpoint));
        cr_expect_not(endpoint_is_tls(&endpoint));
        cr_expect_str_eq(endpoint.path, rows[i][1]);
        cr_expect_str_eq(endpoint.host, "");
        cr_expect_eq(endpoint.mode, 0666);
    }
}

Test(endpoint, refuses_what_it_cannot_understand_with_the_reason)
{
    /* Promise LSN-7 */
    static const char scheme[] =
        "it does not begin with http://, https://, http+unix:// or file://";
    static const char host[] =
        "the host is neither *, an IPv4 address, an IPv6 address in brackets nor a name";
    static const char missing[] =
        "the host is missing (* listens on every address, an IPv6 address stands in brackets)";
    static const char ipv6[] = "what stands in brackets is not an IPv6 address";
    static const char port[] =
        "the port is missing after the colon (an IPv6 address stands in brackets)";
    static const char file[] =
        "the path is not that of a file, from the root on (file:///run/my.sock)";
    static const char encoded[] =
        "the path is not that of a file, from the root on (http+unix://%2Frun%2Fmy.sock)";
    static const char *const rows[][2] = {
        {"", scheme},
        {"3000", scheme},
        {"*:3000", scheme},
        {"http:/", scheme},
        {"ftp://*:21", scheme},
        {" http://*:80", scheme},
        {"https+unix://%2Fx", scheme},
        {"http://", missing},
        {"http://:80", missing},
        {"http:///x", missing},
        {"http://?fd=3", missing},
        {"http://::1:80", missing},
        {"http://**:80", host},
        {"http://1.2.3:80", host},
        {"http://256.1.1.1:80", host},
        {"http://1:80", host},
        {"http://a.1:80", host},
        {"http://a..b:80", host},
        {"http://.a:80", host},
        {"http://a b:80", host},
        {"http://a.:80", host},
        {"http://user@host:80", host},
        {"http://a#b:80", host},
        {"http://\xc3\xa9:80", host},
        {"http://[::1:80", "the bracket of the IPv6 address is not closed"},
        {"http://[]:80", ipv6},
        {"http://[127.0.0.1]:80", ipv6},
        {"http://[::g]:80", ipv6},
        {"http://[::1%]:80", ipv6},
        {"http://[::1%a/b]:80", ipv6},
        {"http://[::1%abcdefghijklmnop]:80", ipv6},
        {"http://[::1]80", "only a port can follow the IPv6 address"},
        {"http://[::1]x", "only a port can follow the IPv6 address"},
        {"http://*:", port},
        {"http://*:?fd=3", port},
        {"http://fe80::1:80", port},
        {"http://*:99999", "port 99999 is not a number from 0 to 65535"},
        {"http://*:65536", "port 65536 is not a number from 0 to 65535"},
        {"http://*:-1", "port -1 is not a number from 0 to 65535"},
        {"http://*:80x", "port 80x is not a number from 0 to 65535"},
        {"http://*:http", "port http is not a number from 0 to 65535"},
        {"http://*:18446744073709551617",
         "port 18446744073709551617 is not a number from 0 to 65535"},
        {"http://*:80/x", "a path has no place in it"},
        {"http://*/x", "a path has no place in it"},
        {"http://*:80//", "a path has no place in it"},
        {"http://*:80:a:b", "nothing can follow the port"},
        {"https://*:80/:a:b", "a path has no place in it"},
        {"file://", file},
        {"file://run/my.sock", file},
        {"file:///run/", file},
        {"file:///", file},
        {"http+unix://my.sock", encoded},
        {"http+unix://", encoded},
        {"http+unix://%2Frun%2F", encoded},
        {"http+unix://%2", "the path has a % that does not stand for a byte above 0"},
        {"http+unix://%2Fa%", "the path has a % that does not stand for a byte above 0"},
        {"http+unix://%2Fa%g0", "the path has a % that does not stand for a byte above 0"},
        {"http+unix://%2Fa%0g", "the path has a % that does not stand for a byte above 0"},
        {"http+unix://%2Fa%00", "the path has a % that does not stand for a byte above 0"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        expect_refused(rows[i][0], rows[i][1]);
}

Test(endpoint, takes_names_of_63_and_253_bytes_and_no_longer)
{
    char value[400] = "http://";
    memset(value + 7, 'a', 63);
    struct endpoint endpoint = read(value);
    cr_expect_eq(strlen(endpoint.host), 63);
    value[7 + 63] = 'a';
    expect_refused(
        value, "the host is neither *, an IPv4 address, an IPv6 address in brackets nor a name");
    for (size_t i = 0; i < 253; i++)
        value[7 + i] = i % 60 == 59 ? '.' : 'a';
    endpoint = read(value);
    cr_expect_eq(strlen(endpoint.host), 253);
    value[7 + 253] = 'a';
    struct problem problem;
    cr_expect_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_INVALID);
}

Test(endpoint, takes_paths_of_107_bytes_and_no_longer)
{
    static const char *const schemes[] = {"file://", "http+unix://"};
    for (size_t i = 0; i < LENGTH(schemes); i++) {
        char value[200] = "";
        size_t size = strlen(schemes[i]);
        memcpy(value, schemes[i], size);
        memset(value + size, 'a', 107);
        value[size] = '/';
        struct endpoint endpoint = read(value);
        cr_expect_eq(strlen(endpoint.path), 107);
        value[size + 107] = 'a';
        expect_refused(value, "the path is longer than 107 bytes");
    }
    /* As it stands, not as it would be decoded. */
    char value[200] = "file:///";
    for (size_t i = 0; i < 36; i++)
        memcpy(value + 8 + 3 * i, "%41", 3);
    expect_refused(value, "the path is longer than 107 bytes");
}

Test(endpoint, refuses_control_characters_and_endless_values)
{
    /* Promise LSN-7 */
    static const struct bytes rows[] = {
        {"http://*:80\n", 12}, {"http://*\0:80", 12}, {"file:///a\x7f", 10}, {"file:///a\0b", 11}};
    struct endpoint endpoint;
    struct problem problem;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        cr_expect_eq(endpoint_read(rows[i], &problem, &endpoint), ERROR_INVALID);
        cr_expect_not_null(strstr(problem.text, "it holds a control character"), "%s",
                           problem.text);
    }
    static char value[LISTEN_VALUE_MAX + 1];
    memset(value, 'a', sizeof value - 1);
    cr_expect_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_INVALID);
    cr_expect_not_null(strstr(problem.text, "aaa...\": it is longer than 4095 bytes"), "%s",
                       problem.text);
}

Test(endpoint, takes_parameters)
{
    /* Promises LSN-5, LSN-6: the parameters are understood. */
    struct endpoint endpoint = read("http://*:3000?fd=3&reuse=1&single_accept=1&defer_accept=1");
    cr_expect_eq(endpoint.fd, 3);
    cr_expect(endpoint.may_share_port);
    cr_expect(endpoint.accepts_one);
    cr_expect(endpoint.defers_accept);
    endpoint = read("http://*?fd=1048575&reuse=0&single_accept=0&defer_accept=0&");
    cr_expect_eq(endpoint.fd, 1048575);
    cr_expect_not(endpoint.may_share_port);
    cr_expect_not(endpoint.accepts_one);
    cr_expect_not(endpoint.defers_accept);
    endpoint = read("file:///run/my.sock?fd=7");
    cr_expect_eq(endpoint.fd, 7);
    cr_expect_str_eq(endpoint.path, "/run/my.sock");
    endpoint = read("http+unix://%2Frun%2Fmy.sock?&&fd=7");
    cr_expect_eq(endpoint.fd, 7);
}

Test(endpoint, has_the_permissions_of_its_path)
{
    /* Promise LSN-2: the value is understood. */
    cr_expect_eq(read("file:///x?mode=0660").mode, 0660);
    cr_expect_eq(read("file:///x?mode=600&single_accept=1").mode, 0600);
    cr_expect_eq(read("http+unix://%2Fx?mode=0777").mode, 0777);
    cr_expect_eq(read("file:///x?mode=200").mode, 0200);
}

static void expect_text(const struct endpoint *endpoint, uint16_t number, const char *expected)
{
    cr_expect_str_eq(endpoint_text(endpoint, number), expected);
}

Test(endpoint, takes_certificates_as_parameters)
{
    /* Promise LSN-3: the value is understood. */
    struct endpoint endpoint = read("https://*:443?cert=/a%20b/c%26d.crt&key=/k+1&ca=/"
                                    "ca&ciphers=A:B&version=TLSv1_3&verify=0x01");
    cr_assert_eq(endpoint.certificates_count, 1);
    expect_text(&endpoint, endpoint.certificates[0].name, "");
    expect_text(&endpoint, endpoint.certificates[0].certificate, "/a b/c&d.crt");
    expect_text(&endpoint, endpoint.certificates[0].key, "/k+1");
    expect_text(&endpoint, endpoint.ca, "/ca");
    expect_text(&endpoint, endpoint.ciphers, "A:B");
    expect_text(&endpoint, endpoint.version, "TLSv1_3");
    cr_expect_eq(endpoint.verify, 1);
    cr_expect_eq(read("https://*?verify=7").verify, 7);
    cr_expect_eq(read("https://*?verify=0x07").verify, 7);
    cr_expect_eq(read("https://*?verify=0").verify, 0);
}

Test(endpoint, takes_certificates_by_name)
{
    /* Promise LSN-6: the value is understood. */
    struct endpoint endpoint = read("https://*?*.example.org_key=/k1&127.0.0.1_cert=/c2&key=/"
                                    "k0&*.example.org_cert=/c1&cert=/c0&127.0.0.1_key=/k2");
    static const char *const rows[][3] = {
        {"*.example.org", "/c1", "/k1"}, {"127.0.0.1", "/c2", "/k2"}, {"", "/c0", "/k0"}};
    cr_assert_eq(endpoint.certificates_count, LENGTH(rows));
    for (size_t i = 0; i < LENGTH(rows); i++) {
        expect_text(&endpoint, endpoint.certificates[i].name, rows[i][0]);
        expect_text(&endpoint, endpoint.certificates[i].certificate, rows[i][1]);
        expect_text(&endpoint, endpoint.certificates[i].key, rows[i][2]);
    }
}

Test(endpoint, takes_certificates_as_the_original_wrote_them)
{
    /* Promise LSN-3: the value is understood. */
    struct endpoint endpoint = read("https://*:443:/x/server.crt:/x/server.key");
    cr_assert_eq(endpoint.certificates_count, 1);
    expect_text(&endpoint, endpoint.certificates[0].certificate, "/x/server.crt");
    expect_text(&endpoint, endpoint.certificates[0].key, "/x/server.key");
    expect_text(&endpoint, endpoint.ca, "");
    cr_expect_eq(endpoint.port, 443);
    endpoint = read("https://[::1]:443:a%20b:k:ca?reuse=1&n_cert=x&n_key=y");
    expect_text(&endpoint, endpoint.certificates[0].certificate, "a%20b");
    expect_text(&endpoint, endpoint.certificates[0].key, "k");
    expect_text(&endpoint, endpoint.ca, "ca");
    cr_expect_eq(endpoint.certificates_count, 2);
    cr_expect(endpoint.may_share_port);
}

Test(endpoint, refuses_parameters_with_the_reason)
{
    /* Promise LSN-7 */
    static const char mode[] =
        "mode takes an octal number up to 0777 that lets the owner write, such as 0660";
    static const char form[] = "after the port stands :CERT:KEY or :CERT:KEY:CA";
    static const char *const rows[][2] = {
        {"http://*?x=1", "there is no parameter \"x\""},
        {"http://*?fd", "the parameter fd has no value"},
        {"http://*?fd=", "the parameter fd has no value"},
        {"http://*?=1", "there is no parameter \"\""},
        {"http://*?FD=3", "there is no parameter \"FD\""},
        {"https://*?_cert=1", "there is no parameter \"_cert\""},
        {"https://*?xcert=1", "there is no parameter \"xcert\""},
        {"https://*?x_ca=1", "there is no parameter \"x_ca\""},
        {"http://*?fd=2", "fd takes a number from 3 to 1048575"},
        {"http://*?fd=1048576", "fd takes a number from 3 to 1048575"},
        {"http://*?fd=x", "fd takes a number from 3 to 1048575"},
        {"http://*?fd=3&fd=3", "fd is given twice"},
        {"http://*?reuse=2", "reuse takes 0 or 1"},
        {"http://*?reuse=yes", "reuse takes 0 or 1"},
        {"http://*?reuse=1&reuse=1", "reuse is given twice"},
        {"http://*?single_accept=-1", "single_accept takes 0 or 1"},
        {"http://*?defer_accept=s", "defer_accept takes 0 or 1"},
        {"https://*?verify=8", "verify takes 0 to 7 or 0x00 to 0x07"},
        {"https://*?verify=0x08", "verify takes 0 to 7 or 0x00 to 0x07"},
        {"https://*?verify=0x1", "verify takes 0 to 7 or 0x00 to 0x07"},
        {"https://*?verify=0x11", "verify takes 0 to 7 or 0x00 to 0x07"},
        {"file:///x?mode=0888", mode},
        {"file:///x?mode=1777", mode},
        {"file:///x?mode=66", mode},
        {"file:///x?mode=00660", mode},
        {"file:///x?mode=u+rw", mode},
        {"file:///x?mode=0060", mode},
        {"file:///x?mode=0577", mode},
        {"file:///x?mode=0660&mode=0660", "mode is given twice"},
        {"http://*?mode=0660", "mode needs a path"},
        {"file:///x?reuse=1", "reuse needs a host and a port"},
        {"http+unix://%2Fx?defer_accept=1", "defer_accept needs a host and a port"},
        {"http://*?cert=/x", "cert needs https"},
        {"http://*?a_key=/x", "a_key needs https"},
        {"file:///x?ca=/x", "ca needs https"},
        {"http+unix://%2Fx?verify=1", "verify needs https"},
        {"https://*?cert=/x", "cert needs key"},
        {"https://*?key=/x", "key needs cert"},
        {"https://*?n_cert=/x", "n_cert needs n_key"},
        {"https://*?cert=/x&key=/y&n_key=/x", "n_key needs n_cert"},
        {"https://*?cert=/x&key=/y&cert=/x", "cert is given twice"},
        {"https://*?n_key=/x&n_key=/x", "n_key is given twice"},
        {"https://*?ca=/x&ca=/x", "ca is given twice"},
        {"https://*:1:c:k:ca?ca=/x", "ca is given twice"},
        {"https://*:1:c:k?cert=/x&key=/x", "cert is given twice"},
        {"https://*?ciphers=%", "a parameter has a % that does not stand for a byte above 0"},
        {"https://*?version=%00", "a parameter has a % that does not stand for a byte above 0"},
        {"https://*:1:", form},
        {"https://*:1::", form},
        {"https://*:1:c", form},
        {"https://*:1:c:", form},
        {"https://*:1::k", form},
        {"https://*:1:c:k:", form},
        {"https://*:1:c:k:ca:x", form},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        expect_refused(rows[i][0], rows[i][1]);
}

Test(endpoint, takes_16_certificates_and_no_more)
{
    char value[1024];
    int size = snprintf(value, sizeof value, "https://*?fd=3");
    for (int i = 0; i < ENDPOINT_CERTIFICATES_MAX; i++)
        size +=
            snprintf(value + size, sizeof value - (size_t)size, "&n%d_cert=/c&n%d_key=/k", i, i);
    cr_expect_eq(read(value).certificates_count, ENDPOINT_CERTIFICATES_MAX);
    (void)snprintf(value + size, sizeof value - (size_t)size, "&cert=/c");
    struct endpoint endpoint;
    struct problem problem;
    cr_expect_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_INVALID);
    cr_expect_not_null(strstr(problem.text, "...\": it has more than 16 certificates"), "%s",
                       problem.text);
}

Test(endpoint, holds_the_texts_of_the_longest_value)
{
    char value[LISTEN_VALUE_MAX];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    memcpy(value, "https://*:1:c:k:", 16);
    struct endpoint endpoint = read(value);
    cr_expect_eq(strlen(endpoint_text(&endpoint, endpoint.ca)), sizeof value - 17);
    memcpy(value, "https://*?ciphers=", 18);
    endpoint = read(value);
    cr_expect_eq(strlen(endpoint_text(&endpoint, endpoint.ciphers)), sizeof value - 19);
}

Test(endpoint, has_a_name_that_people_can_open)
{
    /* Promise LSN-8 */
    struct row {
        const char *value;
        int port;
        const char *name;
    };
    static const struct row rows[] = {
        {"http://*:8080", 8080, "http://127.0.0.1:8080"},
        {"http://*:0", 41234, "http://127.0.0.1:41234"},
        {"https://*:443?reuse=1", 443, "https://127.0.0.1:443"},
        {"http://0.0.0.0:80", 80, "http://0.0.0.0:80"},
        {"http://[::1]:3000", 3000, "http://[::1]:3000"},
        {"http://[fe80::1%eth0]:3000", 3000, "http://[fe80::1%eth0]:3000"},
        {"http://localhost", 3000, "http://localhost:3000"},
        {"file:///run/my.sock", 3000, "file:///run/my.sock"},
        {"http+unix:///run/a%20b-1.~_", 0, "http+unix://%2Frun%2Fa%20b-1.~_"},
        {"http+unix://%2F%c3%a9", 0, "http+unix://%2F%C3%A9"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char name[ENDPOINT_NAME_MAX];
        struct endpoint endpoint = read(rows[i].value);
        endpoint_name(&endpoint, rows[i].port, name);
        cr_expect_str_eq(name, rows[i].name);
    }
}
