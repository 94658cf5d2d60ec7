/* RFC 9110 14.1, 14.2 */
#include "apps/byte_range.h"

#include <criterion/criterion.h>

struct row {
    const char *text;
    uint64_t size;
    uint64_t part_offset;
    uint64_t part_size;
};

Test(byte_range, is_the_part_that_was_asked_for)
{
    static const struct row rows[] = {
        {"bytes=0-499", 10000, 0, 500},
        {"bytes=500-999", 10000, 500, 500},
        {"bytes=-500", 10000, 9500, 500},
        {"bytes=9500-", 10000, 9500, 500},
        {"bytes=0-0", 10000, 0, 1},
        {"bytes=-1", 10000, 9999, 1},
        {"bytes=0-", 10000, 0, 10000},
        {"bytes=9999-", 10000, 9999, 1},
        {"bytes=0-9999", 10000, 0, 10000},
        {"bytes=0-10000", 10000, 0, 10000},
        {"bytes=9999-99999", 10000, 9999, 1},
        {"bytes=-10000", 10000, 0, 10000},
        {"bytes=-10001", 10000, 0, 10000},
        {"bytes=-99999999999999999999999", 10000, 0, 10000},
        {"bytes=1-99999999999999999999999", 10000, 1, 9999},
        {"bytes=1-18446744073709551615", 10000, 1, 9999},
        {"bytes=0-0", 1, 0, 1},
        {"bytes=00000000000000000000001-002", 10000, 1, 2},
        {"BYTES=1-2", 10000, 1, 2},
        {"bytes= 1-2", 10000, 1, 2},
        {"bytes=1-2 ,", 10000, 1, 2},
        {"bytes=,,\t1-2,", 10000, 1, 2},
        {"bytes=4294967296-4294967297", UINT64_C(1) << 33, UINT64_C(1) << 32, 2},
        {"bytes=9223372036854775806-", INT64_MAX, INT64_MAX - 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct byte_range range = {0};
        cr_expect_eq(byte_range_read(row->text, row->size, &range), BYTE_RANGE_PART, "%s",
                     row->text);
        cr_expect_eq(range.offset, row->part_offset, "%s", row->text);
        cr_expect_eq(range.size, row->part_size, "%s", row->text);
    }
}

Test(byte_range, behind_the_end_cannot_be_had)
{
    static const struct row rows[] = {
        {.text = "bytes=10000-", .size = 10000},
        {.text = "bytes=10000-10001", .size = 10000},
        {.text = "bytes=99999999999999999999999-", .size = 10000},
        {.text = "bytes=18446744073709551616-18446744073709551616", .size = 10000},
        {.text = "bytes=18446744073709551615-", .size = INT64_MAX},
        {.text = "bytes=-0", .size = 10000},
        {.text = "bytes=0-", .size = 0},
        {.text = "bytes=0-0", .size = 0},
        {.text = "bytes=-0", .size = 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct byte_range range = {1, 2};
        cr_expect_eq(byte_range_read(rows[i].text, rows[i].size, &range), BYTE_RANGE_UNSATISFIABLE,
                     "%s", rows[i].text);
        cr_expect(range.offset == 1 && range.size == 2);
    }
}

Test(byte_range, that_is_several_or_none_is_ignored)
{
    static const char *const rows[] = {
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-",
        "bytes=0",
        "bytes=0-a",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=1--2",
        "bytes=--2",
        "bytes=1-2-3",
        "bytes=1 -2",
        "bytes=1- 2",
        "bytes=2-1",
        "bytes=99999-1",
        "bytes=0-0,2-3",
        "bytes=0-0, -1",
        "bytes=-1 -2",
        "bytes=0-1 x",
        "bytes:0-1",
        " bytes=0-1",
        "bytes =0-1",
        "byte=0-1",
        "items=0-1",
        "0-1",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct byte_range range = {0};
        cr_expect_eq(byte_range_read(rows[i], 10000, &range), BYTE_RANGE_WHOLE, "%s", rows[i]);
    }
}

Test(byte_range, of_the_last_bytes_of_nothing_is_all_of_it)
{
    struct byte_range range = {0};
    cr_expect_eq(byte_range_read("bytes=-5", 0, &range), BYTE_RANGE_WHOLE);
}
