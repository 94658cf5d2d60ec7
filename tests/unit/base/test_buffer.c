#include "base/buffer.h"

#include <criterion/criterion.h>

#include <string.h>
#include <wchar.h>

static bool holds(const struct buffer *buffer, struct bytes expected)
{
    return bytes_equal(buffer_view(buffer), expected);
}

Test(buffer_append, takes_what_fits_whole_and_nothing_else)
{
    char storage[5];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    cr_assert_eq(buffer_room(&buffer), 5);
    cr_assert(buffer_append(&buffer, BYTES("abc")));
    cr_assert_not(buffer_append(&buffer, BYTES("def")));
    cr_assert(holds(&buffer, BYTES("abc")));
    cr_assert(buffer_append(&buffer, (struct bytes){NULL, 0}));
    cr_assert(buffer_append(&buffer, BYTES("de")));
    cr_assert(holds(&buffer, BYTES("abcde")));
    cr_assert_eq(buffer_room(&buffer), 0);
    cr_assert(buffer_append(&buffer, (struct bytes){NULL, 0}));
    cr_assert_not(buffer_append(&buffer, BYTES("f")));
}

Test(buffer_append, works_without_any_storage)
{
    struct buffer buffer;
    buffer_init(&buffer, NULL, 0);
    cr_assert(buffer_append(&buffer, (struct bytes){NULL, 0}));
    cr_assert_not(buffer_append(&buffer, BYTES("a")));
    buffer_consume(&buffer, 0);
    cr_assert_eq(buffer_view(&buffer).size, 0);
}

Test(buffer_append_format, needs_one_byte_more_than_it_appends)
{
    char storage[6];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    cr_assert(buffer_append_format(&buffer, "%d-%s", 7, "x"));
    cr_assert(holds(&buffer, BYTES("7-x")));
    cr_assert_not(buffer_append_format(&buffer, "%s", "abc"));
    cr_assert(holds(&buffer, BYTES("7-x")));
    cr_assert(buffer_append_format(&buffer, "%s", "ab"));
    cr_assert(holds(&buffer, BYTES("7-xab")));
    cr_assert(buffer_append_format(&buffer, "%s", ""), "nothing fits as long as its NUL does");
    cr_assert_not(buffer_append_format(&buffer, "%s", "c"));
    cr_assert(holds(&buffer, BYTES("7-xab")));
}

Test(buffer_append_format, refuses_what_the_c_library_refuses)
{
    char storage[32];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    /* No locale of these tests can write this character: vsnprintf fails. */
    cr_assert_not(buffer_append_format(&buffer, "%lc", (wint_t)0xd800));
    cr_assert_eq(buffer.size, 0);
}

Test(buffer_append_number, writes_every_size_of_number)
{
    const struct {
        uint64_t number;
        struct bytes text;
    } table[] = {
        {0, BYTES("0")},
        {9, BYTES("9")},
        {10, BYTES("10")},
        {1234567890, BYTES("1234567890")},
        {UINT64_MAX, BYTES("18446744073709551615")},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char storage[20];
        struct buffer buffer;
        buffer_init(&buffer, storage, table[i].text.size);
        cr_assert(buffer_append_number(&buffer, table[i].number), "row %zu", i);
        cr_assert(holds(&buffer, table[i].text), "row %zu", i);
        buffer_init(&buffer, storage, table[i].text.size - 1);
        cr_assert_not(buffer_append_number(&buffer, table[i].number), "row %zu", i);
        cr_assert_eq(buffer.size, 0, "row %zu", i);
    }
}

Test(buffer_consume, moves_the_rest_to_the_front)
{
    char storage[8];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    cr_assert(buffer_append(&buffer, BYTES("abcdef")));
    buffer_consume(&buffer, 0);
    cr_assert(holds(&buffer, BYTES("abcdef")));
    buffer_consume(&buffer, 2);
    cr_assert(holds(&buffer, BYTES("cdef")));
    cr_assert_eq(buffer_room(&buffer), 4);
    buffer_consume(&buffer, 4);
    cr_assert_eq(buffer.size, 0);
    cr_assert(buffer_append(&buffer, BYTES("gh")));
    buffer_consume(&buffer, 100);
    cr_assert_eq(buffer.size, 0);
}

Test(buffer_clear, empties_and_keeps_the_storage)
{
    char storage[4];
    struct buffer buffer;
    buffer_init(&buffer, storage, sizeof storage);
    cr_assert(buffer_append(&buffer, BYTES("abcd")));
    buffer_clear(&buffer);
    cr_assert_eq(buffer_room(&buffer), 4);
    cr_assert_eq(buffer.data, storage);
}
