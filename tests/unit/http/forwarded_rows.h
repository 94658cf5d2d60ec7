/* forwarded_rows - tables of what a reverse proxy says and what is believed of it. */
#ifndef TOAD_TESTS_UNIT_HTTP_FORWARDED_ROWS_H
#define TOAD_TESTS_UNIT_HTTP_FORWARDED_ROWS_H

#include "base/buffer.h"
#include "http/http_forwarded.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_HEAD_MAX = 32768,
    ROWS_SAID_MAX = 512
};

struct row {
    const char *about;
    const char *networks; /* separated by spaces; "": trusted_proxies is not set */
    const char *peer;     /* NULL: it has no address */
    const char *fields;   /* each ends with \n */
    const char *said;     /* "CLIENT PORT SCHEME HOST", - for what is not told */
};

static struct bytes take_until(struct bytes *text, char end)
{
    size_t at = bytes_find(*text, end);
    struct bytes part = bytes_first(*text, at);
    *text = bytes_from(*text, at + 1);
    return part;
}

static void fill_head(struct http_head *head, struct bytes fields)
{
    head->field_count = 0;
    while (fields.size > 0) {
        struct bytes line = take_until(&fields, '\n');
        struct http_field *field = &head->fields[head->field_count++];
        cr_assert_leq(head->field_count, HTTP_HEADERS_MAX);
        field->name = take_until(&line, ':');
        field->value = bytes_trim(line);
    }
    /* What stands behind the fields is none. */
    if (head->field_count < HTTP_HEADERS_MAX)
        head->fields[head->field_count] =
            (struct http_field){BYTES("X-Forwarded-Host"), BYTES("nobody.example")};
}

static void fill_trust(struct http_trust *trust, struct bytes networks)
{
    *trust = (struct http_trust){.is_on = true};
    while (networks.size > 0) {
        struct bytes network = take_until(&networks, ' ');
        cr_assert(ip_network_read(network, &trust->networks[trust->network_count++]));
    }
}

static void say_client(struct buffer *said, const struct http_forwarded *forwarded)
{
    char text[INET6_ADDRSTRLEN] = "-";
    const struct ip_address *address = &forwarded->client.address;
    bool is_ipv4 = ip_address_is_ipv4(address);
    if (forwarded->has_client)
        cr_assert_neq(inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address->octets + (is_ipv4 ? 12 : 0),
                                text, sizeof text),
                      NULL);
    cr_assert(buffer_append_format(said, "%s %u", text,
                                   forwarded->has_client ? forwarded->client.port : 0u));
}

static void say(struct buffer *said, const struct http_forwarded *forwarded)
{
    struct bytes parts[] = {forwarded->scheme, forwarded->host};
    say_client(said, forwarded);
    for (size_t i = 0; i < 2; i++)
        cr_assert(buffer_append(said, BYTES(" ")) &&
                  buffer_append(said, parts[i].size == 0 ? BYTES("-") : parts[i]));
}

/* The fields stand in memory of exactly their size, so that a step beyond it is noticed. */
static void check_row(const struct row *row)
{
    static struct http_head head;
    struct http_trust trust;
    struct http_forwarded forwarded;
    struct ip_address peer;
    char storage[ROWS_SAID_MAX];
    struct buffer said;
    size_t size = strlen(row->fields);
    char *fields = malloc(size + 1);
    cr_assert_neq(fields, NULL);
    memcpy(fields, row->fields, size);
    buffer_init(&said, storage, sizeof storage);
    fill_head(&head, (struct bytes){fields, size});
    fill_trust(&trust, bytes_of(row->networks));
    if (row->peer != NULL)
        cr_assert(ip_address_read(bytes_of(row->peer), &peer));
    memset(&forwarded, 0x5a, sizeof forwarded);
    http_forwarded_read(&head, row->peer == NULL ? NULL : &peer, &trust, &forwarded);
    say(&said, &forwarded);
    struct bytes text = buffer_view(&said);
    cr_expect(bytes_equal(text, bytes_of(row->said)), "%s: expected \"%s\", not \"%.*s\"",
              row->about, row->said, (int)text.size, text.data);
    free(fields);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
