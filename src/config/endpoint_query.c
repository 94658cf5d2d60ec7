#include "config/endpoint_query.h"
#include "base/percent.h"

#include <assert.h>
#include <string.h>

enum {
    VERIFY_MAX = 7,
    MODE_MAX = 0777,
    MODE_OF_OWNER = 0200, /* without it a server could not tell whether its own socket is stale */
    SHOWN_BYTES_MAX = 100
};

enum parameter {
    PARAMETER_FD,
    PARAMETER_SINGLE_ACCEPT,
    PARAMETER_MODE,
    PARAMETER_REUSE,
    PARAMETER_DEFER_ACCEPT,
    PARAMETER_CA,
    PARAMETER_CIPHERS,
    PARAMETER_VERSION,
    PARAMETER_VERIFY,
    PARAMETER_CERTIFICATE, /* cert or NAME_cert */
    PARAMETER_KEY,         /* key or NAME_key */
};

/* Parameters from here on need TLS. */
#define PARAMETER_TLS_FIRST PARAMETER_CA

static const char *const parameter_names[] = {
    [PARAMETER_FD] = "fd",
    [PARAMETER_SINGLE_ACCEPT] = "single_accept",
    [PARAMETER_MODE] = "mode",
    [PARAMETER_REUSE] = "reuse",
    [PARAMETER_DEFER_ACCEPT] = "defer_accept",
    [PARAMETER_CA] = "ca",
    [PARAMETER_CIPHERS] = "ciphers",
    [PARAMETER_VERSION] = "version",
    [PARAMETER_VERIFY] = "verify",
    [PARAMETER_CERTIFICATE] = "cert",
    [PARAMETER_KEY] = "key",
};

static int shown(struct bytes text)
{
    return text.size > SHOWN_BYTES_MAX ? SHOWN_BYTES_MAX : (int)text.size;
}

enum error endpoint_copy(struct endpoint_draft *draft, const char *name, struct bytes text,
                         bool is_encoded, char *storage, size_t capacity)
{
    char copy[LISTEN_VALUE_MAX];
    assert(text.size < sizeof copy);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (is_encoded && !percent_decode(copy, false))
        return endpoint_refuse(draft, "%s has a %% that does not stand for a byte above 0", name);
    size_t size = strlen(copy);
    if (size >= capacity)
        return endpoint_refuse(draft, "%s is longer than %zu bytes", name, capacity - 1);
    memcpy(storage, copy, size + 1);
    return ERROR_NONE;
}

/* Keeps a text that is shorter than the part of the listen value it came from, so there is room. */
static uint16_t keep_text(struct endpoint *endpoint, struct bytes text)
{
    assert(text.size < sizeof endpoint->texts - endpoint->texts_size);
    uint16_t number = (uint16_t)endpoint->texts_size;
    memcpy(endpoint->texts + number, text.data, text.size);
    endpoint->texts[number + text.size] = '\0';
    endpoint->texts_size += text.size + 1;
    return number;
}

static MUST_CHECK enum error keep_value(struct endpoint_draft *draft, const char *name,
                                        struct bytes value, uint16_t *ret_number)
{
    char text[LISTEN_VALUE_MAX];
    enum error error = endpoint_copy(draft, name, value, true, text, sizeof text);
    if (error == ERROR_NONE)
        *ret_number = keep_text(&draft->endpoint, bytes_of(text));
    return error;
}

/* CERT, KEY or CA: the text up to the next colon. */
static struct bytes take_part(struct bytes *text)
{
    size_t colon = bytes_find(*text, ':');
    struct bytes part = bytes_first(*text, colon);
    *text = bytes_from(*text, colon + 1);
    return part;
}

enum error endpoint_read_certificate(struct endpoint_draft *draft, struct bytes text)
{
    struct endpoint *endpoint = &draft->endpoint;
    struct bytes rest = text;
    struct bytes certificate = take_part(&rest);
    struct bytes key = take_part(&rest);
    bool has_empty = certificate.size == 0 || key.size == 0 || text.data[text.size - 1] == ':';
    if (has_empty || bytes_find(rest, ':') < rest.size)
        return endpoint_refuse(draft, "after the port stands :CERT:KEY or :CERT:KEY:CA");
    endpoint->certificates[endpoint->certificates_count++] = (struct endpoint_certificate){
        .certificate = keep_text(endpoint, certificate),
        .key = keep_text(endpoint, key),
    };
    if (rest.size > 0)
        endpoint->ca = keep_text(endpoint, rest);
    return ERROR_NONE;
}

