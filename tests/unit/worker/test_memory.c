#include "worker/memory.h"

#include "kit/faulty.h"

#include <criterion/criterion.h>

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

enum {
    FIRST_SIZE = 4096
};

static alignas(max_align_t) char first[FIRST_SIZE];
static struct memory memory;

static void begin(void)
{
    memory_init(&memory, first, sizeof first);
}

static void end(void)
{
    memory_clear(&memory);
}

TestSuite(memory, .init = begin, .fini = end);

Test(memory, gives_what_is_aligned_and_apart)
{
    static const size_t sizes[] = {1, 0, 3, 16, 17, 4000, 5000, 1, 100000};
    char *places[9];
    for (size_t i = 0; i < 9; i++) {
        places[i] = memory_take(&memory, sizes[i]);
        cr_assert_neq(places[i], NULL);
        cr_expect_eq((uintptr_t)places[i] % alignof(max_align_t), 0);
        memset(places[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < 9; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            cr_assert_eq(places[i][k], (char)i);
}

Test(memory, is_used_again_after_a_clear)
{
    cr_expect_eq(memory_take(&memory, 100), (void *)first);
    cr_assert_neq(memory_take(&memory, 100000), NULL);
    memory_clear(&memory);
    memory_clear(&memory);
    cr_expect_eq(memory_take(&memory, 100), (void *)first);
}

Test(memory, copies_with_a_nul)
{
    cr_expect_str_eq(memory_copy(&memory, BYTES("abc")), "abc");
    cr_expect_str_eq(memory_copy(&memory, (struct bytes){NULL, 0}), "");
}

Test(memory, ends)
{
    cr_expect_eq(memory_take(&memory, SIZE_MAX), NULL);
    cr_expect_eq(memory_take(&memory, SIZE_MAX - 4096), NULL);
    faulty_arm(FAULTY_malloc, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
    void *inside = memory_take(&memory, FIRST_SIZE);
    void *outside = memory_take(&memory, 1);
    char *copy = memory_copy(&memory, BYTES("abc"));
    cr_expect_eq(faulty_disarm(), 2);
    cr_expect_neq(inside, NULL);
    cr_expect_eq(outside, NULL);
    cr_expect_eq(copy, NULL);
    cr_expect_neq(memory_take(&memory, 1), NULL);
}
