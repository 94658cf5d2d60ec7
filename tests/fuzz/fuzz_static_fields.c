/* Any text as a path, or as a Range, a date or a list of entity tags, for the application `static`:
 * a name stays below the root, a range within the file, a date that was read is written and read as
 * the same, and a strong match is a weak one, too.
 *
 * The first byte chooses; the others are the text. */
#include "apps/byte_range.h"
#include "apps/date.h"
#include "apps/entity_tag.h"
#include "apps/static_path.h"

#include "must.h"

#include <string.h>

enum {
    TEXT_MAX = 8192
};

static void check_range(const char *text, unsigned way)
{
    static const uint64_t sizes[] = {0, 1, 10, 1000, UINT32_MAX, INT64_MAX};
    uint64_t size = sizes[way % (sizeof sizes / sizeof sizes[0])];
    struct byte_range range = {.size = 0};
    if (byte_range_read(text, size, &range) == BYTE_RANGE_PART)
        MUST(range.size >= 1 && range.offset < size && range.size <= size - range.offset);
}

static void check_date(const char *text, unsigned way)
{
    const int64_t now_s = (int64_t)way * 100000000;
    const int64_t last_s = INT64_C(253402300799); /* of the year 9999 */
    char written[DATE_SIZE];
    int64_t first_s = -1;
    int64_t second_s = -1;
    if (!date_read(text, now_s, &first_s) || first_s < 0 || first_s > last_s)
        return;
    date_write(written, first_s);
    MUST(strlen(written) == DATE_SIZE - 1 && date_read(written, now_s, &second_s));
    MUST(first_s == second_s);
}

static void check_tags(const char *text, unsigned way)
{
    const struct entity entity = {.modified_s = 1, .size = 2, .inode = 3, .is_settled = way % 2};
    char tag[ENTITY_TAG_SIZE];
    entity_tag_write(tag, &entity);
    bool is_strong = entity_tag_is_in(text, tag, ENTITY_TAG_STRONG);
    MUST(!is_strong || entity_tag_is_in(text, tag, ENTITY_TAG_WEAK));
    MUST(entity_tag_is_in(tag, tag, ENTITY_TAG_WEAK));
}

static void check_name(const char *name, bool has_dotfiles)
{
    MUST(name[0] != '\0' && name[0] != '/' && strlen(name) < STATIC_NAME_SIZE);
    for (const char *segment = name; segment != NULL;) {
        size_t size = strcspn(segment, "/");
        MUST(size > 0 && (has_dotfiles || segment[0] != '.'));
        MUST(!(size == 1 && segment[0] == '.') && !(size == 2 && memcmp(segment, "..", 2) == 0));
        segment = segment[size] == '/' ? segment + size + 1 : NULL;
    }
}

static void check_location(const char *path, const char *query)
{
    size_t size = static_location_size(path, query);
    char *location = malloc(size);
    MUST(location != NULL);
    static_location_write(path, query, location);
    MUST(memchr(location, '\0', size) != NULL && location[0] == '/' && location[1] != '/');
    for (const char *byte = location; *byte != '\0' && *byte != '?'; byte++)
        MUST(*byte > ' ' && *byte < 0x7f);
    free(location);
}

static void check_path(const char *path, bool has_dotfiles)
{
    char name[STATIC_NAME_SIZE];
    (void)static_target_has_hidden_slash(path);
    if (!static_path_read(path, "index.html", has_dotfiles, name))
        return;
    check_name(name, has_dotfiles);
    if (static_path_is_index(path))
        return;
    check_location(path, "");
    check_location(path, "a=b");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TEXT_MAX)
        return 0;
    char *text = malloc(size);
    MUST(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    unsigned way = data[0] / 4;
    switch (data[0] % 4) {
    case 0:
        check_path(text, way % 2 == 1);
        break;
    case 1:
        check_range(text, way);
        break;
    case 2:
        check_date(text, way);
        break;
    default:
        check_tags(text, way);
    }
    free(text);
    return 0;
}
