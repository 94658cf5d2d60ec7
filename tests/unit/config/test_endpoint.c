#include "endpoints.h"

#include <criterion/criterion.h>
#include <string.h>

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
        struct endpoint endpoint = endpoint_of(rows[i].value);
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
        struct endpoint endpoint = endpoint_of(rows[i][0]);
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
    struct endpoint endpoint = endpoint_of(value);
    cr_expect_eq(strlen(endpoint.host), 63);
    value[7 + 63] = 'a';
    expect_refused(
        value, "the host is neither *, an IPv4 address, an IPv6 address in brackets nor a name");
    for (size_t i = 0; i < 253; i++)
        value[7 + i] = i % 60 == 59 ? '.' : 'a';
    endpoint = endpoint_of(value);
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
        struct endpoint endpoint = endpoint_of(value);
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
        struct endpoint endpoint = endpoint_of(rows[i].value);
        endpoint_name(&endpoint, rows[i].port, name);
        cr_expect_str_eq(name, rows[i].name);
    }
}
