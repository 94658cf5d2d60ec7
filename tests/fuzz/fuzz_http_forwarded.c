/* Any fields from any peer: only valid values come out, strangers are not believed, and whatever
 * stands in front of what a proxy adds, the proxy has the last word (promise CON-9).
 *
 * The first byte chooses the peer and the networks, each line behind it is a field. */
#include "http/http_forwarded.h"
#include "http/http_host.h"

#include "must.h"

#include <string.h>

enum {
    IS_STRANGER = 1,
    HAS_NO_ADDRESS = 2,
    HAS_NETWORKS = 4,
    IS_OFF = 8,
};

static struct http_head head;

static void read_fields(struct bytes text)
{
    head.field_count = 0;
    while (text.size > 0 && head.field_count < HTTP_HEADERS_MAX - 1) {
        struct bytes line = bytes_first(text, bytes_find(text, '\n'));
        size_t colon = bytes_find(line, ':');
        head.fields[head.field_count++] =
            (struct http_field){bytes_first(line, colon), bytes_trim(bytes_from(line, colon + 1))};
        text = bytes_from(text, line.size + 1);
    }
}

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    MUST(ip_address_read(bytes_of(text), &address));
    return address;
}

static void ask(unsigned way, struct http_forwarded *ret_forwarded)
{
    struct http_trust trust = {.is_on = (way & IS_OFF) == 0,
                               .network_count = (way & HAS_NETWORKS) != 0 ? 2 : 0};
    struct ip_address peer = address_of((way & IS_STRANGER) != 0 ? "203.0.113.1" : "10.0.0.1");
    MUST(ip_network_read(BYTES("10.0.0.0/8"), &trust.networks[0]));
    MUST(ip_network_read(BYTES("fd00::/8"), &trust.networks[1]));
    memset(ret_forwarded, 0x5a, sizeof *ret_forwarded);
    http_forwarded_read(&head, (way & HAS_NO_ADDRESS) != 0 ? NULL : &peer, &trust, ret_forwarded);
}

static void check(unsigned way, const struct http_forwarded *forwarded, struct bytes text)
{
    struct bytes host = forwarded->host;
    struct bytes scheme = forwarded->scheme;
    bool is_stranger = (way & HAS_NETWORKS) != 0 && (way & (IS_STRANGER | HAS_NO_ADDRESS)) != 0;
    if (is_stranger || (way & IS_OFF) != 0)
        MUST(!forwarded->has_client && scheme.size + host.size == 0);
    MUST(scheme.size == 0 || strcmp(scheme.data, "http") == 0 || strcmp(scheme.data, "https") == 0);
    MUST(host.size == 0 || (http_host_is_valid(host) && host.data >= text.data &&
                            host.data + host.size <= text.data + text.size));
}

/* A proxy adds to the last field of this name, or a field of its own if there is none. */
static void check_last_word(const char *name, const char *word)
{
    static char value[65536];
    struct http_field *field = NULL;
    struct http_forwarded forwarded;
    struct ip_address client = address_of("192.0.2.1");
    for (uint32_t i = 0; i < head.field_count; i++)
        if (bytes_equal_ignoring_case(head.fields[i].name, bytes_of(name)))
            field = &head.fields[i];
    struct bytes before = {NULL, 0};
    if (field == NULL)
        field = &head.fields[head.field_count++];
    else
        before = field->value;
    if (before.size > sizeof value - 64)
        return;
    if (before.size > 0)
        memcpy(value, before.data, before.size);
    memcpy(value + before.size, ", ", 2);
    memcpy(value + before.size + 2, word, strlen(word));
    *field = (struct http_field){bytes_of(name), {value, before.size + 2 + strlen(word)}};
    ask(HAS_NETWORKS, &forwarded);
    MUST(forwarded.has_client && forwarded.client.port == 0);
    MUST(memcmp(&forwarded.client.address, &client, sizeof client) == 0);
}

/* As a proxy does it that lets nobody else say so. */
static void remove_x_forwarded(void)
{
    for (uint32_t i = 0; i < head.field_count; i++)
        if (bytes_equal_ignoring_case(bytes_first(head.fields[i].name, 12), BYTES("X-Forwarded-")))
            head.fields[i].name = BYTES("Removed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_forwarded forwarded;
    if (size == 0)
        return 0;
    struct bytes text = {(const char *)data + 1, size - 1};
    read_fields(text);
    ask(data[0] % 16, &forwarded);
    check(data[0] % 16, &forwarded, text);
    check_last_word("X-Forwarded-For", "192.0.2.1");
    read_fields(text);
    remove_x_forwarded();
    check_last_word("Forwarded", "for=192.0.2.1");
    return 0;
}
