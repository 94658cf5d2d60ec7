#include "ws/ws_utf8.h"

#include <string.h>

/* The first byte of a character of several; false if there is none like it. */
static bool begin(struct ws_utf8 *utf8, unsigned char byte)
{
    utf8->least = 0x80;
    utf8->most = 0xbf;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    utf8->left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    /* Neither longer than needed, nor a surrogate, nor above U+10FFFF. */
    if (byte == 0xe0)
        utf8->least = 0xa0;
    if (byte == 0xed)
        utf8->most = 0x9f;
    if (byte == 0xf0)
        utf8->least = 0x90;
    if (byte == 0xf4)
        utf8->most = 0x8f;
    return true;
}

static size_t ascii_size(struct bytes text)
{
    size_t size = 0;
    uint64_t eight;
    while (text.size - size >= sizeof eight) {
        memcpy(&eight, text.data + size, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0)
            break;
        size += sizeof eight;
    }
    while (size < text.size && (unsigned char)text.data[size] < 0x80)
        size++;
    return size;
}

bool ws_utf8_read(struct ws_utf8 *utf8, struct bytes piece)
{
    size_t i = 0;
    while (i < piece.size) {
        if (utf8->left == 0)
            i += ascii_size(bytes_from(piece, i));
        if (i == piece.size)
            break;
        unsigned char byte = (unsigned char)piece.data[i++];
        if (utf8->left == 0) {
            if (!begin(utf8, byte))
                return false;
            continue;
        }
        if (byte < utf8->least || byte > utf8->most)
            return false;
        utf8->least = 0x80;
        utf8->most = 0xbf;
        utf8->left--;
    }
    return true;
}

bool ws_utf8_is_complete(const struct ws_utf8 *utf8)
{
    return utf8->left == 0;
}

bool ws_utf8_is_valid(struct bytes text)
{
    struct ws_utf8 utf8 = {0};
    return ws_utf8_read(&utf8, text) && ws_utf8_is_complete(&utf8);
}
