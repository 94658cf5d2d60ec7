#include "apps/verdict.h"

#include "apps/byte_range.h"
#include "apps/date.h"
#include "apps/entity_tag.h"

#include <string.h>

/* A date that cannot be read is no condition (RFC 9110 13.1.3, 13.1.4). */
static bool is_date(const char *value, int64_t now_s, int64_t *ret_unix_s)
{
    return value != NULL && date_read(value, now_s, ret_unix_s);
}

/* RFC 9110 13.2.2, 1 and 2 */
static bool may_go_on(const struct conditions *conditions, const struct version *version,
                      int64_t now_s)
{
    int64_t date_s = 0;
    if (conditions->if_match != NULL)
        return entity_tag_is_in(conditions->if_match, version->tag, ENTITY_TAG_STRONG);
    if (is_date(conditions->if_unmodified_since, now_s, &date_s))
        return version->modified_s <= date_s;
    return true;
}

/* RFC 9110 13.2.2, 3 and 4 */
static bool has_it_already(const struct conditions *conditions, const struct version *version,
                           int64_t now_s)
{
    int64_t date_s = 0;
    if (conditions->if_none_match != NULL)
        return entity_tag_is_in(conditions->if_none_match, version->tag, ENTITY_TAG_WEAK);
    if (is_date(conditions->if_modified_since, now_s, &date_s))
        return version->modified_s <= date_s;
    return false;
}

/* RFC 9110 13.1.5: a part is of use only beside the rest of the same version. */
static bool may_be_a_part(const char *if_range, const struct version *version, int64_t now_s)
{
    int64_t date_s = 0;
    if (if_range == NULL)
        return true;
    if (is_date(if_range, now_s, &date_s))
        return version->is_settled && version->modified_s == date_s;
    /* One tag, neither a list nor a star. */
    return strcmp(if_range, version->tag) == 0 && version->is_settled;
}

struct verdict verdict_of(const struct conditions *conditions, const struct version *version,
                          bool is_head, int64_t now_s)
{
    if (!may_go_on(conditions, version, now_s))
        return (struct verdict){.status = 412};
    if (has_it_already(conditions, version, now_s))
        return (struct verdict){.status = 304};
    struct verdict whole = {200, 0, version->size};
    if (is_head || conditions->range == NULL ||
        !may_be_a_part(conditions->if_range, version, now_s))
        return whole;
    struct byte_range range = {0};
    switch (byte_range_read(conditions->range, version->size, &range)) {
    case BYTE_RANGE_WHOLE:
        break;
    case BYTE_RANGE_PART:
        return (struct verdict){206, range.offset, range.size};
    case BYTE_RANGE_UNSATISFIABLE:
        return (struct verdict){.status = 416};
    }
    return whole;
}
