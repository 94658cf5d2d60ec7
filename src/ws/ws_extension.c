#include "ws/ws_extension.h"

#include "base/limits.h"
#include "base/token.h"

/* One parameter; its value is unquoted and short, for long ones are of no use here. */
struct parameter {
    struct bytes name;
    bool has_value;
    uint8_t value_size;
    char value[4];
};

/* What an offer of permessage-deflate asks for. */
struct offer {
    bool is_declined;
    bool server_forgets;
    bool client_forgets;
    bool limits_server;
    bool limits_client;
    uint8_t server_bits;
    uint8_t client_bits;
};

static void skip_blanks(struct bytes *text)
{
    while (text->size > 0 && (text->data[0] == ' ' || text->data[0] == '\t'))
        *text = bytes_from(*text, 1);
}

static bool skip_byte(struct bytes *text, char byte)
{
    skip_blanks(text);
    if (text->size == 0 || text->data[0] != byte)
        return false;
    *text = bytes_from(*text, 1);
    return true;
}

static bool read_token(struct bytes *text, struct bytes *ret_token)
{
    skip_blanks(text);
    *ret_token = bytes_first(*text, token_size(*text));
    *text = bytes_from(*text, ret_token->size);
    return ret_token->size > 0;
}

static void add_byte(struct parameter *parameter, char byte)
{
    if (parameter->value_size < sizeof parameter->value)
        parameter->value[parameter->value_size++] = byte;
}

/* RFC 6455 9.1: what a quoted value stands for is a token, too. */
static bool read_quoted(struct bytes *text, struct parameter *parameter)
{
    while (text->size > 0 && text->data[0] != '"') {
        if (text->data[0] == '\\')
            *text = bytes_from(*text, 1);
        if (text->size == 0 || !token_is_byte(text->data[0]))
            return false;
        add_byte(parameter, text->data[0]);
        *text = bytes_from(*text, 1);
    }
    return parameter->value_size > 0 && skip_byte(text, '"');
}

static bool read_value(struct bytes *text, struct parameter *parameter)
{
    struct bytes value;
    parameter->has_value = true;
    if (skip_byte(text, '"'))
        return read_quoted(text, parameter);
    if (!read_token(text, &value))
        return false;
    for (size_t i = 0; i < value.size && i < sizeof parameter->value; i++)
        add_byte(parameter, value.data[i]);
    return true;
}

static bool read_parameter(struct bytes *text, struct parameter *ret_parameter)
{
    *ret_parameter = (struct parameter){.has_value = false};
    if (!read_token(text, &ret_parameter->name))
        return false;
    return !skip_byte(text, '=') || read_value(text, ret_parameter);
}

/* RFC 7692 7.1.2: a decimal number from 8 to 15 without leading zeros. */
static bool read_bits(const struct parameter *parameter, uint8_t *ret_bits)
{
    uint64_t bits;
    struct bytes digits = {parameter->value, parameter->value_size};
    if (!bytes_to_number(digits, WS_WINDOW_BITS_MOST, &bits) || bits < WS_WINDOW_BITS_LEAST ||
        digits.data[0] == '0')
        return false;
    *ret_bits = (uint8_t)bits;
    return true;
}

/* Sets a flag that may be set once. */
static bool set_once(bool *flag)
{
    bool was_set = *flag;
    *flag = true;
    return !was_set;
}

/* RFC 7692 7.1: false declines the offer, for a parameter that is unknown, stands twice or has a
 * value that it must not have. */
static bool apply(struct offer *offer, const struct parameter *parameter)
{
    if (bytes_equal(parameter->name, BYTES("server_no_context_takeover")))
        return !parameter->has_value && set_once(&offer->server_forgets);
    if (bytes_equal(parameter->name, BYTES("client_no_context_takeover")))
        return !parameter->has_value && set_once(&offer->client_forgets);
    if (bytes_equal(parameter->name, BYTES("server_max_window_bits")))
        return set_once(&offer->limits_server) && read_bits(parameter, &offer->server_bits);
    if (bytes_equal(parameter->name, BYTES("client_max_window_bits")))
        return set_once(&offer->limits_client) &&
               (!parameter->has_value || read_bits(parameter, &offer->client_bits));
    return false;
}

