#include "endpoints.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(endpoint_parameters, takes_parameters)
{
    /* Promises LSN-5, LSN-6: the parameters are understood. */
    struct endpoint endpoint =
        endpoint_of("http://*:3000?fd=3&reuse=1&single_accept=1&defer_accept=1");
    cr_expect_eq(endpoint.fd, 3);
    cr_expect(endpoint.may_share_port);
    cr_expect(endpoint.accepts_one);
    cr_expect(endpoint.defers_accept);
    endpoint = endpoint_of("http://*?fd=1048575&reuse=0&single_accept=0&defer_accept=0&");
    cr_expect_eq(endpoint.fd, 1048575);
    cr_expect_not(endpoint.may_share_port);
    cr_expect_not(endpoint.accepts_one);
    cr_expect_not(endpoint.defers_accept);
    endpoint = endpoint_of("file:///run/my.sock?fd=7");
    cr_expect_eq(endpoint.fd, 7);
    cr_expect_str_eq(endpoint.path, "/run/my.sock");
    endpoint = endpoint_of("http+unix://%2Frun%2Fmy.sock?&&fd=7");
    cr_expect_eq(endpoint.fd, 7);
}

Test(endpoint_parameters, has_the_permissions_of_its_path)
{
    /* Promise LSN-2: the value is understood. */
    cr_expect_eq(endpoint_of("file:///x?mode=0660").mode, 0660);
    cr_expect_eq(endpoint_of("file:///x?mode=600&single_accept=1").mode, 0600);
    cr_expect_eq(endpoint_of("http+unix://%2Fx?mode=0777").mode, 0777);
    cr_expect_eq(endpoint_of("file:///x?mode=200").mode, 0200);
}

static void expect_text(const struct endpoint *endpoint, uint16_t number, const char *expected)
{
    cr_expect_str_eq(endpoint_text(endpoint, number), expected);
}

Test(endpoint_parameters, takes_certificates_as_parameters)
{
    /* Promise LSN-3: the value is understood. */
    struct endpoint endpoint = endpoint_of("https://*:443?cert=/a%20b/c%26d.crt&key=/k+1&ca=/"
                                           "ca&ciphers=A:B&version=TLSv1_3&verify=0x01");
    cr_assert_eq(endpoint.certificates_count, 1);
    expect_text(&endpoint, endpoint.certificates[0].name, "");
    expect_text(&endpoint, endpoint.certificates[0].certificate, "/a b/c&d.crt");
    expect_text(&endpoint, endpoint.certificates[0].key, "/k+1");
    expect_text(&endpoint, endpoint.ca, "/ca");
    expect_text(&endpoint, endpoint.ciphers, "A:B");
    expect_text(&endpoint, endpoint.version, "TLSv1_3");
    cr_expect_eq(endpoint.verify, 1);
    cr_expect_eq(endpoint_of("https://*?verify=7").verify, 7);
    cr_expect_eq(endpoint_of("https://*?verify=0x07").verify, 7);
    cr_expect_eq(endpoint_of("https://*?verify=0").verify, 0);
}

Test(endpoint_parameters, takes_certificates_by_name)
{
    /* Promise LSN-6: the value is understood. */
    struct endpoint endpoint =
        endpoint_of("https://*?*.example.org_key=/k1&127.0.0.1_cert=/c2&key=/"
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

Test(endpoint_parameters, takes_certificates_as_the_original_wrote_them)
{
    /* Promise LSN-3: the value is understood. */
    struct endpoint endpoint = endpoint_of("https://*:443:/x/server.crt:/x/server.key");
    cr_assert_eq(endpoint.certificates_count, 1);
    expect_text(&endpoint, endpoint.certificates[0].certificate, "/x/server.crt");
    expect_text(&endpoint, endpoint.certificates[0].key, "/x/server.key");
    expect_text(&endpoint, endpoint.ca, "");
    cr_expect_eq(endpoint.port, 443);
    endpoint = endpoint_of("https://[::1]:443:a%20b:k:ca?reuse=1&n_cert=x&n_key=y");
    expect_text(&endpoint, endpoint.certificates[0].certificate, "a%20b");
    expect_text(&endpoint, endpoint.certificates[0].key, "k");
    expect_text(&endpoint, endpoint.ca, "ca");
    cr_expect_eq(endpoint.certificates_count, 2);
    cr_expect(endpoint.may_share_port);
}

Test(endpoint_parameters, refuses_parameters_with_the_reason)
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

Test(endpoint_parameters, takes_16_certificates_and_no_more)
{
    char value[1024];
    int size = snprintf(value, sizeof value, "https://*?fd=3");
    for (int i = 0; i < ENDPOINT_CERTIFICATES_MAX; i++)
        size +=
            snprintf(value + size, sizeof value - (size_t)size, "&n%d_cert=/c&n%d_key=/k", i, i);
    cr_expect_eq(endpoint_of(value).certificates_count, ENDPOINT_CERTIFICATES_MAX);
    (void)snprintf(value + size, sizeof value - (size_t)size, "&cert=/c");
    struct endpoint endpoint;
    struct problem problem;
    cr_expect_eq(endpoint_read(bytes_of(value), &problem, &endpoint), ERROR_INVALID);
    cr_expect_not_null(strstr(problem.text, "...\": it has more than 16 certificates"), "%s",
                       problem.text);
}

Test(endpoint_parameters, holds_the_texts_of_the_longest_value)
{
    char value[LISTEN_VALUE_MAX];
    memset(value, 'x', sizeof value);
    value[sizeof value - 1] = '\0';
    memcpy(value, "https://*:1:c:k:", 16);
    struct endpoint endpoint = endpoint_of(value);
    cr_expect_eq(strlen(endpoint_text(&endpoint, endpoint.ca)), sizeof value - 17);
    memcpy(value, "https://*?ciphers=", 18);
    endpoint = endpoint_of(value);
    cr_expect_eq(strlen(endpoint_text(&endpoint, endpoint.ciphers)), sizeof value - 19);
}
