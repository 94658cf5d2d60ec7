#include "config/endpoint.h"
#include "base/ip_address.h"
#include "config/endpoint_query.h"
#include "config/perl_letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    PORT_MAX = 65535,
    NAME_BYTES_MAX = 253,  /* RFC 1035 2.3.4, without the root's dot */
    LABEL_BYTES_MAX = 63,  /* the same */
    ZONE_BYTES_MAX = 15,   /* a name of a network interface */
    SHOWN_BYTES_MAX = 200, /* of the value, in messages */
};

struct scheme {
    struct bytes prefix;
    enum endpoint_scheme scheme;
};

static const struct scheme schemes[] = {
    {{"http://", 7}, ENDPOINT_HTTP},
    {{"https://", 8}, ENDPOINT_HTTPS},
    {{"http+unix://", 12}, ENDPOINT_HTTP_UNIX},
    {{"file://", 7}, ENDPOINT_FILE},
};

const char *endpoint_text(const struct endpoint *endpoint, uint16_t number)
{
    return endpoint->texts + number;
}

bool endpoint_is_tls(const struct endpoint *endpoint)
{
    return endpoint->scheme == ENDPOINT_HTTPS;
}

bool endpoint_is_unix(const struct endpoint *endpoint)
{
    return endpoint->host_kind == ENDPOINT_HOST_NONE;
}

enum error endpoint_refuse(struct endpoint_draft *draft, const char *reason, ...)
{
    char line[PROBLEM_TEXT_MAX];
    bool is_long = draft->value.size > SHOWN_BYTES_MAX;
    va_list values;
    va_start(values, reason);
    (void)vsnprintf(line, sizeof line, reason, values);
    va_end(values);
    return problem_set(draft->problem, ERROR_INVALID, "Invalid listen value \"%.*s%s\": %s",
                       is_long ? SHOWN_BYTES_MAX : (int)draft->value.size, draft->value.data,
                       is_long ? "..." : "", line);
}

static MUST_CHECK enum error read_scheme(struct endpoint_draft *draft, struct bytes *ret_rest)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct bytes prefix = schemes[i].prefix;
        if (!bytes_equal_ignoring_case(bytes_first(draft->value, prefix.size), prefix))
            continue;
        draft->endpoint.scheme = schemes[i].scheme;
        *ret_rest = bytes_from(draft->value, prefix.size);
        return ERROR_NONE;
    }
    return endpoint_refuse(draft,
                           "it does not begin with http://, https://, http+unix:// or file://");
}

static bool is_zone(struct bytes zone)
{
    for (size_t at = 0; at < zone.size; at++)
        if (!perl_letter_is_word(zone.data[at]) && strchr(".-@", zone.data[at]) == NULL)
            return false;
    return zone.size >= 1 && zone.size <= ZONE_BYTES_MAX;
}

/* The text between the brackets. RFC 6874 writes the zone's percent sign as %25. */
static MUST_CHECK enum error read_ipv6(struct endpoint_draft *draft, struct bytes text)
{
    size_t percent = bytes_find(text, '%');
    struct bytes address = bytes_first(text, percent);
    struct bytes zone = bytes_from(text, percent + 1);
    bool has_zone = percent < text.size;
    struct ip_address number;
    if (bytes_start_with(zone, BYTES("25")) && zone.size > 2)
        zone = bytes_from(zone, 2);
    if (!ip_address_read_ipv6(address, &number) || (has_zone && !is_zone(zone)))
        return endpoint_refuse(draft, "what stands in brackets is not an IPv6 address");
    draft->endpoint.host_kind = ENDPOINT_HOST_IPV6;
    (void)snprintf(draft->endpoint.host, sizeof draft->endpoint.host, "%.*s%s%.*s",
                   (int)address.size, address.data, has_zone ? "%" : "", (int)zone.size,
                   has_zone ? zone.data : "");
    return ERROR_NONE;
}

static bool is_label(struct bytes label)
{
    for (size_t at = 0; at < label.size; at++)
        if (!perl_letter_is_word(label.data[at]) && label.data[at] != '-')
            return false;
    return label.size >= 1 && label.size <= LABEL_BYTES_MAX;
}

/* A name of the domain name system, underscores allowed; its last label does not look like a
 * number. */
