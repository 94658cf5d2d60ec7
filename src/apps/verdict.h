/* verdict - what a request for a file that is there gets: all of it, a part, or word that its
 * conditions do not hold (RFC 9110 13, 14).
 *
 * Pure. */
#ifndef TOAD_APPS_VERDICT_H
#define TOAD_APPS_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* The values of the fields that put a condition; NULL where the request has none. A field that came
 * several times is one value, joined with commas. */
struct conditions {
    const char *if_match;
    const char *if_unmodified_since;
    const char *if_none_match;
    const char *if_modified_since;
    const char *range;
    const char *if_range;
};

/* The version of the file that is there now. */
struct version {
    const char *tag; /* borrowed: see entity_tag_write() */
    int64_t modified_s;
    uint64_t size;
    bool is_settled; /* the tag is strong, and so is the date */
};

struct verdict {
    int status;      /* 200, 206, 304, 412 or 416 */
    uint64_t offset; /* for 200 and 206: which bytes */
    uint64_t size;
};

/* For GET and, with `is_head`, for HEAD, which knows no ranges. `now_s` is for date_read(). Never
 * fails: conditions that cannot be understood are ignored. */
struct verdict verdict_of(const struct conditions *conditions, const struct version *version,
                          bool is_head, int64_t now_s);

#endif