/* The certificate of a name (empty: the default one), a new one if there is none yet; NULL when
 * there is no room for it. */
static struct endpoint_certificate *find_certificate(struct endpoint *endpoint, struct bytes name)
{
    for (size_t i = 0; i < endpoint->certificates_count; i++) {
        struct endpoint_certificate *known = &endpoint->certificates[i];
        if (bytes_equal(bytes_of(endpoint_text(endpoint, known->name)), name))
            return known;
    }
    if (endpoint->certificates_count == ENDPOINT_CERTIFICATES_MAX)
        return NULL;
    struct endpoint_certificate *added = &endpoint->certificates[endpoint->certificates_count++];
    *added = (struct endpoint_certificate){.name = 0};
    if (name.size > 0)
        added->name = keep_text(endpoint, name);
    return added;
}

static MUST_CHECK enum error set_text(struct endpoint_draft *draft, struct bytes name,
                                      struct bytes value, uint16_t *number)
{
    if (*number != 0)
        return endpoint_refuse(draft, "%.*s is given twice", shown(name), name.data);
    return keep_value(draft, "a parameter", value, number);
}

static MUST_CHECK enum error set_certificate(struct endpoint_draft *draft, enum parameter parameter,
                                             struct bytes name, struct bytes value)
{
    size_t suffix = strlen(parameter_names[parameter]);
    size_t host_size = name.size == suffix ? 0 : name.size - suffix - 1;
    struct endpoint_certificate *certificate =
        find_certificate(&draft->endpoint, bytes_first(name, host_size));
    if (certificate == NULL)
        return endpoint_refuse(draft, "it has more than %d certificates",
                               ENDPOINT_CERTIFICATES_MAX);
    return set_text(draft, name, value,
                    parameter == PARAMETER_KEY ? &certificate->key : &certificate->certificate);
}

static MUST_CHECK enum error set_flag(struct endpoint_draft *draft, struct bytes name,
                                      struct bytes value, bool *ret_flag)
{
    uint64_t flag;
    if (!bytes_to_number(value, 1, &flag))
        return endpoint_refuse(draft, "%.*s takes 0 or 1", shown(name), name.data);
    *ret_flag = flag == 1;
    return ERROR_NONE;
}

/* 0 to 2 are the standard streams, which become the null device. */
static MUST_CHECK enum error set_fd(struct endpoint_draft *draft, struct bytes value)
{
    uint64_t fd;
    if (!bytes_to_number(value, ENDPOINT_FD_MAX, &fd) || fd < 3)
        return endpoint_refuse(draft, "fd takes a number from 3 to %d", ENDPOINT_FD_MAX);
    draft->endpoint.fd = (int)fd;
    return ERROR_NONE;
}

/* Three or four octal digits, as chmod(1) has them. */
static MUST_CHECK enum error set_mode(struct endpoint_draft *draft, struct bytes value)
{
    unsigned mode = 0;
    bool is_mode = value.size == 3 || value.size == 4;
    for (size_t at = 0; at < value.size && is_mode; at++) {
        is_mode = value.data[at] >= '0' && value.data[at] <= '7';
        mode = mode * 8 + (unsigned)(value.data[at] - '0');
    }
    if (!is_mode || mode > MODE_MAX || (mode & MODE_OF_OWNER) == 0)
        return endpoint_refuse(draft, "mode takes an octal number up to 0777 that lets the owner "
                                      "write, such as 0660");
    draft->endpoint.mode = mode;
    return ERROR_NONE;
}

static MUST_CHECK enum error set_verify(struct endpoint_draft *draft, struct bytes value)
{
    uint64_t mode;
    bool is_hexadecimal = value.size == 4 && bytes_start_with(value, BYTES("0x0"));
    if (!bytes_to_number(is_hexadecimal ? bytes_from(value, 3) : value, VERIFY_MAX, &mode))
        return endpoint_refuse(draft, "verify takes 0 to %d or 0x00 to 0x0%d", VERIFY_MAX,
                               VERIFY_MAX);
    draft->endpoint.verify = (int)mode;
    return ERROR_NONE;
}