static bool is_name(struct bytes name)
{
    bool is_last = false;
    struct bytes label = name;
    if (name.size > NAME_BYTES_MAX)
        return false;
    while (!is_last) {
        size_t dot = bytes_find(name, '.');
        label = bytes_first(name, dot);
        is_last = dot == name.size;
        name = bytes_from(name, dot + 1);
        if (!is_label(label))
            return false;
    }
    return !perl_letter_is_digit(label.data[0]) || bytes_find(label, '-') < label.size ||
           perl_letter_is_alpha(label.data[label.size - 1]);
}

static MUST_CHECK enum error read_host(struct endpoint_draft *draft, struct bytes host)
{
    struct ip_address number;
    if (host.size == 0)
        return endpoint_refuse(draft, "the host is missing (* listens on every address, an "
                                      "IPv6 address stands in brackets)");
    if (bytes_equal(host, BYTES("*")))
        draft->endpoint.host_kind = ENDPOINT_HOST_ANY;
    else if (ip_address_read_ipv4(host, &number))
        draft->endpoint.host_kind = ENDPOINT_HOST_IPV4;
    else if (is_name(host))
        draft->endpoint.host_kind = ENDPOINT_HOST_NAME;
    else
        return endpoint_refuse(draft, "the host is neither *, an IPv4 address, an IPv6 address in "
                                      "brackets nor a name");
    memcpy(draft->endpoint.host, host.data, host.size);
    draft->endpoint.host[host.size] = '\0';
    return ERROR_NONE;
}

/* Where the host or port ends: at a colon, a slash or the end. */
static size_t find_end(struct bytes text)
{
    size_t colon = bytes_find(text, ':');
    size_t slash = bytes_find(text, '/');
    return colon < slash ? colon : slash;
}

/* Reads the host; the rest is what follows it. */
static MUST_CHECK enum error take_host(struct endpoint_draft *draft, struct bytes address,
                                       struct bytes *ret_rest)
{
    bool has_bracket = address.size > 0 && address.data[0] == '[';
    size_t end = has_bracket ? bytes_find(address, ']') : find_end(address);
    if (has_bracket && end == address.size)
        return endpoint_refuse(draft, "the bracket of the IPv6 address is not closed");
    *ret_rest = bytes_from(address, has_bracket ? end + 1 : end);
    return has_bracket ? read_ipv6(draft, bytes_first(bytes_from(address, 1), end - 1))
                       : read_host(draft, bytes_first(address, end));
}

static MUST_CHECK enum error read_port(struct endpoint_draft *draft, struct bytes digits)
{
    uint64_t port;
    if (digits.size == 0)
        return endpoint_refuse(draft, "the port is missing after the colon (an IPv6 address "
                                      "stands in brackets)");
    if (!bytes_to_number(digits, PORT_MAX, &port))
        return endpoint_refuse(draft, "port %.*s is not a number from 0 to %d",
                               digits.size > SHOWN_BYTES_MAX ? SHOWN_BYTES_MAX : (int)digits.size,
                               digits.data, PORT_MAX);
    draft->endpoint.port = (int)port;
    return ERROR_NONE;
}

/* HOST[:PORT][/] and, for https, HOST:PORT:CERT:KEY[:CA]. */
static MUST_CHECK enum error read_internet(struct endpoint_draft *draft, struct bytes address)
{
    struct bytes rest = address;
    enum error error = take_host(draft, address, &rest);
    bool has_port = error == ERROR_NONE && rest.size > 0 && rest.data[0] == ':';
    if (has_port) {
        struct bytes after = bytes_from(rest, 1);
        size_t end = find_end(after);
        error = read_port(draft, bytes_first(after, end));
        rest = bytes_from(after, end);
    }
    if (error != ERROR_NONE || rest.size == 0 || bytes_equal(rest, BYTES("/")))
        return error;
    if (rest.data[0] == '/')
        return endpoint_refuse(draft, "a path has no place in it");
    if (!has_port)
        return endpoint_refuse(draft, "only a port can follow the IPv6 address");
    if (rest.data[0] != ':' || !endpoint_is_tls(&draft->endpoint))
        return endpoint_refuse(draft, "nothing can follow the port");
    return endpoint_read_certificate(draft, bytes_from(rest, 1));
}

