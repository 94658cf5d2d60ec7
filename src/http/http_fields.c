#include "http/http_fields.h"

#include "http/http_grammar.h"
#include "http/http_host.h"

/* What the fields say, before it is weighed. */
struct facts {
    struct bytes host;
    struct bytes length;
    struct bytes coding;
    uint32_t host_count;
    uint32_t length_count;
    uint32_t coding_count;
    bool closes;
    bool keeps_alive;
    bool expects_continue;
    bool expects_other;
};

static void add_connection(struct facts *facts, struct bytes value)
{
    struct bytes option;
    while (http_list_next(&value, &option)) {
        if (bytes_equal_ignoring_case(option, BYTES("close")))
            facts->closes = true;
        else if (bytes_equal_ignoring_case(option, BYTES("keep-alive")))
            facts->keeps_alive = true;
    }
}

static void add_expectation(struct facts *facts, struct bytes value)
{
    struct bytes expectation;
    while (http_list_next(&value, &expectation)) {
        if (bytes_equal_ignoring_case(expectation, BYTES("100-continue")))
            facts->expects_continue = true;
        else if (expectation.size > 0)
            facts->expects_other = true;
    }
}

/* Names are told apart by their length first: most fields cost no comparison. */
static void add_field(struct facts *facts, const struct http_field *field)
{
    switch (field->name.size) {
    case 4:
        if (!bytes_equal_ignoring_case(field->name, BYTES("Host")))
            return;
        facts->host = field->value;
        facts->host_count++;
        return;
    case 6:
        if (bytes_equal_ignoring_case(field->name, BYTES("Expect")))
            add_expectation(facts, field->value);
        return;
    case 10:
        if (bytes_equal_ignoring_case(field->name, BYTES("Connection")))
            add_connection(facts, field->value);
        return;
    case 14:
        if (!bytes_equal_ignoring_case(field->name, BYTES("Content-Length")))
            return;
        facts->length = field->value;
        facts->length_count++;
        return;
    case 17:
        if (!bytes_equal_ignoring_case(field->name, BYTES("Transfer-Encoding")))
            return;
        facts->coding = field->value;
        facts->coding_count++;
        return;
    default:
        return;
    }
}

/* RFC 9112 3.2 */
static enum http_progress read_host(struct http_head *head, const struct facts *facts,
                                    struct http_refusal *ret_refusal)
{
    if (facts->host_count > 1)
        return http_refuse(ret_refusal, 400, "The request has more than one Host");
    if (facts->host_count == 0 && head->version_minor > 0)
        return http_refuse(ret_refusal, 400, "The request has no Host");
    /* An empty value is what a client sends for a URI without authority. */
    if (facts->host.size > 0 && !http_host_is_valid(facts->host))
        return http_refuse(ret_refusal, 400, "The Host is not HOST or HOST:PORT");
    if (head->authority.size == 0)
        head->authority = facts->host;
    return HTTP_COMPLETE;
}

/* Says what is wrong with a list of codings that is not the one word `chunked`. */
static enum http_progress refuse_codings(struct bytes list, struct http_refusal *ret_refusal)
{
    struct bytes coding;
    bool is_behind_chunked = false;
    while (http_list_next(&list, &coding)) {
        struct bytes name = bytes_trim(bytes_first(coding, bytes_find(coding, ';')));
        bool is_chunked = bytes_equal_ignoring_case(name, BYTES("chunked"));
        if (!http_is_token(name) || (is_chunked && name.size < coding.size))
            return http_refuse(ret_refusal, 400, "The Transfer-Encoding is malformed");
        if (is_behind_chunked)
            return http_refuse(ret_refusal, 400, "A transfer coding follows chunked");
        is_behind_chunked = is_chunked;
    }
    return http_refuse(ret_refusal, 501, "The only transfer coding understood is chunked");
}

/* RFC 9112 6.1 */
static enum http_progress read_coding(struct http_head *head, const struct facts *facts,
                                      struct http_refusal *ret_refusal)
{
    if (facts->coding_count == 0)
        return HTTP_COMPLETE;
    if (head->version_minor == 0)
        return http_refuse(ret_refusal, 400, "An HTTP/1.0 request has a Transfer-Encoding");
    if (facts->length_count > 0)
        return http_refuse(ret_refusal, 400,
                           "The request has both Transfer-Encoding and Content-Length");
    if (facts->coding_count > 1)
        return http_refuse(ret_refusal, 400, "The request has more than one Transfer-Encoding");
    if (!bytes_equal_ignoring_case(facts->coding, BYTES("chunked")))
        return refuse_codings(facts->coding, ret_refusal);
    head->is_chunked = head->has_body = true;
    return HTTP_COMPLETE;
}

/* RFC 9112 6.3. A length above 2^63-1 fits no file and no signed number of anybody's. */
static enum http_progress read_length(struct http_head *head, const struct facts *facts,
                                      struct http_refusal *ret_refusal)
{
    if (facts->length_count == 0)
        return HTTP_COMPLETE;
    if (facts->length_count > 1)
        return http_refuse(ret_refusal, 400, "The request has more than one Content-Length");
    if (!bytes_to_number(facts->length, INT64_MAX, &head->content_length))
        return http_refuse(ret_refusal, 400, "The Content-Length is not a number below 2^63");
    head->has_body = head->content_length > 0;
    return HTTP_COMPLETE;
}

/* RFC 9112 9.3 and RFC 9110 10.1.1 */
static enum http_progress weigh(struct http_head *head, const struct facts *facts,
                                uint64_t body_most, struct http_refusal *ret_refusal)
{
    head->persists = !facts->closes && (head->version_minor > 0 || facts->keeps_alive);
    bool may_expect = head->version_minor > 0;
    if (may_expect && facts->expects_other)
        return http_refuse(ret_refusal, 417, "The only expectation that is met is 100-continue");
    head->expects_continue = may_expect && facts->expects_continue && head->has_body;
    if (head->content_length > body_most)
        return http_refuse(ret_refusal, 413, "The Content-Length is above the limit");
    return HTTP_COMPLETE;
}

enum http_progress http_fields_read(struct http_head *head, uint64_t body_most,
                                    struct http_refusal *ret_refusal)
{
    struct facts facts = {0};
    for (uint32_t i = 0; i < head->field_count; i++) {
        head->fields[i].value = bytes_trim(head->fields[i].value);
        add_field(&facts, &head->fields[i]);
    }
    head->has_body = head->is_chunked = false;
    head->content_length = 0;
    if (read_host(head, &facts, ret_refusal) == HTTP_REFUSED ||
        read_coding(head, &facts, ret_refusal) == HTTP_REFUSED ||
        read_length(head, &facts, ret_refusal) == HTTP_REFUSED)
        return HTTP_REFUSED;
    return weigh(head, &facts, body_most, ret_refusal);
}

bool http_takes_trailers(const struct http_head *head)
{
    for (uint32_t i = 0; i < head->field_count; i++) {
        if (!bytes_equal_ignoring_case(head->fields[i].name, BYTES("TE")))
            continue;
        struct bytes list = head->fields[i].value;
        struct bytes coding;
        while (http_list_next(&list, &coding))
            if (bytes_equal_ignoring_case(coding, BYTES("trailers")))
                return true;
    }
    return false;
}
