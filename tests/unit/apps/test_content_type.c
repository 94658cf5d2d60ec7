#include "apps/content_type.h"

#include <criterion/criterion.h>

Test(content_type, follows_the_end_of_the_name)
{
    static const struct {
        const char *name;
        const char *type;
    } rows[] = {
        {"index.html", "text/html; charset=utf-8"},
        {"INDEX.HTML", "text/html; charset=utf-8"},
        {"a/b.c/style.css", "text/css; charset=utf-8"},
        {"jquery.min.js", "text/javascript; charset=utf-8"},
        {"picture.JPeg", "image/jpeg"},
        {"backup.tar.gz", "application/gzip"},
        {"data.json", "application/json"},
        {"README", "application/octet-stream"},
        {"html", "application/octet-stream"},
        {"page.html/readme", "application/octet-stream"},
        {"page.unknown", "application/octet-stream"},
        {"page.html.bak", "application/octet-stream"},
        {"page.", "application/octet-stream"},
        {"page.htmlx", "application/octet-stream"},
        {".html", "text/html; charset=utf-8"},
        {"", "application/octet-stream"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_str_eq(content_type_of(rows[i].name), rows[i].type, "%s", rows[i].name);
}

/* It is searched by halves: a row out of order would be lost. */
Test(content_type, finds_every_row)
{
#define TEXT_TYPE(extension, type)                                                                 \
    cr_expect_str_eq(content_type_of("file." extension), type "; charset=utf-8", extension);
#define CONTENT_TYPE(extension, type)                                                              \
    cr_expect_str_eq(content_type_of("file." extension), type, extension);
#include "apps/content_types.def"
#undef TEXT_TYPE
#undef CONTENT_TYPE
}
