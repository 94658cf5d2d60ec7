#include "http/http_forwarded_element.h"

#include "http/http_grammar.h"

struct parameters {
    struct http_forwarded_element element;
    struct bytes by;
};

/* The end of the quoted-string that `text` begins with, behind its last quotation mark; 0 if it
 * does not end (RFC 9110 5.6.4). */
static size_t find_quoted_end(struct bytes text)
{
    for (size_t at = 1; at < text.size; at++) {
        if (text.data[at] == '\\')
            at++;
        else if (text.data[at] == '"')
            return at + 1;
    }
    return 0;
}

/* A token or a quoted-string; `*text` is what stands behind it. */
static bool take_value(struct bytes *text, struct bytes *ret_value)
{
    size_t end = 0;
    bool is_quoted = bytes_start_with(*text, BYTES("\""));
    if (is_quoted)
        end = find_quoted_end(*text);
    else
        while (end < text->size && http_is_token_byte(text->data[end]))
            end++;
    if (end == 0)
        return false;
    *ret_value = is_quoted ? (struct bytes){text->data + 1, end - 2} : bytes_first(*text, end);
    *text = bytes_from(*text, end);
    return true;
}

/* Where the value of this parameter belongs; a null pointer for an extension. */
static struct bytes *place_of(struct parameters *parameters, struct bytes name)
{
    if (bytes_equal_ignoring_case(name, BYTES("for")))
        return &parameters->element.node;
    if (bytes_equal_ignoring_case(name, BYTES("host")))
        return &parameters->element.host;
    if (bytes_equal_ignoring_case(name, BYTES("proto")))
        return &parameters->element.proto;
    return bytes_equal_ignoring_case(name, BYTES("by")) ? &parameters->by : NULL;
}

/* RFC 7239 4, forwarded-pair */
static bool take_pair(struct bytes *text, struct parameters *parameters)
{
    size_t equals = bytes_find(*text, '=');
    struct bytes name = bytes_first(*text, equals);
    struct bytes value;
    *text = bytes_from(*text, equals + 1);
    if (!http_is_token(name) || !take_value(text, &value))
        return false;
    struct bytes *place = place_of(parameters, name);
    if (place == NULL)
        return true;
    if (place->data != NULL)
        return false;
    *place = value;
    return true;
}

/* It stays known that there was one: the view is empty, and not null. */
static void pass_over_escaped(struct bytes *value)
{
    if (bytes_find(*value, '\\') < value->size)
        value->size = 0;
}

/* White space around the semicolons is not in the grammar, and common. */
static bool take_pairs(struct bytes text, struct parameters *parameters)
{
    bool has_ended = false;
    while (!has_ended) {
        text = bytes_trim(text);
        if (text.size > 0 && text.data[0] != ';' && !take_pair(&text, parameters))
            return false;
        text = bytes_trim(text);
        has_ended = text.size == 0;
        if (!has_ended && text.data[0] != ';')
            return false;
        text = bytes_from(text, 1);
    }
    return true;
}

bool http_forwarded_element_read(struct bytes text, struct http_forwarded_element *ret_element)
{
    struct parameters parameters = {.by = {NULL, 0}};
    if (!take_pairs(text, &parameters))
        return false;
    pass_over_escaped(&parameters.element.node);
    pass_over_escaped(&parameters.element.host);
    pass_over_escaped(&parameters.element.proto);
    *ret_element = parameters.element;
    return true;
}