static MUST_CHECK enum error read_unix(struct endpoint_draft *draft, struct bytes text)
{
    struct endpoint *endpoint = &draft->endpoint;
    char *path = endpoint->path;
    bool is_encoded = endpoint->scheme == ENDPOINT_HTTP_UNIX;
    enum error error =
        endpoint_copy(draft, "the path", text, is_encoded, path, sizeof endpoint->path);
    if (error != ERROR_NONE)
        return error;
    if (path[0] != '/' || path[strlen(path) - 1] == '/')
        return endpoint_refuse(draft, "the path is not that of a file, from the root on (%s)",
                               is_encoded ? "http+unix://%2Frun%2Fmy.sock" : "file:///run/my.sock");
    return ERROR_NONE;
}

static MUST_CHECK enum error read_rest(struct endpoint_draft *draft, struct bytes rest)
{
    size_t mark = bytes_find(rest, '?');
    struct bytes address = bytes_first(rest, mark);
    bool is_unix =
        draft->endpoint.scheme == ENDPOINT_HTTP_UNIX || draft->endpoint.scheme == ENDPOINT_FILE;
    enum error error = is_unix ? read_unix(draft, address) : read_internet(draft, address);
    if (error == ERROR_NONE && mark < rest.size)
        error = endpoint_read_query(draft, bytes_from(rest, mark + 1));
    if (error == ERROR_NONE)
        error = endpoint_check_certificates(draft);
    return error;
}

static bool has_control_byte(struct bytes value)
{
    for (size_t at = 0; at < value.size; at++)
        if ((unsigned char)value.data[at] < 0x20 || value.data[at] == 0x7f)
            return true;
    return false;
}

enum error endpoint_read(struct bytes value, struct problem *problem, struct endpoint *ret_endpoint)
{
    struct endpoint_draft draft = {
        .value = value,
        .problem = problem,
        /* Number 0 is the empty text. */
        .endpoint = {.port = ENDPOINT_PORT_DEFAULT,
                     .mode = ENDPOINT_MODE_DEFAULT,
                     .fd = -1,
                     .verify = -1,
                     .texts_size = 1},
    };
    struct bytes rest = value;
    if (value.size >= LISTEN_VALUE_MAX)
        return endpoint_refuse(&draft, "it is longer than %d bytes", LISTEN_VALUE_MAX - 1);
    if (has_control_byte(value))
        return endpoint_refuse(&draft, "it holds a control character");
    enum error error = read_scheme(&draft, &rest);
    if (error == ERROR_NONE)
        error = read_rest(&draft, rest);
    if (error == ERROR_NONE)
        *ret_endpoint = draft.endpoint;
    return error;
}

static void name_unix(const struct endpoint *endpoint, char ret_name[ENDPOINT_NAME_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    if (endpoint->scheme == ENDPOINT_FILE) {
        (void)snprintf(ret_name, ENDPOINT_NAME_MAX, "file://%s", endpoint->path);
        return;
    }
    size_t size = (size_t)snprintf(ret_name, ENDPOINT_NAME_MAX, "http+unix://");
    for (const char *byte = endpoint->path; *byte != '\0'; byte++) {
        bool is_plain = perl_letter_is_word(*byte) || strchr("-.~", *byte) != NULL;
        if (is_plain) {
            ret_name[size++] = *byte;
            continue;
        }
        ret_name[size++] = '%';
        ret_name[size++] = digits[(unsigned char)*byte >> 4];
        ret_name[size++] = digits[(unsigned char)*byte & 15];
    }
    ret_name[size] = '\0';
}

void endpoint_name(const struct endpoint *endpoint, int port, char ret_name[ENDPOINT_NAME_MAX])
{
    if (endpoint_is_unix(endpoint)) {
        name_unix(endpoint, ret_name);
        return;
    }
    bool has_brackets = endpoint->host_kind == ENDPOINT_HOST_IPV6;
    bool is_any = endpoint->host_kind == ENDPOINT_HOST_ANY;
    (void)snprintf(ret_name, ENDPOINT_NAME_MAX, "%s://%s%s%s:%d",
                   endpoint_is_tls(endpoint) ? "https" : "http", has_brackets ? "[" : "",
                   is_any ? "127.0.0.1" : endpoint->host, has_brackets ? "]" : "", port);
}
