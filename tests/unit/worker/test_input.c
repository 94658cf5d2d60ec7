#include "worker/input.h"

#include "kit/faulty.h"

#include <criterion/criterion.h>

#include <string.h>

static struct input *input;

static void end(void)
{
    input_clear(&input);
}

TestSuite(input, .fini = end);

static void expect_held(const char *text)
{
    struct bytes held = input_view(input);
    cr_assert_eq(held.size, strlen(text));
    cr_expect_eq(memcmp(held.data, text, held.size), 0);
}

Test(input, holds_what_is_appended_until_it_is_consumed)
{
    cr_expect_eq(input_view(input).size, 0);
    cr_assert_eq(input_append(&input, BYTES("abc")), ERROR_NONE);
    cr_assert_eq(input_append(&input, BYTES("def")), ERROR_NONE);
    cr_assert_eq(input_append(&input, (struct bytes){NULL, 0}), ERROR_NONE);
    expect_held("abcdef");
    input_consume(&input, 0);
    input_consume(&input, 2);
    expect_held("cdef");
    input_consume(&input, 4);
    cr_expect_eq(input, NULL);
    input_consume(&input, 1);
    cr_expect_eq(input, NULL);
}

Test(input, grows)
{
    static char part[3000];
    memset(part, 'p', sizeof part);
    for (size_t i = 1; i <= 100; i++) {
        cr_assert_eq(input_append(&input, (struct bytes){part, sizeof part}), ERROR_NONE);
        cr_assert_eq(input_view(input).size, i * sizeof part);
    }
    for (size_t i = 0; i < 100 * sizeof part; i++)
        cr_assert_eq(input->data[i], 'p');
}

Test(input, stays_as_it_was_without_memory)
{
    static char part[5000];
    faulty_arm(FAULTY_realloc, FAULTY_ONCE, 1, FAULTY_HERE);
    enum error first = input_append(&input, BYTES("abc"));
    (void)faulty_disarm();
    cr_expect_eq(first, ERROR_MEMORY);
    cr_expect_eq(input, NULL);
    cr_assert_eq(input_append(&input, BYTES("abc")), ERROR_NONE);
    faulty_arm(FAULTY_realloc, FAULTY_ONCE, 1, FAULTY_HERE);
    enum error second = input_append(&input, (struct bytes){part, sizeof part});
    (void)faulty_disarm();
    cr_expect_eq(second, ERROR_MEMORY);
    expect_held("abc");
}
