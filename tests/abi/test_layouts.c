/* The layout of the interface against the lists of what applications were compiled with.
 *
 * A function whose type has changed does not compile here. */
#include "hypnotoad.h"

#include <criterion/criterion.h>

#include <stddef.h>
#include <string.h>

_Static_assert(TOAD_ABI_MAJOR == 1, "another major version begins lists of its own");
_Static_assert(sizeof(void *) == 8, "the lists are of machines whose pointers have 8 bytes");

#define FUNCTION(minor, result, name, parameters) result name parameters;
#include "functions_1.def"
#undef FUNCTION

struct row {
    unsigned minor;
    const char *structure; /* NULL for a constant */
    const char *name;      /* NULL for a struct as a whole */
    uint64_t offset;       /* or a constant's value */
    uint64_t size;
    uint64_t offset_now;
    uint64_t size_now;
};

#define STRUCT(minor, structure, size)                                                             \
    {minor, #structure, NULL, 0, size, 0, sizeof(struct structure)},
#define MEMBER(minor, structure, member, offset, size)                                             \
    {minor,                                                                                        \
     #structure,                                                                                   \
     #member,                                                                                      \
     offset,                                                                                       \
     size,                                                                                         \
     offsetof(struct structure, member),                                                           \
     sizeof(((struct structure *)0)->member)},
#define CONSTANT(minor, name, value) {minor, NULL, #name, value, 0, name, 0},
static const struct row rows[] = {
#include "layouts_1.def"
};
#undef STRUCT
#undef MEMBER
#undef CONSTANT

enum {
    ROWS_COUNT = sizeof rows / sizeof rows[0]
};

static bool is_struct(const struct row *row)
{
    return row->structure != NULL && row->name == NULL;
}

/* The row that holds now: the last one of the same struct. */
static const struct row *last_of(const char *structure)
{
    const struct row *last = NULL;
    for (size_t i = 0; i < ROWS_COUNT; i++)
        if (is_struct(&rows[i]) && strcmp(rows[i].structure, structure) == 0)
            last = &rows[i];
    return last;
}

/* Promise APP-2 */
Test(layouts, of_every_minor_version_hold)
{
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        const struct row *row = &rows[i];
        const char *name = row->name == NULL ? row->structure : row->name;
        if (is_struct(row) && row != last_of(row->structure))
            continue;
        cr_expect_eq(row->offset, row->offset_now, "%s: it was %llu and is %llu", name,
                     (unsigned long long)row->offset, (unsigned long long)row->offset_now);
        cr_expect_eq(row->size, row->size_now, "%s had %llu bytes and has %llu", name,
                     (unsigned long long)row->size, (unsigned long long)row->size_now);
    }
}

/* Promise APP-2: who changes the size of a struct must change the version. */
Test(layouts, belong_to_a_version_that_this_is_or_was)
{
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        cr_expect_leq(rows[i].minor, TOAD_ABI_MINOR);
        for (size_t j = 0; j < i && is_struct(&rows[i]); j++) {
            if (!is_struct(&rows[j]) || strcmp(rows[i].structure, rows[j].structure) != 0)
                continue;
            cr_expect_lt(rows[j].minor, rows[i].minor, "%s twice in one version",
                         rows[i].structure);
            cr_expect_lt(rows[j].size, rows[i].size, "%s shrinks", rows[i].structure);
        }
    }
}

static size_t end_of_members(const char *structure)
{
    size_t end = 0;
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        const struct row *row = &rows[i];
        if (row->structure == NULL || row->name == NULL || strcmp(row->structure, structure) != 0)
            continue;
        cr_expect_eq(row->offset, end, "a gap before %s of %s", row->name, structure);
        end = row->offset + row->size;
    }
    return end;
}

Test(layouts, name_every_member)
{
    for (size_t i = 0; i < ROWS_COUNT; i++)
        if (is_struct(&rows[i]))
            cr_expect_eq(end_of_members(rows[i].structure), last_of(rows[i].structure)->size, "%s",
                         rows[i].structure);
}
