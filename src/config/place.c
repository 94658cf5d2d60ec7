#include "config/place.h"

/* The second and later bytes of a character (RFC 3629 3). */
static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0u) == 0x80u;
}

struct place place_of(struct bytes text, size_t offset)
{
    struct place place = {1, 1};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n')
            place = (struct place){place.line + 1, 1};
        else if (!continues_character(text.data[i]))
            place.column++;
    }
    return place;
}
