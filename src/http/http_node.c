#include "http/http_node.h"

#include "http/http_grammar.h"

enum {
    PORT_MAX = 65535,
    PORT_DIGITS_MAX = 5
};

/* RFC 7239 6.3, obfnode and obfport */
static bool is_hidden(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        if (!http_is_letter(byte) && !http_is_digit(byte) && byte != '.' && byte != '_' &&
            byte != '-')
            return false;
    }
    return text.size > 1 && text.data[0] == '_';
}

/* What stands behind an address: nothing, or a colon and a port. */
static bool read_port(struct bytes text, bool may_be_hidden, uint16_t *ret_port)
{
    uint64_t number = 0;
    struct bytes port = bytes_from(text, 1);
    if (text.size > 0 && text.data[0] != ':')
        return false;
    if (text.size > 0 && !(may_be_hidden && is_hidden(port)) &&
        (port.size > PORT_DIGITS_MAX || !bytes_to_number(port, PORT_MAX, &number)))
        return false;
    *ret_port = (uint16_t)number;
    return true;
}

/* What both kinds have in common. */
static bool read_node(struct bytes text, bool may_hide_port, struct http_node *ret_node)
{
    struct http_node node;
    bool has_brackets = bytes_start_with(text, BYTES("["));
    size_t end = bytes_find(text, has_brackets ? ']' : ':');
    bool is_address = has_brackets ? end < text.size &&
                                         ip_address_read_ipv6(bytes_from(bytes_first(text, end), 1),
                                                              &node.address)
                                   : ip_address_read_ipv4(bytes_first(text, end), &node.address);
    struct bytes behind = bytes_from(text, has_brackets ? end + 1 : end);
    if (!is_address || !read_port(behind, may_hide_port, &node.port))
        return false;
    *ret_node = node;
    return true;
}

bool http_node_read(struct bytes text, struct http_node *ret_node)
{
    struct http_node node = {.port = 0};
    if (read_node(text, false, ret_node))
        return true;
    if (!ip_address_read_ipv6(text, &node.address))
        return false;
    *ret_node = node;
    return true;
}

bool http_node_read_forwarded(struct bytes text, struct http_node *ret_node)
{
    return read_node(text, true, ret_node);
}
