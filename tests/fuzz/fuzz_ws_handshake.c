/* Any head as a WebSocket handshake (promise CON-8): what is accepted has one version and one key,
 * and the answer about compression could itself be asked for.
 *
 * The first byte chooses the settings. */
#include "../unit/ws/handshake.h"

#include "must.h"

enum {
    HEAD_MAX = 16384,
    MAY_KEEP_CONTEXT = 1,
    HAS_SMALL_WINDOWS = 2,
    HAS_BODY = 4
};

static void check_terms(const struct ws_deflate_terms *terms,
                        const struct ws_extension_settings *settings)
{
    if (!terms->is_agreed)
        return;
    MUST(terms->server_window_bits > WS_WINDOW_BITS_LEAST);
    MUST(terms->server_window_bits <= settings->server_window_bits_most);
    MUST(terms->client_window_bits >= WS_WINDOW_BITS_LEAST);
    MUST(terms->client_window_bits <= WS_WINDOW_BITS_MOST);
    MUST(settings->may_keep_context ||
         (!terms->server_keeps_context && !terms->client_keeps_context));
}

static void check_answer(const struct ws_handshake *handshake,
                         const struct ws_extension_settings *settings)
{
    struct ws_extension again = {.offers = 0};
    char storage[HANDSHAKE_ANSWER_MAX];
    struct buffer value;
    buffer_init(&value, storage, sizeof storage);
    MUST(ws_extension_write(&handshake->extension, &value));
    MUST(ws_extension_read(&again, buffer_view(&value), settings));
    MUST(again.terms.is_agreed == handshake->extension.terms.is_agreed);
    MUST(!again.terms.is_agreed ||
         again.terms.server_window_bits == handshake->extension.terms.server_window_bits);
    MUST(again.terms.server_keeps_context == handshake->extension.terms.server_keeps_context);
    MUST(again.terms.client_keeps_context == handshake->extension.terms.client_keeps_context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ws_handshake handshake;
    char storage[HANDSHAKE_ANSWER_MAX];
    struct buffer answer;
    if (size == 0 || size > HEAD_MAX)
        return 0;
    uint8_t bits = (data[0] & HAS_SMALL_WINDOWS) != 0 ? 10 : WS_WINDOW_BITS_MOST;
    struct ws_extension_settings settings = {.may_compress = true,
                                             .may_keep_context = (data[0] & MAY_KEEP_CONTEXT) != 0,
                                             .server_window_bits_most = bits,
                                             .client_window_bits_most = bits};
    memset(&handshake, 0xa5, sizeof handshake);
    handshake_read((struct bytes){(const char *)data + 1, size - 1}, (data[0] & HAS_BODY) != 0,
                   &settings, &handshake);
    check_terms(&handshake.extension.terms, &settings);
    buffer_init(&answer, storage, sizeof storage);
    handshake_answer(&handshake, &answer);
    struct ws_refusal refusal;
    if (ws_handshake_judge(&handshake, &refusal) != WS_VERDICT_VALID)
        return 0;
    MUST(handshake.keys == 1 && handshake.versions == 1 && handshake.is_get);
    MUST((data[0] & HAS_BODY) == 0 && bytes_equal(handshake.version, BYTES("13")));
    for (uint32_t i = 0; i < handshake.protocols_count; i++)
        MUST(handshake.protocols[i].size > 0);
    check_answer(&handshake, &settings);
    return 0;
}
