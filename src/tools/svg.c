#include "tools/svg.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How many bytes the UTF-8 sequence at the beginning has; 0 if it is none that XML may hold. */
static size_t sequence_size(const unsigned char *text)
{
    size_t size = text[0] < 0x80   ? 1
                  : text[0] < 0xc2 ? 0
                  : text[0] < 0xe0 ? 2
                  : text[0] < 0xf0 ? 3
                                   : 4;
    if (size == 0 || text[0] > 0xf4 || text[0] == 0x7f)
        return 0;
    uint32_t point = size == 1 ? text[0] : text[0] & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (text[i] & 0x3fU);
    }
    static const uint32_t least[] = {0, 0x20, 0x80, 0x800, 0x10000};
    bool is_control = point >= 0x7f && point < 0xa0;
    bool is_surrogate = point >= 0xd800 && point < 0xe000;
    bool is_none = point == 0xfffe || point == 0xffff || point > 0x10ffff;
    return point < least[size] || is_control || is_surrogate || is_none ? 0 : size;
}

static const char *entity_of(char letter)
{
    switch (letter) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void svg_text(FILE *stream, const char *text)
{
    while (*text != '\0') {
        size_t size = sequence_size((const unsigned char *)text);
        const char *entity = entity_of(*text);
        if (size == 0)
            (void)fputc('?', stream);
        else if (entity != NULL)
            (void)fputs(entity, stream);
        else
            (void)fwrite(text, 1, size, stream);
        text += size == 0 ? 1 : size;
    }
}