static MUST_CHECK enum error set_parameter(struct endpoint_draft *draft, enum parameter parameter,
                                           struct bytes name, struct bytes value)
{
    struct endpoint *endpoint = &draft->endpoint;
    switch (parameter) {
    case PARAMETER_FD:
        return set_fd(draft, value);
    case PARAMETER_SINGLE_ACCEPT:
        return set_flag(draft, name, value, &endpoint->accepts_one);
    case PARAMETER_MODE:
        return set_mode(draft, value);
    case PARAMETER_REUSE:
        return set_flag(draft, name, value, &endpoint->may_share_port);
    case PARAMETER_DEFER_ACCEPT:
        return set_flag(draft, name, value, &endpoint->defers_accept);
    case PARAMETER_CA:
        return set_text(draft, name, value, &endpoint->ca);
    case PARAMETER_CIPHERS:
        return set_text(draft, name, value, &endpoint->ciphers);
    case PARAMETER_VERSION:
        return set_text(draft, name, value, &endpoint->version);
    case PARAMETER_VERIFY:
        return set_verify(draft, value);
    case PARAMETER_CERTIFICATE:
    case PARAMETER_KEY:
        return set_certificate(draft, parameter, name, value);
    }
    return ERROR_INVALID;
}

/* NAME_cert and NAME_key, where NAME is not empty. */
static bool is_named(struct bytes name, enum parameter parameter)
{
    struct bytes known = bytes_of(parameter_names[parameter]);
    bool can_be = parameter == PARAMETER_CERTIFICATE || parameter == PARAMETER_KEY;
    return can_be && name.size > known.size + 1 && name.data[name.size - known.size - 1] == '_' &&
           bytes_equal(bytes_from(name, name.size - known.size), known);
}

static bool find_parameter(struct bytes name, enum parameter *ret_parameter)
{
    for (size_t i = 0; i < sizeof parameter_names / sizeof parameter_names[0]; i++) {
        enum parameter parameter = (enum parameter)i;
        if (bytes_equal(name, bytes_of(parameter_names[i])) || is_named(name, parameter)) {
            *ret_parameter = parameter;
            return true;
        }
    }
    return false;
}

/* What the parameter needs and this endpoint is not; NULL if it fits. */
static const char *find_need(const struct endpoint *endpoint, enum parameter parameter)
{
    if (parameter >= PARAMETER_TLS_FIRST && !endpoint_is_tls(endpoint))
        return "https";
    if (parameter == PARAMETER_MODE && !endpoint_is_unix(endpoint))
        return "a path";
    bool is_of_tcp = parameter == PARAMETER_REUSE || parameter == PARAMETER_DEFER_ACCEPT;
    return is_of_tcp && endpoint_is_unix(endpoint) ? "a host and a port" : NULL;
}

/* One name=value. `seen` is the set of parameters that were given before it. */
static MUST_CHECK enum error read_pair(struct endpoint_draft *draft, struct bytes pair,
                                       unsigned *seen)
{
    enum parameter parameter;
    size_t equals = bytes_find(pair, '=');
    struct bytes name = bytes_first(pair, equals);
    struct bytes value = bytes_from(pair, equals + 1);
    if (!find_parameter(name, &parameter))
        return endpoint_refuse(draft, "there is no parameter \"%.*s\"", shown(name), name.data);
    if (value.size == 0)
        return endpoint_refuse(draft, "the parameter %.*s has no value", shown(name), name.data);
    const char *need = find_need(&draft->endpoint, parameter);
    if (need != NULL)
        return endpoint_refuse(draft, "%.*s needs %s", shown(name), name.data, need);
    /* A certificate and a key are told apart by their names. */
    bool is_single = parameter < PARAMETER_CERTIFICATE;
    if (is_single && (*seen & 1u << parameter) != 0)
        return endpoint_refuse(draft, "%.*s is given twice", shown(name), name.data);
    *seen |= 1u << parameter;
    return set_parameter(draft, parameter, name, value);
}

enum error endpoint_read_query(struct endpoint_draft *draft, struct bytes query)
{
    unsigned seen = 0;
    enum error error = ERROR_NONE;
    while (error == ERROR_NONE && query.size > 0) {
        size_t end = bytes_find(query, '&');
        struct bytes pair = bytes_first(query, end);
        query = bytes_from(query, end + 1);
        if (pair.size > 0)
            error = read_pair(draft, pair, &seen);
    }
    return error;
}

enum error endpoint_check_certificates(struct endpoint_draft *draft)
{
    const struct endpoint *endpoint = &draft->endpoint;
    for (size_t i = 0; i < endpoint->certificates_count; i++) {
        struct endpoint_certificate one = endpoint->certificates[i];
        const char *name = endpoint_text(endpoint, one.name);
        const char *joint = one.name == 0 ? "" : "_";
        if (one.certificate == 0)
            return endpoint_refuse(draft, "%s%skey needs %s%scert", name, joint, name, joint);
        if (one.key == 0)
            return endpoint_refuse(draft, "%s%scert needs %s%skey", name, joint, name, joint);
    }
    return ERROR_NONE;
}
