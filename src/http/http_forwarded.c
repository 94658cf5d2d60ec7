#include "http/http_forwarded.h"

#include "http/http_forwarded_element.h"
#include "http/http_host.h"
#include "http/http_reverse_list.h"

#define X_FORWARDED_FOR BYTES("X-Forwarded-For")
#define X_FORWARDED_HOST BYTES("X-Forwarded-Host")
#define X_FORWARDED_HTTPS BYTES("X-Forwarded-HTTPS")
#define X_FORWARDED_PROTO BYTES("X-Forwarded-Proto")

static bool has_field(const struct http_head *head, struct bytes name)
{
    for (uint32_t i = 0; i < head->field_count; i++)
        if (bytes_equal_ignoring_case(head->fields[i].name, name))
            return true;
    return false;
}

static bool is_in_network(const struct http_trust *trust, const struct ip_address *address)
{
    for (size_t i = 0; i < trust->network_count; i++)
        if (ip_network_contains(&trust->networks[i], address))
            return true;
    return false;
}

static bool believes(const struct http_trust *trust, const struct ip_address *peer)
{
    return trust->is_on &&
           (trust->network_count == 0 || (peer != NULL && is_in_network(trust, peer)));
}

static struct bytes read_scheme(struct bytes value)
{
    if (bytes_equal_ignoring_case(value, BYTES("https")))
        return BYTES("https");
    return bytes_equal_ignoring_case(value, BYTES("http")) ? BYTES("http")
                                                           : (struct bytes){NULL, 0};
}

/* What proxies and their administrators write for yes and no. */
static struct bytes read_flag(struct bytes value)
{
    static const char *const words[][2] = {
        {"on", "off"}, {"1", "0"}, {"true", "false"}, {"yes", "no"}, {"https", "http"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_equal_ignoring_case(value, bytes_of(words[i][0])))
            return BYTES("https");
        if (bytes_equal_ignoring_case(value, bytes_of(words[i][1])))
            return BYTES("http");
    }
    return (struct bytes){NULL, 0};
}

static struct bytes read_host(struct bytes value)
{
    return http_host_is_valid(value) ? value : (struct bytes){NULL, 0};
}

/* ---- X-Forwarded-For and its kin ---- */

/* The element that so many proxies ago was added: the one at `position` from the end, from 1, or
 * the first one of a shorter list, which not every proxy adds to. */
static struct bytes element_at(const struct http_head *head, struct bytes name, size_t position)
{
    struct http_reverse_list list;
    struct bytes element = {NULL, 0};
    http_reverse_list_init(&list, head, name, false);
    for (size_t i = 0; i < position && http_reverse_list_next(&list, &element); i++)
        continue;
    return element;
}

/* Finds the client and tells how many proxies ago it was the client of one: 1 for the peer's. */
static size_t walk_x_forwarded(const struct http_head *head, const struct http_trust *trust,
                               struct http_forwarded *forwarded)
{
    struct http_reverse_list list;
    struct bytes element;
    size_t position = 0;
    bool goes_on = true;
    http_reverse_list_init(&list, head, X_FORWARDED_FOR, false);
    while (goes_on && http_reverse_list_next(&list, &element) &&
           http_node_read(element, &forwarded->client)) {
        position++;
        goes_on = is_in_network(trust, &forwarded->client.address);
    }
    forwarded->has_client = position > 0;
    return position > 0 ? position : 1;
}

static void read_x_forwarded(const struct http_head *head, const struct http_trust *trust,
                             struct http_forwarded *forwarded)
{
    size_t position = walk_x_forwarded(head, trust, forwarded);
    forwarded->scheme = has_field(head, X_FORWARDED_PROTO)
                            ? read_scheme(element_at(head, X_FORWARDED_PROTO, position))
                            : read_flag(element_at(head, X_FORWARDED_HTTPS, position));
    forwarded->host = read_host(element_at(head, X_FORWARDED_HOST, position));
}

/* ---- Forwarded ---- */

static void read_forwarded(const struct http_head *head, const struct http_trust *trust,
                           struct http_forwarded *forwarded)
{
    struct http_reverse_list list;
    struct http_forwarded_element element;
    struct bytes text;
    bool goes_on = true;
    http_reverse_list_init(&list, head, BYTES("Forwarded"), true);
    while (goes_on && http_reverse_list_next(&list, &text) &&
           http_forwarded_element_read(text, &element)) {
        bool is_first = !forwarded->has_client;
        bool is_understood = http_node_read_forwarded(element.node, &forwarded->client);
        goes_on = is_understood && is_in_network(trust, &forwarded->client.address);
        /* The peer's own word counts, whatever it says of its client. */
        if (!is_understood && !is_first)
            return;
        forwarded->has_client = is_understood;
        forwarded->scheme = read_scheme(element.proto);
        forwarded->host = read_host(element.host);
    }
}

void http_forwarded_read(const struct http_head *head, const struct ip_address *peer,
                         const struct http_trust *trust, struct http_forwarded *ret_forwarded)
{
    *ret_forwarded = (struct http_forwarded){.has_client = false};
    if (!believes(trust, peer))
        return;
    bool has_x_forwarded = has_field(head, X_FORWARDED_FOR) || has_field(head, X_FORWARDED_PROTO) ||
                           has_field(head, X_FORWARDED_HTTPS) || has_field(head, X_FORWARDED_HOST);
    if (has_x_forwarded)
        read_x_forwarded(head, trust, ret_forwarded);
    else
        read_forwarded(head, trust, ret_forwarded);
}
