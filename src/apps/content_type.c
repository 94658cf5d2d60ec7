#include "apps/content_type.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct row {
    const char *extension;
    const char *type;
} rows[] = {
#define TEXT_TYPE(extension, type) {extension, type "; charset=utf-8"},
#define CONTENT_TYPE(extension, type) {extension, type},
#include "apps/content_types.def"
#undef TEXT_TYPE
#undef CONTENT_TYPE
};

static int compare(const void *extension, const void *row)
{
    return strcasecmp(extension, ((const struct row *)row)->extension);
}

const char *content_type_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash == NULL ? name : slash, '.');
    const struct row *row =
        dot == NULL ? NULL
                    : bsearch(dot + 1, rows, sizeof rows / sizeof rows[0], sizeof rows[0], compare);
    return row == NULL ? "application/octet-stream" : row->type;
}
