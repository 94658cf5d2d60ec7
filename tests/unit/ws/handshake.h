/* handshake - the opening handshake played from a head as it is sent, and the answer as a text.
 *
 * The answer: `plain`, the status and the added fields of a refusal, or `101` with the value of
 * Sec-WebSocket-Extensions in brackets if there is one. */
#ifndef TOAD_TESTS_UNIT_WS_HANDSHAKE_H
#define TOAD_TESTS_UNIT_WS_HANDSHAKE_H

#include "ws/ws_handshake.h"

#include <stdlib.h>
#include <string.h>

enum {
    HANDSHAKE_ANSWER_MAX = 1024
};

/* Lines with their CRLF; the first begins with the method and ends with the version's last digit.
 */
static inline void handshake_read(struct bytes head, bool has_body,
                                  const struct ws_extension_settings *settings,
                                  struct ws_handshake *ret_handshake)
{
    size_t size = bytes_find(head, '\r');
    struct bytes line = bytes_first(head, size);
    uint8_t minor = line.size > 0 && line.data[line.size - 1] == '0' ? 0 : 1;
    ws_handshake_init(ret_handshake, bytes_first(line, bytes_find(line, ' ')), minor, has_body);
    head = bytes_from(head, size + 2);
    while (head.size > 0) {
        line = bytes_first(head, bytes_find(head, '\r'));
        size_t colon = bytes_find(line, ':');
        ws_handshake_read(ret_handshake, bytes_first(line, colon), bytes_from(line, colon + 1),
                          settings);
        head = bytes_from(head, line.size + 2);
    }
}

static inline struct bytes handshake_extension(struct bytes fields)
{
    static const char name[] = "Sec-WebSocket-Extensions: ";
    while (fields.size > 0) {
        struct bytes line = bytes_first(fields, bytes_find(fields, '\r'));
        if (bytes_start_with(line, bytes_of(name)))
            return bytes_from(line, sizeof name - 1);
        fields = bytes_from(fields, line.size + 2);
    }
    return fields;
}

static inline void handshake_answer(const struct ws_handshake *handshake, struct buffer *out)
{
    struct ws_refusal refusal;
    char storage[HANDSHAKE_ANSWER_MAX];
    struct buffer fields;
    switch (ws_handshake_judge(handshake, &refusal)) {
    case WS_VERDICT_PLAIN:
        (void)buffer_append(out, BYTES("plain"));
        return;
    case WS_VERDICT_REFUSED:
        (void)buffer_append_number(out, refusal.status);
        (void)buffer_append(out, refusal.fields[0] == '\0' ? BYTES("") : BYTES(" "));
        (void)buffer_append(out, bytes_of(refusal.fields));
        if (refusal.reason == NULL || refusal.reason[0] == '\0')
            abort();
        return;
    case WS_VERDICT_VALID:
        break;
    }
    buffer_init(&fields, storage, sizeof storage);
    if (ws_handshake_write(handshake, (struct bytes){NULL, 0}, &fields) != ERROR_NONE)
        abort();
    struct bytes extension = handshake_extension(buffer_view(&fields));
    (void)buffer_append(out, BYTES("101"));
    if (extension.size == 0)
        return;
    (void)buffer_append(out, BYTES(" ["));
    (void)buffer_append(out, extension);
    (void)buffer_append(out, BYTES("]"));
}

#endif
