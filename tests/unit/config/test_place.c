#include "config/place.h"

#include <criterion/criterion.h>

Test(place, counts_lines_and_columns_from_one)
{
    struct row {
        const char *text;
        size_t offset;
        size_t line;
        size_t column;
    };
    static const struct row rows[] = {
        {"", 0, 1, 1},          {"abc", 0, 1, 1},
        {"abc", 2, 1, 3},       {"a\nb", 1, 1, 2},
        {"a\nb", 2, 2, 1},      {"\n\n\nx", 3, 4, 1},
        {"a\tb", 2, 1, 3},      {"a\r\nb", 3, 2, 1},
        {"\xc3\xa9x", 2, 1, 2}, {"\xe2\x98\xba\xf0\x9f\x90\xb8x", 7, 1, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place place = place_of(bytes_of(rows[i].text), rows[i].offset);
        cr_expect_eq(place.line, rows[i].line, "row %zu: line %zu", i, place.line);
        cr_expect_eq(place.column, rows[i].column, "row %zu: column %zu", i, place.column);
    }
}

Test(place, of_what_lies_past_the_end_is_the_end)
{
    struct place place = place_of(bytes_of("a\nbc"), 100);
    cr_expect_eq(place.line, 2);
    cr_expect_eq(place.column, 3);
}
