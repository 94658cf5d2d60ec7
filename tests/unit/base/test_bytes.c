#include "base/bytes.h"

#include <criterion/criterion.h>

#include <string.h>

static const struct bytes none = {NULL, 0};

Test(bytes_of, views_a_text_without_its_nul)
{
    const char *text = "hello";
    struct bytes view = bytes_of(text);
    cr_assert_eq(view.data, text);
    cr_assert_eq(view.size, 5);
    cr_assert_eq(bytes_of("").size, 0);
    cr_assert_eq(bytes_of(NULL).size, 0);
    cr_assert_eq(BYTES("a\0b").size, 3);
}

Test(bytes_equal, compares_sizes_and_every_byte)
{
    cr_assert(bytes_equal(BYTES("abc"), BYTES("abc")));
    cr_assert(bytes_equal(none, BYTES("")));
    cr_assert(bytes_equal(none, none));
    cr_assert_not(bytes_equal(BYTES("abc"), BYTES("abd")));
    cr_assert_not(bytes_equal(BYTES("abc"), BYTES("ab")));
    cr_assert_not(bytes_equal(BYTES("a\0b"), BYTES("a\0c")));
    cr_assert_not(bytes_equal(BYTES("abc"), BYTES("ABC")));
}

/* RFC 9110 5.1: only the 26 letters have a case. */
Test(bytes_equal_ignoring_case, folds_the_ascii_letters_and_nothing_else)
{
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char left = (char)a;
            char right = (char)b;
            bool is_letter = (a >= 'A' && a <= 'Z') || (a >= 'a' && a <= 'z');
            bool expected = a == b || (is_letter && (a ^ b) == 0x20);
            cr_assert_eq(
                bytes_equal_ignoring_case((struct bytes){&left, 1}, (struct bytes){&right, 1}),
                expected, "bytes %d and %d", a, b);
        }
    }
    cr_assert(bytes_equal_ignoring_case(BYTES("Keep-Alive"), BYTES("kEEP-aLIVE")));
    cr_assert(bytes_equal_ignoring_case(none, none));
    cr_assert_not(bytes_equal_ignoring_case(BYTES("close"), BYTES("closed")));
    cr_assert_not(bytes_equal_ignoring_case(BYTES("close"), BYTES("clOsf")));
}

Test(bytes_start_with, needs_the_whole_start)
{
    cr_assert(bytes_start_with(BYTES("http://"), BYTES("http")));
    cr_assert(bytes_start_with(BYTES("http"), BYTES("http")));
    cr_assert(bytes_start_with(BYTES("http"), none));
    cr_assert(bytes_start_with(none, none));
    cr_assert_not(bytes_start_with(BYTES("htt"), BYTES("http")));
    cr_assert_not(bytes_start_with(BYTES("file"), BYTES("http")));
}

Test(bytes_from, drops_the_beginning)
{
    cr_assert(bytes_equal(bytes_from(BYTES("abc"), 0), BYTES("abc")));
    cr_assert(bytes_equal(bytes_from(BYTES("abc"), 2), BYTES("c")));
    cr_assert_eq(bytes_from(BYTES("abc"), 3).size, 0);
    cr_assert_eq(bytes_from(BYTES("abc"), SIZE_MAX).size, 0);
    cr_assert_eq(bytes_from(none, 0).size, 0);
}

Test(bytes_first, keeps_the_beginning)
{
    cr_assert(bytes_equal(bytes_first(BYTES("abc"), 2), BYTES("ab")));
    cr_assert(bytes_equal(bytes_first(BYTES("abc"), 3), BYTES("abc")));
    cr_assert(bytes_equal(bytes_first(BYTES("abc"), SIZE_MAX), BYTES("abc")));
    cr_assert_eq(bytes_first(BYTES("abc"), 0).size, 0);
    cr_assert_eq(bytes_first(none, 1).size, 0);
}

Test(bytes_find, finds_the_first_or_the_end)
{
    cr_assert_eq(bytes_find(BYTES("a\nb\n"), '\n'), 1);
    cr_assert_eq(bytes_find(BYTES("abc"), '\n'), 3);
    cr_assert_eq(bytes_find(none, '\n'), 0);
}

/* RFC 9110 5.6.3: optional white space is spaces and tabs. */
Test(bytes_trim, takes_spaces_and_tabs_from_both_ends)
{
    const struct {
        struct bytes whole;
        struct bytes trimmed;
    } table[] = {
        {BYTES("abc"), BYTES("abc")},
        {BYTES(" \tabc\t "), BYTES("abc")},
        {BYTES(" abc"), BYTES("abc")},
        {BYTES("abc\t"), BYTES("abc")},
        {BYTES("\t"), BYTES("")},
        {BYTES("a b\tc"), BYTES("a b\tc")},
        {BYTES(" \t "), BYTES("")},
        {BYTES(""), BYTES("")},
        {BYTES("\nabc\r"), BYTES("\nabc\r")},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_assert(bytes_equal(bytes_trim(table[i].whole), table[i].trimmed), "row %zu", i);
}

Test(bytes_to_number, takes_decimal_digits_up_to_the_most)
{
    const struct {
        struct bytes digits;
        uint64_t most;
        uint64_t number;
    } table[] = {
        {BYTES("0"), 0, 0},
        {BYTES("7"), 7, 7},
        {BYTES("65535"), 65535, 65535},
        {BYTES("0007"), 10, 7},
        {BYTES("18446744073709551615"), UINT64_MAX, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t number = 99;
        cr_assert(bytes_to_number(table[i].digits, table[i].most, &number), "row %zu", i);
        cr_assert_eq(number, table[i].number, "row %zu", i);
    }
}

Test(bytes_to_number, refuses_everything_else_and_leaves_the_result)
{
    const struct {
        struct bytes digits;
        uint64_t most;
    } table[] = {
        {BYTES(""), 10},
        {BYTES("8"), 7},
        {BYTES("65536"), 65535},
        {BYTES("18446744073709551616"), UINT64_MAX},
        {BYTES("99999999999999999999"), UINT64_MAX},
        {BYTES("-1"), 10},
        {BYTES("+1"), 10},
        {BYTES(" 1"), 10},
        {BYTES("1 "), 10},
        {BYTES("0x1"), 10},
        {BYTES("1/"), 100},
        {BYTES("1:"), 100},
        {BYTES("/"), UINT64_MAX},
        {BYTES(":"), UINT64_MAX},
        {BYTES("1\0"), 100},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t number = 99;
        cr_assert_not(bytes_to_number(table[i].digits, table[i].most, &number), "row %zu", i);
        cr_assert_eq(number, 99, "row %zu", i);
    }
}
