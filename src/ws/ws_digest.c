#include "ws/ws_digest.h"

#include "base/buffer.h"

#include <openssl/evp.h>

#include <assert.h>

enum {
    SHA1_SIZE = 20,
    KEY_DIGITS = 22, /* in front of its two padding bytes */
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool ws_digest_is_key(struct bytes key)
{
    if (key.size != WS_KEY_SIZE)
        return false;
    struct bytes digits = {alphabet, sizeof alphabet - 1};
    for (size_t i = 0; i < KEY_DIGITS; i++)
        if (bytes_find(digits, key.data[i]) == digits.size)
            return false;
    return bytes_equal(bytes_from(key, KEY_DIGITS), BYTES("=="));
}

/* RFC 4648 4, of three bytes. */
static void encode_three(const unsigned char *three, char *ret_four)
{
    uint32_t bits = (uint32_t)three[0] << 16 | (uint32_t)three[1] << 8 | three[2];
    for (int i = 0; i < 4; i++)
        ret_four[i] = alphabet[bits >> (18 - 6 * i) & 63];
}

enum error ws_digest_accept(struct bytes key, char ret_accept[WS_ACCEPT_SIZE])
{
    char storage[64];
    struct buffer text;
    unsigned char digest[SHA1_SIZE + 1] = {0};
    buffer_init(&text, storage, sizeof storage);
    bool fits = buffer_append(&text, key) &&
                buffer_append(&text, BYTES("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    assert(fits);
    unsigned size = 0;
    if (EVP_Digest(text.data, text.size, digest, &size, EVP_sha1(), NULL) != 1)
        return ERROR_MEMORY;
    assert(size == SHA1_SIZE);
    for (size_t i = 0; i < WS_ACCEPT_SIZE / 4; i++)
        encode_three(digest + 3 * i, ret_accept + 4 * i);
    /* Twenty bytes leave one digit of the last four without a meaning. */
    ret_accept[WS_ACCEPT_SIZE - 1] = '=';
    return ERROR_NONE;
}
