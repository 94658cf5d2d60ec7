#include "ws/ws_handshake.h"

#include "base/token.h"
#include "ws/ws_digest.h"

void ws_handshake_init(struct ws_handshake *handshake, struct bytes method, uint8_t version_minor,
                       bool has_body)
{
    *handshake = (struct ws_handshake){
        .is_http_1_1 = version_minor >= 1,
        .is_get = bytes_equal(method, BYTES("GET")),
        .has_body = has_body,
    };
}

/* Takes the next element off a list, without white space at its ends. False: there is none. */
static bool next_element(struct bytes *list, struct bytes *ret_element)
{
    while (list->size > 0) {
        size_t size = bytes_find(*list, ',');
        *ret_element = bytes_trim(bytes_first(*list, size));
        *list = bytes_from(*list, size + 1);
        /* Empty elements are read over (RFC 9110 5.6.1.2). */
        if (ret_element->size > 0)
            return true;
    }
    return false;
}

static bool lists(struct bytes list, struct bytes word)
{
    struct bytes element;
    while (next_element(&list, &element))
        if (bytes_equal_ignoring_case(element, word))
            return true;
    return false;
}

static void complain(struct ws_handshake *handshake, const char *complaint)
{
    if (handshake->complaint == NULL)
        handshake->complaint = complaint;
}

/* RFC 6455 4.1: tokens, each once. */
static void read_protocols(struct ws_handshake *handshake, struct bytes list)
{
    struct bytes protocol;
    while (next_element(&list, &protocol)) {
        if (token_size(protocol) != protocol.size) {
            complain(handshake, "A subprotocol is not a token");
            return;
        }
        if (ws_handshake_offers(handshake, protocol)) {
            complain(handshake, "A subprotocol is offered twice");
            return;
        }
        if (handshake->protocols_count == WS_PROTOCOLS_MAX) {
            complain(handshake, "Too many subprotocols are offered");
            return;
        }
        handshake->protocols[handshake->protocols_count++] = protocol;
    }
}

static bool is_named(struct bytes name, struct bytes other)
{
    return bytes_equal_ignoring_case(name, other);
}

/* The fields of which there is one at most; RFC 6455 11.3 */
static void read_single(uint32_t *count, struct bytes *field, struct bytes value)
{
    *field = bytes_trim(value);
    ++*count;
}

void ws_handshake_read(struct ws_handshake *handshake, struct bytes name, struct bytes value,
                       const struct ws_extension_settings *settings)
{
    if (is_named(name, BYTES("Upgrade"))) {
        if (lists(value, BYTES("websocket")))
            handshake->asks_for_websocket = true;
    } else if (is_named(name, BYTES("Connection"))) {
        if (lists(value, BYTES("upgrade")))
            handshake->has_upgrade_option = true;
    } else if (is_named(name, BYTES("Sec-WebSocket-Key"))) {
        read_single(&handshake->keys, &handshake->key, value);
    } else if (is_named(name, BYTES("Sec-WebSocket-Version"))) {
        read_single(&handshake->versions, &handshake->version, value);
    } else if (is_named(name, BYTES("Sec-WebSocket-Protocol"))) {
        read_protocols(handshake, value);
    } else if (is_named(name, BYTES("Sec-WebSocket-Extensions"))) {
        if (!ws_extension_read(&handshake->extension, value, settings))
            complain(handshake, "The Sec-WebSocket-Extensions field is malformed");
    }
}

static enum ws_verdict refuse(struct ws_refusal *ret_refusal, uint16_t status, const char *reason,
                              const char *fields)
{
    *ret_refusal = (struct ws_refusal){status, reason, fields};
    return WS_VERDICT_REFUSED;
}

/* RFC 6455 4.4: 0 to 255 without leading zeros. */
static bool is_version(struct bytes text)
{
    uint64_t number;
    return bytes_to_number(text, 255, &number) && (text.size == 1 || text.data[0] != '0');
}

static enum ws_verdict judge_version(const struct ws_handshake *handshake,
                                     struct ws_refusal *ret_refusal)
{
    if (handshake->versions > 1 || (handshake->versions == 1 && !is_version(handshake->version)))
        return refuse(ret_refusal, 400, "The Sec-WebSocket-Version is malformed or not alone", "");
    /* Without the field it is one of the drafts before it. RFC 9110 15.5.22 asks for the Upgrade.
     */
    if (!bytes_equal(handshake->version, BYTES("13")))
        return refuse(ret_refusal, 426, "The WebSocket version must be 13",
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
    return WS_VERDICT_VALID;
}

enum ws_verdict ws_handshake_judge(const struct ws_handshake *handshake,
                                   struct ws_refusal *ret_refusal)
{
    /* RFC 9110 7.8: an Upgrade in HTTP/1.0 is ignored. */
    if (!handshake->asks_for_websocket || !handshake->is_http_1_1)
        return WS_VERDICT_PLAIN;
    if (!handshake->is_get)
        return refuse(ret_refusal, 405, "A WebSocket is opened with GET", "Allow: GET\r\n");
    if (!handshake->has_upgrade_option)
        return refuse(ret_refusal, 400, "The Connection field does not list Upgrade", "");
    if (handshake->has_body)
        return refuse(ret_refusal, 400, "The opening of a WebSocket has no body", "");
    if (judge_version(handshake, ret_refusal) == WS_VERDICT_REFUSED)
        return WS_VERDICT_REFUSED;
    if (handshake->keys != 1 || !ws_digest_is_key(handshake->key))
        return refuse(ret_refusal, 400, "The Sec-WebSocket-Key is not 16 bytes in base64, once",
                      "");
    if (handshake->complaint != NULL)
        return refuse(ret_refusal, 400, handshake->complaint, "");
    return WS_VERDICT_VALID;
}

bool ws_handshake_offers(const struct ws_handshake *handshake, struct bytes protocol)
{
    for (uint32_t i = 0; i < handshake->protocols_count; i++)
        if (bytes_equal(handshake->protocols[i], protocol))
            return true;
    return false;
}

static bool write_protocol(struct bytes protocol, struct buffer *out)
{
    return protocol.size == 0 ||
           (buffer_append(out, BYTES("Sec-WebSocket-Protocol: ")) && buffer_append(out, protocol) &&
            buffer_append(out, BYTES("\r\n")));
}

static bool write_extension(const struct ws_extension *extension, struct buffer *out)
{
    return !extension->terms.is_agreed ||
           (buffer_append(out, BYTES("Sec-WebSocket-Extensions: ")) &&
            ws_extension_write(extension, out) && buffer_append(out, BYTES("\r\n")));
}

enum error ws_handshake_write(const struct ws_handshake *handshake, struct bytes protocol,
                              struct buffer *out)
{
    char accept[WS_ACCEPT_SIZE];
    if (protocol.size > 0 && !ws_handshake_offers(handshake, protocol))
        return ERROR_INVALID;
    enum error error = ws_digest_accept(handshake->key, accept);
    if (error != ERROR_NONE)
        return error;
    size_t before = out->size;
    bool fits = buffer_append(out, BYTES("Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                         "Sec-WebSocket-Accept: ")) &&
                buffer_append(out, (struct bytes){accept, sizeof accept}) &&
                buffer_append(out, BYTES("\r\n")) && write_protocol(protocol, out) &&
                write_extension(&handshake->extension, out);
    if (fits)
        return ERROR_NONE;
    out->size = before;
    return ERROR_FULL;
}
