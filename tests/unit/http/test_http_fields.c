/* The rules for fields hold by themselves, also for what the parser in front of them refuses today.
 */
#include "http/http_fields.h"

#include <criterion/criterion.h>

#define VIEW(text)                                                                                 \
    {                                                                                              \
        "" text, sizeof(text) - 1                                                                  \
    }

enum {
    FIELDS_MAX = 3
};

static const struct http_field host = {VIEW("Host"), VIEW("h")};

static uint16_t status_of(const struct http_field fields[FIELDS_MAX])
{
    static struct http_head head;
    struct http_refusal refusal = {0};
    head.version_minor = 1;
    head.authority = (struct bytes){NULL, 0};
    head.field_count = 0;
    head.fields[head.field_count++] = host;
    for (int i = 0; i < FIELDS_MAX && fields[i].name.size > 0; i++)
        head.fields[head.field_count++] = fields[i];
    return http_fields_read(&head, 100, &refusal) == HTTP_COMPLETE ? 0 : refusal.status;
}

/* Promise CON-5 */
Test(http_fields_read, refuses_what_two_servers_would_read_differently)
{
    static const struct http_field rows[][FIELDS_MAX] = {
        {{VIEW("Content-Length"), VIEW("3")}, {VIEW("Content-Length"), VIEW("3")}},
        {{VIEW("Content-Length"), VIEW("3")}, {VIEW("content-length"), VIEW("4")}},
        {{VIEW("Content-Length"), VIEW("3,3")}},
        {{VIEW("Content-Length"), VIEW("")}},
        {{VIEW("Content-Length"), VIEW("+3")}},
        {{VIEW("Content-Length"), VIEW("9223372036854775808")}},
        {{VIEW("Transfer-Encoding"), VIEW("chunked")}, {VIEW("Content-Length"), VIEW("3")}},
        {{VIEW("Transfer-Encoding"), VIEW("chunked")},
         {VIEW("Transfer-Encoding"), VIEW("chunked")}},
        {{VIEW("Transfer-Encoding"), VIEW("chunked, chunked")}},
        {{VIEW("Transfer-Encoding"), VIEW("chunked, gzip")}},
        {{VIEW("Transfer-Encoding"), VIEW("chunked;a=b")}},
        {{VIEW("Transfer-Encoding"), VIEW("chunked,")}},
        {{VIEW("Transfer-Encoding"), VIEW("")}},
        {{VIEW("Host"), VIEW("h")}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(status_of(rows[i]), 400, "row %zu", i);
}

Test(http_fields_read, takes_what_has_one_meaning)
{
    static const struct http_field rows[][FIELDS_MAX] = {
        {{VIEW("Content-Length"), VIEW("100")}},
        {{VIEW("Transfer-Encoding"), VIEW("\t CHUNKED ")}},
        {{VIEW("A"), VIEW("1")}, {VIEW("A"), VIEW("1")}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(status_of(rows[i]), 0, "row %zu", i);
}

/* RFC 9110 10.1.4 */
Test(http_takes_trailers, is_true_if_the_client_says_so)
{
    static const struct {
        struct http_field field;
        bool takes;
    } table[] = {
        {{VIEW("TE"), VIEW("trailers")}, true},
        {{VIEW("te"), VIEW("gzip;q=0.5, Trailers")}, true},
        {{VIEW("TE"), VIEW("trailers, deflate")}, true},
        {{VIEW("TE"), VIEW("")}, false},
        {{VIEW("TE"), VIEW("trailer")}, false},
        {{VIEW("TE"), VIEW("gzip")}, false},
        {{VIEW("Trailer"), VIEW("trailers")}, false},
    };
    static struct http_head head;
    head.field_count = 2;
    head.fields[0] = host;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        head.fields[1] = table[i].field;
        cr_expect_eq(http_takes_trailers(&head), table[i].takes, "row %zu", i);
    }
    head.field_count = 0;
    cr_expect_not(http_takes_trailers(&head));
}