static uint8_t lesser(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static void agree(struct ws_extension *extension, const struct offer *offer,
                  const struct ws_extension_settings *settings)
{
    uint8_t server_bits = lesser(offer->server_bits, settings->server_window_bits_most);
    /* zlib cannot compress with a window of 256 bytes, and more may not be promised. */
    if (offer->is_declined || server_bits <= WS_WINDOW_BITS_LEAST)
        return;
    /* Who offers no limit may not be given one (RFC 7692 7.1.2.2). */
    uint8_t client_bits = offer->limits_client
                              ? lesser(offer->client_bits, settings->client_window_bits_most)
                              : (uint8_t)WS_WINDOW_BITS_MOST;
    extension->terms = (struct ws_deflate_terms){
        .is_agreed = true,
        .server_keeps_context = settings->may_keep_context && !offer->server_forgets,
        .client_keeps_context = settings->may_keep_context && !offer->client_forgets,
        .server_window_bits = server_bits,
        .client_window_bits = client_bits,
    };
    extension->names_server_bits = offer->limits_server || server_bits < WS_WINDOW_BITS_MOST;
    extension->names_client_bits = offer->limits_client && client_bits < WS_WINDOW_BITS_MOST;
}

/* One element of the list, known or not. False: malformed. */
static bool read_offer(struct ws_extension *extension, struct bytes *list,
                       const struct ws_extension_settings *settings)
{
    struct bytes name;
    struct parameter parameter;
    struct offer offer = {.server_bits = WS_WINDOW_BITS_MOST, .client_bits = WS_WINDOW_BITS_MOST};
    uint32_t parameters = 0;
    if (!read_token(list, &name) || ++extension->offers > WS_OFFERS_MAX)
        return false;
    while (skip_byte(list, ';')) {
        if (++parameters > WS_PARAMETERS_MAX || !read_parameter(list, &parameter))
            return false;
        if (!apply(&offer, &parameter))
            offer.is_declined = true;
    }
    bool is_known = bytes_equal(name, BYTES("permessage-deflate"));
    if (is_known && settings->may_compress && !extension->terms.is_agreed)
        agree(extension, &offer, settings);
    return true;
}

bool ws_extension_read(struct ws_extension *extension, struct bytes list,
                       const struct ws_extension_settings *settings)
{
    while (true) {
        /* Empty elements are read over (RFC 9110 5.6.1.2). */
        while (skip_byte(&list, ','))
            continue;
        if (list.size == 0)
            return true;
        if (!read_offer(extension, &list, settings))
            return false;
        skip_blanks(&list);
        if (list.size > 0 && list.data[0] != ',')
            return false;
    }
}

bool ws_extension_write(const struct ws_extension *extension, struct buffer *out)
{
    const struct ws_deflate_terms *terms = &extension->terms;
    if (!terms->is_agreed)
        return true;
    bool fits = buffer_append(out, BYTES("permessage-deflate"));
    if (!terms->server_keeps_context)
        fits = fits && buffer_append(out, BYTES("; server_no_context_takeover"));
    if (!terms->client_keeps_context)
        fits = fits && buffer_append(out, BYTES("; client_no_context_takeover"));
    if (extension->names_server_bits)
        fits = fits && buffer_append(out, BYTES("; server_max_window_bits=")) &&
               buffer_append_number(out, terms->server_window_bits);
    if (extension->names_client_bits)
        fits = fits && buffer_append(out, BYTES("; client_max_window_bits=")) &&
               buffer_append_number(out, terms->client_window_bits);
    return fits;
}
