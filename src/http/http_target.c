#include "http/http_target.h"

#include "http/http_grammar.h"
#include "http/http_host.h"

static const char not_three_parts[] =
    "The request line is not METHOD SP target SP HTTP/DIGIT.DIGIT";

enum {
    VERSION_SIZE = 8 /* HTTP/1.1 */
};

bool http_request_line_has_version(struct bytes line)
{
    if (line.size <= VERSION_SIZE)
        return false;
    const char *version = line.data + line.size - VERSION_SIZE;
    return version[-1] == ' ' && bytes_equal((struct bytes){version, 5}, BYTES("HTTP/")) &&
           http_is_digit(version[5]) && version[6] == '.' && http_is_digit(version[7]);
}

bool http_asks_for_head(struct bytes input)
{
    size_t at = 0;
    while (at < input.size && (input.data[at] == '\r' || input.data[at] == '\n'))
        at++;
    return bytes_start_with(bytes_from(input, at), BYTES("HEAD "));
}

/* Path and query of what follows the authority, or of the whole origin form. */
static void split_path(struct bytes text, struct http_head *head)
{
    size_t mark = bytes_find(text, '?');
    head->path = bytes_first(text, mark);
    head->query = bytes_from(text, mark + 1);
    if (mark > 0)
        return;
    /* RFC 9112 3.2.4: OPTIONS for a whole server, as a proxy would have to rewrite it. */
    bool is_server = text.size == 0 && bytes_equal(head->method, BYTES("OPTIONS"));
    head->path = is_server ? BYTES("*") : BYTES("/");
}

static size_t find_authority_end(struct bytes text)
{
    size_t end = 0;
    while (end < text.size && text.data[end] != '/' && text.data[end] != '?')
        end++;
    return end;
}

/* RFC 9112 3.2.2 */
static enum http_progress read_absolute(struct bytes behind_scheme, struct http_head *head,
                                        struct http_refusal *ret_refusal)
{
    size_t end = find_authority_end(behind_scheme);
    head->authority = bytes_first(behind_scheme, end);
    /* RFC 9110 4.2.1, 4.2.4: neither an empty host nor user information. */
    if (!http_host_is_valid(head->authority))
        return http_refuse(ret_refusal, 400, "The target's authority is not HOST or HOST:PORT");
    split_path(bytes_from(behind_scheme, end), head);
    return HTTP_COMPLETE;
}

static bool starts_with_scheme(struct bytes target, struct bytes scheme)
{
    return bytes_equal_ignoring_case(bytes_first(target, scheme.size), scheme);
}

static bool has_visible_bytes_only(struct bytes target)
{
    for (size_t i = 0; i < target.size; i++)
        if (target.data[i] <= ' ' || target.data[i] >= 0x7f)
            return false;
    return true;
}

/* RFC 9112 3.2 */
static enum http_progress read_target(struct http_head *head, bool is_tls,
                                      struct http_refusal *ret_refusal)
{
    struct bytes target = head->target;
    if (!has_visible_bytes_only(target))
        return http_refuse(ret_refusal, 400,
                           "The target has a space, a control byte or one above 0x7f");
    if (bytes_find(target, '#') < target.size)
        return http_refuse(ret_refusal, 400, "The target has a fragment");
    if (target.data[0] == '/') {
        split_path(target, head);
        return HTTP_COMPLETE;
    }
    if (bytes_equal(target, BYTES("*"))) {
        if (!bytes_equal(head->method, BYTES("OPTIONS")))
            return http_refuse(ret_refusal, 400, "The target * belongs to OPTIONS alone");
        head->path = target;
        return HTTP_COMPLETE;
    }
    bool is_https = starts_with_scheme(target, BYTES("https://"));
    if (!is_https && !starts_with_scheme(target, BYTES("http://")))
        return http_refuse(ret_refusal, 400, "The target is neither a path nor an http URI nor *");
    /* RFC 9110 7.4: nobody who asks for https is served without TLS, and the other way round. */
    if (is_https && !is_tls)
        return http_refuse(ret_refusal, 421,
                           "The target is an https URI, the connection has no TLS");
    if (!is_https && is_tls)
        return http_refuse(ret_refusal, 421, "The target is an http URI, the connection has TLS");
    return read_absolute(
        bytes_from(target, is_https ? BYTES("https://").size : BYTES("http://").size), head,
        ret_refusal);
}

static enum http_progress read_version(struct bytes line, struct http_head *head,
                                       struct http_refusal *ret_refusal)
{
    if (!http_request_line_has_version(line))
        return http_refuse(ret_refusal, 400, not_three_parts);
    const char *numbers = line.data + line.size - 3;
    if (numbers[0] != '1' || numbers[2] > '1')
        return http_refuse(ret_refusal, 505, "The version is neither HTTP/1.0 nor HTTP/1.1");
    head->version_minor = (uint8_t)(numbers[2] - '0');
    return HTTP_COMPLETE;
}

enum http_progress http_request_line_read(struct bytes line, bool is_tls,
                                          struct http_head *ret_head,
                                          struct http_refusal *ret_refusal)
{
    if (read_version(line, ret_head, ret_refusal) == HTTP_REFUSED)
        return HTTP_REFUSED;
    struct bytes method = bytes_first(line, bytes_find(line, ' '));
    if (!http_is_token(method))
        return http_refuse(ret_refusal, 400, "The request line does not begin with a method");
    size_t around = method.size + 1 + 1 + VERSION_SIZE;
    if (line.size <= around)
        return http_refuse(ret_refusal, 400, not_three_parts);
    ret_head->method = method;
    ret_head->target = (struct bytes){line.data + method.size + 1, line.size - around};
    ret_head->query = ret_head->authority = (struct bytes){NULL, 0};
    if (bytes_equal(method, BYTES("CONNECT")) || bytes_equal(method, BYTES("TRACE")))
        return http_refuse(ret_refusal, 501, "The server does not implement this method");
    return read_target(ret_head, is_tls, ret_refusal);
}
