/* entity_tag - the name of one version of a file (RFC 9110 8.8.3).
 *
 * Pure. */
#ifndef TOAD_APPS_ENTITY_TAG_H
#define TOAD_APPS_ENTITY_TAG_H

#include <stdbool.h>
#include <stdint.h>

#define ENTITY_TAG_SIZE 80 /* with its NUL */

/* What tells one version of a file from another. A file that is written again has another time, or
 * at least another size; one that was put in its place has another inode, even if it brought its
 * time along. So the tag is strong: equal tags, equal bytes. */
struct entity {
    int64_t modified_s;
    uint32_t modified_ns; /* within the second */
    uint64_t size;
    uint64_t inode;
    /* False while the file could still change without its time showing it: what may be another one
     * under the same name is no strong validator (RFC 9110 8.8.1). */
    bool is_settled;
};

void entity_tag_write(char text[ENTITY_TAG_SIZE], const struct entity *entity);

enum entity_tag_comparison {
    ENTITY_TAG_STRONG, /* none of the two is weak */
    ENTITY_TAG_WEAK
};

/* Whether `list`, the value of an If-Match or If-None-Match field, names `tag` or is "*". What
 * follows a mistake in the list is not read. */
bool entity_tag_is_in(const char *list, const char *tag, enum entity_tag_comparison comparison);

#endif
