#include "apps/entity_tag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void entity_tag_write(char text[ENTITY_TAG_SIZE], const struct entity *entity)
{
    (void)snprintf(text, ENTITY_TAG_SIZE, "%s\"%" PRIx64 ".%" PRIx32 "-%" PRIx64 "-%" PRIx64 "\"",
                   entity->is_settled ? "" : "W/", (uint64_t)entity->modified_s,
                   entity->modified_ns, entity->size, entity->inode);
}

/* A tag within a list. */
struct tag {
    bool is_weak;
    const char *opaque; /* with its quotes */
    size_t size;
};

/* RFC 9110 8.8.3: %x21 / %x23-7E / obs-text */
static bool is_tag_byte(char byte)
{
    unsigned char value = (unsigned char)byte;
    return value > ' ' && value != '"' && value != 0x7f;
}

static bool read_tag(const char **at, struct tag *ret_tag)
{
    const char *begin = *at;
    bool is_weak = strncmp(begin, "W/", 2) == 0;
    if (is_weak)
        begin += 2;
    if (*begin != '"')
        return false;
    const char *end = begin + 1;
    while (is_tag_byte(*end))
        end++;
    if (*end != '"')
        return false;
    *at = end + 1;
    *ret_tag = (struct tag){is_weak, begin, (size_t)(end + 1 - begin)};
    return true;
}

static bool tags_match(const struct tag *a, const struct tag *b,
                       enum entity_tag_comparison comparison)
{
    if (comparison == ENTITY_TAG_STRONG && (a->is_weak || b->is_weak))
        return false;
    return a->size == b->size && memcmp(a->opaque, b->opaque, a->size) == 0;
}

bool entity_tag_is_in(const char *list, const char *tag, enum entity_tag_comparison comparison)
{
    struct tag own;
    struct tag other;
    if (strcmp(list, "*") == 0)
        return true;
    if (!read_tag(&tag, &own))
        return false;
    for (;;) {
        /* Empty elements count for nothing (RFC 9110 5.6.1.2). */
        list += strspn(list, " \t,");
        if (!read_tag(&list, &other))
            return false;
        list += strspn(list, " \t");
        if (*list != ',' && *list != '\0')
            return false;
        if (tags_match(&own, &other, comparison))
            return true;
    }
}
